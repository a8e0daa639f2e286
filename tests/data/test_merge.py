from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganaug.data.integrity import by_chance
from ganaug.data.merge import POLICIES, coincidences, merge
from ganaug.data.rows import Rows, RowWriter, read_rows, read_table
from ganaug.errors import DataError
from ganaug.modalities.image.schema import image_schema

COLUMNS = pa.schema([("kept", pa.bool_()), ("model", pa.string()), ("nearest_id", pa.string())])
COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=8).map(np.array)


@given(real=COUNTS, amount=st.floats(0, 20))
def test_ratio_asks_for_a_multiple(real: np.ndarray, amount: float) -> None:
    quotas = POLICIES["ratio"](real, amount)
    assert (np.abs(quotas - amount * real) <= 0.5).all()


@given(real=COUNTS, amount=st.floats(0, 20))
def test_balance_fills_up_to_the_largest(real: np.ndarray, amount: float) -> None:
    total = real + POLICIES["balance"](real, amount)
    assert set(total) == {real.max()}


@given(real=COUNTS, amount=st.integers(0, 1000))
def test_at_least_fills_up_to_a_number(real: np.ndarray, amount: int) -> None:
    quotas = POLICIES["at_least"](real, float(amount))
    assert (quotas >= 0).all()
    np.testing.assert_array_equal(real + quotas, np.maximum(real, amount))


