from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ganaug.report.svg import Interval, Line, interval_plot, line_chart, mirrored_histogram, ticks


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.7, 0.8), (-3.0, 5.0), (0.0, 1e-4), (12.0, 90_000.0), (2.0, 2.0), (0.0, 1e-17)]
)
def test_ticks_cover_the_range_with_few_round_numbers(low: float, high: float) -> None:
    axis = ticks(low, high)
    assert axis[0] <= low <= high <= axis[-1]
    assert 2 <= len(axis) <= 8
    assert axis == sorted(set(axis))


def test_an_interval_plot_puts_means_dots_and_reference_in_order() -> None:
    rows = [
        Interval("worse", "", "70.0", "real", 0.70, 0.68, 0.72, (0.69, 0.71)),
        Interval("better", "", "75.0", "synthetic", 0.75, 0.74, 0.76, (0.75,)),
    ]
    chart = interval_plot(rows, "Accuracy", lambda value: f"{value:.2f}", reference=0.70)
    root = ElementTree.fromstring(chart)
    means = [float(line.attrib["x1"].rstrip("%")) for line in root.iter("line") if line.get("class") == "mean"]
    reference = [float(line.attrib["x1"].rstrip("%")) for line in root.iter("line") if line.get("class") == "reference"]
    assert means[0] < means[1]
    assert reference == [means[0]]
    assert len(list(root.iter("circle"))) == 3
    assert root.attrib["aria-label"] == "Accuracy"


def test_a_line_chart_leaves_out_missing_values_and_averages_long_lines() -> None:
    steps = np.arange(1.0, 5001.0)
    y = np.where(steps % 4 == 0, 1.0, np.nan)
    root = ElementTree.fromstring(line_chart([Line("real", steps, y)], "Penalty"))
    (path,) = root.iter("path")
    points = re.findall(r"[\d.]+ [\d.]+", path.attrib["d"])
    assert 100 < len(points) <= 160
    assert "nan" not in path.attrib["d"]


def test_a_histogram_draws_both_sides_to_one_scale() -> None:
    above, below = np.full(30, 0.9), np.full(10, 0.1)
    root = ElementTree.fromstring(mirrored_histogram(above, below, [0.0, 0.5, 1.0], "Confidence", threshold=0.5))
    bars = {bar.attrib["class"]: float(bar.attrib["height"]) for bar in root.iter("rect")}
    assert bars["bar synthetic"] == pytest.approx(3 * bars["bar dropped"])


def test_a_histogram_of_nothing_dropped_still_draws() -> None:
    assert "bar synthetic" in mirrored_histogram(np.array([0.5]), np.empty(0), [0.0, 1.0], "Realism")
