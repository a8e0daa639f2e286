from __future__ import annotations

import re

import numpy as np
import pytest
from small import embed

from ganaug.errors import ConfigError
from ganaug.metrics.nearest import copy_distance, nearest
from ganaug.synthesis import filters
from ganaug.synthesis.filters import FILTERS, Portion, Reference, named_filters

TRAINING = np.random.default_rng(9).integers(0, 256, (6, 8, 8, 1), np.uint8)
REFERENCE = Reference(TRAINING, np.array([0, 0, 0, 1, 1, 1]), embed)


def images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1), np.uint8)


def portion(rows: np.ndarray, codes=None, **scores) -> Portion:
    codes = np.zeros(len(rows), np.int64) if codes is None else np.asarray(codes)
    return Portion(rows, codes, {name: np.asarray(score, np.float32) for name, score in scores.items()})


def passes(choice):
    ((_, found),) = named_filters([choice])
    return found.fit(REFERENCE)


@pytest.mark.parametrize("name", ["confidence", "realism", "density"])
def test_thresholds_are_inclusive(name):
    keep = passes({name: {"threshold": 0.25}})
    assert keep(portion(images(3), **{name: [0.0, 0.25, 0.5]})).tolist() == [False, True, True]


def test_copies_are_those_much_closer_than_training_rows_are_to_each_other():
    limit = copy_distance(TRAINING, embed)
    assert passes("copy")(portion(images(3), nearest_distance=[0, limit, 1.01 * limit])).tolist() == [
        False,
        False,
        True,
    ]


def test_diversity_drops_what_comes_close_to_a_kept_row_of_its_class():
    first, second = images(2)
    close = np.clip(first.astype(int) + 3, 0, 255).astype(np.uint8)
    keep = passes("diversity")
    assert keep(portion(np.stack([first, close, second, first]), [0, 0, 0, 1])).tolist() == [True, False, True, True]
    assert keep(portion(np.stack([close, close, second]), [0, 1, 0])).tolist() == [False, False, False]  # remembered
    assert keep(portion(images(0))).tolist() == []
    wide, none = (passes({"diversity": {"radius": radius}}) for radius in (10, 0))
    assert wide(portion(images(5))).tolist() == [True, False, False, False, False]
    assert none(portion(np.stack([first, first, close]))).tolist() == [True, False, True]


@pytest.mark.parametrize("planes", [1, 2, 3])
@pytest.mark.parametrize("level", [0, 200, 255])
def test_channels_that_are_the_same_in_all_rows_change_nothing(planes, level):
    """Opaque alpha and a ground in one colour: distances and the limit shrink alike."""

    def more(rows):
        return np.concatenate([rows, np.full((*rows.shape[:3], planes), level, np.uint8)], axis=3)

    rng = np.random.default_rng(3)
    rows = np.clip(
        TRAINING[rng.integers(0, 6, 60)] + rng.normal(0, 1, (60, 8, 8, 1)) * rng.uniform(0, 90, (60, 1, 1, 1)), 0, 255
    )
    rows = rows.astype(np.uint8)
    for name in ("copy", "diversity"):
        ((_, found),) = named_filters([name])
        kept = []
        for training, made in ((TRAINING, rows), (more(TRAINING), more(rows))):
            keep = found.fit(Reference(training, REFERENCE.codes, embed))
            kept.append(keep(portion(made, nearest_distance=nearest(made, training, embed)[0])).tolist())
        assert kept[0] == kept[1]
        assert 0 < sum(kept[0]) < 60


def test_diversity_does_not_count_from_dropped_rows():
    """In a chain of small steps every other row is far enough from the last kept one."""
    limit = copy_distance(TRAINING, embed) * 255
    chain = np.stack([np.full((8, 8, 1), round(k * 0.6 * limit), np.uint8) for k in range(5)])
    assert passes("diversity")(portion(chain)).tolist() == [True, False, True, False, True]


def test_diversity_remembers_so_much_and_no_more(monkeypatch):
    monkeypatch.setattr(filters, "MEMORY", TRAINING[0].nbytes * 2 * 3)  # three rows for each of two classes
    keep = passes("diversity")
    rows = images(5)
    assert keep(portion(rows)).all()
    assert keep(portion(rows)).tolist() == [True, True, False, False, False]


def test_a_quota_keeps_the_best_of_each_class():
    keep = passes({"quota": {"share": 0.25, "by": "realism"}})
    realism = np.random.default_rng(0).permutation(400) / 400
    codes = np.arange(400) % 2
    realism[codes == 1] /= 10
    kept = keep(portion(images(400), codes, realism=realism))
    for code in (0, 1):
        mine = realism[codes == code]
        assert np.array_equal(kept[codes == code], mine >= np.quantile(mine, 0.75))
    assert keep(portion(images(2), [0, 0], realism=[0.01, 0.99])).tolist() == [False, True]  # among all seen so far


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("confidance", "filters[0] is 'confidance'; it must be one of 'confidence', 'copy', 'density'"),
        ("confidance", "(did you mean 'confidence'?)"),
        (3, "filters[0] is 3; it must be one of"),
        ({"copy": None, "density": None}, "filters[0] is {'copy': None, 'density': None}; it must be one of"),
        ({"densty": {}}, "(did you mean 'density'?)"),
        ({"confidence": 0.5}, "filters[0].confidence is 0.5; it must be a mapping from options to values"),
        (
            {"confidence": {"treshold": 0.5}},
            "filters[0].confidence.treshold is no parameter (did you mean 'threshold'?)",
        ),
        (
            {"confidence": {"threshold": 1.5}},
            "filters[0]: confidence.threshold is 1.5; it must be a number from 0 to 1",
        ),
        ({"realism": {"threshold": float("nan")}}, "realism.threshold is nan"),
        ({"quota": {"share": 0}}, "quota.share is 0; it must be a share above 0"),
        ({"quota": {"by": "confidense"}}, "(did you mean 'confidence'?)"),
        ({"copy": {"distance": 1}}, "filters[0].copy.distance is no parameter"),
    ],
)
def test_what_is_no_filter_is_refused_in_words(choice, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        named_filters([choice])


def test_every_filter_is_made_from_its_name_alone():
    assert list(FILTERS) == ["confidence", "copy", "density", "diversity", "quota", "realism"]
    assert [name for name, _ in named_filters(FILTERS)] == list(FILTERS)


def test_a_filter_of_another_package(tmp_path, monkeypatch):
    """Any callable that makes an object with ``fit``; its keyword arguments are the options."""
    (tmp_path / "bright.py").write_text(
        "class Bright:\n"
        "    def __init__(self, least=100):\n"
        "        self.least = least\n"
        "    def fit(self, reference):\n"
        "        return lambda rows: rows.samples.mean((1, 2, 3)) >= self.least\n"
    )
    about = tmp_path / "bright-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bright\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ganaug.filter]\nbright = bright:Bright\n")
    monkeypatch.syspath_prepend(tmp_path)
    rows = np.stack([np.full((8, 8, 1), value, np.uint8) for value in (90, 110, 210)])
    assert passes("bright")(portion(rows)).tolist() == [False, True, True]
    assert passes({"bright": {"least": 200}})(portion(rows)).tolist() == [False, False, True]
    with pytest.raises(ConfigError, match=r"filters\[0\]\.bright\.leest is no parameter \(did you mean 'least'\?\)"):
        named_filters([{"bright": {"leest": 1}}])
