from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug.errors import DataError
from ganaug.modalities.image.preview import save_grid, sheet, stored_picture


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_sheet_holds_every_pixel_with_gaps_between_the_tiles(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 8, 6, channels), dtype=np.uint8)
    if channels == 4:
        images[..., 3] = 255
    with Image.open(io.BytesIO(sheet(images, columns=5, longest=64).png)) as png:
        pixels = np.asarray(png.convert("RGBA"))
    assert pixels.shape == (2 * 9 - 1, 5 * 7 - 1, 4)
    assert (pixels[9:17, 7:13, :3] == images[6][..., :3]).all()
    assert (pixels[8, :, 3] == 0).all()


def test_large_images_are_made_smaller_and_small_ones_shown_larger() -> None:
    large = sheet(np.zeros((1, 128, 96, 3), np.uint8), columns=2, longest=32)
    small = sheet(np.zeros((1, 8, 8, 1), np.uint8), columns=1, longest=32)
    with Image.open(io.BytesIO(large.png)) as png:
        assert png.size == (24 + 1 + 24, 32)
    assert (small.width, small.height) == (56, 56)


def test_its_element_has_its_size_and_what_it_is_in_words_as_text() -> None:
    picture = sheet(np.zeros((1, 8, 8, 1), np.uint8), columns=1, longest=32)
    assert picture.img('"><img src=x>').endswith(
        'alt="&#34;&gt;&lt;img src=x&gt;" class="pixels" width="56" height="56">'
    )


def test_a_damaged_picture_is_the_users_to_put_right(tmp_path: Path) -> None:
    path = tmp_path / "000100.png"
    path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="cannot be read as an image"):
        stored_picture(path, 100)


def test_a_grid_has_clear_gaps_which_the_page_keeps(tmp_path: Path) -> None:
    path = save_grid(np.full((2, 8, 8, 3), (200, 40, 0), np.uint8), tmp_path / "grid", columns=2)
    with Image.open(io.BytesIO(stored_picture(path, 100).png)) as png:
        shown = np.asarray(png.convert("RGBA"))
    assert (shown[:, 8:10, 3] == 0).all()
    assert (shown[:, [*range(8), *range(10, 18)]] == (200, 40, 0, 255)).all()


def test_a_gray_grid_is_stored_as_gray_without_loss(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40), dtype=np.uint8)
    Image.fromarray(pixels).convert("RGB").save(tmp_path / "grid.png")
    with Image.open(io.BytesIO(stored_picture(tmp_path / "grid.png", 100).png)) as png:
        assert png.mode == "LA"
        assert (np.asarray(png.getchannel("L")) == pixels).all()
