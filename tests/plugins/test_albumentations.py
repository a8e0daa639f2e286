from __future__ import annotations

import doctest
import enum
import importlib
import json
import pickle
import random
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pools import PER_CLASS, REAL, which
from torch.utils.data import DataLoader, Dataset, Subset

from ganaug import GANAugmenter
from ganaug.errors import DataError, GanaugError
from ganaug.plugins import albumentations as plugin
from ganaug.plugins.albumentations import A, SyntheticSwap, blend, worker_init_fn

MakePool = Callable[..., str]


def stream(transform: Any, n: int = 30, label: str = "cat") -> list[int]:
    return [which(transform(image=REAL, label=label)["image"]) for _ in range(n)]


class Animal(str, enum.Enum):
    DOG = "dog"


# swapping


@pytest.mark.slow
@pytest.mark.parametrize(
    "label", ["dog", 1, np.int64(1), np.str_("dog"), torch.tensor(1), b"dog", np.bytes_(b"dog"), Animal.DOG]
)
def test_an_image_is_replaced_by_any_of_its_class(pool: str, label: Any) -> None:
    transform = A.Compose([SyntheticSwap(pool, p=1)], strict=True, seed=0)
    images = np.stack([transform(image=REAL, label=label)["image"] for _ in range(400)])
    assert set(images[:, 0, 0, 0].tolist()) == set(range(PER_CLASS, 2 * PER_CLASS))
    for image in images:
        np.testing.assert_array_equal(image, SyntheticSwap(pool)._pool.image(which(image)))


