"""What every source of files gives: named, labelled rows that are read one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ganaug.data.names import check_classes, class_order
from ganaug.errors import DataError
from ganaug.modalities.loaded import Rejected


class UnreadableError(DataError):
    """A sample that cannot be used; the message is the reason."""


@dataclass
class Source:
    """Labelled rows before they are read, in an order that depends on nothing but the data.

    Attributes
    ----------
    names : list of str
        What to call each row in reports: a relative path, ``row 17``.
    labels : list of str
        Class of each row.
    items : sequence of Path or bytes, or array
        The file of each row, or what is in one; or samples in memory.
    splits : list of str, or None
        train, validation or test for each row, where the source says so.
    groups : list of (str or None), or None
        Group of each row, where the source says so.
    classes : tuple of str
        Class names in order. Left empty: the sorted labels, whole numbers by value.
    rejected : list of Rejected
        Rows set aside so far. They count as unreadable.
    skipped : list of Rejected
        Files that are no rows at all (a text file in a folder of images). They do not count.
    where : str
        What to call the source in errors.
    read_from : str
        The folder in the source that holds the samples, where that is not the source itself.
    split_folders : dict of str to str
        The folders that were taken for splits, and which split each one is.

    Raises
    ------
    DataError
        If a class name is empty, or two are the same or differ only in Unicode form.
    """

    names: list[str]
    labels: list[str]
    items: Sequence[Path] | Sequence[bytes] | NDArray[Any]
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


def check_file(item: Path | bytes) -> None:
    """Refuse (`UnreadableError`) a file that is not there, or holds nothing."""
    if isinstance(item, Path) and not item.is_file():
        raise UnreadableError("a link to nothing" if item.is_symlink() else "there is no such file")
    if (len(item) if isinstance(item, bytes) else item.stat().st_size) == 0:
        raise UnreadableError("the file is empty")
