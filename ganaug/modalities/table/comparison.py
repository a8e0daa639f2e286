"""What a report shows of generated rows beside real ones: columns, their dependence, and what tells the two apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.modalities.table.columns import is_missing
from ganaug.modalities.table.fidelity import copied, dependence_difference, detection_auc, marginals, violations
from ganaug.modalities.table.spec import TableSpec
from ganaug.modalities.table.values import to_floats
from ganaug.utils.markup import Html, element, fragment, key, named, table

SHOWN = 24  # columns that are drawn
PAIRED = 16  # columns of the map
BARS = 12  # of a column
WIDTH, HEIGHT = 156, 56  # of a drawing
LETTERS = 18  # of a name


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


def show(found: Mapping[str, Any]) -> Html | None:
    """Return what `compare` found as HTML; None where there were too few rows."""
    if not found:
        return None
    kinds = ", ".join(f"{kind}: {n:,}" for kind, n in found["violations"].items())
    rows = [
        ["Mean distance of a column (0 to 1)", *_pair(found["columns"], "distance", "real_vs_real")],
        ["Mean difference of the dependence of two columns (0 to 1)", *_two(found["dependence"])],
        ["Told from real rows by a random forest (area under the curve; 0.5: not at all)", *_two(found["detection"])],
        ["Equal to a training row, %", f"{100 * found['copied']:.1f}", "-"],
    ]
    return fragment(
        element("h3", "Columns and their dependence"),
        table(["", "kept", "real against real"], rows, "Of the first repeat, on test rows"),
        element("p", f"Rows that no row of this table can be: {kinds}."),
        key({"real": "real rows", "synthetic": "kept rows"}),
        element("div", *(_column(column) for column in found["columns"][:SHOWN]), class_="marginals"),
        _map(found),
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


def _column(column: Mapping[str, Any]) -> Html:
    """Draw the shares of one column: real rows as bars, kept rows as a line over them."""
    real, made = column["real"], column["after"]
    top, n = max(*real, *made, 1e-9), len(real)
    step = WIDTH / max(n, 1)
    wide = f"{step - 1:.1f}"
    heights = [[HEIGHT * share / top for share in shares] for shares in (real, made)]
    bars = (
        element(
            "rect",
            x=f"{i * step:.1f}",
            y=f"{HEIGHT - h:.1f}",
            width=wide,
            height=f"{h:.1f}",
            class_="real",
        )
        for i, h in enumerate(heights[0])
    )
    steps = " ".join(
        f"{i * step:.1f},{HEIGHT - h:.1f} {(i + 1) * step - 1:.1f},{HEIGHT - h:.1f}" for i, h in enumerate(heights[1])
    )
    name = column["name"] if len(column["name"]) <= LETTERS else f"{column['name'][: LETTERS - 1]}…"
    words = f"{column['name']}: distance {column['distance']:.2f}, of real rows {column['real_vs_real']:.2f}"
    line = element("polyline", points=steps, class_="synthetic")
    drawing = element("svg", *bars, line, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=words)
    caption = f" {column['distance']:.2f} ({column['real_vs_real']:.2f})"
    return element("figure", drawing, element("figcaption", named(name), caption))


def _map(found: Mapping[str, Any]) -> Html | None:
    """Show how much more, or less, each two columns depend in kept rows, as a table whose cells are coloured."""
    names = [column["name"] for column in found["columns"][:PAIRED]]
    if len(names) < 2:
        return None
    head = element("tr", element("th", ""), *(element("th", str(i + 1), scope="col") for i in range(len(names))))
    lines = [
        element("tr", element("th", f"{i + 1} ", named(name), scope="row"), *map(_cell, found["pairs"][i]))
        for i, name in enumerate(names)
    ]
    caption = "Dependence of columns in kept rows minus that in real rows: rank correlation of numbers, else Cramér's V"
    body = element("table", element("thead", head), element("tbody", *lines), aria_label=caption)
    scroll = element("div", body, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return element("figure", element("figcaption", caption), scroll, class_="table map")


def _cell(value: float) -> Html:
    """Colour by classes: the page allows no style of an element's own."""
    tone, tenths = "synthetic" if value > 0 else "real", min(10, round(10 * abs(value)))
    return element("td", f"{value:+.1f}" if abs(value) >= 0.05 else "", class_=f"{tone} tenths-{tenths}")


def _two(found: Mapping[str, float | None]) -> list[str]:
    return ["-" if found[name] is None else f"{found[name]:.2f}" for name in ("after", "real_vs_real")]


def _pair(columns: list[Mapping[str, Any]], *names: str) -> list[str]:
    return [f"{np.mean([column[name] for column in columns]):.2f}" for name in names]
