"""The same images give the same levels, whatever their type and wherever they come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from encoders import deep_png, deep_tiff
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from PIL import Image

from ganaug.errors import DataError
from ganaug.modalities.image.load import load
from ganaug.modalities.image.ranges import RangeFinder, kind_of
from ganaug.modalities.image.sources import open_source

N = 6


def encode(pixels: np.ndarray) -> bytes:
    """A file that holds the numbers of (H, W, C) as they are."""
    if pixels.dtype.kind in "if" or pixels.dtype.byteorder == ">":
        return deep_tiff(pixels, "<" if pixels.dtype.byteorder != ">" else ">")
    if pixels.dtype == np.uint16:
        return deep_png(pixels)
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def as_folder(images: np.ndarray, root: Path) -> Path:
    for i, image in enumerate(images):
        (root / "folder" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        (root / "folder" / "ab"[i % 2] / f"{i}.png").write_bytes(encode(image))  # TIFFs, too: endings do not count
    return root / "folder"


def as_manifest(images: np.ndarray, root: Path) -> Path:
    as_folder(images, root)
    with (root / "m.csv").open("w", newline="") as file:
        rows = [[f"folder/{'ab'[i % 2]}/{i}.png", "ab"[i % 2]] for i in range(len(images))]
        csv.writer(file).writerows([["path", "label"], *rows])
    return root / "m.csv"


def as_parquet(images: np.ndarray, root: Path) -> Path:
    cells = [{"bytes": encode(image), "path": None} for image in images]
    pq.write_table(pa.table({"image": cells, "label": [*"ab"] * (len(images) // 2)}), root / "m.parquet")
    return root / "m.parquet"


def as_npz(images: np.ndarray, root: Path) -> Path:
    np.savez(root / "m.npz", X=images, y=[*"ab"] * (len(images) // 2))
    return root / "m.npz"


def as_medmnist(images: np.ndarray, root: Path) -> Path:
    parts = {"train": slice(0, 4), "val": slice(4, 5), "test": slice(5, 6)}
    labels = np.array([*"ab"] * (len(images) // 2))[:, None]
    arrays = {f"{part}_images": images[at] for part, at in parts.items()}
    np.savez(root / "med.npz", **arrays, **{f"{part}_labels": labels[at] for part, at in parts.items()})
    return root / "med.npz"


DOORS = (as_folder, as_manifest, as_parquet, as_npz, as_medmnist)


def ramp(low: float, high: float, dtype: Any, channels: int = 1) -> np.ndarray:
    """Images that fill a range, the brightest pixel in the last one."""
    return np.linspace(low, high, N * 8 * 9 * channels).reshape(N, 8, 9, channels).astype(dtype)


# The pixels, and what of them is black and white.
TOLD: dict[str, tuple[np.ndarray, tuple[float, float]]] = {
    "1 bit": (ramp(0, 1.9, np.uint8).astype(bool), (0, 1)),
    "8 bits": (ramp(0, 255, np.uint8), (0, 255)),
    "8 bits of colour": (ramp(0, 255, np.uint8, 3), (0, 255)),
    "8 bits, dim": (ramp(0, 20, np.uint8), (0, 255)),
    "8 bits, all black": (ramp(0, 0, np.uint8), (0, 255)),
    "a mask": (ramp(0, 1.9, np.uint8), (0, 1)),
    "16 bits": (ramp(0, 65535, np.uint16), (0, 65535)),
    "16 bits, big-endian": (ramp(0, 65535, ">u2"), (0, 65535)),
    "16 bits of colour": (ramp(0, 65535, np.uint16, 3), (0, 65535)),
    "16 bits with alpha": (ramp(0, 65535, np.uint16, 4), (0, 65535)),
    "16 bits of colour, big-endian": (ramp(0, 65535, ">u2", 3), (0, 65535)),
    "12 bits in 16": (ramp(0, 4095, np.uint16), (0, 4095)),
    "12 bits in 16 of colour": (ramp(0, 4000, np.uint16, 3), (0, 4095)),
    "10 bits in 16": (ramp(0, 1000, np.uint16), (0, 1023)),
    "8 bits in 16": (ramp(0, 200, np.uint16), (0, 255)),
    "a mask in 16": (ramp(0, 1.9, np.uint16), (0, 1)),
    "signed 16 bits": (ramp(0, 4095, np.int16), (0, 4095)),
    "signed 16 bits, big-endian": (ramp(0, 32767, ">i2"), (0, 32767)),
    "32 bits": (ramp(0, 65535, np.int32), (0, 65535)),
    "floats to 1": (ramp(0, 1, np.float32), (0, 1)),
    "floats to 255": (ramp(0, 255, np.float32), (0, 255)),
    "floats from -1": (ramp(-1, 1, np.float32), (-1, 1)),
}
STATED: dict[str, tuple[np.ndarray, tuple[float, float]]] = {
    "8 bits": (ramp(0, 16, np.uint8), (0, 16)),
    "a window of a scan": (ramp(-1024, 3071, np.int16), (-160, 240)),
    "floats": (ramp(-3, 3, np.float32), (-2.5, 2.5)),
    "counts": (ramp(0, 1e6, np.int32), (0, 1_000_000)),
    "darker than it looks": (ramp(0, 300, np.uint16), (0, 65535)),
}
UNTOLD: dict[str, np.ndarray] = {
    "signed": ramp(-1024, 3071, np.int16),
    "few whole numbers": ramp(0, 16, np.int32),
    "more than 16 bits": ramp(0, 70_000, np.int32),
    "floats to 16": ramp(0, 16, np.float32),
    "floats to 4095": ramp(0, 4095, np.float32),
    "standardised": ramp(-2, 2, np.float32),
    "a little below 0": ramp(-0.01, 1, np.float32),
}


def levels(pixels: np.ndarray, black: float, white: float) -> np.ndarray:
    return np.rint(((pixels.astype(np.float64) - black) * 255 / (white - black)).clip(0, 255)).astype(np.uint8)


def opened(door: Callable[[np.ndarray, Path], Path], pixels: np.ndarray, root: Path, **options: Any) -> np.ndarray:
    """The levels of all images in the order given, as a source of some form gives them."""
    loaded = load(open_source(door(pixels, root)), **options)
    order = [0, 2, 4, 1, 3, 5] if door is as_folder else range(N)
    return loaded.samples[np.argsort(order)]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("pixels", "ends"), TOLD.values(), ids=TOLD)
def test_the_range_is_told_from_all_images(
    tmp_path: Path, door: Callable[..., Path], pixels: np.ndarray, ends: tuple[float, float]
) -> None:
    np.testing.assert_array_equal(opened(door, pixels, tmp_path), levels(pixels, *ends))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("pixels", "ends"), STATED.values(), ids=STATED)
def test_the_range_may_be_stated(
    tmp_path: Path, door: Callable[..., Path], pixels: np.ndarray, ends: tuple[float, float]
) -> None:
    np.testing.assert_array_equal(opened(door, pixels, tmp_path, pixel_range=ends), levels(pixels, *ends))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("pixels", UNTOLD.values(), ids=UNTOLD)
def test_a_range_that_cannot_be_told_is_asked_for(
    tmp_path: Path, door: Callable[..., Path], pixels: np.ndarray
) -> None:
    source = open_source(door(pixels, tmp_path))
    with pytest.raises(
        DataError, match=r"pixels run from .* for one\).* state them as pixel_range=\(black, wh"
    ) as found:
        load(source)
    assert str(tmp_path) in str(found.value)


@settings(deadline=None)
@given(nps.arrays(st.sampled_from([np.uint8, np.uint16, np.int16, np.int32, np.float32]), (3, 2, 2, 1)))
def test_a_told_range_holds_every_pixel_and_the_order_stays(images: np.ndarray) -> None:
    finder = RangeFinder()
    images = np.nan_to_num(images, posinf=0, neginf=0)
    for image in images:
        if finder.wants(image.dtype):
            finder.look(image, "a.png")
    try:
        ranges = finder.ranges()
    except DataError:
        return
    ((black, white),) = ranges.ranges.values()
    assert black <= images.min() <= images.max() <= white
    found = ranges.to_levels(images)
    at = images.ravel().argsort(kind="stable")
    assert (np.diff(found.ravel()[at].astype(int)) >= 0).all()
    if kind_of(images.dtype) == "8-bit":
        np.testing.assert_array_equal(ranges.from_levels(found, images.dtype), images)


def test_an_alpha_channel_has_no_say(tmp_path: Path) -> None:
    pixels = np.concatenate([ramp(0, 4095, np.uint16, 3), np.full((N, 8, 9, 1), 65535, np.uint16)], 3)
    for door in DOORS:
        np.testing.assert_array_equal(opened(door, pixels, tmp_path), levels(pixels, 0, 4095))


def mixed(root: Path) -> Path:
    """Ordinary files beside 12 bits in 16, and bits."""
    as_folder(ramp(0, 255, np.uint8), root)
    for name, pixels in (("deep", ramp(0, 4095, np.uint16)), ("bits", ramp(0, 1.9, np.uint8).astype(bool))):
        (root / "folder" / "a" / f"{name}.png").write_bytes(encode(pixels[-1]))
    return root / "folder"


def test_each_kind_of_files_has_its_own_range(tmp_path: Path) -> None:
    loaded = load(open_source(mixed(tmp_path)))
    rows = dict(zip(loaded.names, loaded.samples, strict=True))
    assert [rows[f"{name}.png"].max() for name in ("a/deep", "a/bits", "b/5")] == [255, 255, 255]
    assert loaded.facts["pixels"] == (
        "1-bit pixels: 0 is black, 1 white; 8-bit pixels: 0 is black, 255 white; integer pixels: 0 is black, 4095 white"
    )


def test_one_range_is_not_stated_for_several_kinds(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one range is stated for images of 8-bit and integer pixels"):
        load(open_source(mixed(tmp_path)), pixel_range=(0, 4095))


def test_what_is_odd_is_said(tmp_path: Path) -> None:
    said = load(open_source(as_npz(ramp(0, 20, np.uint8), tmp_path))).facts["pixels"]
    assert said.startswith("8-bit pixels: 0 is black, 255 white; none of the 8-bit ones is above 20; if that is white,")
    assert "none" not in load(open_source(tmp_path / "m.npz"), pixel_range=(0, 20)).facts["pixels"]


def test_only_what_tells_the_range_is_decoded_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(as_folder(ramp(40, 255, np.uint8), tmp_path))
    read, times = source.pixels.read, []
    monkeypatch.setattr(type(source.pixels), "read", lambda self, i, size=None: (times.append(i), read(i, size))[1])
    load(source)
    assert sorted(times) == [0, 0, 1, 2, 3, 4, 5]


def test_one_image_that_is_no_number_is_set_aside(tmp_path: Path) -> None:
    pixels = ramp(0, 1, np.float32)
    pixels[2, 3, 3] = np.inf
    for door in (as_folder, as_npz):
        loaded = load(open_source(door(pixels, tmp_path)), max_unreadable=0.2)
        assert [reason for _, reason in loaded.rejected] == ["has pixels that are NaN or infinite: fill them in"]
        assert loaded.samples.max() == 255
