"""Images as they should not be, and folders of them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = 12


def noise(seed: int, mode: str = "L", side: int = SIDE) -> Image.Image:
    """An image unlike that of any other seed."""
    shape = (side, side) if mode == "L" else (side, side, len(mode))
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def image_folder(root: Path, classes: tuple[str, ...] = ("cat", "dog"), n: int = 20) -> Path:
    """An image folder without a fault: ``n`` images a class."""
    for k, label in enumerate(classes):
        (root / label).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            noise(1000 * k + i).save(root / label / f"{i:03d}.png")
    return root


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0")
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (body, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff(pixels: np.ndarray) -> bytes:
    return encoded(Image.fromarray(pixels), "TIFF")


WHOLE = encoded(noise(1, side=64))
SPOILED = WHOLE[:-200] + bytes(b ^ 0xFF for b in WHOLE[-200:-100]) + WHOLE[-100:]

# Name of the file, its content, a word of the reason why it is set aside.
UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.png", b"", "the file is empty"),
    "truncated PNG": ("a.png", WHOLE[: len(WHOLE) // 2], "cannot be read"),
    "header only": ("a.png", WHOLE[:33], "not an image"),
    "truncated JPEG": ("a.jpg", encoded(noise(2, side=64), "JPEG")[:-600], "cannot be read"),
    "truncated GIF": ("a.gif", encoded(noise(2, side=64), "GIF")[:-600], "cannot be read"),
    "truncated WebP": ("a.webp", encoded(noise(2, "RGB", 64), "WEBP")[:-300], "cannot be read"),
    "flipped bytes": ("a.png", SPOILED, "cannot be read"),
    "text": ("a.png", b"not a picture", "not an image in one of the formats PNG, JPEG"),
    "zeros": ("a.png", bytes(4096), "not an image"),
    "PDF": ("a.jpg", b"%PDF-1.7\n", "not an image"),
    "PostScript": ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    "SVG": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    "HTML of a failed download": ("a.jpg", b"<!DOCTYPE html><title>404</title>", "not an image"),
    "pickle": ("a.png", b"\x80\x04K\x01.", "not an image"),
    "floats that are no numbers": ("a.tiff", tiff(np.full((8, 8), np.nan, np.float32)), "NaN or infinite"),
    "bomb": ("a.png", png_header(60_000, 60_000), "too many"),
    "100 megapixels": ("a.png", encoded(Image.new("1", (10_000, 10_000))), "10000 x 10000 pixels are too many"),
    "no pixel": ("a.png", png_header(0, 5), "not an image"),
}
