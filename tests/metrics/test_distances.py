"""Distances between samples, against the libraries that the field uses and against what is known of them."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from prdc import compute_prdc
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from ganaug.metrics.distances import frechet_distance, kid, neighbourhood_metrics

Pair = tuple[np.ndarray, np.ndarray]


class Flat(nn.Module):
    """Features that are the pixels."""

    num_features = 12

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1).double() / 255


def pixels(n: int, m: int, seed: int) -> Pair:
    """Two samples of uint8 images (n, 3, 2, 2), the second brighter and correlated otherwise."""
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 200, (n, 3, 2, 2)), random.integers(50, 256, (m, 3, 2, 2))
    second[:, 0] = (second[:, 0] + second[:, 1]) // 2
    return first.astype(np.uint8), second.astype(np.uint8)


def features(pair: Pair) -> Pair:
    first, second = (Flat()(torch.tensor(images)).numpy() for images in pair)
    return first, second


def normal(n: int, m: int, width: int, seed: int, shift: float = 0.0) -> Pair:
    random = np.random.default_rng(seed)
    return random.normal(size=(n, width)), random.normal(size=(m, width)) + shift


pairs = st.builds(normal, st.integers(7, 40), st.integers(7, 40), st.integers(1, 12), st.integers(0, 99),
                  st.sampled_from([0.0, 0.5, 5.0]))  # fmt: skip


def test_kid_is_that_of_torchmetrics() -> None:
    pair = pixels(60, 60, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it keeps all features
        theirs = KernelInceptionDistance(feature=Flat(), subsets=1, subset_size=60).set_dtype(torch.float64)
    theirs.update(torch.tensor(pair[0]), real=True)
    theirs.update(torch.tensor(pair[1]), real=False)
    assert kid(*features(pair)) == pytest.approx(float(theirs.compute()[0]), rel=1e-5)


@pytest.mark.parametrize("n", [300, 10], ids=["more rows than features", "fewer"])
def test_the_frechet_distance_is_that_of_torchmetrics(n: int) -> None:
    pair = pixels(n, n + 5, 1)
    theirs = FrechetInceptionDistance(feature=Flat(), input_img_size=(3, 2, 2)).set_dtype(torch.float64)
    theirs.update(torch.tensor(pair[0]), real=True)
    theirs.update(torch.tensor(pair[1]), real=False)
    assert frechet_distance(*features(pair)) == pytest.approx(float(theirs.compute()), rel=1e-5)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(pairs)
def test_neighbourhoods_are_those_of_prdc(pair: Pair) -> None:
    theirs = compute_prdc(*pair, nearest_k=5)
    assert neighbourhood_metrics(*pair, 5) == pytest.approx({name: float(value) for name, value in theirs.items()})


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(pairs, st.integers(0, 99))
def test_what_holds_for_any_two_samples(pair: Pair, seed: int) -> None:
    first, second = pair
    shuffled = np.random.default_rng(seed).permutation(second)
    for distance in (kid, frechet_distance):
        assert distance(first, second) == pytest.approx(distance(second, first), rel=1e-6, abs=1e-9)
        assert distance(first, shuffled) == pytest.approx(distance(first, second), rel=1e-6, abs=1e-9)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(first, second) >= ((first.mean(0) - second.mean(0)) ** 2).sum() * (1 - 1e-9)
    found = neighbourhood_metrics(first, second)
    assert all(0 <= found[name] <= 1 for name in ("precision", "recall", "coverage"))
    assert found["density"] >= found["precision"] / 5
    swapped = neighbourhood_metrics(second, first)
    assert found["precision"] == swapped["recall"]


@pytest.mark.slow
def test_kid_and_density_have_no_bias_for_two_samples_of_one_distribution() -> None:
    pairs = [normal(40, 50, 8, seed) for seed in range(200)]
    for found, expected in (
        ([kid(*pair) for pair in pairs], 0.0),
        ([neighbourhood_metrics(*pair)["density"] for pair in pairs], 1.0),
    ):
        assert abs(np.mean(found) - expected) < 3.5 * np.std(found) / np.sqrt(len(found))


def test_kid_is_known_for_two_points() -> None:
    zeros, ones = np.zeros((3, 2)), np.ones((4, 2))
    assert kid(zeros, ones) == pytest.approx(1 + 8 - 2)


def test_kid_of_many_rows_is_that_of_all_rows_but_for_chance() -> None:
    pair = normal(600, 500, 4, 0, shift=0.3)
    whole = kid(*pair)
    assert kid(*pair, subset_size=200, subsets=40) == pytest.approx(whole, rel=0.1)
    assert kid(*pair, subset_size=200) == kid(*pair, subset_size=200)
    assert kid(*pair, subset_size=200) != kid(*pair, subset_size=200, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("distance", [kid, frechet_distance, neighbourhood_metrics])
def test_memory_does_not_grow_with_the_rows(distance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug.metrics.distances.BLOCK", 256)
    monkeypatch.setattr("ganaug.metrics.distances.MEGABYTES", 1)
    peaks = []
    for n in (2000, 8000):
        pair = normal(n, n, 4, 0)
        tracemalloc.start()
        distance(*pair)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    squares = 8000**2 * 8
    assert peaks[1] < min(squares / 20, peaks[0] + 8000 * 4 * 8 * 4)  # what grows is a few copies of the features
