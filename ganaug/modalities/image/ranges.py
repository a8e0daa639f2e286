"""Which pixel is black and which is white: one rule for every source, from all its images and their types.

The same images thus give the same 8-bit levels, whether they come as files, in a table or in an archive.

- 1-bit pixels and truth values are black and white.
- 8-bit pixels run from 0 to 255; from 0 to 1 where none is above 1, as in masks.
- Wider integers run from 0 to the least of 255, 511, 1023 ... 65535 that none exceeds; or from 0 to 1, as in masks.
- Floats run from 0 to 1, from -1 to 1 or from 0 to 255, whichever they fill.
- Anything else, such as negative integers, has no such range: the user has to state it.

A stated range holds for all images; what lies beyond it becomes black or white. An alpha channel has no say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import DataError, option

DIM = 32  # the largest pixel of a set that is meant to go to 255 is not below that

Range = tuple[float, float]  # the pixels that are black and white
FULL: Range = (0, 255)
MASK: Range = (0, 1)


@dataclass(frozen=True)
class PixelRanges:
    """The range of each kind of pixels that a set of images has.

    Parameters
    ----------
    ranges : dict of str to (float, float)
        Black and white by kind: ``1-bit``, ``8-bit``, ``integer``, ``float``.
    note : str, default=""
        What is odd about them.
    """

    ranges: dict[str, Range]
    note: str = ""

    def to_levels(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        """Bring pixels of any kind and shape to uint8, black to 0 and white to 255."""
        kind = kind_of(pixels.dtype)
        black, white = self.ranges[kind]
        if kind == "8-bit" and (black, white) == FULL:
            return pixels
        scaled = (pixels.astype(np.float64) - black) * 255 / (white - black)
        levels: NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
        return levels

    def from_levels(self, levels: NDArray[np.uint8], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Bring uint8 levels to pixels of a type; the inverse of `to_levels`."""
        black, white = self.ranges[kind_of(dtype)]
        pixels = levels * ((white - black) / 255) + black
        return (pixels if dtype.kind == "f" else np.rint(pixels)).astype(dtype)

    def __str__(self) -> str:
        """Say what is black and what is white."""
        told = [f"{kind} pixels: {black:g} is black, {white:g} white" for kind, (black, white) in self.ranges.items()]
        return "; ".join([*told, self.note] if self.note else told)


@dataclass
class _Found:
    """The least and the greatest pixel of a kind, and which image has either of the two."""

    low: float = math.inf
    high: float = -math.inf
    where: str = ""


@dataclass
class RangeFinder:
    """Finds the ranges of a set of images that are looked at one by one.

    Parameters
    ----------
    stated : (float, float), optional
        Black and white as the user states them.
    where : str, default=""
        What to call the set in messages.
    """

    stated: Range | None = None
    where: str = ""
    _found: dict[str, _Found] = field(default_factory=dict)

    def wants(self, dtype: np.dtype[Any]) -> bool:
        """Note that there are pixels of a type, and tell whether an image of them has to be looked at."""
        kind = kind_of(dtype)
        found = self._found.setdefault(kind, _Found())
        return self.stated is None and (kind in {"integer", "float"} or (kind == "8-bit" and found.high < DIM))

    def look(self, pixels: NDArray[Any], name: str) -> None:
        """Take in the pixels (H, W, C) of one image; all of them are finite."""
        colours = pixels[..., :3]
        low, high = colours.min().item(), colours.max().item()
        found = self._found.setdefault(kind_of(pixels.dtype), _Found())
        if low < found.low or high > found.high:
            found.where = name
        found.low, found.high = min(low, found.low), max(high, found.high)

    def ranges(self) -> PixelRanges:
        """Decide.

        Raises
        ------
        DataError
            The pixels of a kind fill no known range, or one range is stated for several kinds.
        """
        kinds = {kind: found for kind, found in self._found.items() if kind != "1-bit"}
        if self.stated is not None and len(kinds) > 1:
            several = " and ".join(kinds)
            raise DataError(
                f"{self.where}: one range is stated for images of {several} pixels; save all alike, or state none"
            )
        decided: dict[str, Range] = {"1-bit": MASK} if "1-bit" in self._found else {}
        for kind, found in kinds.items():
            if found.low > found.high and self.stated is None:  # none could be decoded
                continue
            fitting = self.stated or _range_of(kind, found.low, found.high)
            if fitting is None:
                raise DataError(
                    f"{self.where}: {kind} pixels run from {found.low:g} to {found.high:g} ({found.where} for one), "
                    f"which does not tell black and white; state them as {_way_out()}"
                )
            decided[kind] = fitting
        top = kinds["8-bit"].high if decided.get("8-bit") == FULL and self.stated is None else 0
        dim = f"none of the 8-bit ones is above {top:g}; if that is white, state {_way_out()}"
        return PixelRanges(decided, dim if 0 < top < DIM else "")


def _way_out() -> str:
    """How the user states black and white."""
    name = option("prepare.pixel_range")
    if name.startswith("--"):
        return f"{name}=black,white"
    return f"{name}: [black, white]" if "." in name else f"{name}=(black, white)"


def kind_of(dtype: np.dtype[Any]) -> str:
    """Name the kind of pixels that a type of numbers makes."""
    if dtype.kind == "b":
        return "1-bit"
    if dtype.kind == "f":
        return "float"
    return "8-bit" if dtype.str == "|u1" else "integer"


def _range_of(kind: str, low: float, high: float) -> Range | None:
    """Return the range that pixels from ``low`` to ``high`` fill; None where that cannot be told."""
    if kind == "float":
        if low >= 0 and (high <= 1 or DIM <= high <= 255):
            return MASK if high <= 1 else FULL
        return (-1, 1) if -1 <= low <= -0.5 and 0.5 <= high <= 1 else None
    if low < 0 or high >= 2**16:
        return None
    if high <= 1:
        return MASK if high else FULL
    if kind == "8-bit":
        return FULL
    return (0, 2 ** max(8, int(high).bit_length()) - 1) if high >= DIM else None
