from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ganaug.report.svg import CurvePlot, Interval, IntervalPlot, Line, LineChart, MirroredHistogram, Point, ticks
from ganaug.utils.html import environment

CHARTS = environment().get_template("report/templates/svg.html").module


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
    plot = IntervalPlot(rows, lambda value: f"{value:.2f}", reference=0.70)
    root = ElementTree.fromstring(CHARTS.interval_plot(plot, "Accuracy"))
    means = [float(line.attrib["x1"].rstrip("%")) for line in root.iter("line") if line.get("class") == "mean"]
    reference = [float(line.attrib["x1"].rstrip("%")) for line in root.iter("line") if line.get("class") == "reference"]
    assert means[0] < means[1]
    assert reference == [means[0]]
    assert len(list(root.iter("circle"))) == 3
    assert root.attrib["aria-label"] == "Accuracy"


def test_a_band_spans_what_it_says() -> None:
    rows = [Interval("difference", "", "+5", "real", 5.0, 4.0, 6.0, ())]
    root = ElementTree.fromstring(CHARTS.interval_plot(IntervalPlot(rows, str, 0.0, band=(-5.0, 5.0)), "Gain"))
    (band,) = [rect for rect in root.iter("rect") if rect.get("class") == "band"]
    (mean,) = [line for line in root.iter("line") if line.get("class") == "mean"]
    left, width = (float(band.attrib[name].rstrip("%")) for name in ("x", "width"))
    assert left + width == pytest.approx(float(mean.attrib["x1"].rstrip("%")), abs=0.02)


@pytest.mark.parametrize(("reading", "ways"), [((15.0, 0.025), 2), ((20.0, 0.05), 1), (None, 0)])
def test_a_curve_is_read_where_it_says(reading: tuple[float, float] | None, ways: int) -> None:
    fitted = Line("real", np.array([0.0, 10.0, 20.0]), np.array([0.0, 0.02, 0.03]))
    points = [Point(10.0, 0.02, 0.01, 0.03), Point(20.0, 0.03, None, None)]
    root = ElementTree.fromstring(CHARTS.curve_plot(CurvePlot(fitted, points, reading, str), "Worth"))
    lines = {
        style: [line for line in root.iter("line") if line.get("class") == style] for style in ("curve", "reading")
    }
    assert len(list(root.iter("circle"))) == 2
    assert len(lines["curve"]) == 2
    assert len(lines["reading"]) == ways
    if ways == 2:
        across, down = lines["reading"]
        assert across.attrib["x2"] == down.attrib["x1"] == down.attrib["x2"]
        _, steep = lines["curve"]
        for axis in "xy":
            ends = [float(steep.attrib[f"{axis}{end}"].rstrip("%")) for end in (1, 2)]
            assert float(across.attrib[f"{axis}2"].rstrip("%")) == pytest.approx(np.mean(ends), abs=0.02)


def test_a_line_chart_leaves_out_missing_values_and_averages_long_lines() -> None:
    steps = np.arange(1.0, 5001.0)
    y = np.where(steps % 4 == 0, 1.0, np.nan)
    root = ElementTree.fromstring(CHARTS.line_chart(LineChart([Line("real", steps, y)]), "Penalty"))
    (path,) = root.iter("path")
    points = re.findall(r"[\d.]+ [\d.]+", path.attrib["d"])
    assert 100 < len(points) <= 160
    assert "nan" not in path.attrib["d"]


def test_a_histogram_draws_both_sides_to_one_scale() -> None:
    above, below = np.full(30, 0.9), np.full(10, 0.1)
    plot = MirroredHistogram(above, below, [0.0, 0.5, 1.0], threshold=0.5)
    root = ElementTree.fromstring(CHARTS.mirrored_histogram(plot, "Confidence"))
    bars = {bar.attrib["class"]: float(bar.attrib["height"]) for bar in root.iter("rect")}
    assert bars["bar synthetic"] == pytest.approx(3 * bars["bar dropped"])


def test_a_histogram_of_nothing_dropped_still_draws() -> None:
    plot = MirroredHistogram(np.array([0.5]), np.empty(0), [0.0, 1.0])
    assert "bar synthetic" in CHARTS.mirrored_histogram(plot, "Realism")
