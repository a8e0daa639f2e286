from __future__ import annotations

import numpy as np
import torch

from ganaug.modalities.table.setup import Architecture, from_rows, row_distance, table_setup, to_rows

LEVELS = (3, 1, 2)


def weights(seed: int) -> list[torch.Tensor]:
    return [p for m in Architecture(2, LEVELS, 3).build(seed) for p in m.parameters()]


def test_the_seed_alone_decides_the_initial_weights():
    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    first = weights(0)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, weights(0), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, weights(1), strict=True))


def test_rows_are_numbers_and_one_hot_codes():
    numbers, codes = torch.tensor([[0.5, -2.0], [1.0, 3.0]]), torch.tensor([[2, 0, 1], [0, 0, 0]])
    rows = to_rows(numbers, codes, LEVELS)
    assert rows.tolist() == [[0.5, -2, 0, 0, 1, 1, 0, 1], [1, 3, 1, 0, 0, 1, 1, 0]]
    back = from_rows(rows, LEVELS)
    assert np.array_equal(back[0], numbers)
    assert np.array_equal(back[1], codes)


def test_a_table_may_have_no_numbers_or_no_codes():
    rows = to_rows(torch.zeros(4, 2), torch.zeros(4, 0, dtype=torch.int64), ())
    assert [part.shape for part in from_rows(rows, ())] == [(4, 2), (4, 0)]
    rows = to_rows(torch.zeros(4, 0), torch.zeros(4, 1, dtype=torch.int64), (3,))
    assert [part.shape for part in from_rows(rows, (3,))] == [(4, 0), (4, 1)]


def test_what_is_generated_for_codes_are_probabilities():
    generator, discriminator = Architecture(2, LEVELS, 3).build(0)
    labels = torch.arange(3)
    rows = generator(torch.randn(3, 32, generator=torch.Generator().manual_seed(0)), labels)
    for block in rows[:, 2:].split(LEVELS, dim=1):
        torch.testing.assert_close(block.sum(1), torch.ones(3))
        assert (block > 0).all()
    assert discriminator(rows, labels)[0].shape == (3,)


def test_a_training_sees_the_rows_given():
    random = np.random.default_rng(0)
    numbers, labels = random.normal(size=(20, 2)).astype(np.float32), np.arange(20) % 3
    codes = np.stack([random.integers(0, n, 20) for n in LEVELS], 1)
    setup = table_setup(Architecture(2, LEVELS, 3), numbers, codes, labels, 10, 0, torch.device("cpu"))
    found = from_rows(setup.rows(torch.tensor([3, 1])), LEVELS)
    assert np.array_equal(found[0], numbers[[3, 1]])
    assert np.array_equal(found[1], codes[[3, 1]])
    rows = setup.rows(torch.arange(20))
    assert setup.distance(rows, rows).eq(0).all()
    assert (setup.distance(rows, rows.roll(1, 0)) > 0).all()


def test_columns_count_alike_however_many_levels_they_have():
    numbers, codes = torch.zeros(2, 1), torch.zeros(2, 2, dtype=torch.int64)
    base = to_rows(numbers, codes, (3, 500))
    distances = [
        row_distance(base, to_rows(numbers, codes + torch.tensor(step), (3, 500)), 3) for step in ([1, 0], [0, 1])
    ]
    assert torch.equal(*distances)
