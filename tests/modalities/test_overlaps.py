from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ganaug.data.prepare import prepare
from ganaug.data.rows import read_table
from ganaug.modalities import modality_named
from ganaug.modalities.overlaps import RUN, marks, recordings
from ganaug.utils.files import read_json


def recorded(n: int, channels: int = 1, length: int = 900) -> np.ndarray:
    """Walks by chance, (n, channels, length)."""
    steps = np.random.default_rng(3).normal(size=(n, channels, length))
    return np.cumsum(steps, axis=2).astype(np.float32)


def count(windows, window: int = 8) -> int:
    return len(set(recordings([marks(np.asarray(each, float), window) for each in windows]).tolist()))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.sampled_from([4, 8, 64]), st.integers(0, 60), st.integers(0, 60), st.integers(0, 30))
def test_whoever_shares_a_stretch_is_recognised(channels, window, before, after, more):
    shared = RUN + window - 1 + more
    whole = recorded(1, channels, before + shared + after)[0]
    assert count([whole[:, : before + shared], whole[:, before:]], window) == 1


@pytest.mark.parametrize("length", [RUN - 1, 60, 100])
def test_windows_side_by_side_are_not(length):
    windows = [r[:, start : start + length] for r in recorded(5, 2) for start in range(0, 900 - length, length)]
    assert count(windows) == len(windows)


@pytest.mark.parametrize(
    "signals",
    [
        np.random.default_rng(0).integers(0, 3, (200, 1, 300)),
        np.repeat(np.random.default_rng(1).normal(size=(60, 2, 8)), 40, axis=2),
        np.where(np.arange(300) < 200, 0.0, np.random.default_rng(2).normal(size=(50, 1, 300))),
        np.stack([np.roll(np.tile(np.arange(50.0), 6), k)[None] for k in range(40)]),
    ],
    ids=["digital", "stairs", "rests", "periodic"],
)
def test_what_is_alike_by_chance_is_not(signals):
    assert count(signals) == len(signals)


def test_of_little_nothing_is_known():
    assert recordings([]).tolist() == []
    assert recordings([marks(np.zeros((1, n))) for n in (0, 5, 100)]).tolist() == [0, 1, 2]


def cut(recording: np.ndarray, length: int) -> list[np.ndarray]:
    """Windows of a recording (channels, time), half of each also in the next."""
    return [recording[:, at : at + length] for at in range(0, recording.shape[1] - length + 1, length // 2)]


def signals(folder: Path) -> Path:
    windows = [cut(r, 100) for r in recorded(16)]
    labels = np.repeat(np.array(["idle", "cutting"] * 8), [len(each) for each in windows])
    np.savez(folder / "windows.npz", X=np.concatenate(windows), y=labels)
    return folder / "windows.npz"


def sounds(folder: Path) -> Path:
    """Windows of noise of a loudness of their own, of which ganaug makes the same: only the files show it."""
    for number, noise in enumerate(np.random.default_rng(5).normal(0, 3000, (16, 1, 18_000)).astype(np.int16)):
        for at, part in enumerate(cut(noise, 4000)):
            path = folder / ["idle", "cutting"][number % 2] / f"{number:02d}_{at}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, part.T, 16_000)
    return folder


@pytest.mark.parametrize("write", [signals, sounds])
@pytest.mark.parametrize("near", [True, False])
def test_a_recording_whose_windows_overlap_stays_in_one_split(write, near, tmp_path):
    (tmp_path / "source").mkdir()
    source, out = write(tmp_path / "source"), tmp_path / "splits"
    found = prepare(source, per_class=10, near_duplicates=near, out=out, report=tmp_path / "prepare.json")
    each = found["usable"] // 16
    clusters, rows = ((found["copies"]["near"][name]) for name in ("clusters", "rows"))
    assert (clusters, rows) == ((16, 16 * each) if near else (0, 0))
    assert "overlap" in read_json(tmp_path / "prepare.json")["copied"]
    if not near:
        return
    kind = modality_named(found["modality"])
    loaded = kind.load(source, {"near_duplicates": True})
    of = dict(zip(kind.ids(loaded.samples), loaded.recordings.tolist(), strict=True))
    ids = [read_table(out / f"0/{part}.parquet", ["id"])["id"] for part in ("train", "validation", "test")]
    train, validation, test = ({of[each] for each in some} for some in ids)
    assert train
    assert validation
    assert test
    assert not train & validation | train & test | validation & test
