"""Folders of samples: ``<class>/*``, or ``{train,validation,test}/<class>/*``; files may lie deeper than that."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ganaug.data.reading import HIDDEN
from ganaug.errors import DataError
from ganaug.modalities.files.entries import Contents, is_loop, look
from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.files.layout import ClassFolder, find_layout
from ganaug.modalities.files.source import Source
from ganaug.modalities.loaded import Rejected


def read_folder(root: Path, kind: FileKind) -> Source:
    """List the samples of a folder; a folder's name is the class of what is below it.

    `ganaug.modalities.files.layout` says what is a class, what a split. Links are followed, but no folder is read
    twice. Samples of formats that are not read count as rejected, other files and what is hidden as skipped.

    Raises
    ------
    DataError
        If there are no class folders, one holds no sample, or a folder could be a split or a class.
    """
    layout = find_layout(root, kind)
    walk = _Walk(root, layout.parents, kind)
    walk.read(layout.classes)
    for folder, reason in layout.passed.items():
        walk.pass_over(folder, reason)
    files = sorted(walk.files, key=lambda file: (file[0], file[1].relative_to(root).as_posix()))
    return Source(
        names=[relative_name(path, root) for _, path, _ in files],
        labels=[label for label, _, _ in files],
        items=[path for _, path, _ in files],
        splits=[split for _, _, split in files] if layout.splits else None,
        rejected=sorted(walk.rejected),
        skipped=sorted(walk.skipped, key=lambda skip: (skip.reason == HIDDEN, skip)),
        read_from="" if layout.top == root else relative_name(layout.top, root),
        split_folders={relative_name(folder, layout.top): split for folder, split in layout.splits.items()},
    )


def text_name(name: str) -> str:
    r"""Return a file's name as valid text: bytes that are no UTF-8 become ``\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def relative_name(path: Path, root: Path) -> str:
    """Name a file relative to its root, with forward slashes."""
    return text_name(path.relative_to(root).as_posix())


class _Walk:
    """Lists files, each folder once, whatever links lead to it; the places without links come first.

    Parameters
    ----------
    root : Path
        What names are relative to.
    parents : list of Path
        The folders above the class folders, whose files are of no class.
    kind : FileKind
        Which files are samples.
    """

    def __init__(self, root: Path, parents: list[Path], kind: FileKind) -> None:
        self.root, self.kind = root, kind
        self.files: list[tuple[str, Path, str]] = []  # class, file, split
        self.rejected: list[Rejected] = []
        self.skipped: list[Rejected] = []
        self._seen: dict[str, Path] = {}  # by what they are called without links
        for parent in parents:
            self._seen.setdefault(os.path.realpath(parent), parent)
            inside = look(parent)
            self._note(inside)
            for path in inside.files:
                where = self.rejected if kind.means(path) else self.skipped
                where.append(
                    self._named(path, "lies outside the class folders" if kind.reads(path) else kind.why_not(path))
                )

    def read(self, classes: list[ClassFolder]) -> None:
        """List the samples of class folders, and of the folders that links in them lead to."""
        linked: deque[tuple[ClassFolder, Path]] = deque()
        found: dict[Path, int] = {}
        for each in sorted(classes, key=lambda each: each.path.is_symlink()):
            twin = self._seen.get(os.path.realpath(each.path))
            if twin:
                raise DataError(f"{each.path} and {twin} are one folder, by a link; remove one of the two.")
            if is_loop(each.path):
                raise DataError(f"{each.path} is a link to a folder that it lies in; remove the link.")
            found[each.path] = self._descend(each, each.path, linked)
        while linked:
            each, path = linked.popleft()
            found[each.path] += self._descend(each, path, linked)
        for folder, n in found.items():
            if n == 0:
                lost = next((bad for bad in self.rejected if (self.root / bad.name).is_relative_to(folder)), None)
                why = f" that can be read ({lost.name!r}: {lost.reason})" if lost else ""
                raise DataError(f"class folder {folder} has no {self.kind.unit}s{why}; add some, or remove it.")

    def pass_over(self, folder: Path, reason: str) -> None:
        """List the files of a folder as skipped."""
        before = len(self.skipped)
        for inside in self._below(folder):
            for path in inside.files:
                self.skipped.append(self._named(path, reason if self.kind.means(path) else self.kind.why_not(path)))
        if len(self.skipped) == before:
            self.skipped.append(self._named(folder, reason))

    def _descend(self, of: ClassFolder, folder: Path, linked: deque[tuple[ClassFolder, Path]]) -> int:
        """List the samples below a folder, leave links to folders for later, and return how many samples there are."""
        label, before = text_name(of.path.name), len(self.files)
        for inside in self._below(folder):
            linked.extend((of, path) for path in inside.folders if path.is_symlink())
            for path in inside.files:
                if self.kind.reads(path):
                    self.files.append((label, path, of.split))
                else:
                    where = self.rejected if self.kind.means(path) else self.skipped
                    where.append(self._named(path, self.kind.why_not(path)))
        return len(self.files) - before

    def _below(self, folder: Path) -> Iterator[Contents]:
        """Yield what lies in a folder and in those below it that are no links and were not read before."""
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            if is_loop(path) or self._seen.setdefault(os.path.realpath(path), path) != path:
                self.skipped.append(self._named(path, "a link to a folder that is read already"))
                continue
            inside = look(path)
            self._note(inside)
            yield inside
            waiting.extend(each for each in inside.folders if not each.is_symlink())

    def _note(self, inside: Contents) -> None:
        self.skipped.extend(self._named(path, HIDDEN) for path in inside.hidden)
        self.rejected.extend(self._named(path, problem) for path, problem in inside.unusable)

    def _named(self, path: Path, reason: str) -> Rejected:
        return Rejected(relative_name(path, self.root), reason)
