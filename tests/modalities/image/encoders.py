"""Files of numbers that Pillow does not write: 16-bit colours, big-endian and signed ones."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def deep_png(pixels: np.ndarray, transparent: bool = False) -> bytes:
    """A 16-bit PNG of (H, W, C): gray, gray with alpha, RGB or RGBA; with a transparent colour."""
    height, width, channels = pixels.shape
    colours = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 16, colours, 0, 0, 0)]
    chunks += [b"tRNS" + bytes(2 * channels)] * transparent
    chunks += [b"IDAT" + zlib.compress(lines), b"IEND"]
    packed = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def deep_tiff(pixels: np.ndarray, order: str = "<", packed: bool = False) -> bytes:
    """A TIFF of (H, W, C) numbers of any type in either byte order, compressed if wanted."""
    height, width, channels = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if packed else data
    many, bits = 8 + len(data), 8 * pixels.itemsize
    form = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    lists = (
        struct.pack(f"{order}{channels}H", *[bits] * channels),
        struct.pack(f"{order}{channels}H", *[form] * channels),
    )
    start = many + sum(map(len, lists))
    start += start % 2
    tags = [  # number, type (3: short, 4: long), count, value or place
        (256, 4, 1, width), (257, 4, 1, height),
        (258, 3, channels, bits if channels < 3 else many),
        (259, 3, 1, 8 if packed else 1), (262, 3, 1, 1 if channels == 1 else 2), (273, 4, 1, 8),
        (277, 3, 1, channels), (278, 4, 1, height), (279, 4, 1, len(data)),
        *([(338, 3, 1, 2)] if channels == 4 else []),
        (339, 3, channels, form if channels < 3 else many + len(lists[0])),
    ]  # fmt: skip
    body = struct.pack(f"{order}H", len(tags))
    for number, kind, count, value in tags:
        short = kind == 3 and count == 1
        body += struct.pack(f"{order}HHI", number, kind, count)
        body += struct.pack(f"{order}HH", value, 0) if short else struct.pack(f"{order}I", value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    return (head + data + b"".join(lists)).ljust(start, b"\0") + body + bytes(4)
