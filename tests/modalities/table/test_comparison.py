"""What a report shows of generated rows of a table beside real ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_wine

from ganaug.modalities.table.comparison import compare, show
from ganaug.modalities.table.spec import infer


@pytest.fixture(scope="module")
def samples():
    table = load_wine(as_frame=True).data.sample(frac=1, random_state=0, ignore_index=True)
    table['"><script>'] = np.where(table["hue"] > 1, "deep", "light")
    moved = table[:60].assign(alcohol=table["alcohol"].to_numpy()[::-1][:60], hue=0.5)
    parts = {"reference": table[:60], "real_vs_real": table[60:120], "after": moved}
    return table[120:], {name: rows.reset_index(drop=True) for name, rows in parts.items()}, infer(table)


@pytest.fixture(scope="module")
def found(samples):
    training, parts, spec = samples
    return compare(training, parts, spec, seed=0)


@pytest.mark.slow
def test_columns_and_pairs_that_differ_are_told_from_those_that_do_not(samples, found):
    training, parts, spec = samples
    assert json.loads(json.dumps(found)) == found
    by_name = {column["name"]: column for column in found["columns"]}
    assert by_name["hue"]["distance"] > 0.9 > 3 * by_name["hue"]["real_vs_real"]
    assert by_name["ash"]["distance"] == 0
    assert found["detection"]["after"] > found["detection"]["real_vs_real"] + 0.2
    assert found["dependence"]["after"] > 0
    assert all(sum(column["real"]) == pytest.approx(1, abs=0.01) for column in found["columns"])
    assert compare(training, {**parts, "after": parts["after"][:1]}, spec, seed=0) == {}


@pytest.mark.slow
def test_the_page_gets_text_and_classes_and_no_style_of_an_element(found):
    html = show(found)
    assert 'aria-label="&#34;&gt;&lt;script&gt;: distance' in html
    assert "<bdi>&#34;&gt;&lt;script&gt;</bdi>" in html
    assert "<script" not in html
    assert "style=" not in html  # which the page's policy would drop
    assert "tenths-" in html
    assert show({}) is None
