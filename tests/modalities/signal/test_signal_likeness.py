from __future__ import annotations

import numpy as np
import pytest
from waves import cut, waves

from ganaug.data.prepare import prepare
from ganaug.data.rows import read_rows
from ganaug.metrics.nearest import nearest
from ganaug.modalities.signal.modality import SignalModality
from ganaug.modalities.signal.overlaps import overlaps

SIGNAL = SignalModality()


@pytest.mark.parametrize("ragged", [False, True])
def test_copies_are_exact_or_near(ragged):
    signals = waves(10, 2)[0]
    rows = cut(signals) if ragged else list(signals)
    rounded = rows[1].round(2)
    both, spec = SIGNAL.infer(
        [*rows, rows[0].copy(), 3 * rows[1] + 7, rounded, rows[2] + 0.1 * np.cos(np.arange(rows[2].shape[1]))]
    )
    exact, near = (SIGNAL.duplicates(both, spec, how) for how in (False, True))
    assert exact[10] == exact[0]
    assert len(set(exact)) == len(both) - 1
    assert near[10] == near[0]
    assert near[11] == near[12] == near[1]  # in other units, and with fewer digits
    assert len(set(near)) == len(both) - 3
    originals = SIGNAL.originals(both[:10], spec)
    assert originals.ids.tolist() == SIGNAL.ids(both[:10]).tolist()
    assert originals.copies(both).tolist() == [True] * 13 + [False]
    assert originals.copies(both[:0]).tolist() == []


def test_constant_signals_are_copies_only_where_equal():
    held, spec = SIGNAL.infer(np.array([[1.0] * 20, [1.0] * 20, [2.0] * 20, np.arange(20.0)]))
    clusters = SIGNAL.duplicates(held, spec, near=True)
    assert clusters[0] == clusters[1]
    assert len(set(clusters)) == 3
    assert SIGNAL.originals(held[:1], spec).copies(held).tolist() == [True, True, False, False]


def test_likeness_is_measured_on_the_range_of_each_channel():
    signals = waves(40, 2)[0] * np.array([1.0, 1000.0], np.float32)[:, None]
    held, spec = SIGNAL.infer(signals)
    found = SIGNAL.embed(held, spec)
    assert found.shape == (40, 80)
    assert np.quantile(found, [0.02, 0.98]) == pytest.approx([0, 1], abs=0.1)
    distances = nearest(held, held, lambda some: SIGNAL.embed(some, spec), skip_self=True)[0]
    assert 0 < distances.min() < distances.max() < 1
    long, of_long = SIGNAL.infer(waves(3, 1, 5000)[0])
    assert SIGNAL.embed(long, of_long).shape == (3, 256)


def test_lengths_count_as_much_as_a_channel():
    held, spec = SIGNAL.infer([np.zeros(20), np.zeros(40), np.zeros(40)])
    found = SIGNAL.embed(held, spec)
    assert np.sqrt(((found[0] - found[1]) ** 2).mean()) == pytest.approx(0.5 / np.sqrt(2))
    assert np.array_equal(found[1], found[2])


def recordings(n: int, channels: int, length: int = 900) -> list[np.ndarray]:
    steps = np.random.default_rng(3).normal(size=(n, channels, length))
    return list(np.cumsum(steps, axis=2).astype(np.float32))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("lengths", [(120,), (115, 150, 240)], ids=str)
def test_windows_that_overlap_are_of_one_recording(channels, lengths):
    windows, of = [], []
    for number, recording in enumerate(recordings(4, channels)):
        for i, start in enumerate(range(0, 600, 60)):  # half of each is also of the next
            windows.append(recording[:, start : start + lengths[i % len(lengths)]])
            of.append(number)
    held, spec = SIGNAL.infer(windows)
    found = SIGNAL.duplicates(held, spec, near=True)
    assert [len(set(found[np.array(of) == number])) for number in range(4)] == [1] * 4
    assert len(set(found)) == 4
    assert len(set(SIGNAL.duplicates(held, spec, near=False))) == len(windows)


def test_windows_side_by_side_do_not_overlap():
    windows = [r[:, start : start + 100] for r in recordings(5, 2) for start in range(0, 900, 100)]
    held, spec = SIGNAL.infer(windows)
    assert len(set(SIGNAL.duplicates(held, spec, near=True))) == len(windows)


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
def test_what_is_alike_by_chance_does_not_overlap(signals):
    assert overlaps(signals.astype(np.float32)).shape[1] == 0


@pytest.mark.parametrize("signals", [np.zeros((0, 1, 40)), np.zeros((3, 1, 5)), [np.ones((2, 31)), np.ones((2, 32))]])
def test_nothing_overlaps_where_there_is_little(signals):
    assert overlaps(signals).shape == (2, 0)


def test_a_recording_whose_windows_overlap_stays_in_one_split(tmp_path):
    windows = [(r[:, start : start + 100], k) for k, r in enumerate(recordings(16, 1)) for start in range(0, 800, 50)]
    of = {row.tobytes(): k for row, k in windows}
    labels = np.array(["idle", "cutting"])[[k % 2 for _, k in windows]]
    np.savez(tmp_path / "windows.npz", X=np.stack([row for row, _ in windows]), y=labels)
    out, report = tmp_path / "splits", tmp_path / "prepare.json"
    found = prepare(tmp_path / "windows.npz", repeats=(0, 1), per_class=10, out=out, report=report)
    assert found["modality"] == "signal"
    assert found["copies"]["near"] | {"names": []} == {"clusters": 16, "rows": len(windows), "names": []}
    for repeat in (0, 1):
        parts = [read_rows(out / f"{repeat}/{part}.parquet").samples for part in ("train", "validation", "test")]
        recorded = [{of[row.tobytes()] for row in part} for part in parts]
        assert all(recorded)
        assert not set.intersection(*recorded[:2]) | (recorded[2] & (recorded[0] | recorded[1]))
