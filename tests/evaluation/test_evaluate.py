from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.config import ARMS as CONFIGURED
from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.errors import ConfigError, DataError
from ganaug.evaluation.arms import ARMS, arms_named, candidates, references, result_path
from ganaug.evaluation.evaluate import run_arms
from ganaug.files import read_json

SCHEMA = Schema(8, 8, 1, tuple("0123456789"))
FAST = {"steps": 3, "batch_size": 20, "device": "cpu"}


def digits(start: int, stop: int, synthetic: bool = False) -> Rows:
    """Rows of scikit-learn's digits; the synthetic ones are real ones turned negative."""
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels[start:stop].reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8)
    return Rows.build(SCHEMA, 255 - images if synthetic else images, labels[start:stop], synthetic=synthetic)


def write(path: Path, *parts: Rows) -> None:
    with RowWriter(path, SCHEMA) as writer:
        for part in parts:
            writer.write(part)


@pytest.fixture
def augmented(tmp_path: Path) -> Path:
    folder = tmp_path / "augmented"
    write(folder / "train.parquet", digits(0, 100), digits(0, 200, synthetic=True))
    write(folder / "validation.parquet", digits(100, 150))
    write(folder / "test.parquet", digits(150, 250))
    return folder


def test_the_arms_are_those_that_can_be_configured():
    assert tuple(ARMS) == CONFIGURED
    assert references(CONFIGURED) == ["real", "classical", "mixup"]
    assert candidates(CONFIGURED) == ["gan", "classical_gan"]
    with pytest.raises(ConfigError, match="no arm 'gam'"):
        arms_named(["real", "gam"])


def test_writes_what_each_arm_is_worth(augmented, tmp_path, capsys):
    written = run_arms(augmented, CONFIGURED, 4, out=tmp_path / "eval", **FAST)
    assert written == [result_path(tmp_path / "eval", arm, 4) for arm in CONFIGURED]
    results = {path.stem: read_json(path) for path in written}
    trained = {arm: (found["n_train"]["real"], found["n_train"]["synthetic"]) for arm, found in results.items()}
    assert trained == {
        "real": (100, 0),
        "classical": (100, 0),
        "mixup": (100, 0),
        "gan": (100, 200),
        "classical_gan": (100, 200),
        "synthetic": (0, 200),
    }
    for arm, found in results.items():
        assert (found["arm"], found["draw"], found["steps"], found["batch_size"], found["seed"]) == (arm, 4, 3, 20, 0)
        assert (found["validation"]["n"], found["test"]["n"]) == (50, 100)
        assert 0 <= found["test"]["balanced_accuracy"] <= 1
    assert len({found["test_ids"] for found in results.values()}) == 1
    assert len({results[arm]["test"]["nll"] for arm in CONFIGURED}) == len(CONFIGURED)
    assert results["real"]["train_ids"] == results["classical"]["train_ids"] != results["gan"]["train_ids"]
    assert "evaluate draw 4, gan: 3/3 steps" in capsys.readouterr().err


def test_the_same_seed_writes_the_same_bytes(augmented, tmp_path):
    arms = ["classical", "gan"]
    first, second, other = (
        [path.read_bytes() for path in run_arms(augmented, arms, 0, out=tmp_path / name, seed=seed, **FAST)]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == second
    assert first[0] != other[0]


def test_an_arm_alone_is_what_it_is_in_company(augmented, tmp_path):
    together = run_arms(augmented, ["real", "gan"], 0, out=tmp_path / "a", **FAST)
    alone = run_arms(augmented, ["gan"], 0, out=tmp_path / "b", **FAST)
    assert together[1].read_bytes() == alone[0].read_bytes()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_no_row_of_validation_or_test_may_be_among_the_training_rows(augmented, tmp_path, split):
    write(augmented / f"{split}.parquet", digits(250, 300), digits(40, 42))
    with pytest.raises(DataError, match=rf"train\.parquet and .*{split}\.parquet share the image"):
        run_arms(augmented, ["real"], 0, out=tmp_path / "eval", **FAST)
    assert not (tmp_path / "eval").exists()


def test_a_leak_is_found_by_content_whatever_the_ids_say(augmented, tmp_path):
    stolen = digits(150, 151)
    stolen.ids[:] = "innocent"
    stolen.synthetic[:] = True
    write(augmented / "train.parquet", digits(0, 100), stolen)
    with pytest.raises(DataError, match=r"train\.parquet and .*test\.parquet share the image"):
        run_arms(augmented, ["real"], 0, out=tmp_path, **FAST)


def test_an_arm_without_rows(augmented, tmp_path):
    write(augmented / "train.parquet", digits(0, 100))
    with pytest.raises(DataError, match=r"the arm 'synthetic' has no rows.*merge\.amount"):
        run_arms(augmented, ["synthetic"], 0, out=tmp_path, **FAST)


def test_a_missing_or_empty_split(augmented, tmp_path):
    write(augmented / "test.parquet")
    with pytest.raises(DataError, match=r"the test split .* is empty"):
        run_arms(augmented, ["real"], 0, out=tmp_path, **FAST)
    (augmented / "test.parquet").unlink()
    with pytest.raises(DataError, match=r"no file .*test\.parquet"):
        run_arms(augmented, ["real"], 0, out=tmp_path, **FAST)
