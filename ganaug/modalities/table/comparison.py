"""What a report shows of generated rows beside real ones: columns, their dependence, and what tells the two apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.fidelity import copied, dependence_difference, detection_auc, marginals, violations
from ganaug.modalities.table.spec import TableSpec
from ganaug.modalities.table.values import to_floats
from ganaug.utils.html import render

SHOWN = 24  # columns that are drawn
PAIRED = 16  # columns of the map
BARS = 12  # of a column
WIDTH, HEIGHT = 156, 56  # of a drawing


def compare(training: pd.DataFrame, samples: Mapping[str, pd.DataFrame], spec: TableSpec, seed: int) -> dict[str, Any]:
    """Compare kept rows with real ones, and two samples of real rows with each other.

    Parameters
    ----------
    training : DataFrame (m, columns)
        The training rows.
    samples : mapping
        ``reference`` and ``real_vs_real``, two samples of real rows, and ``after``, kept rows.
    spec : TableSpec
        What they share.
    seed : int
        Of the classifier that tries to tell them apart.

    Returns
    -------
    dict
        ``columns``, a list of ``name``, ``distance``, ``real_vs_real``, and ``real`` and ``after``, the shares of the
        bars that are drawn; ``dependence`` and ``detection``, each a number for ``after`` and ``real_vs_real``;
        ``pairs``, how much more kept rows depend than real ones, for the first columns; ``copied``, a share of the
        kept rows; and ``violations`` by kind. None where there are too few rows.
    """
    real, other, made = samples["reference"], samples["real_vs_real"], samples["after"]
    if min(len(real), len(other), len(made)) < 2:
        return {}
    pairs = {}
    detection: dict[str, float | None] = {}
    for name, rows in (("after", made), ("real_vs_real", other)):
        pairs[name] = dependence_difference(real, rows, spec)
        few = min(len(real), len(rows)) < 10
        detection[name] = None if few else detection_auc(real, rows, spec, seed)
    distances = [{m.column: m.distance for m in marginals(real, rows, spec)} for rows in (made, other)]
    columns = []
    for i in spec.learnt:
        name = str(spec.columns[i].name)
        shares = _bars(real.iloc[:, i], made.iloc[:, i], spec.columns[i].role)
        columns.append({"name": name, "distance": distances[0][name], "real_vs_real": distances[1][name], **shares})
    first, second, _ = pairs["after"]
    return {
        "columns": columns,
        "dependence": {name: found[2] for name, found in pairs.items()},
        "detection": detection,
        "pairs": (second - first)[:PAIRED, :PAIRED].round(3).tolist(),
        "copied": copied(training, made, spec),
        "violations": violations(training, made, spec),
    }


def show(found: Mapping[str, Any]) -> Markup | None:
    """Return what `compare` found as HTML; None where there were too few rows."""
    if not found:
        return None
    drawn, paired = found["columns"][:SHOWN], [column["name"] for column in found["columns"][:PAIRED]]
    distances = {name: np.mean([column[name] for column in found["columns"]]) for name in ("distance", "real_vs_real")}
    return render(
        "modalities/table/templates/comparison.html",
        found=found,
        distances=distances,
        columns=[column | _drawing(column["real"], column["after"]) for column in drawn],
        paired=paired if len(paired) > 1 else [],
        size=(WIDTH, HEIGHT),
    )


def _bars(real: pd.Series, made: pd.Series, role: str) -> dict[str, list[float]]:
    """Return the shares of real and of kept rows in each bar: of a number's quantiles, or of the commonest levels."""
    both = [column.reset_index(drop=True) for column in (real, made)]
    known = [column[~is_missing(column)] for column in both]
    floats = [to_floats(column) for column in known] if role == "number" else []
    if floats and all(values is not None and len(values) for values in floats):
        edges = np.histogram_bin_edges(np.concatenate(floats), BARS)  # type: ignore[arg-type]
        counts = [np.histogram(values, edges)[0] for values in floats]  # type: ignore[arg-type]
    else:
        text = [column.astype(str) for column in known]
        levels = pd.concat(text).value_counts().index[:BARS]
        counts = [column.value_counts().reindex(levels, fill_value=0).to_numpy() for column in text]
    of_both = zip(("real", "after"), counts, both, strict=True)
    return {name: _shares(count, len(column)) for name, count, column in of_both}


def _shares(counts: NDArray[Any], n: int) -> list[float]:
    return [round(float(count) / max(n, 1), 4) for count in counts]


def _drawing(real: Sequence[float], made: Sequence[float]) -> dict[str, Any]:
    """Where the shares of one column are drawn: real rows as bars, kept rows as the points of a line over them."""
    top, step = max(*real, *made, 1e-9), WIDTH / max(len(real), 1)
    bars = [(i * step, HEIGHT - HEIGHT * share / top, HEIGHT * share / top) for i, share in enumerate(real)]
    heights = [HEIGHT - HEIGHT * share / top for share in made]
    line = [point for i, y in enumerate(heights) for point in ((i * step, y), ((i + 1) * step - 1, y))]
    return {"bars": bars, "width": step - 1, "line": line}
