from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
from every_column import CANNOT_MISS, KINDS
from sklearn.datasets import load_wine

from ganaug.errors import ConfigError
from ganaug.modalities.table.architecture import BLOCKS
from ganaug.modalities.table.codec import TableCodec
from ganaug.modalities.table.columns import LEVELS
from ganaug.modalities.table.fidelity import violations
from ganaug.modalities.table.modality import TableModality
from ganaug.modalities.table.spec import infer, spec_of

TABLE = TableModality()
EVERY = {name: kind.column for name, kind in KINDS.items()}
EVERY |= {f"{name}, gaps": kind.with_gaps for name, kind in KINDS.items() if name not in CANNOT_MISS}


def fitted(frame: pd.DataFrame) -> TableCodec:
    samples, spec = TABLE.infer(frame)
    return TableCodec.fit(samples, spec)


def inputs_of(codec: TableCodec, frame: pd.DataFrame) -> torch.Tensor:
    return codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(frame)))


def at_random(codec: TableCodec, n: int = 300, seed: int = 0) -> pd.DataFrame:
    """What becomes of a network that says anything."""
    width = codec.numbers + sum(codec.levels)
    return codec.to_samples(2 * torch.randn(n, width, generator=torch.Generator().manual_seed(seed)))


@pytest.mark.slow
def test_a_table_of_every_type_comes_back_and_new_rows_are_such_as_can_be():
    frame = pd.DataFrame(EVERY)
    codec = fitted(frame)
    pd.testing.assert_frame_equal(codec.to_samples(inputs_of(codec, frame)), frame, check_exact=True)
    made = at_random(codec)
    assert made.dtypes.equals(frame.dtypes)
    assert not any(violations(frame, made, codec.spec).values())


def test_rows_that_were_not_seen_lie_between_those_that_were():
    codec = fitted(pd.DataFrame({"x": [0.0, 1.0, 2.0, 4.0], "c": ["a", "b", "a", "c"]}))
    numbers, codes = codec.to_arrays(pd.DataFrame({"x": [3.0, -9.0, 99.0, np.nan], "c": ["a", "new", None, "c"]}))
    known = codec.to_arrays(pd.DataFrame({"x": [2.0, 4.0, 0.0], "c": ["a", "a", "a"]}))[0]
    assert known[0] < numbers[0] < known[1]
    assert numbers[1] == known[2]
    assert numbers[2] == known[1]
    assert numbers[3] == 0
    assert codes[:, 0].tolist() == [0, -1, -1, 2]
    rows = codec.to_inputs(torch.from_numpy(numbers), torch.from_numpy(codes))
    assert rows[1:3, 1:].abs().sum() == 0
    assert rows.sum(1).isfinite().all()


@pytest.mark.slow
def test_a_codec_is_made_again_from_arrays_and_json():
    frame = pd.DataFrame(EVERY)
    codec = fitted(frame)
    about, arrays = codec.state()
    assert json.loads(json.dumps(about)) == about
    assert all(array.dtype != object for array in arrays.values())
    again = TABLE.codec_of(spec_of(json.loads(json.dumps(codec.spec.to_json()))), about, arrays)
    for one, other in zip(codec.to_arrays(frame), again.to_arrays(frame), strict=True):
        assert np.array_equal(one, other)
    pd.testing.assert_frame_equal(at_random(again), at_random(codec), check_exact=True, check_freq=False)


def test_damaged_arrays_are_told_from_a_codec():
    codec = fitted(load_wine(as_frame=True).data)
    _, arrays = codec.state()
    with pytest.raises(KeyError):
        TABLE.codec_of(codec.spec, {}, {})
    for damaged in (arrays["column.0"][:50], np.zeros(80, np.uint8)):
        with pytest.raises(ValueError, match="damaged"):
            TABLE.codec_of(codec.spec, {}, {**arrays, "column.0": damaged})


def test_the_state_holds_no_row():
    """Each column is sorted on its own, so that nothing says which values belong together."""
    frame = load_wine(as_frame=True).data.sample(frac=1, random_state=0, ignore_index=True)
    codec = fitted(frame)
    again = TableCodec.restore(codec.spec, codec.state()[1])
    assert all(kind.fitted_to.is_monotonic_increasing for kind in again.columns.kinds)


