"""Signals to look at: as lines in a page, and in a file."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ganaug.errors import DataError
from ganaug.modalities.signal.grid import resample
from ganaug.modalities.signal.spec import Signal, Signals, SignalSpec
from ganaug.utils.files import atomic_path
from ganaug.utils.html import render

WIDTH, HEIGHT, GAP = 120, 48, 4  # of a signal, in pixels
CHANNELS = 6  # drawn of a signal, at most
POINTS = 120  # of a line, at most
LEAST = 16
POINT_BYTES = 9
MARGIN = 0.15  # of the range, above and below
TEMPLATE = "modalities/signal/templates/lines.html"


def preview(samples: Signals, spec: SignalSpec, alt: str, columns: int, budget: int) -> Markup:
    """Return signals as lines side by side, on one scale; of many channels the first ones."""
    points = int(np.clip(budget // (POINT_BYTES * min(spec.channels, CHANNELS)), LEAST, POINTS))
    return _drawn(samples, spec, alt, columns, points)


def preview_bytes(spec: SignalSpec) -> int:
    """Return the bytes of a page that a signal takes to be seen well."""
    return POINT_BYTES * min(spec.longest, POINTS) * min(spec.channels, CHANNELS)


def save_grid(samples: Signals, spec: SignalSpec, path: Path, columns: int) -> Path:
    """Write signals as a drawing (SVG); return its path."""
    out = path.with_suffix(".svg")
    with atomic_path(out) as temporary:
        temporary.write_text(_drawn(samples, spec, "signals", columns, POINTS), encoding="utf-8", newline="\n")
    return out


def show_grid(path: Path, alt: str) -> Markup:
    """Return a drawing that `save_grid` wrote, as a picture, in which nothing runs; `DataError` where it is none."""
    try:
        drawing = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}); run the train_gan stage again") from error
    if not drawing.startswith(b"<svg "):
        raise DataError(f"{path} is no drawing; run the train_gan stage again")
    element = Markup('<img src="data:image/svg+xml;base64,{}" alt="{}" class="lines">')
    return element.format(base64.b64encode(drawing).decode("ascii"), alt)


def _drawn(samples: Signals, spec: SignalSpec, alt: str, columns: int, points: int) -> Markup:
    across = min(columns, max(1, len(samples)))
    cells = [
        {
            "x": (i % across) * (WIDTH + GAP),
            "y": (i // across) * (HEIGHT + GAP),
            "lines": _lines(signal, spec, points),
        }
        for i, signal in enumerate(samples)
    ]
    size = across * (WIDTH + GAP) - GAP, -(-len(samples) // across) * (HEIGHT + GAP) - GAP
    return render(TEMPLATE, alt=alt, cells=cells, size=size)


def _lines(signal: Signal, spec: SignalSpec, points: int) -> list[str]:
    """Return the points of each channel's line; a short signal takes its share of the width."""
    count = min(points, signal.shape[1])
    width = WIDTH * signal.shape[1] / max(spec.longest, signal.shape[1])
    x = np.linspace(0, width, count)
    found = []
    for channel, low, high in zip(resample(signal, count), spec.low, spec.high, strict=True):
        room = (high - low) or 1.0
        y = HEIGHT * (1 - (channel - low + MARGIN * room) / ((1 + 2 * MARGIN) * room)).clip(0, 1)
        found.append(line(x, y))
    return found[:CHANNELS]


def line(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> str:
    """Return points (n,) as SVG writes them."""
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
