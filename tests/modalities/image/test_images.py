from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from encoders import deep_png, deep_tiff
from PIL import Image

from ganaug.modalities.image.reading import UnreadableError, fit_image, read_header, read_image

RAMP = np.arange(6 * 4, dtype=np.uint8).reshape(6, 4) * 10  # height 6, width 4


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read(content: bytes) -> np.ndarray:
    """Read, and check that the header told shape and type."""
    pixels = read_image(content)
    assert (pixels.shape, pixels.dtype) == read_header(content)
    return pixels


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_plain_images_keep_their_pixels(mode: str, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (17, 40, channels)).astype(np.uint8)
    image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    assert image.mode == mode
    np.testing.assert_array_equal(read(encoded(image)), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    upright = RAMP
    stored = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T,
              6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1)}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    np.testing.assert_array_equal(read(content)[:, :, 0], upright)


def test_palettes_become_rgb_and_with_transparency_rgba() -> None:
    palette = Image.fromarray(RAMP).convert("RGB").quantize(8)
    np.testing.assert_array_equal(read(encoded(palette)), np.asarray(palette.convert("RGB")))
    clear = read(encoded(palette, transparency=0))
    assert clear.shape == (6, 4, 4)
    assert set(np.unique(clear[:, :, 3])) == {0, 255}


def test_other_modes_follow_the_stated_rules() -> None:
    bits = Image.fromarray(RAMP > 100)
    np.testing.assert_array_equal(read(encoded(bits))[:, :, 0], RAMP > 100)
    gray_alpha = Image.merge("LA", [Image.fromarray(RAMP), Image.fromarray(RAMP)])
    np.testing.assert_array_equal(read(encoded(gray_alpha)), np.stack([RAMP] * 4, axis=2))
    cmyk = Image.new("CMYK", (4, 6), (0, 0, 0, 0))
    np.testing.assert_array_equal(read(encoded(cmyk, "JPEG")), np.full((6, 4, 3), 255))


DEEP = np.random.default_rng(0).integers(0, 2**16, (6, 4, 4), np.uint16)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_all_kept(kind: str) -> None:
    np.testing.assert_array_equal(read(encoded(Image.fromarray(DEEP[:, :, 0]), kind))[:, :, 0], DEEP[:, :, 0])


@pytest.mark.parametrize("write", [deep_png, deep_tiff, partial(deep_tiff, order=">"), partial(deep_tiff, packed=True)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_of_colours_are_all_kept(write: Callable[[np.ndarray], bytes], channels: int) -> None:
    """Of which Pillow itself gives the high bytes only."""
    pixels = DEEP[:, :, :channels]
    np.testing.assert_array_equal(read(write(pixels)), pixels)


def test_sixteen_bits_of_gray_with_alpha_are_all_kept() -> None:
    np.testing.assert_array_equal(read(deep_png(DEEP[:, :, :2])), DEEP[:, :, [0, 0, 0, 1]])


def test_sixteen_bits_that_would_lose_some_are_refused() -> None:
    content = deep_png(DEEP[:, :, :3], transparent=True)
    for reader in (read_header, read_image):
        with pytest.raises(UnreadableError, match=r"16-bit pixels .* save as 8 bits"):
            reader(content)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32])
def test_numbers_of_other_types_are_kept(dtype: type) -> None:
    pixels = (RAMP.astype(dtype) - 100) * 100
    np.testing.assert_array_equal(read(deep_tiff(pixels[:, :, None]))[:, :, 0], pixels)


def test_numbers_that_would_be_misread_are_refused() -> None:
    with pytest.raises(UnreadableError, match="signed 8-bit pixels"):
        read_header(deep_tiff(RAMP[:, :, None].astype(np.int8)))
    pixels = RAMP[:, :, None].astype(np.float32)
    pixels[1, 2] = np.nan
    with pytest.raises(UnreadableError, match="NaN or infinite"):
        read_image(deep_tiff(pixels))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "blue")]
    content = encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    np.testing.assert_array_equal(read(content)[:, :, :3], np.full((7, 9, 3), (255, 0, 0)))


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0")
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (body, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_huge_images_are_refused_unread(side: int) -> None:
    with pytest.raises(UnreadableError, match="pixels"):
        read_header(png_header(side, side))


def test_damaged_files_are_unreadable_with_the_reason(tmp_path: Path) -> None:
    whole = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)))
    cases = {
        "": "empty",
        "text": "not an image",
        "cut": "cannot be read",
        "missing": "no such file",
        "folder": "no such file",
    }
    contents = {"": b"", "text": b"hello", "cut": whole[: len(whole) // 2]}
    (tmp_path / "folder").mkdir()
    for name, reason in cases.items():
        path = tmp_path / (name or "zero")
        if name in contents:
            path.write_bytes(contents[name])
        with pytest.raises(UnreadableError, match=reason):
            read_image(path)


def test_damaged_exif_does_not_lose_the_image() -> None:
    content = encoded(Image.fromarray(RAMP), "JPEG", quality=95, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01")
    assert read(content).shape == (6, 4, 1)


def test_formats_that_run_programs_are_not_opened() -> None:
    with pytest.raises(UnreadableError, match="not an image"):
        read_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")


def test_channels_are_converted_by_the_stated_rules() -> None:
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    assert np.unique(fit_image(red, (8, 8, 1))) == [76]  # ITU-R 601: 0.299 * 255
    np.testing.assert_array_equal(fit_image(red, (8, 8, 4))[:, :, 3], np.full((8, 8), 255))
    clear = np.zeros((8, 8, 4), np.uint8)
    np.testing.assert_array_equal(fit_image(clear, (8, 8, 3)), np.full((8, 8, 3), 255))
    np.testing.assert_array_equal(fit_image(clear, (8, 8, 1)), np.full((8, 8, 1), 255))
    gray = np.full((8, 8, 1), 9, np.uint8)
    np.testing.assert_array_equal(fit_image(gray, (8, 8, 3)), np.full((8, 8, 3), 9))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(17, 40), (8, 128), (64, 64)])
def test_resizing_reaches_any_size(channels: int, size: tuple[int, int]) -> None:
    pixels = np.full((31, 23, channels), 200, np.uint8)
    np.testing.assert_array_equal(fit_image(pixels, (*size, channels)), np.full((*size, channels), 200))


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::2] = 255
    small = fit_image(stripes, (16, 16, 1))
    assert abs(float(small[:, 2:-2].mean()) - 127.5) < 3
    assert small[:, 2:-2].std() < 10


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_of_four_times_the_size_is_decoded_reduced(orientation: int) -> None:
    """At least twice as large as wanted, and next to no pixel comes out otherwise; upright as ever."""
    rows, columns = np.mgrid[:320, :480]
    photo = np.stack([rows * 0.7, columns * 0.5, 128 + 90 * np.sin(rows / 9) * np.cos(columns / 7)], 2).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(photo), "JPEG", quality=95, exif=exif)
    size = (40, 50) if orientation == 1 else (50, 40)
    whole, reduced = read_image(content), read_image(content, size)
    assert reduced.shape[:2] == tuple(side // 4 for side in whole.shape[:2])
    at_size = [fit_image(pixels, (*size, 3)).astype(int) for pixels in (whole, reduced)]
    assert np.abs(at_size[0] - at_size[1]).mean() < 1
    assert read_image(content, (161, 20)).shape == whole.shape
    assert read_image(encoded(Image.fromarray(photo)), size).shape == photo.shape  # a PNG is decoded as it is


def test_pixels_of_the_right_shape_are_untouched() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert fit_image(pixels, (8, 8, 3)) is pixels
