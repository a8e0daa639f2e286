from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_wine

from ganaug.errors import DataError
from ganaug.modalities.table.codec import TableCodec
from ganaug.modalities.table.constraints import check, find, violations
from ganaug.modalities.table.fidelity import violations as every_violation
from ganaug.modalities.table.spec import infer

COUNTRY = {"Rome": "IT", "Milan": "IT", "Paris": "FR", "Lyon": "FR", "Berlin": "DE"}
SIDE = {"IT": "south", "FR": "west", "DE": "west"}
DECLARED = ["start <= end", "net + tax = gross", "net + tax + fee = all", "city -> country", "country -> side"]


def orders(n: int = 300, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    start = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, n), "D"))
    net, fee = np.round(random.gamma(2, 50, n), 2), np.round(random.gamma(1, 3, n), 2)
    tax = np.round(net * random.choice([0.1, 0.2], n), 2)
    city = pd.Series(random.choice(list(COUNTRY), n))
    end = (start + pd.to_timedelta(random.integers(0, 30, n), "D")).where(random.random(n) > 0.1)
    return pd.DataFrame({
        "start": start, "end": end, "net": net, "tax": tax, "fee": fee, "gross": np.round(net + tax, 2),
        "all": np.round(net + tax + fee, 2), "city": city, "country": city.map(COUNTRY),
        "side": city.map(COUNTRY).map(SIDE).astype("category"), "age": random.integers(18, 90, n),
    })  # fmt: skip


def made_by_a_fool(frame: pd.DataFrame, declared: list[str], n: int = 500) -> tuple[TableCodec, pd.DataFrame]:
    """Rows of a generator that has learnt nothing."""
    spec = infer(frame)
    spec = replace(spec, constraints=check(declared, frame.iloc[:, list(spec.learnt)]))
    codec = TableCodec.fit(frame, spec)
    rows = torch.randn(n, codec.numbers + sum(codec.levels), generator=torch.Generator().manual_seed(0))
    return codec, codec.to_samples(rows)


def test_what_holds_is_found_in_words():
    found = find(orders())
    assert {"start <= end", "net + tax = gross", "fee + gross = all", "city -> country", "country -> side"} <= set(
        found
    )
    assert not any("age" in text for text in found)


def test_found_constraints_can_be_declared():
    frame = orders()
    assert check(find(frame), frame) == find(frame)
    cancer = load_breast_cancer(as_frame=True).data
    found = find(cancer)
    assert "mean radius <= worst radius" in found
    check(found, cancer)


def test_chance_is_no_constraint():
    assert find(load_wine(as_frame=True).data) == ()
    random = np.random.default_rng(0)
    few = pd.DataFrame({"a": random.random(4), "b": 0.8 + random.random(4), "c": list("wxyz"), "d": list("ppqq")})
    assert find(few) == ()


def test_no_row_breaks_what_was_declared():
    frame = orders()
    _, before = made_by_a_fool(frame, [])
    assert sum(violations(before, DECLARED, frame).values()) > 500
    codec, made = made_by_a_fool(frame, DECLARED)
    assert violations(made, DECLARED, frame) == dict.fromkeys(DECLARED, 0)
    assert not any(every_violation(frame, made, codec.spec).values())
    assert made.dtypes.equals(frame.dtypes)
    pd.testing.assert_frame_equal(made[["age"]], before[["age"]])  # nothing else is touched
    assert (made["city"] == before["city"]).all()
    assert made["end"].isna().equals(before["end"].isna())
    assert len(made[["net", "tax"]].drop_duplicates()) / len(made) > 0.5


def test_rows_that_keep_them_are_left_as_they_are():
    frame = orders()
    codec, _ = made_by_a_fool(frame, DECLARED)
    rows = codec.to_inputs(*(torch.from_numpy(array) for array in codec.to_arrays(frame)))
    pd.testing.assert_frame_equal(codec.to_samples(rows), frame)


def test_a_saved_codec_repairs_as_before():
    codec, made = made_by_a_fool(orders(), DECLARED)
    again = TableCodec.restore(codec.spec, codec.state()[1])
    rows = torch.randn(500, codec.numbers + sum(codec.levels), generator=torch.Generator().manual_seed(0))
    pd.testing.assert_frame_equal(again.to_samples(rows), made)
    with pytest.raises(ValueError, match="constraints are not those"):
        TableCodec.restore(replace(codec.spec, constraints=("net <= gross",)), codec.state()[1])


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_whatever_holds_in_training_holds_in_what_is_made(data):
    n = data.draw(st.integers(4, 25))
    whole = st.lists(st.integers(-20, 20), min_size=n, max_size=n)
    a, b, c = (np.array(data.draw(whole)) for _ in range(3))
    low, high = np.minimum(a, b), np.maximum(a, b)
    frame = pd.DataFrame({"low": low, "mid": (low + high) // 2, "high": high, "c": c, "sum": low + c})
    frame["level"] = data.draw(st.lists(st.sampled_from(["x", "y", None]), min_size=n, max_size=n))
    frame["of"] = frame["level"].map({"x": 1.0, "y": 2.0})
    declared = ["low <= mid", "mid <= high", "low + c = sum", "level -> of"]
    declared = [text for text in declared if text != "level -> of" or frame["of"].nunique() < 3]
    codec, made = made_by_a_fool(frame, declared, 60)
    assert not any(every_violation(frame, made, codec.spec).values())


def test_several_columns_may_determine_another():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": random.choice(list("xy"), 60), "b": random.choice(list("uv"), 60), "x": random.random(60)}
    )
    frame["both"] = frame["a"] + frame["b"]
    _, made = made_by_a_fool(frame, ["a, b -> both"])
    assert (made["both"] == made["a"] + made["b"]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("begin <= end", "there is no column 'begin' to learn"),
        ("net < gross", "write 'a <= b', 'a \\+ b = c' or 'a, b -> c'"),
        ("net = gross", "write 'a <= b'"),
        ("gross <= net", "300 of 300 rows break, first row 0"),
        ("net + net = gross", "rows break"),
        ("country -> city", "2 of 300 rows break"),
        ("city <= net", "'city' holds no numbers: use '->'"),
    ],
)
def test_what_cannot_be_declared_is_one_clear_sentence(text, message):
    with pytest.raises(DataError, match=message) as error:
        check([text], orders())
    assert "\n" not in str(error.value)


def test_names_may_hold_signs():
    frame = pd.DataFrame({"a + b": [1.0, 2, 3], "c, d": [2.0, 3, 4], "x": [3.0, 5, 7]})
    assert check(["a + b <= c, d", "a + b + c, d = x"], frame)
