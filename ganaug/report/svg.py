"""Charts as inline SVG: fluid without scaling their text, coloured by CSS classes, the same bytes for the same numbers.

Horizontal positions are percentages, so a chart fills a phone and a desktop with text of the same size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ganaug.utils.markup import Html, element

INSET = 1.5  # per cent kept free on either side, so that a dot at the edge stays whole
ROW = 52  # px for one interval
LINE_HEIGHT = 170  # px of a line chart's plot
CURVE_HEIGHT = 190
HISTOGRAM_HEIGHT = 120
BINS = 40
MAX_POINTS = 160  # of one line; more are averaged in buckets


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
class Line:
    """One line of a chart, and half the width of a band about it; ``tone`` is the CSS class that colours it."""

    tone: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    spread: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Point:
    """A measured point of a curve and its interval (None where there is none)."""

    x: float
    y: float
    low: float | None
    high: float | None


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers, about ``count`` of them, that cover ``low`` to ``high``."""
    if high - low < 1e-9:  # rounding noise around one value
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / max(count - 1, 1)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def interval_plot(
    rows: Sequence[Interval],
    label: str,
    tick_text: Callable[[float], str],
    reference: float | None = None,
    band: tuple[float, float] | None = None,
) -> Html:
    """Means with their intervals and repeats on one shared axis.

    Parameters
    ----------
    rows : sequence of Interval
        From top to bottom.
    label : str
        What the chart shows, for those who do not see it.
    tick_text : callable
        Writes a number of the axis.
    reference : float or None
        Where to draw a dashed line through all rows.
    band : pair of float or None
        From where to where to shade all rows.
    """
    values = [
        v for row in rows for v in (row.low, row.high, row.mean, *row.dots, reference, *(band or ())) if v is not None
    ]
    axis = ticks(min(values), max(values))
    place = _scale(axis[0], axis[-1])
    bottom = ROW * len(rows)
    parts = []
    if band is not None:
        left, right = map(place, band)
        parts.append(
            element("rect", x=f"{_n(left)}%", y=0, width=f"{_n(right - left)}%", height=_n(bottom), class_="band")
        )
    parts += [_vertical(place(tick), bottom, "grid") for tick in axis]
    if reference is not None:
        parts.append(_vertical(place(reference), bottom, "reference"))
    for index, row in enumerate(rows):
        parts.append(_interval_row(row, ROW * index, place))
    parts += _tick_labels(axis, place, bottom + 15, tick_text)
    return _chart(label, bottom + 22, parts)


