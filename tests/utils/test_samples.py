"""Samples that are in a file take no memory, and are what they would be in memory."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ganaug.utils import samples
from ganaug.utils.samples import at_a_time, gather, let_go, room


def held() -> float:
    """MiB that this process holds."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize("limit", [0, 2**26])
def test_room_is_there_whatever_is_let_go(monkeypatch, limit):
    monkeypatch.setattr(samples, "IN_MEMORY", limit)
    numbers = np.random.default_rng(0).integers(0, 256, (90, 50, 50), np.uint8)
    parts = (numbers[start : start + 40] for start in (0, 40, 80))
    found = gather(parts, 90, room)
    assert isinstance(found, np.memmap) == (limit == 0)
    let_go(np.ascontiguousarray(found[3:]))
    assert np.array_equal(found, numbers)
    let_go([1, 2])  # whatever is in memory stays there


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
