"""The over-sampler for aeon. aeon needs an older NumPy than the rest, so that these tests run where it is installed."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

pytest.importorskip("aeon")

from aeon.classification.convolution_based import MiniRocketClassifier
from aeon.datasets import load_from_ts_file
from aeon.testing.estimator_checking import check_estimator

from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.errors import ConfigError
from ganaug.modalities.exports import export
from ganaug.modalities.signal.modality import SignalModality
from ganaug.plugins import aeon as plugin
from ganaug.plugins.aeon import GANOverSampler

QUICK = {"steps": 20, "batch_size": 8, "width": 16, "device": "cpu", "random_state": 0}


def collection(ragged: bool = False):
    random, y = np.random.default_rng(0), np.array(["many"] * 12 + ["few"] * 4)
    X = random.standard_normal((16, 2, 40)) + 3 * (y == "few")[:, None, None]  # noqa: N806
    return ([x[:, : 25 + i] for i, x in enumerate(X)] if ragged else X), y


def test_aeons_own_checks_pass():
    outcomes = check_estimator(GANOverSampler, raise_exceptions=True)
    assert len(outcomes) > 15
    assert set(outcomes.values()) == {"PASSED"}


@pytest.mark.parametrize("ragged", [False, True])
def test_classes_are_filled_with_signals_of_several_channels_and_lengths(ragged):
    X, y = collection(ragged)  # noqa: N806
    sampler = GANOverSampler(**QUICK)
    both, labels = sampler.fit_transform(X, y)
    assert all(np.array_equal(a, b) for a, b in zip(both, X, strict=False))
    assert labels.tolist() == [*y.tolist(), *["few"] * 8]
    assert {signal.shape[0] for signal in both} == {2}
    again, _ = sampler.transform(X, y)
    assert all(np.array_equal(a, b) for a, b in zip(again, both, strict=True))
    assert len(GANOverSampler(**QUICK, ratio=0.5).fit_transform(X, y)[1]) == 24
    assert len(GANOverSampler(**QUICK, ratio=0).fit_transform(X, y)[1]) == 16
    with pytest.raises(ConfigError, match="ratio is -1"):
        GANOverSampler(**QUICK, ratio=-1).fit(X, y)
    with pytest.raises(ValueError, match="pass y"):
        sampler.transform(X)
    if not ragged:
        assert MiniRocketClassifier(n_kernels=84, random_state=0).fit(both, labels).score(X, y) > 0.8


@pytest.mark.parametrize("ragged", [False, True])
def test_aeon_reads_the_exported_ts(ragged, tmp_path):
    X, y = collection(ragged)  # noqa: N806
    modality = SignalModality()
    held, spec = modality.infer(X)
    rows = Rows.build(Schema(modality, spec, ("few", "many")), held, (y == "many").astype(int))
    for part in ("train", "validation", "test"):
        with RowWriter(tmp_path / f"{part}.parquet", rows.schema) as writer:
            writer.write(rows)
    export(modality, "ts", tmp_path, tmp_path / "out")
    read, labels = load_from_ts_file(str(tmp_path / "out" / "train.ts"))
    assert labels.tolist() == y.tolist()
    for ours, theirs in zip(read, X, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_the_example_runs():
    assert doctest.testmod(plugin).failed == 0
