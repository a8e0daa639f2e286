from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.regularizers import squared_gradient
from ganaug.modalities.image.networks import Discriminator, Generator, Layout, ResidualBlock
from ganaug.modalities.image.setup import ImageArchitecture

SIDES, CHANNELS = st.integers(8, 128), st.integers(1, 4)
LATENTS, LABELS = torch.randn(2, 6, generator=torch.Generator().manual_seed(0)), torch.tensor([2, 0])


def networks(height: int, width: int, channels: int, depth: int = 1, base: int = 4) -> tuple[Generator, Discriminator]:
    return ImageArchitecture(height, width, channels, 3, latent=6, features=5, base_width=base, depth=depth).build(0)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(SIDES, SIDES, CHANNELS)
@example(8, 8, 1)
@example(28, 28, 1)
@example(17, 40, 3)
@example(128, 8, 2)
@example(13, 14, 4)
@example(128, 128, 4)
@example(512, 300, 3)
def test_any_size_from_8_to_512_and_1_to_4_channels(height, width, channels):
    generator, discriminator = networks(height, width, channels)
    images = generator(LATENTS, LABELS)
    logits, classes = discriminator(images, LABELS)
    assert images.shape == (2, channels, height, width)
    assert logits.shape == (2,)
    assert classes is None
    assert images.isfinite().all()
    assert images.abs().max() < 2  # in about [-1, 1]
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in generator.parameters())


@settings(deadline=None, derandomize=True)
@given(SIDES, SIDES)
def test_the_grid_covers_the_image_and_little_more(height, width):
    layout = Layout.of(height, width)
    left, right, top, bottom = layout.margins
    rows, columns = layout.grid
    assert (rows * layout.step, columns * layout.step) == (height + top + bottom, width + left + right)
    assert min(layout.margins) >= 0
    assert max(left + right, top + bottom) < layout.step
    assert min(rows, columns) <= 8
    assert abs(left - right) <= 1
    assert abs(top - bottom) <= 1


@pytest.mark.parametrize("depth", [1, 3])
def test_depth_and_width_make_networks_larger(depth):
    def size(**knobs):
        return [sum(p.numel() for p in m.parameters()) for m in networks(16, 16, 1, **knobs)]

    plain, deeper, wider = size(), size(depth=depth + 1), size(base=16)
    assert all(a < b for a, b in zip(plain, deeper, strict=True))
    assert all(a < b for a, b in zip(plain, wider, strict=True))


def test_rows_do_not_see_each_other():
    """No normalisation over the batch, which conditional GANs on small data do without."""
    generator, discriminator = networks(12, 12, 1)
    together = generator(LATENTS, LABELS)
    torch.testing.assert_close(together[:1], generator(LATENTS[:1], LABELS[:1]))
    torch.testing.assert_close(discriminator(together, LABELS)[0][:1], discriminator(together[:1], LABELS[:1])[0])


def test_latent_and_label_both_count_in_the_generator():
    generator, _ = networks(8, 8, 1)
    images = generator(LATENTS, LABELS)
    assert not torch.allclose(images, generator(LATENTS.flip(0), LABELS))
    assert not torch.allclose(images, generator(LATENTS, LABELS.flip(0)))
    torch.testing.assert_close(generator(LATENTS, LABELS, 0.0), generator(LATENTS, LABELS.flip(0), 0.0))


def test_the_discriminator_differentiates_twice():
    """As penalties need; margins and their padding included."""
    _, discriminator = networks(9, 11, 2)
    images = torch.randn(2, 2, 9, 11, generator=torch.Generator().manual_seed(0))
    squared_gradient(lambda x: discriminator(x, LABELS)[0], images).sum().backward()
    assert discriminator.entry.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("conditioning", sorted(CONDITIONINGS))
def test_every_conditioning_fits_the_discriminator(conditioning):
    _, discriminator = ImageArchitecture(8, 8, 1, 3, conditioning, latent=6, features=5, base_width=4).build(0)
    logits, classes = discriminator(torch.zeros(2, 1, 8, 8), LABELS)
    assert logits.shape == (2,)
    assert classes is None or classes.shape == (2, 3)


def test_a_residual_block_starts_as_identity():
    x = torch.randn(2, 8, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ResidualBlock(8)(x), x)
