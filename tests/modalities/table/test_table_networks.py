"""What the networks of a table see, and what they make."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from small import table_setup

from ganaug.modalities.table.architecture import TableArchitecture
from ganaug.modalities.table.codec import TableCodec, row_distance
from ganaug.modalities.table.spec import infer

LEVELS = (3, 1, 2)
FRAME = pd.DataFrame({
    "x": [0.5, -2.0, 1.0, 3.0], "y": [1.0, 3.0, 2.0, 5.0],
    "a": ["p", "q", "r", "r"], "b": ["only"] * 4, "c": ["u", "v", "v", "u"],
})  # fmt: skip


def weights(seed: int) -> list[torch.Tensor]:
    return [p for m in TableArchitecture(2, LEVELS, 3).build(seed) for p in m.parameters()]


def seen(frame: pd.DataFrame) -> tuple[TableCodec, torch.Tensor]:
    codec = TableCodec.fit(frame, infer(frame))
    return codec, codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(frame)))


def test_the_seed_alone_decides_the_initial_weights():
    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    first = weights(0)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, weights(0), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, weights(1), strict=True))


def test_rows_are_numbers_and_one_hot_codes():
    codec, rows = seen(FRAME)
    assert codec.levels == LEVELS
    assert rows[:, 2:].tolist() == [[1, 0, 0, 1, 1, 0], [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 0, 1], [0, 0, 1, 1, 1, 0]]
    assert rows[:, :2].argsort(0).tolist() == np.argsort(FRAME[["x", "y"]].to_numpy(), 0).tolist()
    pd.testing.assert_frame_equal(codec.to_samples(rows), FRAME)


def test_a_table_may_have_no_numbers_or_no_codes():
    for part in (FRAME[["x", "y"]], FRAME[["a"]]):
        codec, rows = seen(part)
        assert rows.shape == (4, codec.numbers + sum(codec.levels))
        pd.testing.assert_frame_equal(codec.to_samples(rows), part)


def test_what_is_generated_for_codes_are_probabilities():
    generator, discriminator = TableArchitecture(2, LEVELS, 3).build(0)
    labels = torch.arange(3)
    rows = generator(torch.randn(3, 32, generator=torch.Generator().manual_seed(0)), labels)
    for block in rows[:, 2:].split(LEVELS, dim=1):
        torch.testing.assert_close(block.sum(1), torch.ones(3))
        assert (block > 0).all()
    assert discriminator(rows, labels)[0].shape == (3,)


def test_a_training_sees_the_rows_given():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(20, 2)), columns=["x", "y"])
    frame = frame.assign(**{name: random.integers(0, n, 20).astype(str) for name, n in zip("abc", LEVELS, strict=True)})
    setup, codec = table_setup(frame, np.arange(20) % 3, torch.device("cpu"))
    some = frame.iloc[[3, 1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(codec.to_samples(setup.rows(torch.tensor([3, 1]))), some)
    rows = setup.rows(torch.arange(20))
    assert setup.distance(rows, rows).eq(0).all()
    assert (setup.distance(rows, rows.roll(1, 0)) > 0).all()


def test_columns_count_alike_however_many_levels_they_have():
    base = torch.zeros(2, 1 + 3 + 500)
    base[:, [1, 4]] = 1
    others = [base.clone(), base.clone()]
    for other, block in zip(others, (slice(1, 4), slice(4, None)), strict=True):
        other[:, block] = other[:, block].roll(1, 1)
    distances = [row_distance(3, base, other) for other in others]
    assert torch.equal(*distances)
    assert (distances[0] > 0).all()
