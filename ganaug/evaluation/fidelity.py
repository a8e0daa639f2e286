"""How near synthetic rows come to real ones: fidelity beside utility, class by class, each beside that of real rows.

Reference and real_vs_real are two halves of the test rows, of which nothing was chosen and on which nothing was
trained. The latter compares the one half with the other: what a perfect generator would get. Training rows will not do:
a handful a class is fewer than the rows that are compared, and the features come from a network that knows them, so
that they lie apart from any row it does not know. Validation rows stay out, since they may have chosen the generator.

All comparisons share the reference and use the same number of rows of each class: as many as a half has, or as were
kept of the class of which most were kept. Only a class that selection left short is compared short, with fewer
synthetic rows than real ones.

None of these numbers tells learning from memorising (arXiv 2306.04675), nor predicts downstream accuracy (arXiv
1905.10887): they say where a generator is weak, not whether it helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.data.rows import digest, read_rows, read_samples, read_table
from ganaug.metrics.distances import frechet_distance, kid, neighbourhood_metrics
from ganaug.utils.files import write_json
from ganaug.utils.progress import Progress
from ganaug.utils.samples import Samples, take

METRICS = ("kid", "frechet", "precision", "recall", "density", "coverage", "hit_rate")
COMPARED = ("real_vs_real", "before", "after")  # with the reference: real rows, all candidates, kept rows
NEIGHBOURS = 5
MOST = 5000  # rows of a sample at most, since time grows with their square
STEPS = 500  # of the classifier

Counts = NDArray[np.int64]
Positions = dict[str, tuple[Counts, NDArray[np.int64]]]  # by sample: rows of its file, and their labels


@dataclass(frozen=True)
class Sample:
    """What is known of some rows.

    Attributes
    ----------
    features : float array (n, F)
        From the extractor.
    labels, found : int arrays (n,)
        Class codes: those the rows bear, and those the classifier gives them.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    found: NDArray[np.int64]

    def of_class(self, code: int) -> Sample:
        """Return the rows of one class."""
        mine = self.labels == code
        return Sample(self.features[mine], self.labels[mine], self.found[mine])


def measure_fidelity(
    splits: str | Path,
    synthetic: str | Path,
    repeat: int,
    *,
    out: str | Path,
    extractor: str = "in_domain",
    seed: int = 0,
    device: str = "auto",
) -> None:
    """Compare the synthetic rows of one repeat with real rows, before and after selection, and write the numbers.

    A classifier trained on the training rows measures them: its accuracy on rows is their class hit rate. Where
    selection asked a teacher trained on the same rows, a high hit rate after it is partly of its making.

    Parameters
    ----------
    splits : path-like
        Folder with ``train.parquet`` and ``test.parquet``.
    synthetic : path-like
        All candidates in the order of drawing, with the column ``kept``.
    repeat : int
        Number of the repeat.
    out : path-like
        JSON to write: ``overall`` and ``per_class`` {name: ...}, each with ``rows`` and the `METRICS` of each of
        `COMPARED`, null where there are too few rows; ``extractor``, ``features`` (their number), ``neighbours``,
        ``most_rows``, ``seed``, ``repeat``; ``of_modality``, see `ganaug.modalities.base.Modality.compare`;
        ``trained_on``, the digest of the ids that the classifier, and the
        in-domain extractor with it, was trained on, see `ganaug.data.rows.digest`.
    extractor : str
        See `ganaug.modalities.base.Modality.extractor`.
    seed : int
        Of the classifier and of the halves.
    device : str
        Where to train and extract.

    Raises
    ------
    DataError
        If a file is missing or damaged.
    ConfigError
        If the extractor cannot be used.
    """
    train, test = read_rows(Path(splits, "train.parquet")), Path(splits, "test.parquet")
    classes = train.schema.classes
    real = read_table(test, ["label", "id", "group"])
    positions = _positions(real, read_table(synthetic, ["label", "kept"]), len(classes), seed)
    with Progress(f"fidelity repeat {repeat}", STEPS) as progress:
        classifier = train.schema.modality.teacher(
            train.samples,
            train.labels,
            len(classes),
            steps=STEPS,
            seed=seed,
            device=device,
            spec=train.schema.spec,
            progress=progress,
        )
    modality, spec = train.schema.modality, train.schema.spec
    extract = modality.extractor(extractor, classifier)
    drawn = _read(test, positions, ("reference", "real_vs_real")) | _read(synthetic, positions, ("before", "after"))
    samples = {
        name: Sample(extract(drawn[name]), labels, classifier.predict_proba(drawn[name]).argmax(1))
        for name, (_, labels) in positions.items()
    }
    compared = {name: drawn[name] for name in ("reference", "real_vs_real", "after")}
    named = {name: [classes[code] for code in positions[name][1]] for name in compared}
    write_json(
        out,
        {
            "repeat": repeat,
            "extractor": extractor,
            "features": samples["reference"].features.shape[1],
            "most_rows": MOST,
            "neighbours": NEIGHBOURS,
            "overall": _compare_all(samples),
            "per_class": {
                name: _compare_all({which: sample.of_class(code) for which, sample in samples.items()})
                for code, name in enumerate(classes)
            },
            "of_modality": modality.compare(train.samples, compared, named, spec, seed),
            "seed": seed,
            "trained_on": digest(train.hashes),
        },
    )


