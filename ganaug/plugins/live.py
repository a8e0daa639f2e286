"""A saved model as a pool, which makes a sample when it is asked for it; and either kind of pool from its path."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ganaug.data.pool import RowPool, unknown_class
from ganaug.data.rows import Schema, read_schema
from ganaug.errors import DataError
from ganaug.modalities.image.pool import ABOUT, Pool
from ganaug.modalities.image.spec import ImageSpec

if TYPE_CHECKING:
    from ganaug.augmenter import GANAugmenter

PER_CLASS = 2**31  # samples that a model can make of a class, one for each seed


class LivePool:
    """What `RowPool` offers, from a generator on the CPU; ``item(i)`` is always the same sample.

    Parameters
    ----------
    source : path-like or GANAugmenter
        Folder of a saved model, which is all that a pickle holds; or a fitted model, which is copied.

    Attributes
    ----------
    path : Path or None
        Folder of the model.
    schema : Schema
        What a sample is, and the names of the classes.
    classes : tuple
        Labels, as they were given to `fit`.
    """

    def __init__(self, source: str | Path | GANAugmenter) -> None:
        if isinstance(source, (str, Path)):
            from ganaug.augmenter import load_augmenter  # imports torch

            self.path: Path | None = Path(source).resolve()
            self._augmenter = load_augmenter(self.path, device="cpu")
        else:
            check_is_fitted(source)
            self.path, self._augmenter = None, copy.deepcopy(source)
            self._augmenter.generator_.cpu()
        self.classes: tuple[Any, ...] = tuple(self._augmenter.classes_.tolist())
        self.schema = Schema(self._augmenter.modality_, self._augmenter.spec_, tuple(map(str, self.classes)))
        self._codes = {label: code for code, label in enumerate(self.classes)}

    def of_class(self, label: Hashable) -> range:
        """Return the positions of a class's samples; `DataError` if the label is unknown."""
        try:
            code = self._codes[label]
        except (KeyError, TypeError):
            raise unknown_class(label, self.classes, self.path or "the model") from None
        return range(code * PER_CLASS, (code + 1) * PER_CLASS)

    def item(self, i: int) -> Any:
        """Make one sample, as other libraries take it."""
        return self.schema.modality.item(self._sample(i))

    def _sample(self, i: int) -> Any:
        """Make one sample, in the form in which `fit` took them (1, ...)."""
        code, seed = divmod(i, PER_CLASS)
        return self._augmenter.sample(y=[self.classes[code]], random_state=seed)[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path or self._augmenter,)


class LiveImages(LivePool):
    """What `Pool` offers, from a generator of images on the CPU.

    Attributes
    ----------
    shape : tuple of int
        (H, W, C) of an image.
    """

    def __init__(self, source: str | Path | GANAugmenter) -> None:
        super().__init__(source)
        spec = self.schema.spec
        if not isinstance(spec, ImageSpec):
            raise DataError(f"The model makes {self.schema.modality.describe(spec)}: give a model of images.")
        self.shape = spec.shape

    def image(self, i: int) -> NDArray[np.uint8]:
        """Make one image (H, W, C)."""
        found: NDArray[np.uint8] = self._sample(i).reshape(self.shape)
        return found

    def vary(self, images: NDArray[Any], seed: int, truncation: float) -> NDArray[Any]:
        """Make a version of each image (n, H, W[, C]), of bytes or of floats in [0, 1], see `GANAugmenter.vary`."""
        of_bytes = images.dtype == np.uint8
        pixels = images if of_bytes else np.rint(255 * images.clip(0, 1)).astype(np.uint8)
        pixels = pixels.reshape(-1, *self.shape)
        found, _ = self._augmenter.vary(pixels, np.zeros(len(pixels)), truncation=truncation, random_state=seed)
        made: NDArray[Any] = found.reshape(images.shape)
        return made if of_bytes else made.astype(np.float32) / np.float32(255)


def check_image(image: NDArray[Any], shape: tuple[int, int, int], source: str, transform: str) -> None:
    """Refuse (`DataError`) an image that one of a pool's or model's, (H, W, C) of ``shape``, cannot replace."""
    if image.shape != shape and (*image.shape, 1) != shape:
        raise DataError(
            f"The image has shape {image.shape}, those of {source} have {shape}: resize before {transform}, "
            "or take a pool or model of this data set."
        )
    if image.dtype == np.uint8:
        return
    # Interpolation may leave [0, 1] by a little; 0 to 255, or a mean of 0, goes far beyond it.
    if image.dtype != np.float32 or not -0.5 <= image.min() <= image.max() <= 1.5:
        raise DataError(
            f"The image is {image.dtype} from {image.min():.3g} to {image.max():.3g}: give {transform} uint8, "
            "or float32 in [0, 1], and normalise after it."
        )


def open_pool(path: str | Path) -> RowPool | LivePool:
    """Open a Parquet file or the folder of a pool of images, or the folder of a saved model (`LivePool`).

    Raises
    ------
    DataError
        There is no pool.
    ModelError
        A folder holds neither a pool nor a model.
    """
    path = Path(path)
    if path.is_dir():
        return Pool.open(path) if (path / ABOUT).is_file() else LivePool(path)
    return read_schema(path).modality.pool(path)


def open_images(path: str | Path) -> Pool | LiveImages:
    """Do as `open_pool`, of images alone; `DataError` where it is a pool or model of something else."""
    path = Path(path)
    return LiveImages(path) if path.is_dir() and not (path / ABOUT).is_file() else Pool.open(path)
