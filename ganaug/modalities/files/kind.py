"""Files that hold one sample each: how they are told from others, and what they are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def never(path: Path) -> str:
    """Say that a file without a suffix is no sample, whatever it holds."""
    return "without a suffix"


@dataclass(frozen=True)
class FileKind:
    """The files of a modality. The words go into messages.

    Attributes
    ----------
    unit : str
        What one sample is called.
    column : str
        The column of a Parquet table that may hold the files themselves, as a struct with ``bytes``.
    suffixes : frozenset of str
        Of files that can be read, in small letters, with the dot.
    unread : frozenset of str
        Of files of such samples in formats that are not read.
    remedy : str
        What to do with those.
    bare : callable
        Says why a file without a suffix is no sample; empty where it should be one.
    archives : tuple of str
        Suffixes of files of many samples, which the modality reads on its own.
    builtin : tuple of str
        Names of the modality's data sets that need no file.
    """

    unit: str
    column: str
    suffixes: frozenset[str]
    unread: frozenset[str] = frozenset()
    remedy: str = "save them in another format"
    bare: Callable[[Path], str] = never
    archives: tuple[str, ...] = ()
    builtin: tuple[str, ...] = ()

    def reads(self, path: Path) -> bool:
        """Tell whether a file should be a sample that can be read."""
        return path.suffix.lower() in self.suffixes or (not path.suffix and not self.bare(path))

    def means(self, path: Path) -> bool:
        """Tell whether a file should be a sample, of any format."""
        return path.suffix.lower() in self.unread or self.reads(path)

    def why_not(self, path: Path) -> str:
        """Say why a file is no sample that can be read."""
        if path.suffix.lower() in self.unread:
            return f"{path.suffix} files cannot be read: {self.remedy}"
        return f"{path.suffix} is no {self.unit} format" if path.suffix else self.bare(path)
