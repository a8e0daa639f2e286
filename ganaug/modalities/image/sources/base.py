"""What every source of images gives: rows whose pixels are decoded one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ganaug.modalities.files.source import Source
from ganaug.modalities.image.reading import Header, Size, check_finite, count_pages, read_header, read_image


class Pixels(Protocol):
    """Images that are read one by one."""

    def header(self, i: int) -> Header:
        """Return image ``i``'s shape (H, W, C) and type without decoding it; `UnreadableError` if it is no use."""

    def read(self, i: int, size: Size | None = None) -> NDArray[Any]:
        """Decode image ``i`` as (H, W, C) in numbers of its own type; `UnreadableError` if it cannot be used.

        Where ``size``, the height and width that it will be scaled to, is much smaller, some files give it reduced.
        """

    def further(self, i: int) -> int:
        """Count the pages or frames of image ``i`` after the first, which are not read."""


@dataclass(frozen=True)
class ArrayPixels:
    """Images that are in memory already, (n, H, W, C) of numbers or truth values."""

    images: NDArray[Any]

    def header(self, i: int) -> Header:  # noqa: D102 - see Pixels
        height, width, channels = self.images[i].shape
        return Header((height, width, channels), self.images.dtype)

    def read(self, i: int, size: Size | None = None) -> NDArray[Any]:  # noqa: D102
        image: NDArray[Any] = self.images[i]
        check_finite(image)
        return image

    def further(self, i: int) -> int:  # noqa: D102
        return 0


@dataclass(frozen=True)
class EncodedPixels:
    """Images in files or in memory, encoded as PNG, JPEG and so on."""

    images: Sequence[Path] | Sequence[bytes]

    def header(self, i: int) -> Header:  # noqa: D102
        return read_header(self.images[i])

    def read(self, i: int, size: Size | None = None) -> NDArray[Any]:  # noqa: D102
        return read_image(self.images[i], size)

    def further(self, i: int) -> int:  # noqa: D102
        return count_pages(self.images[i]) - 1


class ImageSource(Source):
    """Labelled images: ``items`` are files, what is in them, or an array (n, H, W, C)."""

    @property
    def pixels(self) -> Pixels:
        """The images."""
        return ArrayPixels(self.items) if isinstance(self.items, np.ndarray) else EncodedPixels(self.items)
