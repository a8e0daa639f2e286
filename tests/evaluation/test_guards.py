"""A leak of each kind is planted in a finished run, and has to be found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report.fabricated import REPEATS, finish_run

from ganaug.data import cache
from ganaug.data.merge import merge
from ganaug.data.rows import Rows, RowWriter, digest, read_rows
from ganaug.errors import DataError
from ganaug.evaluation.guards import check_run, unproved
from ganaug.synthesis.generate import SCORES
from ganaug.utils.files import read_json, write_json

pytestmark = pytest.mark.slow  # on a copy of a run each

SPLIT, AUGMENTED = "data/splits/0", "data/augmented/0"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    finish_run(folder)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(finished, tmp_path / "run")


def write(path: Path, rows: Rows) -> None:
    with RowWriter(path, rows.schema) as writer:
        writer.write(rows)


def together(*parts: Rows) -> Rows:
    columns = (
        np.concatenate([getattr(p, name) for p in parts])
        for name in ("samples", "labels", "synthetic", "ids", "groups")
    )
    return Rows(parts[0].schema, *columns)


def add(path: Path, rows: Rows) -> None:
    write(path, together(read_rows(path), rows))


def stolen(run: Path, part: str = "test", n: int = 1) -> Rows:
    """Held-out rows under other ids."""
    rows = read_rows(run / f"{SPLIT}/{part}.parquet").take(np.arange(n))
    rows.ids[:] = [f"innocent {i}" for i in range(n)]
    return rows


def toned(rows: Rows) -> Rows:
    """Near duplicates."""
    return Rows.build(rows.schema, (rows.samples * 0.9 + 10).astype(np.uint8), rows.labels)


def claim(run: Path, file: str, **what: Any) -> None:
    """Change what a stage says of the rows it was made from."""
    found = read_json(run / file) if (run / file).exists() else {}
    write_json(run / file, found | what)


def test_a_clean_run_has_no_leak(finished: Path) -> None:
    assert check_run(finished, REPEATS) == []
    assert unproved(finished, REPEATS) == []


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("into", ["train", "pool"])
def test_a_held_out_row_in_a_split(run: Path, part: str, into: str) -> None:
    add(run / f"{SPLIT}/{into}.parquet", stolen(run, part, 2))
    assert f"{SPLIT}/{into}.parquet holds 2 rows of {SPLIT}/{part}.parquet" in check_run(run, REPEATS)


def test_a_near_duplicate_of_a_held_out_row_in_a_split(run: Path) -> None:
    add(run / f"{SPLIT}/train.parquet", toned(stolen(run)))
    assert f"{SPLIT}/train.parquet holds near duplicates of {SPLIT}/test.parquet: 1 row" in check_run(run, REPEATS)


def test_a_test_row_among_those_that_choose(run: Path) -> None:
    add(run / f"{SPLIT}/validation.parquet", stolen(run))
    assert f"{SPLIT}/validation.parquet holds 1 row of {SPLIT}/test.parquet" in check_run(run, REPEATS)


def model(labelled: str, **others: Any) -> dict[str, Any]:
    return {"labelled": labelled, "unlabelled": None, "validation": None, "warm_start": None} | others


def own(run: Path, part: str = "train", repeat: int = 0) -> str:
    return digest(read_rows(run / f"data/splits/{repeat}/{part}.parquet").ids)


def test_a_gan_fitted_on_other_rows(run: Path) -> None:
    claim(run, "models/gan/0/config.json", trained_on=model(own(run, repeat=1)))
    assert check_run(run, REPEATS) == [f"the GAN of repeat 0 was trained on other rows than {SPLIT}/train.parquet"]


def test_a_gan_chosen_on_test_rows(run: Path) -> None:
    claim(run, "models/gan/0/config.json", trained_on=model(own(run), validation=own(run, "validation")))
    assert check_run(run, REPEATS) == []
    claim(run, "models/gan/0/config.json", trained_on=model(own(run), validation=own(run, "test")))
    assert check_run(run, REPEATS) == [f"the GAN of repeat 0 was chosen on other rows than {SPLIT}/validation.parquet"]


def test_a_gan_that_learnt_from_unlabelled_test_rows(run: Path) -> None:
    claim(run, "models/gan/0/config.json", trained_on=model(own(run), unlabelled=own(run, "test")))
    (leak,) = check_run(run, REPEATS)
    assert leak.startswith("the GAN of repeat 0 also learnt from unlabelled rows, and data/splits/")


def test_a_gan_that_started_from_one_that_knows_test_rows(run: Path) -> None:
    first = model(own(run, "test"))
    chain = model(own(run), warm_start=model(own(run, repeat=1), warm_start=first))
    claim(run, "models/gan/0/config.json", trained_on=chain)
    (leak,) = check_run(run, REPEATS)
    assert leak.startswith(
        "the GAN of repeat 0 also learnt from the labelled rows of a model that it started from, and "
    )


def test_a_gan_that_started_from_rows_of_which_nothing_is_known(run: Path) -> None:
    claim(run, "models/gan/0/config.json", trained_on=model(own(run), warm_start=model("f" * 32)))
    assert check_run(run, REPEATS) == []
    (sentence,) = unproved(run, REPEATS)
    assert (
        "repeat 0 also learnt from the labelled rows of a model that it started from, which this run does not hold"
        in sentence
    )


def test_a_teacher_that_saw_others(run: Path) -> None:
    claim(run, "reports/generate/1.json", trained_on=own(run))
    assert check_run(run, REPEATS) == [
        "the teacher of repeat 1 was trained on other rows than data/splits/1/train.parquet"
    ]
    assert check_run(run, [0]) == []


def test_an_extractor_that_saw_others(run: Path) -> None:
    claim(run, "eval/fidelity/0.json", trained_on=own(run))
    assert check_run(run, [0]) == []
    claim(run, "eval/fidelity/0.json", trained_on=own(run, "test"))
    (leak,) = check_run(run, [0])
    assert leak == f"the feature extractor of repeat 0 was trained on other rows than {SPLIT}/train.parquet"


@pytest.mark.parametrize("synthetic", [False, True])
def test_a_test_row_in_the_augmented_split(run: Path, synthetic: bool) -> None:
    rows = stolen(run)
    rows.synthetic[:] = synthetic
    add(run / f"{AUGMENTED}/train.parquet", rows)
    leaks = check_run(run, REPEATS)
    assert f"{AUGMENTED}/train.parquet holds 1 row of {SPLIT}/test.parquet" in leaks
    assert (f"the real rows of {AUGMENTED}/train.parquet are not those of {SPLIT}/train.parquet" in leaks) != synthetic


@pytest.mark.parametrize(("synthetic", "at"), [(False, 3), (True, -1)])
def test_a_row_that_changed_since_it_was_merged(run: Path, synthetic: bool, at: int) -> None:
    """It keeps its id; the guards go by what it holds now."""
    path = run / f"{AUGMENTED}/train.parquet"
    rows = read_rows(path)
    assert rows.synthetic[at] == synthetic
    rows.samples[at] = stolen(run).samples[0]
    write(path, rows)
    leaks = check_run(run, REPEATS)
    assert f"{path.relative_to(run)} holds 1 row of {SPLIT}/test.parquet" in leaks
    assert (f"the real rows of {path.relative_to(run)} are not those of {SPLIT}/train.parquet" in leaks) != synthetic


def test_near_duplicates_and_spare_rows_in_the_augmented_split(run: Path) -> None:
    spare = read_rows(run / f"{SPLIT}/pool.parquet").take(np.arange(3))
    add(run / f"{AUGMENTED}/train.parquet", together(toned(stolen(run, "validation")), spare))
    leaks = check_run(run, REPEATS)
    assert f"{AUGMENTED}/train.parquet holds near duplicates of {SPLIT}/validation.parquet: 1 row" in leaks
    assert (
        f"{AUGMENTED}/train.parquet holds 3 rows of {SPLIT}/pool.parquet, which are for the oracle arm alone" in leaks
    )


def test_other_test_rows_beside_the_augmented_split(run: Path) -> None:
    write(run / f"{AUGMENTED}/test.parquet", read_rows(run / f"{SPLIT}/test.parquet").take(np.arange(9)))
    assert check_run(run, REPEATS) == [f"{AUGMENTED}/test.parquet does not hold the rows of {SPLIT}/test.parquet"]


def generated(run: Path, rows: Rows) -> None:
    """Put rows among the synthetic ones of repeat 0, all kept."""
    path = run / "data/synthetic/0.parquet"
    made = together(rows, read_rows(path))
    made.synthetic[:] = True
    near = read_rows(run / f"{SPLIT}/train.parquet").ids[0]
    blank = {
        f.name: np.zeros(len(made)).astype(str if f.type == "string" else f.type.to_pandas_dtype()) for f in SCORES
    }
    blank |= {"kept": np.ones(len(made), bool), "nearest_id": np.full(len(made), near, object)}
    with RowWriter(path, made.schema, SCORES) as writer:
        writer.write(made, blank)


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("n", [1, 3])
def test_a_synthetic_row_that_is_a_held_out_one_by_chance_is_left_out_and_said(run: Path, part: str, n: int) -> None:
    generated(run, read_rows(run / f"{SPLIT}/{part}.parquet").take(np.arange(n)))
    merge(run / SPLIT, run / "data/synthetic/0.parquet", run / AUGMENTED)
    assert check_run(run, REPEATS) == []
    (sentence,) = unproved(run, REPEATS)
    rows = "1 row" if n == 1 else "3 rows"
    assert sentence.startswith(f"data/synthetic/0.parquet holds {rows} of {SPLIT}/{part}.parquet")


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_held_out_row_that_merge_let_in_under_another_id_is_found(run: Path, part: str) -> None:
    generated(run, stolen(run, part))
    merge(run / SPLIT, run / "data/synthetic/0.parquet", run / AUGMENTED)
    assert check_run(run, REPEATS) == [f"{AUGMENTED}/train.parquet holds 1 row of {SPLIT}/{part}.parquet"]


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("n", [21, 40])
def test_a_generator_that_makes_many_held_out_rows_leaks(run: Path, part: str, n: int) -> None:
    generated(run, stolen(run, part, n))
    assert check_run(run, REPEATS) == [f"data/synthetic/0.parquet holds {n} rows of {SPLIT}/{part}.parquet"]


def test_where_exact_copies_alone_count_near_ones_are_no_leak(run: Path) -> None:
    claim(run, "reports/prepare.json", near_duplicates=False)
    add(run / f"{SPLIT}/pool.parquet", toned(stolen(run)))
    assert check_run(run, REPEATS) == []
    add(run / f"{SPLIT}/pool.parquet", stolen(run))
    assert check_run(run, REPEATS) == [f"{SPLIT}/pool.parquet holds 1 row of {SPLIT}/test.parquet"]
    claim(run, "reports/prepare.json", near_duplicates=True)
    assert f"{SPLIT}/pool.parquet holds near duplicates of {SPLIT}/test.parquet: 1 row" in check_run(run, REPEATS)


def test_files_that_repeats_share_are_read_once_and_held_out_rows_freed(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("validation", "test", "pool"):
        (run / f"data/splits/1/{part}.parquet").write_bytes((run / f"{SPLIT}/{part}.parquet").read_bytes())
    add(run / f"{SPLIT}/pool.parquet", stolen(run))
    (run / "data/splits/1/pool.parquet").write_bytes((run / f"{SPLIT}/pool.parquet").read_bytes())
    seen = []
    read = cache.iter_rows
    monkeypatch.setattr(
        cache, "iter_rows", lambda path, batch: (seen.append(str(path.relative_to(run))), read(path, batch))[1]
    )
    leaks = check_run(run, REPEATS)
    assert [
        repeat
        for repeat in REPEATS
        if f"data/splits/{repeat}/pool.parquet holds 1 row of data/splits/{repeat}/test.parquet" in leaks
    ] == [0, 1]
    assert sum(path.endswith("pool.parquet") for path in seen) == 1
    assert "data/splits/1/train.parquet" in seen


@pytest.mark.parametrize(
    "spoil", [Path.unlink, *(partial(Path.write_text, data=text) for text in ("{", "{}", "[]", '{"trained_on": null}'))]
)
def test_what_does_not_say_its_rows_is_an_error(run: Path, spoil: Callable[[Path], None]) -> None:
    spoil(run / "models/gan/1/config.json")
    with pytest.raises(DataError, match=r"models/gan/1/config\.json does not say which rows"):
        check_run(run, REPEATS)
