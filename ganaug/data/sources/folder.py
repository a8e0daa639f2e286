"""Image folders: ``<class>/*``, or ``{train,validation,test}/<class>/*``; files may lie deeper than that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ganaug.data.images import SUFFIXES
from ganaug.data.sources.base import SPLIT_NAMES, EncodedPixels, Rejected, Source
from ganaug.errors import DataError


def read_folder(root: Path) -> Source:
    """List the images of a folder; a folder's name is the class of what is below it.

    Hidden files are passed over. Files without an image's ending are listed as skipped. Links to folders, and links to
    files outside of ``root``, are not followed.

    Raises
    ------
    DataError
        If there are no class folders, or one holds no file.
    """
    tops = _subfolders(root)
    if not tops:
        raise DataError(f"{root} has no class folders; put the images of each class into a folder named after it.")
    pre_split = all(top.name.lower() in SPLIT_NAMES and _subfolders(top) for top in tops)
    parents = {top: SPLIT_NAMES[top.name.lower()] for top in tops} if pre_split else {root: "train"}
    files: list[tuple[str, Path, str]] = []  # class, file, split
    bad: list[Rejected] = []
    skipped: list[Rejected] = []
    for parent, split in parents.items():
        bad += _strays(parent, root)
        for folder in _subfolders(parent):
            label, before = text_name(folder.name), len(files) + len(bad)
            for path, problem in _walk(folder, root):
                name = relative_name(path, root)
                if problem:
                    bad.append(Rejected(name, problem))
                elif path.suffix.lower() in SUFFIXES or not path.suffix:
                    files.append((label, path, split))
                else:
                    skipped.append(Rejected(name, f"{path.suffix} is no image format"))
            if len(files) + len(bad) == before:
                raise DataError(f"class folder {folder} has no images; add some, or remove it.")
    files.sort(key=lambda file: (file[0], file[1].relative_to(root).as_posix()))
    return Source(
        names=[relative_name(path, root) for _, path, _ in files],
        labels=[label for label, _, _ in files],
        pixels=EncodedPixels([path for _, path, _ in files]),
        splits=[split for _, _, split in files] if pre_split else None,
        rejected=bad,
        skipped=skipped,
    )


def text_name(name: str) -> str:
    r"""Return a file's name as valid text: bytes that are no UTF-8 become ``\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def relative_name(path: Path, root: Path) -> str:
    """Name a file relative to its root, with forward slashes."""
    return text_name(path.relative_to(root).as_posix())


def _subfolders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if _is_folder(e) and not e.name.startswith("."))
    return [folder / name for name in names]


def _strays(parent: Path, root: Path) -> list[Rejected]:
    """List what lies beside the class folders and looks like rows: images, links."""
    with os.scandir(parent) as entries:
        paths = sorted(parent / e.name for e in entries if not e.name.startswith(".") and not _is_folder(e))
    links = [Rejected(relative_name(path, root), "a link is no class folder") for path in paths if path.is_symlink()]
    images = [path for path in paths if not path.is_symlink() and path.suffix.lower() in SUFFIXES]
    return links + [Rejected(relative_name(path, root), "lies outside the class folders") for path in images]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _walk(folder: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file below ``folder`` in sorted order, with what is wrong with it ("" when nothing is)."""
    with os.scandir(folder) as entries:
        found = sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    for entry in found:
        path = folder / entry.name
        if entry.is_symlink():
            yield path, _link_problem(path, root)
        elif entry.is_dir():
            yield from _walk(path, root)
        else:
            yield path, "" if entry.is_file() else "not a regular file"


def _link_problem(path: Path, root: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop, before Python 3.13
        return "a link to nothing, or to itself"
    if not target.is_file():
        return "a link to a folder is not followed"
    return "" if target.is_relative_to(root.resolve()) else "a link out of the folder is not followed"