def line_chart(lines: Sequence[Line], label: str) -> Html:
    """Lines over training steps.

    Parameters
    ----------
    lines : sequence of Line
        Missing values (NaN) are left out; long lines are averaged in buckets.
    label : str
        What the chart shows, for those who do not see it.
    """
    thinned = [_thin(line) for line in lines]
    x_axis = ticks(0.0, max(float(line.x.max()) for line in thinned), 4)
    edges = [line.y + sign * (0 if line.spread is None else line.spread) for line in thinned for sign in (-1, 1)]
    y_axis = ticks(min(float(edge.min()) for edge in edges), max(float(edge.max()) for edge in edges), 4)
    span_x, span_y = max(float(line.x.max()) for line in thinned), y_axis[-1] - y_axis[0]
    top = 16

    def height(value: float) -> float:
        return (y_axis[-1] - value) / span_y * LINE_HEIGHT

    parts = []
    for tick in y_axis:
        y = _n(top + height(tick))
        parts.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid" if tick else "axis"))

    def path(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        return "M" + "L".join(f"{_n(a / span_x * 1000)} {_n(height(b))}" for a, b in zip(x, y, strict=True))

    paths = []
    for line in thinned:
        if line.spread is not None:
            there, back = line.y + line.spread, (line.y - line.spread)[::-1]
            band = path(np.append(line.x, line.x[::-1]), np.append(there, back)) + "Z"
            paths.append(element("path", d=band, class_=f"spread {line.tone}"))
        paths.append(
            element("path", d=path(line.x, line.y), class_=f"line {line.tone}", vector_effect="non-scaling-stroke")
        )
    frame = {"viewBox": f"0 0 1000 {LINE_HEIGHT}", "preserveAspectRatio": "none"}
    parts.append(element("svg", *paths, y=top, width="100%", height=LINE_HEIGHT, **frame))
    parts.append(element("line", x1="100%", x2="100%", y1=top, y2=top + LINE_HEIGHT, class_="cursor"))
    parts += [element("text", _number(tick), x="0", y=_n(top + height(tick) - 3), class_="tick") for tick in y_axis]
    shown = [tick for tick in x_axis if tick <= span_x]
    parts += _tick_labels(shown, lambda x: 100 * x / span_x, top + LINE_HEIGHT + 16, _number)
    return _chart(label, top + LINE_HEIGHT + 22, parts)


def curve_plot(
    fitted: Line,
    points: Sequence[Point],
    reading: tuple[float, float] | None,
    label: str,
    tick_text: Callable[[float], str],
) -> Html:
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
    label : str
        What the chart shows, for those who do not see it.
    tick_text : callable
        Writes a number of the vertical axis.
    """
    end = float(fitted.x[-1])
    tops = [v for point in points for v in (point.y, point.low, point.high) if v is not None]
    y_axis = ticks(min(0.0, *tops), max(float(fitted.y.max()), *tops, reading[1] if reading else 0.0), 4)
    top, bottom = 16.0, 16.0 + CURVE_HEIGHT
    place = _scale(0.0, end)

    def height(value: float) -> str:
        return _n(top + (y_axis[-1] - value) / (y_axis[-1] - y_axis[0]) * CURVE_HEIGHT)

    def line(start: tuple[float, float], stop: tuple[float, float], style: str) -> Html:
        (x1, y1), (x2, y2) = start, stop
        return element(
            "line", x1=f"{_n(place(x1))}%", y1=height(y1), x2=f"{_n(place(x2))}%", y2=height(y2), class_=style
        )

    parts = [
        element("line", x1="0", x2="100%", y1=height(tick), y2=height(tick), class_="grid" if tick else "axis")
        for tick in y_axis
    ]
    vertices = list(zip(fitted.x.tolist(), fitted.y.tolist(), strict=True))
    marks = [line(start, stop, "curve") for start, stop in pairwise(vertices)]
    for point in points:
        if point.low is not None and point.high is not None:
            marks.append(line((point.x, point.low), (point.x, point.high), "interval"))
        marks.append(element("circle", cx=f"{_n(place(point.x))}%", cy=height(point.y), r=3.5, class_="dot"))
    parts.append(element("g", *marks, class_=fitted.tone))
    if reading is not None:
        x, y = reading
        ways = [line((0.0, y), (x, y), "reading")] + ([line((x, y), (x, y_axis[0]), "reading")] if x < end else [])
        parts.append(element("g", *ways, class_="synthetic"))
    parts += [element("text", tick_text(t), x="0", y=_n(float(height(t)) - 3), class_="tick") for t in y_axis]
    parts += _tick_labels([t for t in ticks(0.0, end) if t <= end], place, bottom + 16, _number)
    return _chart(label, bottom + 22, parts)


def mirrored_histogram(
    above: NDArray[np.float64],
    below: NDArray[np.float64],
    axis: Sequence[float],
    label: str,
    threshold: float | None = None,
) -> Html:
    """Two histograms over one axis, one growing up and one growing down, on the same scale of counts.

    Parameters
    ----------
    above, below : arrays, shape (n,) and (m,)
        The values.
    axis : sequence of float
        Where to write numbers, ascending; the chart reaches from the first to the last, and so must the values.
    label : str
        What the chart shows, for those who do not see it.
    threshold : float or None
        Where to draw a dashed line.
    """
    low, high = axis[0], axis[-1]
    edges = np.linspace(low, high, BINS + 1)
    up, down = (np.histogram(values, edges)[0] for values in (above, below))
    unit = HISTOGRAM_HEIGHT / max(int(up.max()) + int(down.max()), 1)
    middle = int(up.max()) * unit
    place = _scale(low, high)
    width = f"{_n((place(high) - place(low)) / BINS * 0.86)}%"
    parts = []
    for tone, counts in (("synthetic", up), ("dropped", down)):
        for edge, count in zip(edges, counts, strict=False):
            if count:
                length = max(int(count) * unit, 1.0)
                y = middle - length if tone == "synthetic" else middle
                box = {"x": f"{_n(place(edge))}%", "y": _n(y), "width": width, "height": _n(length)}
                parts.append(element("rect", class_=f"bar {tone}", **box))
    parts.append(element("line", x1="0", x2="100%", y1=_n(middle), y2=_n(middle), class_="axis"))
    if threshold is not None:
        parts.append(_vertical(place(threshold), HISTOGRAM_HEIGHT, "reference"))
    parts += _tick_labels(axis, place, HISTOGRAM_HEIGHT + 16, _number)
    return _chart(label, HISTOGRAM_HEIGHT + 22, parts)


def _interval_row(row: Interval, top: float, place: Callable[[float], float]) -> Html:
    y = top + 32
    parts = [
        element("text", row.label, element("tspan", row.detail, dx=10, class_="tick"), x="0", y=top + 18),
        element("text", row.value, x="100%", y=top + 18, class_="value"),
    ]
    if row.low is not None and row.high is not None:
        ends = {"x1": f"{_n(place(row.low))}%", "x2": f"{_n(place(row.high))}%", "y1": y, "y2": y}
        parts.append(element("line", class_="interval", **ends))
    parts += [element("circle", cx=f"{_n(place(dot))}%", cy=y, r=3.5, class_="dot") for dot in row.dots]
    mean = f"{_n(place(row.mean))}%"
    parts.append(element("line", x1=mean, x2=mean, y1=y - 8, y2=y + 8, class_="mean"))
    return element("g", *parts, class_=row.tone)


def _scale(low: float, high: float) -> Callable[[float], float]:
    return lambda value: INSET + (100 - 2 * INSET) * (value - low) / (high - low)


def _thin(line: Line) -> Line:
    keep = np.isfinite(line.y)
    count = int(keep.sum())
    edges = np.linspace(0, count, min(count, MAX_POINTS) + 1).astype(int)[:-1]
    sizes = np.diff(np.append(edges, count))

    def thin(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values[keep], edges) / sizes

    return Line(line.tone, thin(line.x), thin(line.y), None if line.spread is None else thin(line.spread))


def _vertical(percent: float, bottom: float, style: str) -> Html:
    return element("line", x1=f"{_n(percent)}%", x2=f"{_n(percent)}%", y1=0, y2=_n(bottom), class_=style)


def _tick_labels(
    axis: Sequence[float], place: Callable[[float], float], y: float, text: Callable[[float], str]
) -> list[Html]:
    labels = []
    for tick in axis:
        percent = place(tick)
        anchor = "start" if percent < 4 else "end" if percent > 96 else "middle"
        labels.append(element("text", text(tick), x=f"{_n(percent)}%", y=_n(y), text_anchor=anchor, class_="tick"))
    return labels


def _chart(label: str, height: float, parts: Sequence[Html]) -> Html:
    return element("svg", *parts, role="img", aria_label=label, width="100%", height=_n(height), class_="chart")


def _n(value: float) -> str:
    """A coordinate, short and the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _number(value: float) -> str:
    return f"{value:,.6g}"
