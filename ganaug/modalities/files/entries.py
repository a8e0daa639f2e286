"""What lies in a folder, links followed."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NamedTuple

SYSTEM = frozenset(
    {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "thumbs.db", "desktop.ini"}
)


class Contents(NamedTuple):
    """The entries of a folder, by name; links stand for what they lead to."""

    folders: list[Path]
    files: list[Path]
    hidden: list[Path]
    unusable: list[tuple[Path, str]]  # and why: links to nothing, pipes


def look(folder: Path) -> Contents:
    """List what lies in a folder."""
    found = Contents([], [], [], [])
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name.lower() in SYSTEM:
                found.hidden.append(path)
            elif problem := _problem(entry):
                found.unusable.append((path, problem))
            else:
                (found.folders if entry.is_dir() else found.files).append(path)
    return found


def _problem(entry: os.DirEntry[str]) -> str:
    """Say why an entry is neither a folder nor a file; "" when it is one."""
    try:
        if entry.is_dir() or entry.is_file():
            return ""
    except OSError as error:
        if not entry.is_symlink():
            raise
        return "a link to itself" if error.errno == errno.ELOOP else f"a link not to be followed: {error.strerror}"
    return "a link to nothing" if entry.is_symlink() and not Path(entry.path).exists() else "not a regular file"


def is_loop(folder: Path) -> bool:
    """Tell whether a folder is a link to one that it lies in."""
    return folder.is_symlink() and Path(os.path.realpath(folder.parent)).is_relative_to(os.path.realpath(folder))
