"""Letters and digits of many fonts, from Debian's packages: 36 classes, 28 x 28, in groups by family of fonts.

    python -m benchmarks.glyphs [--folder transfer-data]

downloads the packages ``fonts-*`` of 20 kB to 6 MB by ``apt-get download``, unpacks them, draws capitals and digits of
every font that has all of them, and writes ``glyphs.npz`` there: X (n, 28, 28) uint8, y (n,) the character, group (n,)
the family, row (n,) the font, names of the fonts.
Nothing of it is part of ganaug; the fonts' licences stay with them.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SIDE, INNER = 28, 22  # pixels of an image, and of the longer side of the glyph in it
SMALLEST, LARGEST = 20_000, 6_000_000  # bytes of a package
NO_LATIN = re.compile(
    r"beng|deva|gujr|guru|knda|mlym|orya|taml|telu|thai|lao|khmer|arab|smc|lohit|tlwg|cns|cjk|nanum|unfonts|baekmuk"
    r"|emoji|awesome|symbol|icons|mathjax|katex|tibet|ipa|wqy|takao|vlgothic|hanazono"
)
STYLE_WORDS = r"[-_ .]|Bold|Ital|Obl|Light|Medi|Regu|Cond|Thin|Black|Semi|Extra|Book|Heavy"
NEAR = 3.0  # mean absolute difference of two fonts below which they count as one family, levels of 255


def fetch(folder: Path) -> None:
    """Download and unpack the packages, those that are not there yet."""
    packages, fonts = folder / "deb", folder / "x"
    packages.mkdir(parents=True, exist_ok=True)
    found = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    wanted = set()
    for entry in found.split("\n\n"):
        name, size = re.search(r"^Package: (fonts-\S+)", entry, re.M), re.search(r"^Size: (\d+)", entry, re.M)
        if name and size and SMALLEST < int(size[1]) < LARGEST and not NO_LATIN.search(name[1]):
            wanted.add(name[1])
    there = {path.name.split("_")[0] for path in packages.glob("*.deb")}
    if missing := sorted(wanted - there):
        subprocess.run(["apt-get", "download", "-qq", *missing], cwd=packages, check=True)
    for path in packages.glob("*.deb"):
        if path.name.split("_")[0] in missing or not fonts.exists():
            subprocess.run(["dpkg", "-x", str(path), str(fonts)], check=True)


def glyphs_of(path: Path) -> NDArray[np.uint8] | None:
    """Return the characters of a font (36, 28, 28); None where it lacks some, or they look alike."""
    try:
        font = ImageFont.truetype(str(path), 64)
        drawn = [_glyph(font, character) for character in CHARACTERS]
    except (OSError, ValueError):
        return None
    if len({image.tobytes() for image in drawn}) < len(CHARACTERS) - 1:  # O and 0 may be one
        return None
    return np.array(drawn)


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> NDArray[np.uint8]:
    left, top, right, bottom = font.getbbox(character)
    width, height = int(right - left), int(bottom - top)
    if not (4 <= width <= 400 and 4 <= height <= 400):
        raise ValueError(f"{character} is {width} x {height}")
    canvas = Image.new("L", (width, height))
    ImageDraw.Draw(canvas).text((-left, -top), character, fill=255, font=font)
    scale = INNER / max(width, height)
    small = canvas.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS)
    image = Image.new("L", (SIDE, SIDE))
    image.paste(small, ((SIDE - small.width) // 2, (SIDE - small.height) // 2))
    return np.array(image)


def render(folder: Path) -> Path:
    """Draw all usable fonts, put near duplicates in one family, and write ``glyphs.npz``."""
    out = folder / "glyphs.npz"
    paths = sorted(p for p in (folder / "x").rglob("*") if p.suffix.lower() in {".ttf", ".otf"} and not p.is_symlink())
    fonts, families, names, seen = [], [], [], set()
    number: dict[str, int] = {}
    for path in paths:
        images = glyphs_of(path)
        if images is None or images.tobytes() in seen:
            continue
        seen.add(images.tobytes())
        stem = re.split(STYLE_WORDS, path.stem)[0].lower()[:6]
        fonts.append(images)
        families.append(number.setdefault(stem, len(number)))
        names.append(str(path.relative_to(folder / "x")))
    X = np.array(fonts)  # noqa: N806
    family = _merged(X, np.array(families))
    font, character = (codes.ravel() for codes in np.indices(X.shape[:2]))
    np.savez_compressed(
        out, X=X.reshape(-1, SIDE, SIDE), y=character, group=family[font], row=font, names=np.array(names)
    )
    print(f"{len(X)} fonts of {len(np.unique(family))} families")
    return out


def _merged(X: NDArray[np.uint8], family: NDArray[np.int64]) -> NDArray[np.int64]:  # noqa: N803
    """Give families that hold nearly the same font one number."""
    small = X.reshape(len(X), 36, 14, 2, 14, 2).mean((3, 5)).reshape(len(X), -1).astype(np.float32)
    found = family.copy()
    for i in range(1, len(X)):
        near = np.flatnonzero(np.abs(small[:i] - small[i]).mean(1) < NEAR)
        for j in near[found[near] != found[i]]:
            found[found == found[j]] = found[i]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("transfer-data"))
    folder = parser.parse_args().folder
    fetch(folder)
    render(folder)
