"""Cut fashion_mnist_mini.npz out of Fashion-MNIST: 300 training and 250 test rows a class, near duplicates left out.

Usage: ``python cut_fashion_mnist.py FOLDER_OF_THE_FOUR_IDX_FILES OUTPUT.npz``. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import guard
from ganaug.modalities.image.duplicates import near_duplicates
from ganaug.modalities.image.sources.idx import FASHION_CLASSES, read_idx_pair
from ganaug.utils.files import atomic_path

PER_CLASS = {"train": 300, "test": 250}
SEED = 0


def choose(labels: NDArray[np.uint8], allowed: NDArray[np.bool_], per_class: int, seed: int) -> NDArray[np.int64]:
    """Draw ``per_class`` allowed rows of each class at random; return their positions in ascending order."""
    rng = np.random.default_rng(seed)
    classes = range(len(FASHION_CLASSES))
    drawn = [rng.choice(np.flatnonzero(allowed & (labels == k)), per_class, replace=False) for k in classes]
    return np.sort(np.concatenate(drawn))


def write_npz(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write an .npz packed by bzip2, whose output has been the same for decades, unlike zlib's."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_BZIP2
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(entry, content.getvalue())


def main() -> None:
    """Read the full data set, leave near duplicates out, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the four idx files")
    parser.add_argument("output", type=Path, help="the .npz to write")
    options = parser.parse_args()
    full = {"train": read_idx_pair(options.folder, "train"), "test": read_idx_pair(options.folder, "t10k")}
    clusters = near_duplicates(np.concatenate([images for images, _ in full.values()])[..., None])
    alone = np.bincount(clusters)[clusters] == 1
    allowed = dict(zip(full, np.split(alone, [len(full["train"][1])]), strict=True))
    arrays: dict[str, NDArray[np.generic]] = {"classes": np.array(FASHION_CLASSES)}
    for part, (images, labels) in full.items():
        at = choose(labels, allowed[part], PER_CLASS[part], SEED)
        arrays |= {f"x_{part}": images[at], f"y_{part}": labels[at]}
    write_npz(options.output, arrays)


if __name__ == "__main__":
    guard(main)
