"""What every test shares: the repository's folder, and no GPU test where there is no GPU."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from small import Fitted

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # networks are tiny, and tests run side by side
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return ROOT


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """An augmenter and what it was trained on: some digits, by name."""
    from small import NAMES, digits, tiny

    rows, y = digits()
    return tiny(steps=40, batch_size=16, width=8).fit(rows, NAMES[y]), rows, NAMES[y]


@pytest.fixture
def quick_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    from ganaug import augmenter

    monkeypatch.setattr(augmenter, "TEACHER_STEPS", 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let files with slow tests come first: last, one of them would keep one worker busy and the others idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if progress := sys.modules.get("ganaug.utils.progress"):
        progress._runs.clear()  # of a stage that ran in this process for an earlier test
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")
