"""What a report says of generated sounds beside real ones: what can be measured of them, and a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganaug.modalities.signal.comparison import FOLDS, NAMES, told_apart
from ganaug.modalities.sound.likeness import as_signals, signal_spec
from ganaug.modalities.sound.spec import FULL, Sound, Sounds, SoundSpec, to_floats
from ganaug.utils.html import render

SILENT = 0.001  # of full scale, below which a value is silence
CLIPPED = FULL - 1
MEASURES = {  # what is measured of a sound, and how it is written
    "seconds": ("Length, seconds", "{:.3f}"),
    "silent": ("Share of it that is silent", "{:.3f}"),
    "clipped": ("Share of its values that are clipped", "{:.5f}"),
    "loudness": ("Loudness, decibels of full scale", "{:.1f}"),
    "centroid": ("Spectral centroid, Hz", "{:.0f}"),
}
BLUNT = ("seconds", "silent", "loudness")  # by which a class should not be told


def compare(
    samples: Mapping[str, Sounds], labels: Mapping[str, Sequence[str]], spec: SoundSpec, seed: int
) -> dict[str, Any]:
    """Compare kept sounds with real ones, and two samples of real ones with each other.

    Parameters
    ----------
    samples : mapping
        ``reference`` and ``real_vs_real``, two samples of real sounds, and ``after``, kept ones.
    labels : mapping
        The class names of each.
    spec : SoundSpec
        What they share.
    seed : int
        Of the test.

    Returns
    -------
    dict
        For each of the samples: ``means`` of `MEASURES`, and ``blunt``, the balanced accuracy with which a linear
        classifier tells classes by length, silence and loudness alone, None where there are too few of a class. And
        ``detection``, the area under the curve of a classifier that tells kept sounds, or others that are real, from
        real ones. Empty where there are too few sounds.
    """
    if min(len(samples[name]) for name in NAMES) < 2:
        return {}
    measured = {name: [measure(sound, spec.rate) for sound in samples[name]] for name in NAMES}
    seen, shared = {name: as_signals(samples[name], spec) for name in NAMES}, signal_spec(spec)
    return {
        "means": {
            name: {kind: round(float(np.mean([m[kind] for m in found])), 5) for kind in MEASURES}
            for name, found in measured.items()
        },
        "blunt": {name: _bluntly(measured[name], labels[name]) for name in NAMES},
        "chance": round(1 / max(1, len(set(labels["reference"]))), 4),
        "detection": {name: told_apart(seen["reference"], seen[name], shared, seed) for name in NAMES[1:]},
    }


def measure(sound: Sound, rate: int) -> dict[str, float]:
    """Measure a sound (channels, time), see `MEASURES`."""
    values = to_floats(sound)
    loud = np.abs(values).max(0)
    power = (np.abs(np.fft.rfft(values, axis=1)) ** 2).mean(0)
    frequencies = np.fft.rfftfreq(values.shape[1], 1 / rate)
    return {
        "seconds": values.shape[1] / rate,
        "silent": float((loud < SILENT).mean()),
        "clipped": float((np.abs(sound.astype(np.int64)) >= CLIPPED).mean()),
        "loudness": float(10 * np.log10(max(float((values**2).mean()), 1e-12))),
        "centroid": float((frequencies * power).sum() / max(float(power.sum()), 1e-12)),
    }


def _bluntly(measured: Sequence[Mapping[str, float]], labels: Sequence[str]) -> float | None:
    """Return how well classes are told by length, silence and loudness alone, cross-validated."""
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2 or np.bincount(codes).min() < FOLDS:
        return None
    values: NDArray[Any] = np.array([[each[kind] for kind in BLUNT] for each in measured])
    judge = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1_000))
    found = cross_val_predict(judge, values, codes, cv=StratifiedKFold(FOLDS, shuffle=True, random_state=0))
    return round(float(balanced_accuracy_score(codes, found)), 4)


def show(found: Mapping[str, Any]) -> Markup | None:
    """Return what `compare` found as HTML; None where there were too few sounds."""
    if not found:
        return None
    order = ("reference", "after", "real_vs_real")
    rows = [
        [words, *(form.format(found["means"][name][kind]) for name in order)]
        for kind, (words, form) in MEASURES.items()
    ]
    return render("modalities/sound/templates/comparison.html", found=found, rows=rows, order=order)
