"""Rows of classes that a group lacks, in the look of its rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from ganaug.modalities.image.classifiers import fit_classifier
from ganaug.modalities.image.fourier import FOURIER, fill_cells, swap_amplitudes
from ganaug.modalities.training import Setting, TrainConfig, TrainingRows


def noise(n: int, height: int, width: int, channels: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, channels), np.uint8)


def rows_of(
    labels: list[int], groups: list[str | None], synthetic: list[int] | None = None, images: np.ndarray | None = None
) -> TrainingRows:
    n = len(labels)
    return TrainingRows(
        noise(n, 8, 8, 1, 0) if images is None else images,
        np.array(labels),
        np.array(synthetic or [0] * n, bool),
        np.ones(n, np.float32),
        np.array([str(i) for i in range(n)], object),
        np.array(groups, object),
    )


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(8, 40),
    width=st.integers(8, 40),
    channels=st.integers(1, 4),
    reach=st.floats(0, 0.5),
    seed=st.integers(0, 99),
)
def test_it_is_that_of_the_paper(height: int, width: int, channels: int, reach: float, seed: int) -> None:
    """Of its own code, a channel at a time; that of albumentations 2.0.8 leaves the mean out where a side is even."""
    images, references = (noise(2, height, width, channels, seed + i) for i in (0, 1))
    found = swap_amplitudes(images, references, np.full(2, reach))
    colours, border = channels - (channels == 4), int(reach * min(height, width))
    for image, reference, made in zip(images, references, found, strict=True):
        assert np.array_equal(made[..., colours:], image[..., colours:])
        for channel in range(colours):
            own, other = (np.fft.fftshift(np.fft.fft2(each[..., channel])) for each in (image, reference))
            amplitude = np.abs(own)
            low = tuple(slice(max(side // 2 - border, 0), side // 2 + border + 1) for side in (height, width))
            amplitude[low] = np.abs(other)[low]
            expected = np.fft.ifft2(np.fft.ifftshift(amplitude * np.exp(1j * np.angle(own)))).real.clip(0, 255)
            assert np.abs(made[..., channel] - expected).max() <= 0.5 + 1e-6


def test_an_image_keeps_its_own_look_and_takes_the_brightness_of_another() -> None:
    image, bright = noise(1, 16, 16, 3, 0) // 2, np.full((1, 16, 16, 3), 200, np.uint8)
    assert np.array_equal(swap_amplitudes(image, image, np.array([0.3])), image)
    changed = swap_amplitudes(image, bright, np.array([0.07]))  # the mean and what is beside it
    assert abs(changed.mean() - 200) < 10


def test_only_cells_that_lack_rows_are_filled_from_other_groups_of_the_class() -> None:
    labels = [0, 0, 0, 1, 1, 2, 2, 2]
    groups = ["a", "a", "b", "a", "a", "b", None, "a"]
    rows = rows_of([*labels, 1], [*groups, "b"], [0] * 8 + [1])  # the synthetic row fills nothing
    found = fill_cells(rows, 0)
    added = slice(len(rows.labels), None)
    assert (found.labels[added].tolist(), found.groups[added].tolist()) == ([1, 1], ["b", "b"])
    assert not found.synthetic[added].any()
    assert np.array_equal(found.samples[: len(rows.labels)], rows.samples)
    again, other = fill_cells(rows, 0), fill_cells(rows, 1)
    assert np.array_equal(found.samples, again.samples)
    assert not np.array_equal(found.samples, other.samples)


def test_a_few_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of([0, 0, 0, 0, 0, 1, 1], ["a"] * 6 + ["b"])
    whole = fill_cells(rows, 0).samples
    assert len(whole) == len(rows.labels) + 5
    monkeypatch.setattr("ganaug.modalities.image.fourier.AT_A_TIME", 2)
    assert np.array_equal(fill_cells(rows, 0).samples, whole)


@pytest.mark.parametrize("groups", [[None] * 4, ["a"] * 4, ["a", "b", "a", "b"]])
def test_where_no_group_lacks_a_class_nothing_is_added(groups: list[str | None]) -> None:
    rows = rows_of([0, 0, 1, 1], groups)
    assert fill_cells(rows, 0) is rows


@pytest.mark.slow
def test_rows_of_a_site_that_lacks_them_are_known_better_by_it() -> None:
    """The second site is paler; half of its digits are not there."""
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8)
    pale = (images * 0.4 + 140).astype(np.uint8)
    train, seen = np.arange(400), labels[:400] < 5
    rows = rows_of(
        [*labels[train], *labels[train][seen]],
        ["dark"] * 400 + ["pale"] * int(seen.sum()),
        images=np.concatenate([images[train], pale[train][seen]]),
    )
    config = TrainConfig(10, 300, 32, 0)
    missing = np.flatnonzero(labels[400:] >= 5) + 400
    plain, filled = (
        fit_classifier("small_cnn", rows, Setting(method=method), config)(pale[missing]).argmax(1) == labels[missing]
        for method in ("", FOURIER)
    )
    assert filled.mean() > plain.mean() + 0.2
