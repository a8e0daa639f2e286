"""Small real rows, and what `datasets` needs to stay off the network."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganaug.data.rows import Rows, RowWriter
from ganaug.modalities.image.schema import image_schema

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def digits() -> Rows:
    """Scikit-learn's digits, with two digits' names swapped for words that make bad folder names."""
    found = load_digits()
    images = np.rint(found.images * (255 / 16)).astype(np.uint8)[..., None]
    classes = ("0", "1", "2", "3", "4", "5", "6", "test", "T-shirt/top", "Ünïcode 9")
    return Rows.build(image_schema(8, 8, 1, classes), images, found.target)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to a file of the Parquet form."""

    def write(name: str, rows: Rows, columns: Any = None, extra: Any = None) -> Path:
        with RowWriter(tmp_path / name, rows.schema, columns) as writer:
            writer.write(rows, extra)
        return tmp_path / name

    return write


@pytest.fixture
def load_dataset(tmp_path: Path) -> Callable[..., Any]:
    """`datasets.load_dataset` with a cache of its own."""
    import datasets

    datasets.disable_progress_bars()

    def load(kind: str, **options: Any) -> Any:
        return datasets.load_dataset(kind, cache_dir=str(tmp_path / "hf_cache"), **options)

    return load