def test_eight_thousand_levels_take_few_inputs_and_all_of_them_come_up():
    random = np.random.default_rng(0)
    levels = np.array([f"level {i:04}" for i in range(8000)])
    frame = pd.DataFrame({"many": [*levels, *random.choice(levels[:20], 4000)], "x": random.normal(size=12_000)})
    codec = fitted(frame)
    assert fitted(frame.assign(many=np.tile(levels[:200], 60))).levels == (LEVELS,)
    assert codec.levels == (20 + 1,)
    made = at_random(codec, 6000)
    assert made["many"].isin(levels).all()
    assert made["many"].nunique() > 50
    rows = torch.zeros(4000, 1 + sum(codec.levels))
    rows[:, 0], rows[:, -1] = torch.randn(4000, generator=torch.Generator().manual_seed(0)), 1  # all the rare ones
    rare = codec.to_samples(rows)["many"]
    assert rare.nunique() > 2000
    assert not rare.isin(levels[:20]).any()
    pd.testing.assert_series_equal(codec.to_samples(rows[:3])["many"], rare[:3])


def test_rare_levels_come_up_in_a_table_without_numbers_too():
    states = ["Kansas"] * 40 + ["Ohio"] * 30 + [f"state {i}" for i in range(15) for _ in range(2)]
    codec = fitted(pd.DataFrame({"state": states, "seen": ["yes", "no"] * 50}))
    assert codec.levels == (3, 2)
    rare = torch.tensor([[0.1, 0.1, 0.8, 0.5, 0.5]]) + 0.1 * torch.rand(3000, 5)  # as a generator gives probabilities
    found = codec.to_samples(rare)["state"].value_counts()
    assert len(found) == 15
    assert found.max() < 1.5 * found.min()
    alone = fitted(pd.DataFrame({"town": np.repeat([f"town {i}" for i in range(50)], 2)}))
    assert at_random(alone, 2000)["town"].nunique() == 50  # all are rare: one has a code of its own, so that codes vary


def test_rare_levels_share_their_code_again_after_a_restart():
    random = np.random.default_rng(0)
    many = [*["often"] * 60, *(f"level {i}" for i in range(40))]
    numbers = np.where(random.random(100) < 0.5, np.nan, random.normal(size=100))
    codec = fitted(pd.DataFrame({"many": many, "x": numbers}))
    again = TableCodec.restore(codec.spec, codec.state()[1])
    assert codec.levels == again.levels == (2, 2)
    rows = torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.0], [0.1, 0.0, 1.0, 1.0, 0.0], [0.2, 0.0, 1.0, 1.0, 0.0]])
    pd.testing.assert_frame_equal(codec.to_samples(rows), again.to_samples(rows))


def test_ids_are_new_and_texts_are_left_out():
    n = 40
    frame = pd.DataFrame({
        "row_id": np.arange(n, dtype="int32"), "x": np.linspace(0, 1, n) ** 2, "code": [f"K{i:03}" for i in range(n)],
        "note": [f"the {i} th of several words" for i in range(n)],
    })  # fmt: skip
    codec = fitted(frame)
    assert codec.numbers + sum(codec.levels) == 1
    rows = torch.randn(100, 1, generator=torch.Generator().manual_seed(0))
    made = codec.to_samples(rows)
    assert made.dtypes.equals(frame.dtypes)
    assert list(made.columns) == list(frame.columns)
    assert made["row_id"].is_unique
    assert (made["row_id"] > n - 1).all()
    assert made["code"].is_unique
    assert not made["code"].isin(frame["code"]).any()
    assert made["note"].isna().all()
    pd.testing.assert_frame_equal(codec.to_samples(rows[:5]), made[:5])  # they depend on the row alone


