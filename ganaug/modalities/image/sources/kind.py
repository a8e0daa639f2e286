"""Which files are images, and what they are called."""

from __future__ import annotations

from pathlib import Path

from ganaug.modalities.files.kind import FileKind
from ganaug.modalities.image.reading import SUFFIXES
from ganaug.modalities.image.sources.builtin import BUILTIN

PICTURES = frozenset(  # images, of formats that are not read
    ".heic .heif .hif .avif .jxl .jp2 .j2k .jpx .jpm .jxr .wdp .svg .svgz .eps .ai .psd .psb .xcf .kra .ico .icns "  # noqa: SIM905
    ".tga .pcx .sgi .ras .xbm .xpm .dds .exr .hdr .pfm .fits .fit .fts .dcm .dicom .nii .nrrd .mha .mhd .svs .ndpi "
    ".czi .nd2 .npy .npz .mat .mpo .raw .dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .orf .rw2 .raf .pef .srw".split()
)


def why_no_image(path: Path) -> str:
    """Say that a file without a suffix is a text; empty where it is none, and so should be an image."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError:  # who reads it will say why
        return ""
    is_pnm = start[:1] == b"P" and start[1:2].isdigit()  # images that may be written as text
    plain = bool(start) and not is_pnm and all(byte >= 32 or byte in b"\t\n\r\f" for byte in start)
    return "a text" if plain and _is_utf8(start) else ""


def _is_utf8(start: bytes) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # a character cut in two
    return True


IMAGES = FileKind(
    unit="image",
    column="image",
    suffixes=SUFFIXES,
    unread=PICTURES,
    remedy="save them as PNG or JPEG",
    bare=why_no_image,
    archives=(".npz",),
    builtin=tuple(BUILTIN),
)