def scores(project: Path, kept: np.ndarray, part: str = "train") -> dict[str, np.ndarray]:
    """What a synthetic file says of its rows; the nearest ones are from this split."""
    near = np.resize(read_rows(project / f"splits/{part}.parquet").ids, len(kept))
    return {"kept": kept, "model": np.full(len(kept), "f00d", object), "nearest_id": near}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Splits of 3 + 6 training rows, and 8 synthetic candidates a class of which every other one is kept."""
    rng = np.random.default_rng(0)
    schema = image_schema(9, 11, 3, ("a", "b"))

    def rows(labels: list[int], synthetic: bool = False) -> Rows:
        images = rng.integers(0, 256, (len(labels), *schema.spec.shape)).astype(np.uint8)
        return Rows.build(schema, images, labels, synthetic=synthetic)

    for part, labels in {"train": [0, 1, 1] * 3, "validation": [0, 1], "test": [1, 0, 1]}.items():
        with RowWriter(tmp_path / "splits" / f"{part}.parquet", schema) as writer:
            writer.write(rows(labels))
    made = rows([0] * 8 + [1] * 8, synthetic=True)
    with RowWriter(tmp_path / "synthetic.parquet", schema, COLUMNS) as writer:
        writer.write(made, scores(tmp_path, np.arange(16) % 2 == 0))
    return tmp_path


def run(project: Path, policy: str, amount: float) -> dict:
    return merge(project / "splits", project / "synthetic.parquet", project / "out", policy=policy, amount=amount)


def test_rows_made_from_other_training_rows_are_refused(project: Path) -> None:
    made = read_rows(project / "synthetic.parquet")
    with RowWriter(project / "synthetic.parquet", made.schema, COLUMNS) as writer:
        writer.write(made, scores(project, np.ones(16, bool), "test"))
    with pytest.raises(DataError, match=r"synthetic\.parquet was made from other rows than those in .*train\.parquet"):
        run(project, "ratio", 1.0)
    assert not (project / "out").exists()


def test_real_rows_first_then_the_first_kept_ones(project: Path) -> None:
    provenance = run(project, "ratio", 1.0)
    real, made = read_rows(project / "splits/train.parquet"), read_rows(project / "synthetic.parquet")
    merged = read_rows(project / "out/train.parquet")
    assert merged.ids.tolist() == [*real.ids, *made.ids[[0, 2, 4, 8, 10, 12, 14]]]
    assert merged.synthetic.tolist() == [False] * 9 + [True] * 7
    assert read_table(project / "out/train.parquet", ["model"])["model"].to_list() == [""] * 9 + ["f00d"] * 7
    assert provenance["classes"] == [
        {"class": "a", "real": 3, "wanted": 3, "got": 3},
        {"class": "b", "real": 6, "wanted": 6, "got": 4},
    ]
    assert provenance["shortfall"] == 2
    assert provenance["models"] == ["f00d"]
    assert provenance["held_out"] == {"validation": 0, "test": 0}
    assert coincidences(provenance) == ""
    assert json.loads((project / "out/provenance.json").read_text()) == provenance


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    policy=st.sampled_from(sorted(POLICIES)),
    amount=st.floats(0, 8),
    made=st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=40),
)
def test_each_class_gets_its_quota_or_all_there_is(
    project: Path, policy: str, amount: float, made: list[tuple[int, bool]]
) -> None:
    labels, kept = np.array([k for k, _ in made], int), np.array([k for _, k in made], bool)
    schema = image_schema(9, 11, 3, ("a", "b"))
    images = np.random.default_rng(1).integers(0, 256, (len(made), 9, 11, 3)).astype(np.uint8)
    with RowWriter(project / "synthetic.parquet", schema, COLUMNS) as writer:
        rows = Rows.build(schema, images, labels, synthetic=True)
        writer.write(rows, scores(project, kept))
    provenance = run(project, policy, amount)
    real, merged = read_rows(project / "splits/train.parquet"), read_rows(project / "out/train.parquet")
    wanted = POLICIES[policy](np.bincount(real.labels), amount)
    expected = [i for k in (0, 1) for i in np.flatnonzero(kept & (labels == k))[: wanted[k]]]
    assert merged.ids.tolist() == [*real.ids, *rows.ids[sorted(expected)]]
    assert provenance["shortfall"] == wanted.sum() - len(expected)


@pytest.mark.parametrize(
    ("policy", "amount", "got"), [("balance", 9.0, [3, 0]), ("at_least", 5.0, [2, 0]), ("ratio", 0.0, [0, 0])]
)
def test_policies(project: Path, policy: str, amount: float, got: list[int]) -> None:
    assert [row["got"] for row in run(project, policy, amount)["classes"]] == got


def test_cells_of_training_groups_are_filled_up(project: Path) -> None:
    """In training class a has 2 rows of east and 1 of none, b 4 of west and 2 of none; west lacks a and east b."""
    path = project / "splits/train.parquet"
    real, made = read_rows(path), read_rows(project / "synthetic.parquet")
    real.groups[:] = ["east", "west", None, "east", "west", None, None, "west", "west"]
    with RowWriter(path, real.schema) as writer:
        writer.write(real)
    made.groups[:] = [*["east"] * 4, *["west"] * 4, *["north"] * 2, *["east"] * 6]
    with RowWriter(project / "synthetic.parquet", made.schema, COLUMNS) as writer:
        writer.write(made, scores(project, np.arange(16) != 4))
    provenance = run(project, "cells", 3.0)
    merged = read_rows(project / "out/train.parquet")
    merged = merged.take(merged.synthetic)
    cells = [f"{'ab'[k]} {group}" for k, group in zip(merged.labels, merged.groups, strict=True)]
    assert cells == ["a east", *["a west"] * 3, *["b east"] * 3]
    assert merged.ids.tolist() == made.ids[[0, 5, 6, 7, 10, 11, 12]].tolist()
    assert provenance["classes"] == [
        {"class": "a", "real": 3, "wanted": 4, "got": 4},
        {"class": "b", "real": 6, "wanted": 3, "got": 3},
    ]
    assert run(project, "cells", 4.0)["shortfall"] == 1  # a fourth row of a in west, of which one was dropped


def test_cells_take_groups(project: Path) -> None:
    with pytest.raises(DataError, match="policy is 'cells', but no training row has a group: give the source a column"):
        run(project, "cells", 3.0)
    with pytest.raises(DataError, match="'cell' is no merge policy; known are ratio, balance, at_least, cells"):
        run(project, "cell", 3.0)


def test_validation_and_test_are_the_same_bytes(project: Path) -> None:
    run(project, "ratio", 2.0)
    for part in ("validation", "test"):
        assert (project / f"out/{part}.parquet").read_bytes() == (project / f"splits/{part}.parquet").read_bytes()


@pytest.mark.parametrize("file", ["splits/train", "splits/validation", "splits/test", "synthetic"])
def test_a_damaged_byte_of_a_sample_is_found(project: Path, file: str) -> None:
    """Though nothing is decoded: Parquet's pages have checksums."""
    path = project / f"{file}.parquet"
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert column.path_in_schema == "image.bytes"
    damaged = bytearray(path.read_bytes())
    damaged[column.dictionary_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(DataError, match=rf"{file}\.parquet is damaged .*; run the stage that writes it again"):
        run(project, "ratio", 1.0)
    assert not (project / "out").exists()


def test_merging_again_gives_the_same_bytes_and_nothing_stale(project: Path) -> None:
    run(project, "ratio", 2.0)
    before = {path.name: path.read_bytes() for path in (project / "out").iterdir()}
    (project / "out" / "old.parquet").write_text("stale")
    run(project, "ratio", 2.0)
    assert {path.name: path.read_bytes() for path in (project / "out").iterdir()} == before


def plant(project: Path, part: str, n: int) -> Rows:
    """Put held-out rows before the synthetic ones, kept."""
    stolen, made = (
        read_rows(project / f"splits/{part}.parquet").take(np.arange(n)),
        read_rows(project / "synthetic.parquet"),
    )
    stolen.synthetic[:] = True
    with RowWriter(project / "synthetic.parquet", made.schema, COLUMNS) as writer:
        for rows in (stolen, made):
            writer.write(rows, scores(project, np.ones(len(rows), bool)))
    return stolen


@pytest.mark.parametrize(("part", "n"), [("validation", 1), ("test", 1)])
def test_a_synthetic_row_that_is_a_held_out_one_by_chance_is_left_out(project: Path, part: str, n: int) -> None:
    stolen = plant(project, part, n)
    provenance = run(project, "at_least", 8.0)
    assert provenance["held_out"] == {"validation": 0, "test": 0} | {part: n}
    merged = read_rows(project / "out/train.parquet")
    assert not np.isin(merged.ids.astype(str), stolen.ids.astype(str)).any()
    assert provenance["shortfall"] == 0  # the next ones take their place
    assert coincidences(provenance).endswith(f"equal to held-out rows: {n} of {part}")


@pytest.mark.parametrize(("part", "n"), [("validation", 2), ("test", 2), ("test", 3)])
def test_synthetic_rows_that_are_many_held_out_ones_stop(project: Path, part: str, n: int) -> None:
    plant(project, part, n)
    with pytest.raises(DataError, match=rf"synthetic\.parquet holds {n} of the . rows of .*{part}\.parquet, more than"):
        run(project, "ratio", 1.0)
    assert not (project / "out").exists()


def test_a_real_row_that_is_a_test_row_stops(project: Path) -> None:
    train, test = (read_rows(project / f"splits/{part}.parquet") for part in ("train", "test"))
    with RowWriter(project / "splits/train.parquet", train.schema) as writer:
        writer.write(train)
        writer.write(test.take([0]))
    with pytest.raises(DataError, match="share the row"):
        run(project, "ratio", 1.0)
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("reproduced", "held_out", "chance"),
    [(0, 0, True), (1, 1, False), (1, 2, True), (2, 3, False), (3, 6, True), (3, 60, True), (4, 60, False),
     (500, 10_000, True), (501, 10_000, False)],
)  # fmt: skip
def test_what_may_be_chance(reproduced: int, held_out: int, chance: bool) -> None:
    assert by_chance(reproduced, held_out) == chance


