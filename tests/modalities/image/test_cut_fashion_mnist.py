"""The script that made the built-in clothes, on a small stand-in for the full data set."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ganaug.modalities.image.builtin import cut_fashion_mnist
from ganaug.modalities.image.sources import open_source


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Idx files of 23 training and 13 test rows a class, all noise, with two copies across the two."""
    rng = np.random.default_rng(0)
    images = {
        part: rng.integers(0, 256, (n * 10, 28, 28)).astype(np.uint8) for part, n in (("train", 23), ("t10k", 13))
    }
    images["t10k"][[10, 21]] = images["train"][[40, 51]]
    for part, pixels in images.items():
        labels = (np.arange(len(pixels)) % 10).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", pixels), (f"{part}-labels-idx1-ubyte", labels)):
            head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (tmp_path / name).write_bytes(head + array.tobytes())
    return tmp_path


def test_the_cut_is_reproducible_and_free_of_copies(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut_fashion_mnist, "PER_CLASS", {"train": 20, "test": 10})
    for name in ("one.npz", "two.npz"):
        monkeypatch.setattr("sys.argv", ["cut", str(full), str(full / name)])
        cut_fashion_mnist.main()
    assert (full / "one.npz").read_bytes() == (full / "two.npz").read_bytes()
    source = open_source(full / "one.npz")
    assert source.labels.count("Ankle boot") == 30
    before = open_source(full)
    copies = {before.pixels.read(i).tobytes() for i in (40, 51)}
    assert not copies & {source.pixels.read(i).tobytes() for i in range(300)}
