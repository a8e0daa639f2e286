"""What every source gives: named, labelled rows whose pixels are decoded one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from ganaug.data.names import check_classes, class_order
from ganaug.modalities.image.reading import Header, check_finite, count_pages, read_header, read_image
from ganaug.modalities.loaded import Rejected


class Pixels(Protocol):
    """Images that are read one by one."""

    def header(self, i: int) -> Header:
        """Return image ``i``'s shape (H, W, C) and type without decoding it; `UnreadableError` if it is no use."""

    def read(self, i: int) -> NDArray[Any]:
        """Decode image ``i`` as (H, W, C) in numbers of its own type; `UnreadableError` if it cannot be used."""

    def further(self, i: int) -> int:
        """Count the pages or frames of image ``i`` after the first, which are not read."""


@dataclass(frozen=True)
class ArrayPixels:
    """Images that are in memory already, (n, H, W, C) of numbers or truth values."""

    images: NDArray[Any]

    def header(self, i: int) -> Header:  # noqa: D102 - see Pixels
        height, width, channels = self.images[i].shape
        return Header((height, width, channels), self.images.dtype)

    def read(self, i: int) -> NDArray[Any]:  # noqa: D102
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

    def read(self, i: int) -> NDArray[Any]:  # noqa: D102
        return read_image(self.images[i])

    def further(self, i: int) -> int:  # noqa: D102
        return count_pages(self.images[i]) - 1


@dataclass
class Source:
    """Labelled rows before decoding, in an order that depends on nothing but the data.

    Attributes
    ----------
    names : list of str
        What to call each row in reports: a relative path, ``row 17``.
    labels : list of str
        Class of each row.
    pixels : Pixels
        The images.
    splits : list of str, or None
        train, validation or test for each row, where the source says so.
    groups : list of (str or None), or None
        Group of each row, where the source says so.
    classes : tuple of str
        Class names in order. Left empty: the sorted labels, whole numbers by value.
    rejected : list of Rejected
        Rows set aside so far. They count as unreadable.
    skipped : list of Rejected
        Files that are no rows at all (a text file in an image folder). They do not count.
    where : str
        What to call the source in errors.
    read_from : str
        The folder in the source that holds the images, where that is not the source itself.
    split_folders : dict of str to str
        The folders that were taken for splits, and which split each one is.

    Raises
    ------
    DataError
        If a class name is empty, or two are the same or differ only in Unicode form.
    """

    names: list[str]
    labels: list[str]
    pixels: Pixels
    splits: list[str] | None = None
    groups: list[str | None] | None = None
    classes: tuple[str, ...] = ()
    rejected: list[Rejected] = field(default_factory=list)
    skipped: list[Rejected] = field(default_factory=list)
    where: str = "the data"
    read_from: str = ""
    split_folders: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.classes = check_classes(self.classes or sorted(set(self.labels), key=class_order))
