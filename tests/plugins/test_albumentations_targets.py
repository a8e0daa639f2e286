"""What `SyntheticSwap` does to every kind of target that albumentations knows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pools import PER_CLASS, REAL, which

from ganaug.errors import DataError
from ganaug.plugins.albumentations import A, SyntheticSwap

MASK = np.arange(64, dtype=np.uint8).reshape(8, 8)
VOLUME = np.stack([REAL, REAL - 1])
OTHERS = {  # all that albumentations knows beside images
    "mask": MASK,
    "masks": [MASK, MASK + 1],
    "mask3d": VOLUME[..., 0],
    "masks3d": np.stack([VOLUME[..., 0]] * 3),
    "volume": VOLUME,
    "volumes": np.stack([VOLUME] * 3),
    "bboxes": np.array([[1.0, 1, 3, 3, 0], [2, 2, 5, 6, 1]]),
    "keypoints": np.array([[2.0, 2], [4, 5]]),
}


def test_all_kinds_of_targets_are_tried() -> None:
    assert {"image", *OTHERS} == set(A.core.composition.AVAILABLE_KEYS)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_targets_stay_as_they_are_by_any_name(pool: str, kind: str) -> None:
    params = {
        "bboxes": {"bbox_params": A.BboxParams("pascal_voc")},
        "keypoints": {"keypoint_params": A.KeypointParams("xy")},
    }
    moving = A.HorizontalFlip(p=0)  # without a transform for boxes, albumentations warns
    transform = A.Compose(
        [SyntheticSwap(pool, p=1), moving], additional_targets={"more": kind}, strict=True, **params.get(kind, {})
    )
    more = OTHERS[kind][::-1]
    found = transform(image=REAL, label="cat", **{kind: OTHERS[kind], "more": more})
    assert which(found["image"]) < PER_CLASS
    assert found["label"] == "cat"
    for name, before in ((kind, OTHERS[kind]), ("more", more)):
        np.testing.assert_array_equal(np.asarray(found[name]), np.asarray(before))


def test_names_of_boxes_stay_too(pool: str) -> None:
    boxes = A.BboxParams("pascal_voc", label_fields=["names"])
    transform = A.Compose([SyntheticSwap(pool, p=1), A.HorizontalFlip(p=0)], bbox_params=boxes, strict=True)
    found = transform(image=REAL, bboxes=[(1, 1, 3, 3)], names=["x"], label="cat")
    assert which(found["image"]) < PER_CLASS
    np.testing.assert_allclose(found["bboxes"][0], [1, 1, 3, 3])
    assert (found["names"], found["label"]) == (["x"], "cat")


@pytest.mark.parametrize("kind", ["image", "images"])
@pytest.mark.parametrize("inside", [A.Sequential, lambda parts, p: A.OneOf(parts, p=p), lambda parts, p: parts[0]])
def test_second_images_stay_as_they_are(pool: str, kind: str, inside: Any) -> None:
    more = REAL - 2 if kind == "image" else np.stack([REAL - 2, REAL - 3])
    swap = inside([SyntheticSwap(pool, p=1)], p=1)
    pipeline = A.Compose([swap, A.HorizontalFlip(p=1)], additional_targets={"right": kind}, strict=True)
    found = pipeline(image=REAL, right=more, label="cat")
    assert which(found["image"][:, ::-1]) < PER_CLASS
    np.testing.assert_array_equal(found["right"], more)
    recorded = A.ReplayCompose([swap, A.HorizontalFlip(p=1)], additional_targets={"right": kind})
    first = recorded(image=REAL, right=more, label="cat")
    again = A.ReplayCompose.replay(json.loads(json.dumps(first["replay"])), image=REAL, right=more)
    for key in ("image", "right"):
        np.testing.assert_array_equal(first[key], again[key])
    for saved in (A.from_dict(A.to_dict(each)) for each in (pipeline, recorded)):
        found = saved(image=REAL, right=more, label="cat")
        assert which(found["image"][:, ::-1]) < PER_CLASS
        np.testing.assert_array_equal(found["right"], more)


def test_what_albumentations_does_not_know_passes_through(pool: str) -> None:
    other = object()
    found = A.Compose([SyntheticSwap(pool, p=1)])(image=REAL, label="cat", other=other, mask=None)
    assert found["other"] is other
    assert found["mask"] is None


@pytest.mark.parametrize("kind", OTHERS)
def test_a_call_without_an_image_is_explained(pool: str, kind: str) -> None:
    for name in (kind, "more"):
        with pytest.raises(DataError, match="finds no image to swap: call the transform with image= or images="):
            SyntheticSwap(pool, p=1)(label="cat", **{name: OTHERS[kind]})
    with pytest.raises(DataError, match="finds no image"):
        A.Compose([SyntheticSwap(pool, p=1)])(volume=VOLUME, label="cat")


def test_an_image_beside_a_batch_gets_its_own_sample(pool: str) -> None:
    pipeline = A.ReplayCompose([SyntheticSwap(pool, p=1)])
    batch = np.stack([REAL] * 30)
    found = pipeline(image=REAL, images=batch, label="dog")
    chosen = [which(image) for image in (found["image"], *found["images"])]
    assert len(set(chosen)) > 15
    assert min(chosen) >= PER_CLASS
    again = A.ReplayCompose.replay(found["replay"], image=REAL, images=batch)
    np.testing.assert_array_equal(again["image"], found["image"])
    np.testing.assert_array_equal(again["images"], found["images"])
    with pytest.raises(DataError, match="label has 2 labels for one image"):
        pipeline(image=REAL, label=["cat", "dog"])


def test_a_replay_on_other_images_than_recorded_is_explained(pool: str) -> None:
    pipeline = A.ReplayCompose([SyntheticSwap(pool, p=1)])
    one, three = pipeline(image=REAL, label="cat"), pipeline(images=np.stack([REAL] * 3), label="cat")
    with pytest.raises(DataError, match="recorded with images="):
        A.ReplayCompose.replay(three["replay"], image=REAL)
    with pytest.raises(DataError, match="recorded with 3 images=, not with 2"):
        A.ReplayCompose.replay(three["replay"], images=np.stack([REAL] * 2))
    with pytest.raises(DataError, match="recorded with no images=, not with 2"):
        A.ReplayCompose.replay(one["replay"], images=np.stack([REAL] * 2))


def test_an_empty_batch_stays_empty(pool: str) -> None:
    empty = np.zeros((0, 8, 8, 3), np.uint8)
    found = A.Compose([SyntheticSwap(pool, p=1)], strict=True)(images=empty, label="cat")["images"]
    assert found.shape == empty.shape
