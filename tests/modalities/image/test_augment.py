from __future__ import annotations

import math

import pytest
import torch

from ganaug.errors import ConfigError
from ganaug.modalities.image.augment import INVARIANCES, SAFE, SHIFT, ImageAugment

GEOMETRY = ("translate", "scale", "flip_horizontal", "flip_vertical")


def random_images(n: int = 4, channels: int = 1, height: int = 9, width: int = 12, dtype=torch.float32) -> torch.Tensor:
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(0), dtype=dtype) * 2 - 1


def draws(augment: ImageAugment, n: int, p: float = 1.0, seed: int = 0) -> torch.Tensor:
    return augment.draw(n, p, torch.Generator().manual_seed(seed))


def changed(invariances, images: torch.Tensor, p: float = 1.0) -> torch.Tensor:
    augment = ImageAugment(invariances)
    return augment(images, draws(augment, len(images), p))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_happens_with_probability_zero(channels):
    images = random_images(channels=channels)
    everything_but_rotation = [name for name in INVARIANCES if name != "rotate"]
    assert torch.equal(changed(everything_but_rotation, images, p=0.0), images)
    torch.testing.assert_close(changed(INVARIANCES, images, p=0.0), images, atol=1e-5, rtol=0)


def test_nothing_happens_without_invariances():
    images = random_images()
    assert torch.equal(changed((), images), images)


@pytest.mark.parametrize("name", INVARIANCES)
def test_each_invariance_changes_images_and_only_when_it_happens(name):
    images = random_images(n=64, channels=3)
    always, half = changed([name], images), changed([name], images, p=0.5)
    moved = [((found - images).abs() > 1e-3).flatten(1).any(1).float().mean() for found in (always, half)]
    assert moved[0] > 0.4  # a flip is a coin toss of its own
    assert 0.05 < moved[1] < moved[0] or 0.5 < moved[1] < 1


@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 8, 128), (3, 17, 40), (4, 31, 9)])
def test_any_shape_with_everything_declared(shape):
    images = random_images(3, *shape)
    found = changed(INVARIANCES, images)
    assert found.shape == images.shape
    assert found.dtype == images.dtype
    assert found.isfinite().all()


def test_shifts_move_pixels_by_up_to_an_eighth():
    spot = torch.zeros(200, 1, 33, 33)
    spot[:, :, 16, 16] = 1
    found = changed(["translate"], spot)
    rows, columns = (found.sum(axis)[:, 0] for axis in (3, 2))
    at = torch.stack([(side * torch.arange(33)).sum(1) for side in (rows, columns)]) - 16
    assert at.abs().max() <= 33 * SHIFT + 1e-3
    assert at.abs().max() > 0.8 * 33 * SHIFT
    assert (at[0] - at[1]).abs().max() > 1  # rows and columns apart
    torch.testing.assert_close(found.sum((1, 2, 3)), torch.ones(200), atol=1e-4, rtol=0)


def test_edges_are_repeated():
    plain = torch.full((50, 1, 10, 10), 0.7)
    torch.testing.assert_close(changed([*GEOMETRY, "rotate"], plain), plain)


def test_scaling_keeps_the_centre():
    images = random_images(n=20, height=9, width=9)
    torch.testing.assert_close(changed(["scale"], images)[:, :, 4, 4], images[:, :, 4, 4])


@pytest.mark.parametrize(("name", "axis"), [("flip_horizontal", 3), ("flip_vertical", 2)])
def test_a_flip_is_exact_and_happens_only_when_declared(name, axis):
    images = random_images(n=100)
    found = changed([name], images)
    flipped = (found == images.flip(axis)).flatten(1).all(1)
    same = (found == images).flatten(1).all(1)
    assert (flipped | same).all()
    assert 30 < flipped.sum() < 70
    ramp = torch.linspace(-1, 1, 12).expand(200, 1, 9, 12)
    for undeclared in (changed(SAFE, ramp), changed(SAFE, ramp.transpose(2, 3)).transpose(2, 3)):
        assert (undeclared[..., -1] >= undeclared[..., 0] - 1e-6).all()


def test_tone_leaves_transparency_alone():
    tone = ["brightness", "contrast", "saturation"]
    for channels, alpha in ((2, 1), (4, 3)):
        images = random_images(n=20, channels=channels)
        found = changed(tone, images)
        assert torch.equal(found[:, alpha:], images[:, alpha:])
        assert not torch.equal(found[:, :alpha], images[:, :alpha])


def test_contrast_keeps_black_black_and_saturation_keeps_gray_gray():
    black = torch.full((30, 3, 8, 8), -1.0)
    assert torch.equal(changed(["contrast"], black), black)
    gray = random_images(n=30).expand(-1, 3, -1, -1)
    torch.testing.assert_close(changed(["saturation"], gray), gray)


def test_a_hole_is_a_quarter_of_the_image_at_most():
    found = changed(["cutout"], torch.ones(100, 3, 16, 16))
    holes = (found == 0).float().mean((1, 2, 3))
    assert 0 < holes.max() <= 0.3
    assert set(found.unique().tolist()) == {0.0, 1.0}


def test_a_rotation_by_hand():
    augment = ImageAugment(["rotate"])
    neutral = torch.zeros(1, 12)
    neutral[:, 6] = 1.0
    bar = torch.full((1, 1, 21, 31), -1.0)
    bar[..., 10, :] = 1.0
    found = augment(bar, neutral)
    left, right = (found[0, 0, :, column].argmax().item() for column in (5, 25))
    assert abs(left - right) == pytest.approx(20 * math.tan(math.pi / 12), abs=1.5)


@pytest.mark.parametrize("channels", [1, 4])
def test_derivatives_are_right(channels):
    """With everything declared, the first; without rotation, which torch differentiates once only, the second too."""
    augment = ImageAugment(INVARIANCES)
    images = random_images(2, channels, 8, 9, dtype=torch.float64).requires_grad_()
    drawn = draws(augment, 2).double()
    assert torch.autograd.gradcheck(lambda x: augment(x, drawn), images, fast_mode=True)
    once_more = ImageAugment([name for name in INVARIANCES if name != "rotate"])
    assert torch.autograd.gradgradcheck(lambda x: once_more(x, drawn) ** 2, images, fast_mode=True)


def test_the_generator_decides():
    augment, images = ImageAugment(), random_images()
    first, again, other = (augment(images, draws(augment, 4, seed=s)) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_unknown_invariance_gets_the_choices():
    with pytest.raises(ConfigError, match="Unknown invariance 'flip': choose among translate, scale"):
        ImageAugment(["flip"])
