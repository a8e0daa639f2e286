from __future__ import annotations

import numpy as np
import pytest
import torch
from fakes import LATENT, PointGenerator
from small import noise

from ganaug.gan.latents import Prior
from ganaug.gan.translation import RowPrior
from ganaug.modalities.image.codec import ImageCodec
from ganaug.synthesis.sample import BLOCK, contents, draws_of_block, sample

LABELS = np.arange(3 * BLOCK) % 2


@pytest.fixture(scope="module", params=[0, 6], ids=["normal", "anchored"])
def generator(request) -> PointGenerator:
    prior = Prior(LATENT, 2, request.param)
    prior.place(torch.arange(request.param) % 2, 0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PointGenerator(2, prior)


def rows(generator, labels, *arguments) -> torch.Tensor:
    return torch.cat([torch.empty(0, 2), *sample(generator, labels, *arguments)])


def test_row_i_of_a_seed_is_the_same_in_whatever_portions(generator):
    whole = rows(generator, LABELS, 7)
    assert whole.shape == (len(LABELS), 2)
    start, parts = 0, []
    for size in (1, 100, BLOCK, 0, 2, len(LABELS) - BLOCK - 103):
        parts.append(rows(generator, LABELS[start : start + size], 7, start))
        start += size
    assert start == len(LABELS)
    torch.testing.assert_close(torch.cat(parts), whole)


def test_rows_and_seeds_differ():
    prior = Prior(LATENT, 2)
    blocks = [draws_of_block(prior, seed, block) for seed, block in ((0, 0), (0, 1), (1, 0), (2**31, 0))]
    rows = prior(torch.cat(blocks), torch.zeros(4 * BLOCK, dtype=torch.int64))
    assert len(rows.unique(dim=0)) == len(rows) == 4 * BLOCK
    assert torch.equal(blocks[0], draws_of_block(prior, 0, 0))
    assert rows.mean().abs() < 0.1
    assert rows.std() == pytest.approx(1, abs=0.1)


def test_contents_are_those_of_the_rows_that_come_in_whatever_portions():
    samples, labels = noise(12, 8, 8, 1), np.arange(12) % 2
    codec = ImageCodec((8, 8, 1))
    prior = RowPrior(3).keep(codec, codec.to_arrays(samples), labels, 2)
    seen = []

    class Generator(torch.nn.Linear):
        def forward(self, versions, codes):
            seen.append(versions.contents)
            return versions.contents

    generator = Generator(1, 1)
    generator.prior = prior
    for start, count in ((0, 3 * BLOCK), (BLOCK - 5, 20), (7, 0)):
        seen.clear()
        list(sample(generator, LABELS[:count], 3, start))
        found = contents(prior, LABELS[:count], 3, start, torch.device("cpu"))
        assert found.shape == (count,)
        assert torch.equal(torch.cat([prior.rows(torch.arange(0)), *seen]), prior.rows(torch.from_numpy(found)))
        assert np.array_equal(labels[found], LABELS[:count])


def test_labels_go_with_their_rows(generator):
    zeros, ones, both = (rows(generator, labels, 0) for labels in (0 * LABELS, 0 * LABELS + 1, LABELS))
    torch.testing.assert_close(both[::2], zeros[::2])
    torch.testing.assert_close(both[1::2], ones[1::2])


def test_truncation_scales_latents(generator):
    wide, narrow, none = (rows(generator, 0 * LABELS, 0, 0, t) for t in (1.0, 0.5, 0.0))
    assert narrow.std(0).sum() < wide.std(0).sum()
    torch.testing.assert_close(none, none[:1].expand_as(none))


def test_memory_does_not_grow_and_random_states_stay(generator):
    state = torch.random.get_rng_state()
    portions = sample(generator, LABELS, 0)
    assert max(len(p) for p in portions) <= BLOCK
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.gpu
def test_a_gpu_samples_the_rows_of_a_cpu(generator):
    expected = rows(generator, LABELS, 7)
    found = torch.cat([p.cpu() for p in sample(generator.to("cuda"), LABELS, 7)])
    generator.cpu()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
