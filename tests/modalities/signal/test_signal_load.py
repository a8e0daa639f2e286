from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from waves import cut, waves

from ganaug.errors import DataError
from ganaug.modalities import modality_for
from ganaug.modalities.loaded import Loaded
from ganaug.modalities.signal.modality import SignalModality

SIGNAL = SignalModality()
X, Y = waves(12, 1, 20)
SEVERAL, _ = waves(12, 3, 20)


def same(found: Loaded, signals) -> None:
    assert len(found.samples) == len(signals)
    for ours, theirs in zip(found.samples, signals, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert [found.classes[code] for code in found.labels] == Y.tolist()
    assert not found.rejected


def lines(signals, labels=Y, separator="\t") -> str:
    """As the UCR archive writes signals of one channel: not-a-number at the end of a shorter one."""
    longest = max(signal.shape[1] for signal in signals)
    rows = [[*signal[0].tolist(), *["NaN"] * (longest - signal.shape[1])] for signal in signals]
    return "\n".join(separator.join([str(label), *map(str, row)]) for row, label in zip(rows, labels, strict=True))


def ts(signals, labels=Y, equal=True) -> str:
    head = ["# about", "@problemName made", "@timestamps false", f"@equalLength {str(equal).lower()}"]
    body = [
        ":".join([*(",".join(map(str, c)) for c in s.tolist()), str(y)]) for s, y in zip(signals, labels, strict=True)
    ]
    return "\n".join([*head, f"@classLabel true {' '.join(sorted(set(labels)))}", "@data", *body])


def parquet(path: Path, signals, **columns) -> Path:
    lists = [signal.tolist() if signal.shape[0] > 1 else signal[0].tolist() for signal in signals]
    pq.write_table(pa.table({"trace": lists, "label": Y, **columns}), path)
    return path


def test_text_of_the_ucr_archive(tmp_path):
    path = tmp_path / "made.tsv"
    path.write_text(lines(X))
    assert modality_for(path, {}) == (modality_for(path, {}, "signal")[0], SIGNAL.claims(path, {}))
    assert "UCR" in SIGNAL.claims(path, {})
    found = SIGNAL.load(path, {})
    same(found, X)
    assert found.spec.shortest == found.spec.longest == 20
    path.write_text(lines(cut(X), separator=","))
    same(SIGNAL.load(path, {}), cut(X))
    numbered = ["1.0", "2.0"] * 6
    path.write_text(lines(X, numbered, "  "))
    assert SIGNAL.load(path, {}).classes == ("1", "2")


def test_test_signals_lie_beside(tmp_path):
    (tmp_path / "made_TRAIN.tsv").write_text(lines(X[:8], Y[:8]))
    (tmp_path / "made_TEST.tsv").write_text(lines(X[8:], Y[8:]))
    found = SIGNAL.load(tmp_path / "made_TRAIN.tsv", {})
    same(found, X)
    assert found.splits.tolist() == ["train"] * 8 + ["test"] * 4
    assert "made_TEST.tsv" in found.facts["read_as"]
    assert len(SIGNAL.load(tmp_path / "made_TEST.tsv", {}).labels) == 4


@pytest.mark.parametrize("ragged", [False, True])
def test_ts_of_aeon(tmp_path, ragged):
    signals = cut(SEVERAL) if ragged else SEVERAL
    path = tmp_path / "made.ts"
    path.write_text(ts(signals, equal=not ragged))
    assert modality_for(path, {})[0].name == "signal"
    same(SIGNAL.load(path, {}), signals)


@pytest.mark.parametrize("form", ["single", "several", "ragged"])
def test_parquet_with_lists(tmp_path, form):
    signals = {"single": X, "several": SEVERAL, "ragged": cut(SEVERAL)}[form]
    groups = [f"p{i % 3}" for i in range(12)]
    path = parquet(tmp_path / "made.parquet", signals, group=groups, split=["train"] * 8 + ["val"] * 4)
    assert modality_for(path, {})[0].name == "signal"
    found = SIGNAL.load(path, {})
    same(found, signals)
    assert found.groups.tolist() == groups
    assert found.splits.tolist() == ["train"] * 8 + ["validation"] * 4


def test_csv_by_named_columns_where_the_modality_is_said(tmp_path):
    path = tmp_path / "made.csv"
    head = ",".join(["kind", *(f"t{i}" for i in range(20)), "patient"])
    rows = [",".join([y, *map(str, x[0].tolist()), f"p{i}"]) for i, (x, y) in enumerate(zip(X, Y, strict=True))]
    path.write_text("\n".join([head, *rows]))
    assert modality_for(path, {})[0].name == "table"
    found = SIGNAL.load(path, {"columns": {"label": "kind", "group": "patient"}})
    same(found, X)
    assert found.groups.tolist() == [f"p{i}" for i in range(12)]
    with pytest.raises(DataError, match="no column 'label' for the labels; it has kind, t0"):
        SIGNAL.load(path, {})


@pytest.mark.parametrize("form", ["single", "several", "ragged", "parts"])
def test_npz(tmp_path, form):
    path = tmp_path / "made.npz"
    if form == "ragged":
        padded = np.full((12, 3, 20), np.nan)
        for row, signal in zip(padded, cut(SEVERAL), strict=True):
            row[:, : signal.shape[1]] = signal
        np.savez(path, X=padded, y=Y)
    elif form == "parts":
        np.savez(path, X_train=X[:8, 0], y_train=Y[:8], X_test=X[8:, 0], y_test=Y[8:])
    else:
        np.savez(path, X=X[:, 0] if form == "single" else SEVERAL, y=Y, rate=np.array(50.0))
    assert modality_for(path, {})[0].name == "signal"
    found = SIGNAL.load(path, {})
    same(found, {"single": X, "several": SEVERAL, "ragged": cut(SEVERAL), "parts": X}[form])
    assert found.spec.rate == (50.0 if form in ("single", "several") else None)
    if form == "parts":
        assert found.splits.tolist() == ["train"] * 8 + ["test"] * 4


def test_floats_that_may_be_images_are_no_signals_unasked(tmp_path):
    path = tmp_path / "made.npz"
    np.savez(path, X=np.zeros((4, 28, 28), np.float32), y=np.arange(4) % 2)
    assert modality_for(path, {})[0].name == "image"
    assert SIGNAL.load(path, {}).spec.channels == 28


def test_the_built_in_set_is_computed():
    found = SIGNAL.load("cylinder_bell_funnel", {})
    assert found.samples.shape == (600, 1, 128)
    assert found.classes == ("bell", "cylinder", "funnel")
    assert modality_for("cylinder_bell_funnel", {})[0].name == "signal"
    again = SIGNAL.load("cylinder_bell_funnel", {})
    assert np.array_equal(found.samples, again.samples)
    with pytest.raises(DataError, match="did you mean 'cylinder_bell_funnel'"):
        SIGNAL.load("cylinder_bell_funel", {})


def test_rows_that_cannot_be_used_are_set_aside(tmp_path):
    rows = lines(X).splitlines()
    bad = {1: "a missing value", 3: "an infinite value", 5: "'much' is no number", 7: "10 values where others have 21"}
    for at, text in ((1, "NaN"), (3, "inf"), (5, "much")):
        cells = rows[at].split("\t")
        cells[9] = text
        rows[at] = "\t".join(cells)
    rows[7] = "\t".join(rows[7].split("\t")[:10])  # as where a file was cut off
    path = tmp_path / "made.tsv"
    path.write_text("\n".join(rows))
    found = SIGNAL.load(path, {"max_unreadable": 0.4})
    assert {int(name.split()[1]): reason for name, reason in found.rejected} == bad
    assert found.names.tolist() == [f"row {i}" for i in range(12) if i not in bad]
    with pytest.raises(DataError, match=r"4 of 12 signals cannot be used \(row 1: a missing value; .* max_unreadable"):
        SIGNAL.load(path, {})


def test_what_is_worth_knowing_is_said(tmp_path):
    signals = [np.concatenate([signal, np.full_like(signal, 7.0)]) for signal in cut(X)]
    path = tmp_path / "made.ts"
    path.write_text(ts(signals, equal=False))
    assert SIGNAL.load(path, {}).facts["findings"] == [
        "Constant in every signal: channel 1.",
        "Signals are of several lengths; generated ones are, too, and are compared stretched to one.",
    ]


HEAD = "@timestamps false\n@classLabel true a b\n"
BAD = {  # name of the file, what is in it, and what is said
    "empty.tsv": ("", "is empty"),
    "words.tsv": ("a\tb\nc\td\n", "no column 'label'"),
    "one.tsv": ("a\t1.0\nb\t2.0\n", "a label and two values|its label and two values"),
    "short.tsv": ("a\t1.0\tnan\nb\t2.0\tnan\n", "fewer than two values"),
    "nan.tsv": ("a\tnan\tnan\nb\tnan\tnan\n", "fewer than two values"),
    "binary.tsv": ("a\0b", "no text"),
    "head.csv": ("label,t0,t1\n", "no signal below"),
    "narrow.csv": ("label,t0\na,1\n", "two at least"),
    "none.ts": ("1,2:a\n", "no line @data"),
    "cut.ts": (HEAD + "@data\n", "no signal below @data"),
    "times.ts": (HEAD.replace("false", "true") + "@data\n(0,1),(1,2):a\n", "times beside its values"),
    "nameless.ts": ("@classLabel false\n@data\n1,2\n", "names no classes"),
    "mixed.ts": (HEAD + "@data\n1,2:3,4:a\n1,2:b\n1,2:3,4:b\n", "1 channels where others have 2"),
    "uneven.ts": (HEAD + "@data\n1,2:3:a\n1,2:3:b\n", "channels of 1 and 2 values"),
    "text.ts": (HEAD + "@data\n1,x:a\n2,y:b\n", "'x' is no number"),
    "foreign.ts": (HEAD + "@data\n1,2:c\n2,3:c\n", "no class 'c'"),
    "truncated.npz": (b"PK\x03\x04broken", "no readable .npz"),
    "truncated.parquet": (b"PAR1broken", "no readable Parquet"),
    "signal.wav": (b"RIFF", "is a .wav file; give .npz"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_said_in_one_sentence(name, tmp_path):
    content, why = BAD[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=why) as raised:
        SIGNAL.load(path, {})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"X": X}, "holds X; expected X and y"),
        ({"X": X, "y": Y[:5]}, "y has shape .5,. for 12 signals"),
        ({"X": X.astype(str), "y": Y}, "no numbers"),
        ({"X": X[0, 0], "y": Y}, "shape .20,.: give"),
        ({"X": X[:, :, :1], "y": Y}, "fewer than two values"),
        ({"X": X, "y": Y, "group": Y[:3]}, "group has shape .3,. for 12"),
        ({"X": np.full_like(X, np.inf), "y": Y}, "an infinite value"),
        ({"X": np.array([{}] * 12, object), "y": Y}, "no pickle"),
        ({"X": np.zeros((2, 40_000)), "y": Y[:2]}, "40,000 values, more than 16,384"),
    ],
)
def test_bad_archives_are_said_in_one_sentence(arrays, why, tmp_path):
    np.savez(tmp_path / "made.npz", **arrays)
    with pytest.raises(DataError, match=why) as raised:
        SIGNAL.load(tmp_path / "made.npz", {})
    assert "\n" not in str(raised.value)


def test_parquet_without_signals_or_labels(tmp_path):
    path = tmp_path / "made.parquet"
    pq.write_table(pa.table({"label": Y, "x": np.arange(12.0)}), path)
    with pytest.raises(DataError, match="no column with lists of numbers"):
        SIGNAL.load(path, {})
    pq.write_table(pa.table({"kind": Y, "x": X[:, 0].tolist()}), path)
    with pytest.raises(DataError, match="no column 'label' for the labels; it has kind, x"):
        SIGNAL.load(path, {})
    pq.write_table(pa.table({"label": Y, "x": X[:, 0].tolist(), "y": X[:, 0].tolist()}), path)
    with pytest.raises(DataError, match="several columns of signals, x, y"):
        SIGNAL.load(path, {})
    assert modality_for(path, {})[0].name == "table"