def compare(reference: Sample, other: Sample) -> dict[str, float | None]:
    """Compute the `METRICS` of rows against the reference; None where a sample has too few rows for a number."""
    found: dict[str, float | None] = dict.fromkeys(METRICS)
    fewest = min(len(reference.labels), len(other.labels))
    if len(other.labels):
        found["hit_rate"] = float((other.found == other.labels).mean())
    if fewest > 1:
        found["kid"] = kid(reference.features, other.features)
        found["frechet"] = frechet_distance(reference.features, other.features)
    if fewest > NEIGHBOURS:
        found |= neighbourhood_metrics(reference.features, other.features, NEIGHBOURS)
    return found


def average(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Mean over repeats of the `METRICS` of each of `COMPARED`, leaving out those that a repeat lacks.

    Parameters
    ----------
    results : sequence of dict
        ``overall``, or one of ``per_class``, of every repeat.
    """

    def mean(which: str, metric: str) -> float | None:
        values = [result[which][metric] for result in results if result[which][metric] is not None]
        return float(np.mean(values)) if values else None

    return {which: {metric: mean(which, metric) for metric in METRICS} for which in COMPARED}


def _compare_all(samples: dict[str, Sample]) -> dict[str, Any]:
    found: dict[str, Any] = {which: compare(samples["reference"], samples[which]) for which in COMPARED}
    return {"rows": {which: len(sample.labels) for which, sample in samples.items()}, **found}


def _read(path: str | Path, positions: Positions, names: Sequence[str]) -> dict[str, Samples]:
    """Read the rows of these names from a file, each of them once."""
    wanted = [positions[name][0] for name in names]
    samples, ends = read_samples(path, np.concatenate(wanted)), np.cumsum([0, *map(len, wanted)])
    return {name: take(samples, slice(ends[i], ends[i + 1])) for i, name in enumerate(names)}


def _positions(real: pd.DataFrame, candidates: pd.DataFrame, n_classes: int, seed: int) -> Positions:
    """Choose rows by their position in their file: of the test rows for both halves, of candidates."""
    labels, drawn = real["label"].to_numpy(), candidates["label"].to_numpy()
    kept = np.flatnonzero(candidates["kept"].to_numpy(bool))
    reference, real_vs_real = _halves(labels, real["group"].fillna(real["id"]).to_numpy(str), seed)
    pools = {
        "reference": (reference, labels),
        "real_vs_real": (real_vs_real, labels),
        "before": (np.arange(len(drawn)), drawn),
        "after": (kept, drawn),
    }
    counts = {name: np.bincount(of[rows], minlength=n_classes) for name, (rows, of) in pools.items()}
    quota = counts["after"].max() or counts["before"].max()
    sizes = np.minimum(np.minimum(counts["reference"], counts["real_vs_real"]), quota)
    if sizes.sum() > MOST:
        sizes = -(-sizes * MOST // sizes.sum())
    chosen = {name: _first(rows, of[rows], sizes) for name, (rows, of) in pools.items()}
    return {name: (rows, pools[name][1][rows]) for name, rows in chosen.items()}


def _halves(labels: NDArray[np.int64], groups: NDArray[np.str_], seed: int) -> tuple[Counts, Counts]:
    """Split rows in two at random, groups whole and classes as evenly as these allow; each half in random order."""
    random = np.random.default_rng(seed)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    order = random.permutation(len(first))
    order = order[labels[first[order]].argsort(kind="stable")]  # class by class, at random within
    second = np.zeros(len(first), bool)
    second[order[1::2]] = True
    rows = random.permutation(len(labels))
    return rows[~second[group[rows]]], rows[second[group[rows]]]


def _first(rows: Counts, labels: NDArray[np.int64], sizes: Counts) -> Counts:
    """Return the first of these rows, as many of each class as ``sizes`` says."""
    parts = [rows[labels == code][:size] for code, size in enumerate(sizes)]
    return np.concatenate(parts)
