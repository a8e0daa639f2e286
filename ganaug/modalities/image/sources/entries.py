"""What lies in a folder, links followed, and what each file is by its name."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NamedTuple

from ganaug.modalities.image.reading import SUFFIXES

SYSTEM = frozenset(
    {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "thumbs.db", "desktop.ini"}
)
PICTURES = frozenset(  # images, of formats that are not read
    ".heic .heif .hif .avif .jxl .jp2 .j2k .jpx .jpm .jxr .wdp .svg .svgz .eps .ai .psd .psb .xcf .kra .ico .icns "  # noqa: SIM905
    ".tga .pcx .sgi .ras .xbm .xpm .dds .exr .hdr .pfm .fits .fit .fts .dcm .dicom .nii .nrrd .mha .mhd .svs .ndpi "
    ".czi .nd2 .npy .npz .mat .mpo .raw .dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .orf .rw2 .raf .pef .srw".split()
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


def is_image(path: Path) -> bool:
    """Tell whether a file should be an image that can be read: by its ending or, without one, as it is no text."""
    return path.suffix.lower() in SUFFIXES or (not path.suffix and not _is_text(path))


def is_picture(path: Path) -> bool:
    """Tell whether a file should be an image of any format."""
    return path.suffix.lower() in PICTURES or is_image(path)


def why_not(path: Path) -> str:
    """Say why a file is no image that can be read."""
    if path.suffix.lower() in PICTURES:
        return f"{path.suffix} files cannot be read: save them as PNG or JPEG"
    return f"{path.suffix} is no image format" if path.suffix else "a text"


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError:  # who reads it will say why
        return False
    is_pnm = start[:1] == b"P" and start[1:2].isdigit()  # images that may be written as text
    return bool(start) and not is_pnm and all(byte >= 32 or byte in b"\t\n\r\f" for byte in start) and _is_utf8(start)


def _is_utf8(start: bytes) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # a character cut in two
    return True
