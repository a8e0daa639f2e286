"""Samples that are in a file take no memory, and are what they would be in memory."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed

from ganaug.errors import WriteError
from ganaug.utils import samples
from ganaug.utils.samples import at_a_time, concat, gather, let_go, room, take


def in_a_file(array: np.ndarray) -> bool:
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, memoryview)


def held() -> float:
    """MiB that this process holds."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize("limit", [0, 2**26])
def test_room_is_there_whatever_is_let_go(monkeypatch, limit):
    monkeypatch.setattr(samples, "IN_MEMORY", limit)
    numbers = np.random.default_rng(0).integers(0, 256, (90, 50, 50), np.uint8)
    parts = (numbers[start : start + 40] for start in (0, 40, 80))
    found = gather(parts, 90)
    assert in_a_file(found) == (limit == 0)
    let_go(np.ascontiguousarray(found[3:]))
    assert np.array_equal(found, numbers)
    let_go([1, 2])  # whatever is in memory stays there


@pytest.mark.parametrize("limit", [0, 2**12, 2**26])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, "<U3", object])
def test_what_is_taken_and_joined_is_the_same_in_a_file(monkeypatch, limit, kind):
    monkeypatch.setattr(samples, "IN_MEMORY", limit)
    random = np.random.default_rng(0)
    numbers = random.integers(0, 256, (90, 50, 5)).astype(kind)
    mask, positions = random.random(90) < 0.5, random.integers(0, 90, 120)
    for at in (mask, positions, positions.tolist(), [], np.zeros(90, bool), slice(3, 60, 2)):
        assert np.array_equal(take(numbers, at), numbers[at])
    assert np.array_equal(concat([numbers, numbers[:0], numbers[7:]]), np.concatenate([numbers, numbers[7:]]))
    assert np.array_equal(concat([numbers[:2], np.array([[["longer"] * 5] * 50])])[-1], [["longer"] * 5] * 50)


def test_what_is_in_a_file_goes_to_other_processes(monkeypatch):
    monkeypatch.setattr(samples, "IN_MEMORY", 0)
    numbers = np.random.default_rng(0).integers(0, 256, (3, 2**20), np.uint8)  # joblib maps what is over a MiB
    found = take(numbers, [0, 1, 2])
    assert in_a_file(found)
    sums = Parallel(2)(delayed(np.sum)(found[i:]) for i in range(2))
    assert sums == [numbers[i:].sum() for i in range(2)]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system does not tell beforehand")
def test_a_full_disk_is_told_before_it_is_written_to(monkeypatch):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(samples, "IN_MEMORY", 0)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(WriteError, match=r"1,024 bytes in /.* cannot be written \(No space left.*make room"):
        room((2, 512), np.uint8)
    with pytest.raises(WriteError, match=r"\(File too large\)"):
        room((2**20, 2**40), np.uint8)


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")
def test_what_is_let_go_leaves_memory(monkeypatch):
    monkeypatch.setattr(samples, "IN_MEMORY", 0)
    found = room((64, 2**20), np.uint8)
    found[:] = 7
    before = held()
    let_go(found[5:])
    assert before - held() > 60
    assert (found[::9] == 7).all()


@pytest.mark.parametrize(
    ("rows", "numbers", "at_once"),
    [(64, 784, 64), (64, 128 * 128 * 4, 64), (64, 256 * 256 * 4, 16), (9, 10**9, 1), (9, 0, 9)],
)
def test_fewer_large_samples_are_looked_at_together(rows, numbers, at_once):
    assert at_a_time(rows, numbers) == at_once