@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 1), (9, 11, 3), (9, 11, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("alpha", [1.0, 0.25])
def test_shape_and_dtype_stay(make_pool: MakePool, shape: tuple[int, ...], dtype: Any, alpha: float) -> None:
    one = dtype(255 if dtype is np.uint8 else 1)
    image = np.full(shape, one)
    swap = SyntheticSwap(make_pool(*(*shape, 1)[:3]), alpha=alpha, p=1)
    found = A.Compose([swap], strict=True)(image=image, label="cat")["image"]
    assert (found.shape, found.dtype) == (shape, dtype)
    synthetic = swap._pool.image(swap.params["chosen"]).reshape(shape) / np.float64(255 / one)
    np.testing.assert_allclose(found, alpha * synthetic + (1 - alpha) * one, atol=0.5 if dtype is np.uint8 else 1e-6)
    assert (image == one).all()
    assert found.flags.writeable


@pytest.mark.slow
@settings(deadline=None)
@given(
    real=arrays(np.uint8, (3, 4, 1)),
    synthetic=arrays(np.uint8, (3, 4, 1)),
    alpha=st.floats(0.01, 1),
)
def test_alpha_is_the_share_of_the_synthetic_image(real: np.ndarray, synthetic: np.ndarray, alpha: float) -> None:
    exact = alpha * synthetic.astype(float) + (1 - alpha) * real
    np.testing.assert_allclose(blend(real, synthetic, alpha), exact, atol=0.501)
    mixed = blend(real[..., 0].astype(np.float32) / 255, synthetic, alpha)
    np.testing.assert_allclose(mixed, exact[..., 0] / 255, atol=1e-6)


def test_p_is_the_share_of_images_that_change(pool: str) -> None:
    assert 90 < sum(i == 255 for i in stream(A.Compose([SyntheticSwap(pool, p=0.75)], seed=0), 480)) < 150
    assert set(stream(SyntheticSwap(pool, p=0))) == {255}


def test_a_class_of_which_the_pool_has_no_image_stays_real(pool: str) -> None:
    assert set(stream(A.Compose([SyntheticSwap(pool, p=1)]), label="empty")) == {255}


def test_another_argument_can_hold_the_label(pool: str) -> None:
    transform = A.Compose([SyntheticSwap(pool, label_key="target", p=1)], strict=True)
    assert which(transform(image=REAL, target="dog")["image"]) >= PER_CLASS
    with pytest.raises(ValueError, match="label is not in available keys"):
        transform(image=REAL, label="dog")


@pytest.mark.parametrize("images", [np.stack([REAL] * 30), [REAL] * 30])
@pytest.mark.parametrize("labels", ["cat", [0, 1] * 15, np.array(["cat", "dog"] * 15), torch.tensor([0, 1] * 15)])
def test_every_image_of_a_batch_gets_its_own_sample(pool: str, images: Any, labels: Any) -> None:
    found = A.Compose([SyntheticSwap(pool, p=1)], strict=True, seed=0)(images=images, label=labels)["images"]
    assert type(found) is type(images)
    chosen = [which(image) for image in found]
    assert len(set(chosen)) > 15
    dogs = [i % 2 * (not isinstance(labels, str)) for i in range(30)]
    assert [i >= PER_CLASS for i in chosen] == dogs


def test_a_saved_model_makes_images_of_the_class(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    augmenter = GANAugmenter(steps=2, width=4, device="cpu", random_state=0).fit(rows, np.repeat(["cat", "dog"], 6))
    augmenter.save(tmp_path / "model")
    swap = SyntheticSwap(tmp_path / "model", p=1)
    found = A.Compose([swap], strict=True)(image=REAL, label="dog")["image"]
    expected, _ = augmenter.sample(y=["dog"], random_state=swap.params["chosen"] % 2**31)
    np.testing.assert_array_equal(found, expected[0])


# what albumentations offers


@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_saved_pipelines_do_the_same(pool: str, tmp_path: Path, data_format: str) -> None:
    pipeline = A.Compose([SyntheticSwap(Path(pool), label_key="y", alpha=0.5, p=0.75), A.HorizontalFlip()], strict=True)
    A.save(pipeline, tmp_path / "pipeline", data_format=data_format)
    for other in (A.load(tmp_path / "pipeline", data_format=data_format), A.from_dict(A.to_dict(pipeline))):
        assert A.to_dict(other) == A.to_dict(pipeline)
        for each in (pipeline, other):
            each.set_random_seed(7)
        for _ in range(20):
            np.testing.assert_array_equal(*(each(image=REAL, y="cat")["image"] for each in (pipeline, other)))


def test_a_replay_shows_the_same_image(pool: str) -> None:
    pipeline = A.ReplayCompose([SyntheticSwap(pool, p=0.5), A.HorizontalFlip(p=0.5)])
    for _ in range(20):
        first = pipeline(image=REAL, label="cat")
        again = A.ReplayCompose.replay(first["replay"], image=REAL)
        np.testing.assert_array_equal(first["image"], again["image"])
    batch = np.stack([REAL] * 3)
    first = pipeline(images=batch, label="cat")
    np.testing.assert_array_equal(A.ReplayCompose.replay(first["replay"], images=batch)["images"], first["images"])


def test_what_a_replay_keeps_is_an_index(pool: str) -> None:
    kept = A.ReplayCompose([SyntheticSwap(pool, p=1)])(image=REAL, label="cat")["replay"]
    chosen = json.loads(json.dumps(kept))["transforms"][0]["params"]["chosen"]
    assert chosen in range(PER_CLASS)


def test_a_pickle_holds_no_pixels(pool: str) -> None:
    swap = SyntheticSwap(pool, p=1)
    sent = pickle.dumps(swap)
    assert len(sent) < len(pickle.dumps(A.HorizontalFlip())) + 3000
    assert stream(pickle.loads(sent)) == stream(swap)


def test_inside_other_compositions(pool: str) -> None:
    transform = A.Compose([A.OneOf([SyntheticSwap(pool, p=1), A.NoOp(p=1)], p=1)], strict=True, seed=0)
    assert 10 < sum(i == 255 for i in stream(transform, 60)) < 50


# random streams


def test_a_seed_of_the_pipeline_decides(pool: str) -> None:
    streams = [stream(A.Compose([SyntheticSwap(pool)], seed=seed)) for seed in (1, 1, 2)]
    assert streams[0] == streams[1] != streams[2]
    shared = A.Compose([SyntheticSwap(pool)])
    found = []
    for _ in range(2):
        shared.set_random_state(np.random.default_rng(0), random.Random(5))
        found.append(stream(shared))
    assert found[0] == found[1]


def test_torch_seeds_a_pipeline_that_has_no_seed_of_its_own(pool: str) -> None:
    found = []
    own, built_before = A.Compose([SyntheticSwap(pool)], seed=1), A.Compose([SyntheticSwap(pool)])
    with torch.random.fork_rng():
        for seed in (3, 4, 3):
            torch.manual_seed(seed)
            state = torch.get_rng_state()
            found.append((stream(A.Compose([SyntheticSwap(pool)])), stream(built_before)))
            assert torch.equal(torch.get_rng_state(), state)
        assert found[0] == found[2] != found[1]
        assert found[0][0] == found[0][1]
        ours = stream(own)
        torch.manual_seed(5)
        assert ours + stream(own) == stream(A.Compose([SyntheticSwap(pool)], seed=1), 60)


def agreement(first: list[bool], second: list[bool]) -> float:
    return float(np.mean(np.equal(first, second)))


def test_transforms_of_one_pipeline_choose_independently(pool: str) -> None:
    swaps = [SyntheticSwap(pool), SyntheticSwap(pool, alpha=0.9)]
    pipeline = A.Compose([*swaps, A.HorizontalFlip()], seed=1, save_applied_params=True)
    applied, same = [], []
    for _ in range(400):
        pipeline(image=REAL, label="cat")
        applied.append([bool(transform.params) for transform in pipeline.transforms])
        same.append([swap.params.get("chosen", -i) for i, swap in enumerate(swaps, 1)])
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert 0.4 < agreement(*([row[k] for row in applied] for k in (i, j))) < 0.6
    assert np.mean([a == b for a, b in same]) < 0.05


class Pictures(Dataset):
    """Which image of the pool comes for each of 24 cats."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 24

    def __getitem__(self, i: int) -> int:
        return which(self.transform(image=REAL, label="cat")["image"])


def epochs(dataset: Dataset, **options: Any) -> list[tuple[int, ...]]:
    """What each of two workers saw in each of two epochs, after the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        loader = DataLoader(dataset, batch_size=12, num_workers=2, **options)
        return [tuple(batch.tolist()) for _ in range(2) for batch in loader]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1])
