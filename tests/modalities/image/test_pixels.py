from __future__ import annotations

import numpy as np
import pytest
import torch

from ganaug.errors import DataError
from ganaug.modalities.image.arrays import as_images, check_levels
from ganaug.modalities.image.codec import to_float, to_uint8
from ganaug.modalities.image.preview import picture_grid


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 1), (1, 8, 128, 3), (2, 17, 40, 4), (2, 9, 9, 2)])
def test_images_become_rows(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = as_images(images)
    assert found.shape == (*shape[:3], shape[3] if len(shape) == 4 else 1)
    assert found.flags.c_contiguous
    assert np.array_equal(found.ravel(), images.ravel())


def test_views_and_lists_are_images_too():
    images = np.random.default_rng(0).integers(0, 256, (4, 10, 20), np.uint8)
    turned = images.transpose(0, 2, 1)
    assert np.array_equal(as_images(turned)[..., 0], turned)
    assert np.array_equal(as_images(list(images))[..., 0], images)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 8, 8)), "X is an array of float64 with shape .*: give images as uint8, 0 to 255"),
        (np.zeros((3, 8, 8), np.int64), "array of int64"),
        (np.zeros((3, 64), np.uint8), r"shape \(3, 64\)"),
        (np.zeros((8, 8, 3, 1, 1), np.uint8), "give images as uint8"),
        (np.zeros((3, 7, 8), np.uint8), "7x8 pixels .* resize to 8 to 512"),
        (np.zeros((3, 8, 513), np.uint8), "8x513 pixels"),
        (np.zeros((3, 3, 16, 16), np.uint8), "3x16 pixels and 16 channels: .*channels last"),
        (np.zeros((3, 16, 16, 5), np.uint8), "5 channels"),
        (np.zeros((0, 8, 8), np.uint8), "X holds no image"),
        ([np.zeros((8, 8), np.uint8), np.zeros((9, 8), np.uint8)], "several sizes: resize them"),
        (None, "X is an array of object"),
        (torch.ones((3, 8, 8), requires_grad=True), "X is no array .*detach"),
        ("pictures/", "X is an array of"),
    ],
)
def test_what_cannot_be_used_is_explained(images, message):
    with pytest.raises(DataError, match=message):
        as_images(images)


def test_images_that_were_never_scaled_are_noticed():
    images = np.zeros((2, 8, 8, 4), np.uint8)
    images[..., 3] = 255  # opaque
    check_levels(images)
    images[0, 0, 0, 0] = 1
    with pytest.raises(DataError, match=r"no pixel above 1 of 255.*bring white to 255, as \(X \* \(255 / 1\)\)"):
        check_levels(images)
    images[0, 0, 0, 0] = 16
    with pytest.warns(UserWarning, match="no pixel above 16 of 255"):
        check_levels(images)
    images[0, 0, 0, 0] = 32
    check_levels(images)


def test_pixels_survive_the_way_to_the_networks_and_back():
    images = np.arange(256, dtype=np.uint8).reshape(1, 8, 8, 4)
    inputs = to_float(torch.from_numpy(images))
    assert inputs.shape == (1, 4, 8, 8)
    assert (inputs.min(), inputs.max()) == (-1, 1)
    assert np.array_equal(to_uint8(inputs), images)


def test_what_networks_exaggerate_is_clamped():
    outputs = torch.tensor([-7.0, -1.001, 0.0, 1.001, 7.0]).view(1, 1, 1, 5)
    assert to_uint8(outputs).ravel().tolist() == [0, 0, 128, 255, 255]
    assert to_uint8(outputs.bfloat16()).dtype == np.uint8


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_grid_shows_every_image_in_its_place(channels):
    images = np.stack([np.full((8, 9, channels), 40 * i, np.uint8) for i in range(1, 6)])
    if channels in (2, 4):
        images[..., -1] = 255
    sheet = np.asarray(picture_grid(images, columns=3, gap=2))
    assert sheet.shape == (2 * 8 + 2, 3 * 9 + 2 * 2, 3)
    assert [sheet[0, 0, 0], sheet[0, 11, 0], sheet[10, 11, 0]] == [40, 80, 200]
    assert sheet[0, 9].tolist() == sheet[-1, -1].tolist() == [244, 244, 244]


def test_transparent_images_show_the_ground():
    clear = np.zeros((1, 8, 8, 4), np.uint8)
    assert np.unique(np.asarray(picture_grid(clear, 1))).tolist() == [244]
