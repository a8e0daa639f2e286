"""Scales and shapes of the charts of templates/svg.html: fluid, coloured by CSS, the same bytes for the same data.

Horizontal positions are per cent, so a chart fills a phone and a desktop with text of one size. Side by side,
matplotlib's SVG (fixed hash salt, colours by CSS) took 15.1 instead of 3.0 kB for intervals, 11.0 instead of 1.6 kB for
a curve, and 1.1 s more; its text was half as large on a phone; the page's policy blocks the styles of its elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

INSET = 1.5  # per cent kept free on either side, so that a dot at the edge stays whole
LINE_HEIGHT = 170  # px of a line chart's plot
CURVE_HEIGHT = 190
HISTOGRAM_HEIGHT = 120
TOP = 16  # px above a plot, for the number of its highest line
BINS = 40
MAX_POINTS = 160  # of one line; more are averaged in buckets


def _n(value: float) -> str:
    """A coordinate, short and the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _number(value: float) -> str:
    return f"{value:,.6g}"


@dataclass(frozen=True)
class Across:
    """A horizontal axis from ``low`` to ``high``; called with a number, it says where that is, in per cent."""

    low: float
    high: float
    ticks: Sequence[float]
    text: Callable[[float], str] = _number
    inset: float = INSET

    @classmethod
    def over(cls, ticks: Sequence[float], text: Callable[[float], str]) -> Across:
        """An axis that reaches from the first tick to the last."""
        return cls(ticks[0], ticks[-1], ticks, text)

    def __call__(self, value: float) -> str:
        """Where a number is."""
        return f"{_n(self.percent(value))}%"

    def width(self, start: float, end: float) -> str:
        """How wide the chart is between two numbers."""
        return f"{_n(self.percent(end) - self.percent(start))}%"

    def percent(self, value: float) -> float:
        """Per cent of the chart's width."""
        return self.inset + (100 - 2 * self.inset) * (value - self.low) / (self.high - self.low)

    def anchor(self, value: float) -> str:
        """Which end of a text stands at a number, so that the chart holds all of it."""
        percent = self.percent(value)
        return "start" if percent < 4 else "end" if percent > 96 else "middle"


@dataclass(frozen=True)
class Upwards:
    """A vertical axis over ``ticks``, so many px high; called with a number, it says where that is, in px."""

    ticks: Sequence[float]
    height: float
    text: Callable[[float], str] = _number
    top: float = TOP

    def __call__(self, value: float, above: float = 0.0) -> str:
        """Where a number is, or so many px above it."""
        return _n(self.top - above + (self.ticks[-1] - value) / (self.ticks[-1] - self.ticks[0]) * self.height)


@dataclass(frozen=True)
class Interval:
    """One row of an interval plot: a mean, its interval (None where there is none), and the repeats behind it."""

    label: str
    detail: str
    value: str
    tone: str
    mean: float
    low: float | None
    high: float | None
    dots: tuple[float, ...]


@dataclass(frozen=True)
class IntervalPlot:
    """Means with their intervals and repeats on one shared axis.

    Parameters
    ----------
    rows : sequence of Interval
        From top to bottom.
    text : callable
        Writes a number of the axis.
    reference : float or None
        Where to draw a dashed line through all rows.
    band : pair of float or None
        From where to where to shade all rows.
    """

    rows: Sequence[Interval]
    text: Callable[[float], str]
    reference: float | None = None
    band: tuple[float, float] | None = None

    @cached_property
    def x(self) -> Across:
        """The axis of values."""
        found = [v for row in self.rows for v in (row.low, row.high, row.mean, *row.dots)]
        values = [v for v in (*found, self.reference, *(self.band or ())) if v is not None]
        return Across.over(ticks(min(values), max(values)), self.text)

    @property
    def described(self) -> str:
        """The rows in words, for those who do not see them."""
        return "; ".join(f"{row.label} {row.value}" for row in self.rows)


