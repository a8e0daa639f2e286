from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from waves import cut, waves

from ganaug.errors import DataError
from ganaug.modalities.signal.modality import SignalModality

SIGNAL = SignalModality()


@pytest.mark.parametrize("ragged", [False, True])
def test_signals_are_lines_side_by_side(ragged):
    signals = waves(5, 8, 300)[0]
    held, spec = SIGNAL.infer(cut(signals) if ragged else signals)
    drawing = ElementTree.fromstring(SIGNAL.preview(held, spec, 'five "<signals>"', 3, 4_000))
    assert drawing.attrib["aria-label"] == 'five "<signals>"'
    cells = list(drawing)
    assert len(cells) == 5
    places = [tuple(map(float, re.findall(r"[\d.]+", cell.attrib["transform"]))) for cell in cells]
    assert len({x for x, _ in places}) == 3
    assert len({y for _, y in places}) == 2
    for cell, signal in zip(cells, held, strict=True):
        assert len(list(cell)) == 6  # of eight channels the first ones
        points = np.array([point.split(",") for point in cell[0].attrib["points"].split()], float)
        assert points[-1, 0] == pytest.approx(120 * signal.shape[1] / spec.longest, abs=0.1)
        assert 0 <= points[:, 1].min() <= points[:, 1].max() <= 48


def test_a_page_takes_about_the_bytes_that_it_is_given():
    held, spec = SIGNAL.infer(waves(20, 2, 200)[0])
    small, large = (len(SIGNAL.preview(held, spec, "", 5, budget)) / 20 for budget in (400, 4_000))
    assert small < large < 4_000
    assert SIGNAL.preview_bytes(spec) <= 4_000


def test_a_grid_is_a_drawing_in_which_nothing_runs(tmp_path):
    held, spec = SIGNAL.infer(waves(4)[0])
    path = SIGNAL.save_grid(held, spec, tmp_path / "grid", 2)
    assert path.suffix == ".svg"
    before = path.read_bytes()
    assert ElementTree.fromstring(before).attrib["viewBox"]
    SIGNAL.save_grid(held, spec, tmp_path / "grid", 2)
    assert path.read_bytes() == before
    shown = SIGNAL.show_grid(path, 'a "grid"')
    assert shown.startswith('<img src="data:image/svg+xml;base64,')
    assert "<svg" not in shown
    assert 'a "' not in shown
    path.write_text("<script>")
    for bad in (path, tmp_path / "none.svg"):
        with pytest.raises(DataError, match="run the train_gan stage again"):
            SIGNAL.show_grid(bad, "")


def compared(made) -> dict:
    signals, names = waves(80, 2, 64)
    held, spec = SIGNAL.infer(signals)
    some = {"reference": held[:40], "real_vs_real": held[40:], "after": SIGNAL.conform(made, spec)}
    labels = {"reference": names[:40].tolist(), "real_vs_real": names[40:].tolist(), "after": names[:40].tolist()}
    found = SIGNAL.compare(held[:40], some, labels, spec, 0)
    return json.loads(json.dumps(found, allow_nan=False))


def test_what_is_unlike_real_signals_shows():
    like = compared(waves(40, 2, 64, seed=9)[0])
    unlike = compared(np.random.default_rng(0).standard_normal((40, 2, 64)))
    for kind in ("mean", "power", "autocorrelation"):
        assert like["distances"][kind]["after"] < 3 * like["distances"][kind]["real_vs_real"]
        assert unlike["distances"][kind]["after"] > 3 * unlike["distances"][kind]["real_vs_real"]
    assert like["detection"]["after"] < 0.75 < 0.95 < unlike["detection"]["after"]
    assert list(like["classes"]) == ["quick", "slow"]
    assert len(like["channels"]) == len(like["classes"]["slow"]) == 2
    for values in [*like["channels"][0].values(), *like["classes"]["slow"][0].values()]:
        assert 0 < len(values["real"]) == len(values["after"]) <= 128
    power = like["channels"][0]["power"]["real"]
    assert 2 <= np.argmax(power) + 1 <= 5  # waves over the length


def test_the_comparison_is_drawn():
    found = compared(waves(40, 2, 64, seed=9)[0])
    page = SIGNAL.show_comparison(found)
    drawing = ElementTree.fromstring(f"<div>{page}</div>")
    assert len(list(drawing.iter("svg"))) == 8  # of each channel one a class, and two of all
    assert len(list(drawing.iter("polygon"))) == 8  # the bands of both kinds
    assert len(list(drawing.iter("polyline"))) == 16
    hostile = SIGNAL.show_comparison({**found, "classes": {"<script>": found["classes"]["slow"]}})
    assert "<script>" not in hostile
    assert "style=" not in page
    assert SIGNAL.show_comparison({}) is None
    held, spec = SIGNAL.infer(waves(3)[0])
    some = {"reference": held, "real_vs_real": held[:1], "after": held}
    assert SIGNAL.compare(held, some, {name: ["a"] * len(rows) for name, rows in some.items()}, spec, 0) == {}


def test_constant_and_ragged_signals_are_compared_too():
    signals = waves(24, 2)[0]
    signals[:, 1] = 3.0
    held, spec = SIGNAL.infer(cut(signals))
    some = {"reference": held[:8], "real_vs_real": held[8:16], "after": held[16:]}
    found = SIGNAL.compare(held, some, {"reference": ["a"] * 8, "real_vs_real": ["a"] * 8, "after": ["b"] * 8}, spec, 0)
    assert found["classes"] == {}  # which they do not share
    assert found["distances"]["mean"] == {"after": None, "real_vs_real": None}
    assert found["detection"] == {"after": None, "real_vs_real": None}  # too few
    assert np.isfinite(found["channels"][1]["power"]["real"]).all()
    assert SIGNAL.show_comparison(json.loads(json.dumps(found, allow_nan=False)))
