"""From a source to images of one shape in memory; what cannot be read is set aside, by name and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.config.names import MAX_SIDE, MIN_SIDE
from ganaug.errors import DataError, option
from ganaug.modalities.files.load import check_readable, loaded, readable
from ganaug.modalities.files.source import UnreadableError
from ganaug.modalities.image.ranges import PixelRanges, Range, RangeFinder
from ganaug.modalities.image.reading import CHANNELS, Shape, fit_image
from ganaug.modalities.image.sources import ImageSource, open_source
from ganaug.modalities.image.spec import ImageSpec
from ganaug.modalities.loaded import Loaded, Rejected
from ganaug.utils.samples import let_go, room
from ganaug.utils.words import counted

AT_ONCE = 2**14  # images decoded before they leave memory, where they go to a file
USUAL_SIDE = 128  # pixels, at most, where the size is not asked for: more are for a GPU
SIZE_RULE = (
    "images of another size are scaled as a whole, by Lanczos with antialiasing; the aspect ratio is not kept; "
    f"the size is prepare.size, or else the most common one, with sides of {MIN_SIDE} to {USUAL_SIDE} pixels"
)


class Survey(NamedTuple):
    """What is known of a source before its rows are decoded to one shape; see `survey`.

    Attributes
    ----------
    shapes : dict of int to (int, int, int)
        Height, width and channels of each readable row.
    ranges : PixelRanges
        Which pixels are black and white.
    rejected : list of Rejected
        The other rows, with those that the source set aside.
    further : dict of str to int
        Pages or frames after the first, which are not read, of the rows that have some.
    """

    shapes: dict[int, Shape]
    ranges: PixelRanges
    rejected: list[Rejected]
    further: dict[str, int]


def load(
    source: str | Path | ImageSource,
    *,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    columns: Mapping[str, str] | None = None,
    max_unreadable: float = 0.05,
    pixel_range: Range | None = None,
    decode: bool = True,
) -> Loaded:
    """Decode every image of a source to one shape, as uint8: in memory, or in a file where there are many.

    Parameters
    ----------
    source : ImageSource, or see `open_source`
        The rows to decode.
    size : (int, int), optional
        Height and width, each 8 to 512. None: see `common_size`.
    channels : {1, 3, 4}, optional
        None: the fewest that hold every image.
    columns : mapping, optional
        A manifest's names for path, label, group and split.
    max_unreadable : float, default=0.05
        Share of unreadable rows above which to stop.
    pixel_range : (float, float), optional
        The pixels that are black and white. None: see `ganaug.modalities.image.ranges`.
    decode : bool, default=True
        False: read headers only, and decode images when `Loaded.some` asks for them.

    Raises
    ------
    DataError
        If too many rows are unreadable, the shape asked for is not possible, or the range of the pixels cannot be told.
    """
    if channels not in (None, *CHANNELS):
        raise DataError(f"{option('prepare.channels')} is {channels}: images have 1, 3 or 4 channels.")
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in size or ()):
        raise DataError(f"{option('prepare.size')} is {size}: sides must be {MIN_SIDE} to {MAX_SIDE} pixels.")
    opened = source if isinstance(source, ImageSource) else open_source(source, columns)
    found = survey(opened, max_unreadable, pixel_range)
    target = common_shape(list(found.shapes.values()), size, channels)
    if not decode:
        return _loaded(opened, found, target, list(found.shapes), None)
    images = room((len(found.shapes), *target), np.uint8)
    good: list[int] = []

    def read(i: int) -> NDArray[Any]:
        return opened.pixels.read(i, target[:2])

    for i, pixels in readable(list(found.shapes), read, opened, found.rejected, "image", "reading images"):
        images[len(good)] = fit_image(found.ranges.to_levels(pixels), target)
        good.append(i)
        if not len(good) % AT_ONCE:
            let_go(images)
            let_go(opened.items)
    check_readable(found.rejected, len(opened.names) + len(opened.rejected), max_unreadable)
    return _loaded(opened, found, target, good, images[: len(good)])


def _loaded(
    source: ImageSource, found: Survey, shape: Shape, good: list[int], images: NDArray[np.uint8] | None
) -> Loaded:
    """Put together what is known of the ``good`` rows of a source."""

    def decode(positions: Sequence[int]) -> NDArray[np.uint8]:
        return np.stack([_tile(source, found.ranges, good[at], shape) for at in positions])

    ranges = str(found.ranges)
    resized = sum(found.shapes[i][:2] != shape[:2] for i in good)
    facts = {
        "shape": list(shape),
        "size_rule": SIZE_RULE,
        "resized": resized,
        "pixels": ranges,
        "read_as": ranges,
        "findings": [f"Resized: {counted(resized, 'image')}; {SIZE_RULE}."],
    }
    return loaded(
        source,
        good,
        images,
        ImageSpec(*shape),
        rejected=found.rejected,
        facts=facts,
        further=found.further,
        decode=None if images is not None else decode,
    )


def _tile(source: ImageSource, ranges: PixelRanges, i: int, shape: Shape) -> NDArray[np.uint8]:
    try:
        return fit_image(ranges.to_levels(source.pixels.read(i, shape[:2])), shape)
    except UnreadableError:  # its header could be read
        return np.zeros(shape, np.uint8)


def survey(source: ImageSource, max_unreadable: float = 0.05, pixel_range: Range | None = None) -> Survey:
    """Read the header of every row of a source; decode those of which the range of the pixels depends.

    These are integers of more than 8 bits and floats; and of those of 8 bits, which may be masks of 0 and 1, the first
    ones up to one that is not so dark.

    Parameters
    ----------
    source, max_unreadable, pixel_range : see `load`

    Raises
    ------
    DataError
        If too many rows are unreadable, or the range of the pixels cannot be told.
    """
    rejected = list(source.rejected)
    finder = RangeFinder(pixel_range, source.where)
    known: dict[Shape, Shape] = {}  # of a million equal ones one is kept

    def look(i: int) -> Shape:
        shape, dtype = source.pixels.header(i)
        if finder.wants(dtype):
            with suppress(UnreadableError):  # which is found again when the row is decoded to be kept
                finder.look(source.pixels.read(i), source.names[i])
        return known.setdefault(shape, shape)

    rows = range(len(source.names))
    shapes = dict(readable(rows, look, source, rejected, "image", "reading headers"))
    check_readable(rejected, len(rows) + len(source.rejected), max_unreadable)
    further = {source.names[i]: n for i in shapes if (n := source.pixels.further(i))}
    return Survey(shapes, finder.ranges(), rejected, further)


def common_shape(shapes: Sequence[Shape], size: tuple[int, int] | None, channels: int | None) -> Shape:
    """Choose the height, width and channels to bring images of many shapes to; ``size`` and ``channels`` go first."""
    height, width = size or common_size([shape[:2] for shape in shapes])
    return height, width, channels or max(shape[2] for shape in shapes)


def common_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Choose a height and width for images of many sizes.

    The most common size; among equally common ones that of median area. Where a side is above 128 (or below 8) pixels
    both are scaled, the aspect ratio kept as far as 8 to 128 allow.
    """
    counts = Counter(sizes)
    most = max(counts.values())
    tied = sorted((size for size, count in counts.items() if count == most), key=lambda size: (size[0] * size[1], size))
    height, width = tied[len(tied) // 2]
    scale = min(1.0, USUAL_SIDE / max(height, width))
    scale = max(scale, MIN_SIDE / min(height, width))
    sides = (min(USUAL_SIDE, max(MIN_SIDE, round(side * scale))) for side in (height, width))
    return next(sides), next(sides)