@dataclass(frozen=True)
class Line:
    """One line of a chart, and half the width of a band about it; ``tone`` is the CSS class that colours it."""

    tone: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    spread: NDArray[np.float64] | None = None

    @property
    def pieces(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """The line as straight pieces, from point to point."""
        return list(pairwise(zip(self.x.tolist(), self.y.tolist(), strict=True)))

    def edge(self, sign: int) -> NDArray[np.float64]:
        """The upper (1) or the lower (-1) edge of the band; the line itself where there is none."""
        return self.y if self.spread is None else self.y + sign * self.spread


@dataclass(frozen=True)
class LineChart:
    """Lines over training steps; missing values (NaN) are left out, and long lines averaged in buckets."""

    lines: Sequence[Line]

    @cached_property
    def thinned(self) -> list[Line]:
        """The lines without what is missing, of `MAX_POINTS` points at most."""
        return [_thin(line) for line in self.lines]

    @cached_property
    def x(self) -> Across:
        """The axis of steps."""
        end = max(float(line.x.max()) for line in self.thinned)
        return Across(0.0, end, [tick for tick in ticks(0.0, end, 4) if tick <= end], inset=0.0)

    @cached_property
    def y(self) -> Upwards:
        """The axis of values."""
        low, high = (np.concatenate([line.edge(sign) for line in self.thinned]) for sign in (-1, 1))
        return Upwards(ticks(float(low.min()), float(high.max()), 4), LINE_HEIGHT)

    def path(self, line: Line) -> str:
        """A line as the data of a path, 1,000 wide."""
        return self._path(line.x, line.y)

    def band(self, line: Line) -> str:
        """What lies a spread to either side of a line, as the data of a path."""
        there, back = line.edge(1), line.edge(-1)[::-1]
        return self._path(np.append(line.x, line.x[::-1]), np.append(there, back)) + "Z"

    def _path(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        points = (f"{_n(1000 * a / self.x.high)} {self.y(b, above=TOP)}" for a, b in zip(x, y, strict=True))
        return "M" + "L".join(points)


@dataclass(frozen=True)
class Point:
    """A measured point of a curve and its interval (None where there is none)."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CurvePlot:
    """A monotone curve from the origin through measured points, and a value read off it.

    Parameters
    ----------
    fitted : Line
        The curve; the horizontal axis reaches from 0 to its end.
    points : sequence of Point
        What was measured, with intervals.
    reading : pair of float or None
        Where the curve is read: a dashed line leads from the vertical axis to the curve, and down from it unless the
        curve has ended.
    text : callable
        Writes a number of the vertical axis.
    """

    fitted: Line
    points: Sequence[Point]
    reading: tuple[float, float] | None
    text: Callable[[float], str]

    @cached_property
    def x(self) -> Across:
        """The horizontal axis."""
        end = float(self.fitted.x[-1])
        return Across(0.0, end, [tick for tick in ticks(0.0, end) if tick <= end])

    @cached_property
    def y(self) -> Upwards:
        """The vertical axis."""
        ends = [v for point in self.points for v in (point.y, point.low, point.high) if v is not None]
        high = max(float(self.fitted.y.max()), *ends, self.reading[1] if self.reading else 0.0)
        return Upwards(ticks(min(0.0, *ends), high, 4), CURVE_HEIGHT, self.text)


@dataclass(frozen=True)
class TradePlot:
    """Curves of what is gained of one share for what is lost of another, each with the point that was chosen on it.

    Parameters
    ----------
    curves : sequence of (Line, Point)
        At least one.
    text : callable
        Writes a number of either axis.
    """

    curves: Sequence[tuple[Line, Point]]
    text: Callable[[float], str]

    @cached_property
    def x(self) -> Across:
        """The horizontal axis."""
        values = np.concatenate([np.append(line.x, point.x) for line, point in self.curves])
        return Across.over(ticks(float(values.min()), float(values.max())), self.text)

    @cached_property
    def y(self) -> Upwards:
        """The vertical axis."""
        values = np.concatenate([np.append(line.y, point.y) for line, point in self.curves])
        return Upwards(ticks(float(values.min()), float(values.max()), 4), CURVE_HEIGHT, self.text)


@dataclass(frozen=True)
class MirroredHistogram:
    """Two histograms over one axis, one growing up and one growing down, on the same scale of counts.

    Parameters
    ----------
    above, below : arrays, shape (n,) and (m,)
        The values.
    ticks : sequence of float
        Where to write numbers, ascending; the chart reaches from the first to the last, and so must the values.
    threshold : float or None
        Where to draw a dashed line.
    """

    above: NDArray[np.float64]
    below: NDArray[np.float64]
    ticks: Sequence[float]
    threshold: float | None = None
    height: int = HISTOGRAM_HEIGHT

    @cached_property
    def x(self) -> Across:
        """The axis of values."""
        return Across.over(self.ticks, _number)

    @property
    def middle(self) -> str:
        """Where the two meet, in px."""
        return _n(self._counts[0].max() * self._unit)

    @property
    def width(self) -> str:
        """The width of a bar, with a gap beside it."""
        return f"{_n((100 - 2 * INSET) / BINS * 0.86)}%"

    @property
    def bars(self) -> Iterator[tuple[str, str, str, str]]:
        """The bars that are not empty: their tone, left edge, top and height."""
        middle = self._counts[0].max() * self._unit
        for tone, counts in zip(("synthetic", "dropped"), self._counts, strict=True):
            for edge, count in zip(self._edges, counts, strict=False):
                if count:
                    length = max(count * self._unit, 1.0)
                    yield tone, self.x(edge), _n(middle - length if tone == "synthetic" else middle), _n(length)

    @property
    def _edges(self) -> NDArray[np.float64]:
        return np.linspace(self.ticks[0], self.ticks[-1], BINS + 1)

    @cached_property
    def _counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.histogram(self.above, self._edges)[0], np.histogram(self.below, self._edges)[0]

    @property
    def _unit(self) -> float:
        return self.height / max(int(self._counts[0].max() + self._counts[1].max()), 1)


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers, about ``count`` of them, that cover ``low`` to ``high``."""
    if high - low < 1e-9:  # rounding noise around one value
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / max(count - 1, 1)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _thin(line: Line) -> Line:
    keep = np.isfinite(line.y)
    count = int(keep.sum())
    edges = np.linspace(0, count, min(count, MAX_POINTS) + 1).astype(int)[:-1]
    sizes = np.diff(np.append(edges, count))

    def thin(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values[keep], edges) / sizes

    return Line(line.tone, thin(line.x), thin(line.y), None if line.spread is None else thin(line.spread))
