from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from ganaug.modalities.table.fidelity import (
    copied,
    cramers_v,
    dependence,
    dependence_difference,
    detection_auc,
    marginals,
    violations,
)
from ganaug.modalities.table.spec import infer


def halves() -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = load_breast_cancer(as_frame=True).data.iloc[:, :6]
    frame = frame.assign(size=pd.cut(frame["mean area"], 3, labels=["s", "m", "l"]).astype("str"))
    frame.loc[::5, "mean texture"] = np.nan
    order = np.random.default_rng(0).permutation(len(frame))
    return frame.iloc[order[:280]].reset_index(drop=True), frame.iloc[order[280:560]].reset_index(drop=True)


@pytest.mark.slow
def test_two_halves_of_one_table_are_alike_and_a_shifted_one_is_not():
    one, other = halves()
    spec = infer(one)
    far = other.assign(**{"mean area": other["mean area"] * 2, "size": "l", "mean texture": 1.0})
    near, shifted = ({found.column: found for found in marginals(one, made, spec)} for made in (other, far))
    assert max(found.distance for found in near.values()) < 0.15
    assert abs(near["mean texture"].missing) < 0.1
    for name in ("mean area", "size", "mean texture"):
        assert shifted[name].distance > 0.4
    assert shifted["mean texture"].missing == pytest.approx(-one["mean texture"].isna().mean())
    assert detection_auc(one, other, spec) == pytest.approx(0.5, abs=0.08)
    assert detection_auc(one, far, spec) > 0.98


def test_dependence_is_lost_where_columns_are_shuffled():
    one, other = halves()
    spec = infer(one)
    random = np.random.default_rng(0)
    shuffled = pd.DataFrame({name: other[name].to_numpy()[random.permutation(len(other))] for name in other})
    real = dependence(one, spec)
    assert np.allclose(real, real.T)
    assert (np.diag(real) == 1).all()
    assert real[0, 3] > 0.9  # radius and area
    assert real[3, 6] > 0.6  # area and size
    near, far = (dependence_difference(one, made.astype(one.dtypes), spec)[2] for made in (other, shuffled))
    assert near < 0.06 < 0.2 < far


def test_cramers_v_is_corrected_for_chance():
    random = np.random.default_rng(0)
    codes = random.integers(0, 5, 300)
    assert cramers_v(codes, codes) == pytest.approx(1, abs=0.02)
    assert cramers_v(codes, random.permutation(codes)) < 0.1
    assert cramers_v(codes, np.zeros(300, np.int64)) == 0


def test_copies_are_counted_but_for_their_ids():
    one, other = halves()
    training = one.assign(id=np.arange(len(one)))
    made = pd.concat([one.iloc[:10], other.iloc[:30]], ignore_index=True).assign(id=np.arange(40) + 10_000)
    assert copied(training, made, infer(training)) == 0.25


def test_every_kind_of_violation_is_counted():
    n = 60
    training = pd.DataFrame({
        "cents": np.arange(n)[::-1] / 4, "more": np.arange(n)[::-1] / 4 + 1.0, "level": ["a", "b"] * (n // 2),
        "gaps": [None, *range(n - 1)], "whole": np.arange(n) ** 2,
    })  # fmt: skip
    spec = replace(infer(training), constraints=("cents <= more",))
    clean = violations(training, training, spec)
    assert set(clean) == {"range", "grid", "level", "missing", "dtype", "cents <= more"}
    assert not any(clean.values())
    made = training.iloc[:5].copy()
    made.loc[0, "cents"] = 99.0
    made.loc[1, "cents"] = 0.3
    made.loc[2, "level"] = "c"
    made.loc[3, "more"] = np.nan
    made["whole"] = made["whole"].astype("float64")
    assert violations(training, made, spec) == {
        "range": 1, "grid": 1, "level": 1, "missing": 1, "dtype": 5, "cents <= more": 1
    }  # fmt: skip