def test_workers_and_epochs_differ_and_runs_repeat(pool: str, seed: int | None) -> None:
    found = epochs(Pictures(A.Compose([SyntheticSwap(pool)], seed=seed)))
    assert len(set(found)) == 4
    assert found == epochs(Pictures(A.Compose([SyntheticSwap(pool)], seed=seed)))
    assert len(set(epochs(Pictures(A.Compose([SyntheticSwap(pool)], seed=seed)), persistent_workers=True))) == 4


class Flips(Dataset):
    """Which of two flips, each as probable as not, are done: of 200 images, 0 for none, 1 and 2 for one, 3 for both."""

    def __init__(self) -> None:
        self.transform = A.Compose([A.Sequential([A.HorizontalFlip(), A.VerticalFlip()], p=1)], seed=1)

    def __len__(self) -> int:
        return 200

    def __getitem__(self, i: int) -> int:
        corner = np.zeros((2, 2), np.uint8)
        corner[0, 0] = 1
        return int(self.transform(image=corner)["image"].argmax())


@pytest.mark.slow
def test_the_rest_of_the_pipeline_can_be_seeded_too() -> None:
    def run(**options: Any) -> list[tuple[int, ...]]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            loader = DataLoader(Subset(Flips(), range(200)), batch_size=100, num_workers=2, **options)
            return [tuple(batch.tolist()) for _ in range(2) for batch in loader]

    assert set(run()) == {run()[0]}  # the trap: all workers and epochs alike
    assert set(run()[0]) == {0, 3}  # and both flips alike
    found = run(worker_init_fn=worker_init_fn)
    assert len(set(found)) == 4
    assert all(min(np.bincount(each, minlength=4)) > 5 for each in found)
    assert found == run(worker_init_fn=worker_init_fn)


