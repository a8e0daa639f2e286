"""Versions of images as they are loaded: in the ``transform`` of a torch data set, or of one of Hugging Face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ganaug.config import check
from ganaug.config.types import Share
from ganaug.plugins.live import LiveImages, check_image


class Vary:
    """Turn an image into another version of itself, as images of other classes vary; no label is needed.

    What comes out is of the kind that goes in: a Pillow image; a tensor (C, H, W) of floats in [0, 1], as torchvision's
    ``ToTensor`` makes them, or of bytes; an array (H, W[, C]) of either. `ganaug.plugins.albumentations.GANVary` does
    the same in a `Compose` of albumentations.

    Parameters
    ----------
    model : path-like
        Folder of a saved model with a translating generator and its rows, see `ganaug.plugins.albumentations.GANVary`.
    p : float, default=0.5
        Probability of doing anything.
    truncation : float, default=1.0
        Scale of the styles, above 0; below 1, versions are more alike.

    Raises
    ------
    ConfigError
        The model makes images of noise and labels, or was saved without its rows; or a number is out of range.
    DataError
        In a call, the image is not like the model's.

    Notes
    -----
    Random numbers are torch's, so that ``torch.manual_seed`` repeats them and each ``DataLoader`` worker has its own.

    Examples
    --------
    >>> from torchvision.transforms import Compose, ToTensor
    >>> from ganaug.plugins.vary import Vary
    >>> CIFAR10("data", transform=Compose([ToTensor(), Vary("models/gan/0")]))

    >>> vary = Vary("models/gan/0", p=0.3)
    >>> ds.with_transform(lambda rows: rows | {"image": [vary(image) for image in rows["image"]]})
    """

    def __init__(self, model: str | Path, p: float = 0.5, truncation: float = 1.0) -> None:
        check(Share, p, "p")
        self.p, self.truncation = p, truncation
        self._model = LiveImages(model)
        self._model.vary(np.zeros((1, *self._model.shape), np.uint8), 0, truncation)  # what cannot work is said now

    def __call__(self, image: Any) -> Any:
        """Make a version of an image, or return it as it is."""
        if torch.rand(()) >= self.p:
            return image
        if isinstance(image, Image.Image):
            return Image.fromarray(self._version(np.array(image)))
        if not isinstance(image, Tensor):
            return self._version(np.asarray(image))
        pixels = image.float() if image.is_floating_point() else image
        made = torch.from_numpy(self._version(pixels.movedim(0, -1).cpu().numpy())).movedim(-1, 0)
        return made.to(image.dtype)

    def _version(self, pixels: NDArray[Any]) -> NDArray[Any]:
        check_image(pixels, self._model.shape, str(self._model.path), "Vary")
        made: NDArray[Any] = self._model.vary(pixels[None], int(torch.randint(2**31, ())), self.truncation)[0]
        return made
