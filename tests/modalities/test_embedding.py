from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from ganaug.errors import DataError
from ganaug.modalities.embedding import METHODS, Embedding, fit_embedded, join, transferred, unit
from ganaug.modalities.training import Setting, TrainConfig, TrainingRows

CONFIG = TrainConfig(n_classes=4, steps=1, batch_size=8, seed=0)


def points(counts: tuple[int, ...], made: tuple[int, ...] = (0, 0, 0, 0), seed: int = 0) -> TrainingRows:
    """So many points about each of the axes of four dimensions, real and synthetic."""
    labels = np.concatenate([np.repeat(np.arange(4), counts), np.repeat(np.arange(4), made)])
    samples = np.eye(4)[labels] + np.random.default_rng(seed).normal(0, 0.15, (len(labels), 4))
    synthetic = np.arange(len(labels)) >= sum(counts)
    ids = np.array([str(k) for k in range(len(labels))], object)
    return TrainingRows(samples.astype(np.float32), labels, synthetic, np.ones(len(labels), np.float32), ids)


def unchanged(rows: TrainingRows, n_classes: int, seen: list[TrainingRows] | None = None):
    if seen is not None:
        seen.append(rows)
        assert rows.labels.max() == n_classes - 1
    return lambda samples: samples


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("made", [(0, 0, 0, 0), (0, 0, 30, 30)])
def test_rare_classes_are_found_and_never_trained_on(method, made):
    rows, seen = points((40, 40, 2, 1), made), []
    setting = Setting(method=method, share=0.5 * any(made))
    found = fit_embedded(partial(unchanged, seen=seen), rows, setting, CONFIG)(points((50,) * 4, seed=1).samples)
    (trained,) = seen
    assert sorted(trained.ids) == sorted(rows.ids[:80])
    assert (found.argmax(1) == np.repeat(np.arange(4), 50)).mean() > 0.9
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_synthetic_rows_move_a_class_by_their_share(method):
    rows = points((40, 40, 2, 2), (0, 0, 0, 50))
    rows.samples[rows.synthetic] = np.array([0.0, 0.0, 1.0, 0.9])  # near the third axis
    asked = np.array([[0.0, 0.0, 1.0, 0.8]], np.float32)

    def sure(share: float) -> float:
        used = rows if share else rows.take(~rows.synthetic)
        return float(fit_embedded(unchanged, used, Setting(method=method, share=share), CONFIG)(asked)[0, 3])

    assert sure(0.0) < sure(0.1) < sure(0.9)


def test_where_no_class_is_rare_all_are_trained_on():
    seen: list[TrainingRows] = []
    rows = points((5, 5, 5, 5))
    fit_embedded(partial(unchanged, seen=seen), rows, Setting(method=METHODS[0]), CONFIG)
    assert len(seen[0].labels) == 20
    with pytest.raises(DataError, match="rows of two classes"):
        fit_embedded(unchanged, rows.take(rows.labels == 1), Setting(method=METHODS[0]), CONFIG)


def test_rare_rows_move_as_common_ones_vary():
    rows = points((200, 200, 3, 1))
    rows.samples[:, 3] *= 8 * (rows.labels < 2)  # common classes vary along one axis, and rare ones in nothing else
    directions = unit(rows.samples)
    moved, codes = transferred(directions, rows.labels, np.array([0, 1]), seed=0)
    assert np.bincount(codes).tolist() == [0, 0, 60, 20]
    spread = moved[codes == 2].std(0)
    assert spread[3] > 3 * spread[:2].max()


def test_an_embedding_is_centred_between_classes_whatever_their_size():
    samples = np.repeat(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), [30, 2], axis=0)
    found = Embedding(lambda given: given, samples, np.repeat([0, 4], [30, 2]))(samples)
    np.testing.assert_allclose(found[0], -found[-1], atol=1e-6)


def test_the_surer_of_two_counts_no_more_than_the_other():
    mild, loud = np.array([[0.5, 0.3, 0.2]]), np.array([[1e-6, 1 - 2e-6, 1e-6]])
    np.testing.assert_allclose(join(mild, mild), mild)
    both = join(mild, loud)
    assert both.argmax() == 1
    assert both.max() < 0.6
    np.testing.assert_allclose(both, join(mild, np.array([[0.25, 0.5, 0.25]])), atol=1e-6)