def test_real_rows_cannot_pass_for_synthetic(project: Path) -> None:
    rows = read_rows(project / "splits/train.parquet")
    with RowWriter(project / "synthetic.parquet", rows.schema, COLUMNS) as writer:
        writer.write(rows, scores(project, np.ones(9, bool)))
    with pytest.raises(DataError, match="not marked synthetic"):
        run(project, "ratio", 1.0)


def test_mistakes_are_explained(project: Path) -> None:
    with pytest.raises(DataError, match="'double' is no merge policy; known are ratio, balance, at_least"):
        run(project, "double", 1.0)
    with RowWriter(project / "synthetic.parquet", image_schema(9, 11, 3, ("a", "c")), COLUMNS):
        pass
    with pytest.raises(DataError, match="differ in samples or classes"):
        run(project, "ratio", 1.0)
    (project / "synthetic.parquet").unlink()
    with pytest.raises(DataError, match="there is no file"):
        run(project, "ratio", 1.0)


def test_no_kept_row_at_all_is_a_shortfall(project: Path) -> None:
    with RowWriter(project / "synthetic.parquet", image_schema(9, 11, 3, ("a", "b")), COLUMNS):
        pass
    provenance = run(project, "ratio", 1.0)
    assert (provenance["shortfall"], provenance["models"]) == (9, [])
    assert len(read_rows(project / "out/train.parquet")) == 9


@pytest.mark.slow
def test_the_stage_merges_and_exports(project: Path, repository: Path) -> None:
    (project / "data/splits").mkdir(parents=True)
    (project / "data/synthetic").mkdir()
    (project / "splits").rename(project / "data/splits/1")
    (project / "synthetic.parquet").rename(project / "data/synthetic/1.parquet")
    (project / "params.yaml").write_text("merge:\n  policy: balance\n  exports: [csv]\n")
    subprocess.run([sys.executable, repository / "pipelines/merge.py", "--repeat", "1"], cwd=project, check=True)
    assert len(read_rows(project / "data/augmented/1/train.parquet")) == 12
    assert (project / "exports/1/csv/provenance.csv").exists()