def test_a_data_set_without_a_pipeline_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for dataset in ([1, 2], Subset([1, 2], [0, 1])):
        monkeypatch.setattr(plugin, "get_worker_info", lambda found=dataset: SimpleNamespace(dataset=found, seed=0))
        with pytest.raises(DataError, match=f"finds no albumentations transform in {type(dataset).__name__}"):
            worker_init_fn(0)


# errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"image": REAL}, r"needs the image's class: call the transform with label="),
        ({"image": REAL, "label": "cta"}, r"no class 'cta' \(did you mean 'cat'\?\); its classes are 'cat', 'dog', 'e"),
        ({"image": REAL, "label": 3}, r"no class 3; its"),
        *(
            ({"image": REAL, "label": label}, "no class .*; its")
            for label in (None, 0.5, float("nan"), {"a": 1}, np.datetime64("2020-01-01"))
        ),
        ({"image": REAL, "label": ["cat", "dog"]}, "label has 2 labels for one image"),
        ({"image": REAL, "label": np.eye(2)}, "label has 2 labels for one image"),
        ({"image": REAL, "label": b"\xff"}, "label holds .* no text in UTF-8"),
        (
            {"image": REAL[:, :7], "label": "cat"},
            r"The image has shape \(8, 7, 3\), those of .*\.parquet have \(8, 8, 3",
        ),
        ({"image": REAL[..., 0], "label": "cat"}, r"The image has shape \(8, 8\)"),
        ({"image": REAL.astype(np.float64), "label": "cat"}, "The image is float64"),
        ({"image": REAL.astype(np.float32), "label": "cat"}, r"float32 from 255 to 255: give .*float32 in \[0, 1\]"),
        (
            {"image": REAL / np.float32(255) - np.float32(2), "label": "cat"},
            "float32 from -1 to -1: .* normalise after",
        ),
        ({"image": np.full((8, 8, 3), np.nan, np.float32), "label": "cat"}, "float32 from nan to nan"),
        ({"images": [REAL] * 3, "label": ["cat"] * 2}, "label has 2 labels for 3 images"),
    ],
)
def test_calls_that_cannot_be_served_are_explained(pool: str, call: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        A.Compose([SyntheticSwap(pool, p=1)], strict=True)(**call)


def test_arguments_that_make_no_sense_are_refused(pool: str) -> None:
    for wrong in ({"alpha": 0}, {"alpha": 1.1}, {"p": 2}, {"label_key": 3}, {"strict": True, "alfa": 1}):
        with pytest.raises(ValueError, match=next(reversed(wrong))):
            SyntheticSwap(pool, **wrong)
    with pytest.raises(DataError, match="there is no file"):
        SyntheticSwap("nowhere.parquet")


def test_the_successor_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "2.4.0")
    monkeypatch.delitem(sys.modules, plugin.__name__)
    with pytest.raises(GanaugError, match=r"albumentationsx 2\.4\.0 is .*pip install 'ganaug\[albumentations\]'"):
        importlib.import_module(plugin.__name__)


def test_the_example_runs(make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    path = make_pool(32, 32, 3)
    examples = doctest.DocTestFinder().find(SyntheticSwap, globs={"image": image})[0]
    monkeypatch.chdir(Path(path).parent)
    Path("data/synthetic").mkdir(parents=True)
    Path("data/synthetic/0.parquet").write_bytes(Path(path).read_bytes())
    assert doctest.DocTestRunner().run(examples) == doctest.TestResults(failed=0, attempted=4)
