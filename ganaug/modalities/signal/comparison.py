"""What a report shows of generated signals beside real ones: curves, spectra, autocorrelations, and a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from ganaug.modalities.signal.features import RocketFeatures
from ganaug.modalities.signal.grid import to_grid
from ganaug.modalities.signal.preview import line
from ganaug.modalities.signal.ridge import Ridge
from ganaug.modalities.signal.spec import Signals, SignalSpec
from ganaug.utils.html import render
from ganaug.utils.samples import concat

SHOWN = 6  # channels that are drawn
POINTS = 128  # of a line, at most
WIDTH, HEIGHT = 240, 96  # of a drawing
FLOOR = 1e-6  # of the power at the strongest frequency, below which it is silence
ROWS = 400  # of either kind that the test sees, at most
FEATURES = 84 * 12  # of the test
FOLDS = 3

Floats = NDArray[np.float64]


def compare(samples: Mapping[str, Signals], spec: SignalSpec, seed: int) -> dict[str, Any]:
    """Compare kept signals with real ones, and two samples of real ones with each other.

    Parameters
    ----------
    samples : mapping
        ``reference`` and ``real_vs_real``, two samples of real signals, and ``after``, kept ones.
    spec : SignalSpec
        What they share.
    seed : int
        Of the test.

    Returns
    -------
    dict
        ``channels``, for each of the first ones the ``mean`` and ``spread`` through time, the ``power`` by frequency in
        decibels and the ``autocorrelation`` by lag, of ``real`` and ``after``; ``distances``, of each of these four the
        root mean square difference for ``after`` and ``real_vs_real``; ``detection``, the area under the curve of a
        classifier that tells them apart, None where there are too few; ``rate``. Empty where there are too few signals.
    """
    names = ("reference", "real_vs_real", "after")
    if min(len(samples[name]) for name in names) < 2:
        return {}
    points = min(spec.longest, 4 * POINTS)
    found = {name: _statistics(to_grid(samples[name], points).astype(np.float64), spec) for name in names}
    distances = {
        kind: {name: _distance(found["reference"][kind], found[name][kind]) for name in ("after", "real_vs_real")}
        for kind in found["after"]
    }
    detection = {
        name: _told_apart(samples["reference"], samples[name], spec, seed) for name in ("after", "real_vs_real")
    }
    channels = [
        {
            kind: {who: _thinned(found[name][kind][c]) for who, name in (("real", "reference"), ("after", "after"))}
            for kind in found["after"]
        }
        for c in range(min(spec.channels, SHOWN))
    ]
    return {
        "channels": channels,
        "distances": distances,
        "detection": detection,
        "rate": None if spec.rate is None else spec.rate * points / spec.longest,
    }


def _statistics(grid: Floats, spec: SignalSpec) -> dict[str, Floats]:
    """Return what is drawn of signals (n, channels, points), in units of the range of each channel."""
    low, high = (np.array(ends)[:, None] for ends in (spec.low, spec.high))
    grid = (grid - low) / np.where(high > low, high - low, 1.0)
    centred = grid - grid.mean(2, keepdims=True)
    points = grid.shape[2]
    spectrum = np.abs(np.fft.rfft(centred * np.hanning(points + 2)[1:-1], axis=2)) ** 2
    power = spectrum.mean(0)[:, 1:]
    whole = np.fft.irfft(np.abs(np.fft.rfft(centred, 2 * points, axis=2)) ** 2, axis=2)[:, :, : max(2, points // 2)]
    energy = whole[:, :, :1]
    autocorrelation = np.divide(whole, energy, out=np.zeros_like(whole), where=energy > 1e-12).mean(0)
    return {
        "mean": grid.mean(0),
        "spread": grid.std(0),
        "power": 10 * np.log10(np.maximum(power, FLOOR * max(float(power.max()), 1e-12))),
        "autocorrelation": autocorrelation,
    }


def _distance(first: Floats, second: Floats) -> float:
    return round(float(np.sqrt(((first - second) ** 2).mean())), 4)


def _thinned(values: Floats) -> list[float]:
    step = -(-len(values) // POINTS)
    return [round(float(value), 4) for value in values[::step]]


def _told_apart(real: Signals, others: Signals, spec: SignalSpec, seed: int) -> float | None:
    """Return the area under the curve of MiniRocket and ridge regression, cross-validated; None of too few signals."""
    some = [rows[:: max(1, len(rows) // ROWS)] for rows in (real, others)]
    if min(map(len, some)) < 10:
        return None
    labels = np.repeat([0, 1], [len(rows) for rows in some])
    scores = np.zeros(len(labels))
    with threadpool_limits(1, "blas"):
        both = concat(some)
        features = RocketFeatures.fit(both, spec, FEATURES, seed)(both)  # it learns no labels
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for training, held in folds.split(features, labels):
            known = labels[training]
            ones = np.ones(len(known))
            ridge = Ridge.fit(features[training], np.eye(2)[known], ones, ones > 0)
            scores[held] = ridge.scores(features[held])[:, 1]
    return round(float(roc_auc_score(labels, scores)), 4)


def show(found: Mapping[str, Any]) -> Markup | None:
    """Return what `compare` found as HTML; None where there were too few signals."""
    if not found:
        return None
    drawings = [_drawings(channel, i, found["rate"]) for i, channel in enumerate(found["channels"])]
    return render(
        "modalities/signal/templates/comparison.html",
        found=found,
        drawings=[drawing for channel in drawings for drawing in channel],
        size=(WIDTH, HEIGHT),
    )


def _drawings(channel: Mapping[str, Any], number: int, rate: float | None) -> list[dict[str, Any]]:
    """Return the three drawings of a channel: mean with its band, power, autocorrelation."""
    ends = [(who, np.array(channel["mean"][who]), np.array(channel["spread"][who])) for who in ("real", "after")]
    low, high = min((m - s).min() for _, m, s in ends), max((m + s).max() for _, m, s in ends)
    curves = []
    for who, mean, spread in ends:
        x, upper, lower = _x(mean), _y(mean + spread, low, high), _y(mean - spread, low, high)
        band = line(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]))
        curves.append({"who": who, "line": line(x, _y(mean, low, high)), "band": band})
    nyquist = "half the rate" if rate is None else f"{rate / 2:g} Hz"
    return [
        {"title": f"Channel {number}, through time: mean and standard deviation", "curves": curves},
        {"title": f"Channel {number}, power by frequency up to {nyquist}, dB", "curves": _pair(channel["power"])},
        {
            "title": f"Channel {number}, autocorrelation up to half the length",
            "curves": _pair(channel["autocorrelation"]),
        },
    ]


def _pair(values: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    both = {who: np.array(values[who]) for who in ("real", "after")}
    low, high = min(v.min() for v in both.values()), max(v.max() for v in both.values())
    return [{"who": who, "line": line(_x(v), _y(v, low, high)), "band": ""} for who, v in both.items()]


def _x(values: Floats) -> Floats:
    return np.linspace(0, WIDTH, len(values))


def _y(values: Floats, low: float, high: float) -> Floats:
    return np.asarray(HEIGHT * (1 - 0.05 - 0.9 * (values - low) / ((high - low) or 1.0)))
