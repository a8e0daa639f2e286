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

NAMES = ("reference", "real_vs_real", "after")
CLASSES, SHOWN = 10, 3  # classes, and channels, that are drawn
POINTS = 128  # of a line, at most
WIDTH, HEIGHT = 240, 96  # of a drawing
FLOOR = 1e-6  # of the power at the strongest frequency, below which it is silence
ROWS = 400  # of either kind that the test sees, at most
FEATURES = 84 * 12  # of the test
FOLDS = 3

Floats = NDArray[np.float64]


def compare(
    samples: Mapping[str, Signals], labels: Mapping[str, Sequence[str]], spec: SignalSpec, seed: int
) -> dict[str, Any]:
    """Compare kept signals with real ones, and two samples of real ones with each other.

    Parameters
    ----------
    samples : mapping
        ``reference`` and ``real_vs_real``, two samples of real signals, and ``after``, kept ones.
    labels : mapping
        The class names of each.
    spec : SignalSpec
        What they share.
    seed : int
        Of the test.

    Returns
    -------
    dict
        ``classes``, by name for each channel the ``mean`` and ``spread`` through time; ``channels``, for each the
        ``power`` by frequency in decibels and the ``autocorrelation`` by lag; all of these of ``real`` and ``after``,
        of the first classes and channels. ``distances``, of each of the four the root mean square difference for
        ``after`` and ``real_vs_real``; ``detection``, the area under the curve of a classifier that tells them apart,
        None where there are too few; ``rate``. Empty where there are too few signals.
    """
    if min(len(samples[name]) for name in NAMES) < 2:
        return {}
    points = min(spec.longest, 4 * POINTS)
    grids = {name: _scaled(samples[name], spec, points) for name in NAMES}
    common = [name for name in dict.fromkeys(labels["reference"]) if all(name in labels[which] for which in NAMES)]
    curves = {
        label: {name: _curves(grids[name][_of(labels[name], label)]) for name in NAMES} for label in sorted(common)
    }
    spectra = {name: _spectra(grids[name]) for name in NAMES}
    by_class = {kind: _distances(kind, list(curves.values())) for kind in ("mean", "spread")}
    distances = by_class | {kind: _distances(kind, [spectra]) for kind in ("power", "autocorrelation")}
    return {
        "classes": {label: _drawn(found) for label, found in list(curves.items())[:CLASSES]},
        "channels": _drawn(spectra),
        "distances": distances,
        "detection": {name: told_apart(samples["reference"], samples[name], spec, seed) for name in NAMES[1:]},
        "rate": None if spec.rate is None else spec.rate * points / spec.longest,
    }


def _scaled(signals: Signals, spec: SignalSpec, points: int) -> Floats:
    """Return signals (n, channels, points) in units of the range of each channel."""
    low, high = (np.array(ends)[:, None] for ends in (spec.low, spec.high))
    return np.asarray((to_grid(signals, points) - low) / np.where(high > low, high - low, 1.0), np.float64)


def _of(labels: Sequence[str], name: str) -> NDArray[np.bool_]:
    return np.array([label == name for label in labels], bool)


def _curves(grid: Floats) -> dict[str, Floats]:
    """Return mean and standard deviation (channels, points) of signals (n, channels, points)."""
    return {"mean": grid.mean(0), "spread": grid.std(0)}


def _spectra(grid: Floats) -> dict[str, Floats]:
    """Return power by frequency, in decibels, and autocorrelation of signals (n, channels, points)."""
    centred = grid - grid.mean(2, keepdims=True)
    points = grid.shape[2]
    spectrum = np.abs(np.fft.rfft(centred * np.hanning(points + 2)[1:-1], axis=2)) ** 2
    power = spectrum.mean(0)[:, 1:]
    whole = np.fft.irfft(np.abs(np.fft.rfft(centred, 2 * points, axis=2)) ** 2, axis=2)[:, :, : max(2, points // 2)]
    energy = whole[:, :, :1]
    autocorrelation = np.divide(whole, energy, out=np.zeros_like(whole), where=energy > 1e-12).mean(0)
    decibels = 10 * np.log10(np.maximum(power, FLOOR * max(float(power.max()), 1e-12)))
    return {"power": decibels, "autocorrelation": autocorrelation}


def _drawn(found: Mapping[str, Mapping[str, Floats]]) -> list[dict[str, dict[str, list[float]]]]:
    """Return for each of the first channels what is drawn of real and of kept signals."""
    pair = {"real": found["reference"], "after": found["after"]}
    return [
        {kind: {who: _thinned(each[kind][c]) for who, each in pair.items()} for kind in found["after"]}
        for c in range(min(len(next(iter(found["after"].values()))), SHOWN))
    ]


def _distances(kind: str, compared: Sequence[Mapping[str, Mapping[str, Floats]]]) -> dict[str, float | None]:
    """Return the mean root mean square difference to the reference; None of nothing."""
    found: dict[str, float | None] = {}
    for name in NAMES[1:]:
        each = [np.sqrt(((rows["reference"][kind] - rows[name][kind]) ** 2).mean()) for rows in compared]
        found[name] = round(float(np.mean(each)), 4) if each else None
    return found


def _thinned(values: Floats) -> list[float]:
    step = -(-len(values) // POINTS)
    return [round(float(value), 4) for value in values[::step]]


def told_apart(real: Signals, others: Signals, spec: SignalSpec, seed: int) -> float | None:
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
    several = len(found["channels"]) > 1
    drawings = [
        {"title": f"{label}{_numbered(i, several)}", "curves": _bands(channel)}
        for label, channels in found["classes"].items()
        for i, channel in enumerate(channels)
    ]
    nyquist = "half the rate" if found["rate"] is None else f"{found['rate'] / 2:g} Hz"
    for i, channel in enumerate(found["channels"]):
        power = f"Power by frequency up to {nyquist}, dB{_numbered(i, several)}"
        lags = f"Autocorrelation up to half the length{_numbered(i, several)}"
        drawings += [
            {"title": power, "curves": _pair(channel["power"])},
            {"title": lags, "curves": _pair(channel["autocorrelation"])},
        ]
    template = "modalities/signal/templates/comparison.html"
    return render(template, found=found, drawings=drawings, size=(WIDTH, HEIGHT))


def _numbered(channel: int, several: bool) -> str:
    return f", channel {channel}" if several else ""


def _bands(channel: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the mean through time of real and of kept signals, in a band of a standard deviation to either side."""
    ends = [(who, np.array(channel["mean"][who]), np.array(channel["spread"][who])) for who in ("real", "after")]
    low, high = min((m - s).min() for _, m, s in ends), max((m + s).max() for _, m, s in ends)
    curves = []
    for who, mean, spread in ends:
        x, upper, lower = _x(mean), _y(mean + spread, low, high), _y(mean - spread, low, high)
        band = line(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]))
        curves.append({"who": who, "line": line(x, _y(mean, low, high)), "band": band})
    return curves


def _pair(values: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    both = {who: np.array(values[who]) for who in ("real", "after")}
    low, high = min(v.min() for v in both.values()), max(v.max() for v in both.values())
    return [{"who": who, "line": line(_x(v), _y(v, low, high)), "band": ""} for who, v in both.items()]


def _x(values: Floats) -> Floats:
    return np.linspace(0, WIDTH, len(values))


def _y(values: Floats, low: float, high: float) -> Floats:
    return np.asarray(HEIGHT * (1 - 0.05 - 0.9 * (values - low) / ((high - low) or 1.0)))