def test_constants_stay_constant():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "one": [7, 7, 7], "none": [None] * 3, "gone": [np.nan] * 3})
    made = at_random(fitted(frame), 20)
    assert (made["one"] == 7).all()
    assert made[["none", "gone"]].isna().all(axis=None)
    assert made.dtypes.equals(frame.dtypes)


def test_values_are_missing_together_where_they_were():
    frame = pd.DataFrame({"x": [1.0, 2, np.nan, 4, 5], "y": [np.nan, 2.0, 3, 4, 5]})
    codec = fitted(frame)
    assert codec.levels == (2, 2)
    assert at_random(codec)["x"].isna().mean() == pytest.approx(0.5, abs=0.1)


PARAMS = {"conditioning": "projection", "width": 16, "depth": 1}


def test_networks_are_sized_from_the_columns_and_described_by_json():
    codec = fitted(pd.DataFrame({"x": [1.0, 2, 3, np.nan], "c": ["a", "b", "c", "a"]}))
    architecture = TABLE.architecture(codec, 3, PARAMS, anchors=4)
    assert TABLE.architecture_of(json.loads(json.dumps(asdict(architecture)))) == architecture
    generator, discriminator = architecture.build(0)
    assert architecture.example().shape == (1, 1 + 2 + 3)
    rows = generator(torch.randn(5, architecture.latent), torch.zeros(5, dtype=torch.int64))
    assert rows.shape == (5, 6)
    assert discriminator(rows, torch.zeros(5, dtype=torch.int64))[0].shape == (5,)
    assert len(generator.stages) == BLOCKS
    assert len(TABLE.architecture(codec, 3, {**PARAMS, "depth": 2}, 0).build(0)[0].stages) == 2 * BLOCKS
    acgan = TABLE.architecture(codec, 3, {**PARAMS, "conditioning": "acgan"}, 0).build(0)[1]
    assert acgan(rows, torch.zeros(5, dtype=torch.int64))[1].shape == (5, 3)


def test_the_same_seed_gives_the_same_networks_and_leaves_the_global_state_alone():
    codec = fitted(pd.DataFrame({"x": [1.0, 2, 3]}))
    architecture = TABLE.architecture(codec, 2, PARAMS, anchors=0)
    before = torch.random.get_rng_state()
    one, again, other = (architecture.build(seed)[0].entry.weight for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "change", [{"width": 2**40}, {"width": "8"}, {"levels": 3}, {"levels": [3.5]}, {"depth": -1}, {"conditioning": 1}]
)
def test_a_description_of_other_networks_is_a_type_error(change):
    codec = fitted(pd.DataFrame({"x": [1.0, 2, 3]}))
    about = asdict(TABLE.architecture(codec, 2, PARAMS, anchors=0))
    for wrong in ({**about, **change}, {**about, "more": 1}, {}):
        with pytest.raises(TypeError):
            TABLE.architecture_of(wrong)


def test_augmentation_and_distance_know_rows():
    codec = fitted(pd.DataFrame({"x": [1.0, 2, 3], "c": ["a", "b", "a"]}))
    noise = TABLE.augment(codec, ())
    draws = noise.draw(1000, 0.5, torch.Generator().manual_seed(0))
    assert draws.shape == (1000, 3)
    assert 0.4 < (draws.abs().sum(1) > 0).float().mean() < 0.6
    with pytest.raises(ConfigError, match="no invariance 'rotate'"):
        TABLE.augment(codec, ["rotate"])
    rows = inputs_of(codec, pd.DataFrame({"x": [1.0, 1.0], "c": ["a", "b"]}))
    assert TABLE.distance(codec)(rows[:1], rows[1:]).item() == pytest.approx(1.0)
    assert TABLE.auto_steps(10_000, "cuda") == TABLE.auto_steps(10, "cpu") == 400


def test_a_spec_of_other_rows_does_not_change_what_is_learnt():
    """What a codec learns comes from its training rows: the scale in the spec is for distances only."""
    frame = load_wine(as_frame=True).data
    wide = pd.concat([frame, frame.iloc[:1] * 1e6], ignore_index=True)
    codec = TableCodec.fit(frame, replace(infer(wide)))
    assert at_random(codec).max().max() <= frame.max().max()
