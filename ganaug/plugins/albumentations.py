"""Transforms of albumentations: `SyntheticSwap` puts synthetic images in place of real ones, `GANVary` varies them."""

from __future__ import annotations

import os
import random
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import default_generator
from torch.utils.data import Dataset, get_worker_info

from ganaug.data.text import plain
from ganaug.errors import DataError, GanaugError
from ganaug.plugins.live import LiveImages, check_image, open_images

CURE = "run `pip install 'ganaug[albumentations]'`"


def import_albumentations() -> ModuleType:
    """Import albumentations without its question to the network for a newer version.

    Raises
    ------
    GanaugError
        If it is missing, or albumentationsX is installed in its place.
    """
    try:
        successor = metadata.version("albumentationsx")
    except metadata.PackageNotFoundError:
        pass
    else:
        raise GanaugError(
            f"albumentationsx {successor} is installed under albumentations' name, with another licence and interface; "
            f"run `pip uninstall albumentationsx`, then {CURE}"
        )
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    try:
        import albumentations
    except ImportError as error:
        raise GanaugError(f"albumentations is not installed; {CURE}") from error
    return albumentations  # type: ignore[no-any-return]


A = import_albumentations()
import cv2  # noqa: E402 - comes with albumentations, as does the next
from pydantic import Field  # noqa: E402

torch_seed = default_generator.initial_seed
Image = NDArray[Any]  # uint8 or float32, (H, W, C) or (H, W)


class Seeded(A.ImageOnlyTransform):  # type: ignore[misc,name-defined]
    """What both transforms share: they change ``image=`` and ``images=`` alone, and draw from streams of their own."""

    _targets = A.core.type_definitions.Targets.IMAGE
    told_apart_by: tuple[str, ...]  # arguments beside p: transforms of one pipeline that share them draw alike

    @property
    def targets(self) -> dict[str, Any]:
        """The arguments that change."""
        return {"image": self.apply, "images": self.apply_to_images}

    def add_targets(self, additional_targets: dict[str, str]) -> None:
        """Leave additional targets alone, of whatever kind: a generated image is no second view."""

    def update_transform_params(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """Need no shape, which the host would take from whatever target there is."""
        return params

    @property
    def py_random(self) -> random.Random:
        """The stream of choices. It starts anew when torch is seeded, as in every worker of a DataLoader and epoch."""
        if torch_seed() != self._torch_seed:
            follows = self.seed is None or get_worker_info() is not None
            self.py_random = self._stream_of(self.seed) if follows else self._stream
        return self._stream

    @py_random.setter
    def py_random(self, stream: random.Random) -> None:
        self._stream, self._torch_seed = stream, torch_seed()

    def set_random_seed(self, seed: int | None) -> None:
        """Start the stream that belongs to a seed and this transform's arguments."""
        self.seed, self.py_random = seed, self._stream_of(seed)
        self.random_generator = np.random.default_rng(self._stream_of(seed).getrandbits(128))

    def _stream_of(self, seed: int | None) -> random.Random:
        worker: Any = get_worker_info()
        outer = worker.seed if worker else torch_seed() if seed is None else None
        return random.Random(repr((*(getattr(self, name) for name in self.told_apart_by), self.p, seed, outer)))


class SyntheticSwap(Seeded):
    """Replace an image by a synthetic one of its class, or mix the two; only ``image=`` and ``images=`` ever change.

    Parameters
    ----------
    pool : path-like
        Where synthetic images come from: a Parquet file that *generate* or *merge* wrote, which is unpacked into the
        user's cache at first use and memory-mapped, so that the workers of a DataLoader share one copy; a folder by
        `ganaug.modalities.image.pool.write_pool`; or the folder of a saved model, which then makes an image at every
        call.
    label_key : str, default="label"
        Which argument of the call holds the class: its name, or its position among the pool's classes; for a saved
        model, a label as `fit` saw it. With ``images=``, one class for all of them or one for each.
    alpha : float, default=1.0
        Share of the synthetic image in the mix, above 0. At 1 it replaces the real one.
    p : float, default=0.5
        Probability of doing anything. An image whose class has no image in the pool stays as it is.

    Raises
    ------
    DataError
        The pool cannot be opened; in a call, the label is missing or unknown, the image is not like the pool's, or
        there is none.
    ModelError
        The saved model is damaged.

    Notes
    -----
    Images are (H, W, C), gray ones also (H, W), uint8 or float32 in [0, 1]; put `SyntheticSwap` before transforms that
    change their size or range. Each image of ``images=`` gets a sample of its own.

    All other targets stay as they are: masks, boxes, keypoints, volumes, and whatever `Compose` knows by
    ``additional_targets``, second images included, for a pool holds no pairs. They describe the real image, so a task
    that needs them to match the picture, say segmentation or stereo, is none for `SyntheticSwap`.

    In the workers of a DataLoader the choices depend on the worker's seed, so that workers and epochs differ and
    `torch.manual_seed` decides everything; so it does outside them where `Compose` has no seed. Transforms of one
    `Compose` choose independently as long as they differ in an argument, however small the difference.

    This module has to be imported before `A.load` or `A.from_dict` meets such a transform.

    Examples
    --------
    >>> import albumentations as A
    >>> from ganaug.plugins.albumentations import SyntheticSwap
    >>> augment = A.Compose([SyntheticSwap("data/synthetic/0.parquet", p=0.3), A.HorizontalFlip()], strict=True)
    >>> augment(image=image, label="cat")["image"].shape
    (32, 32, 3)
    """

    told_apart_by = ("pool", "label_key", "alpha")

    class InitSchema(A.ImageOnlyTransform.InitSchema):  # type: ignore[misc,name-defined]  # noqa: D106 - the host's
        pool: str | Path
        label_key: str
        alpha: float = Field(gt=0, le=1)

    def __init__(self, pool: str | Path, label_key: str = "label", alpha: float = 1.0, p: float = 0.5) -> None:
        self.pool, self.label_key, self.alpha = os.fspath(pool), label_key, alpha
        super().__init__(p=p)
        self._pool = open_images(pool)

    @property
    def available_keys(self) -> set[str]:
        """The arguments that a strict `Compose` lets through."""
        return {*super().available_keys, self.label_key}

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """Choose by index, so that a replay shows the same images."""
        if self.label_key not in data:
            raise DataError(
                f"SyntheticSwap needs the image's class: call the transform with {self.label_key}=..., or name the "
                "argument that holds it with label_key."
            )
        label = data[self.label_key]
        label = label.tolist() if hasattr(label, "tolist") else label  # of arrays, tensors and their scalars
        each = isinstance(label, (list, tuple))
        found: dict[str, Any] = {}
        if data.get("image") is not None:
            if each:
                raise DataError(f"{self.label_key} has {len(label)} labels for one image: give one.")
            found["chosen"] = self._choose(label)
        if data.get("images") is not None:
            n = len(data["images"])
            labels = label if each else [label] * n
            if len(labels) != n:
                raise DataError(f"{self.label_key} has {len(labels)} labels for {n} images: give one for each, or one.")
            found["choices"] = [self._choose(each) for each in labels]
        if not found:
            raise DataError(
                "SyntheticSwap finds no image to swap: call the transform with image= or images=, for it swaps neither "
                "volumes nor additional targets."
            )
        return found

    def _choose(self, label: Any) -> int | None:
        known = self._pool.of_class(plain(label, self.label_key))
        # Not randrange, which takes three times as long.
        return known[int(self.py_random.random() * len(known))] if known else None

    def apply(self, img: Image, **params: Any) -> Image:
        """Swap or mix one image."""
        if "chosen" not in params:
            raise DataError("This replay was recorded with images=: replay it with images=.")
        return self._swap(img, params["chosen"])

    def apply_to_images(self, images: Image, **params: Any) -> Image:
        """Swap or mix every image (n, H, W[, C]) with a choice of its own."""
        choices = params.get("choices", [])
        if len(choices) != len(images):
            raise DataError(
                f"This replay was recorded with {len(choices) or 'no'} images=, not with {len(images)}: "
                "replay it with what it was recorded with."
            )
        return np.stack([self._swap(*each) for each in zip(images, choices, strict=True)]) if choices else images

    def _swap(self, image: Image, chosen: int | None) -> Image:
        if chosen is None:
            return image
        check_image(image, self._pool.shape, self.pool, "SyntheticSwap")
        return blend(image, self._pool.image(chosen), self.alpha)


class GANVary(Seeded):
    """Turn an image into another version of itself, as images of other classes vary; no label is needed.

    Parameters
    ----------
    model : path-like
        Folder of a saved model with a translating generator (``GANAugmenter(generator="translation")``) and its rows,
        of whose styles it takes one at random.
    truncation : float, default=1.0
        Scale of the styles, above 0; below 1, versions are more alike.
    p : float, default=0.5
        Probability of doing anything.

    Raises
    ------
    ConfigError
        The model makes images of noise and labels, or was saved without its rows.
    DataError
        In a call, the image is not like the model's, or there is none.
    ModelError
        The saved model is damaged.

    Notes
    -----
    What `SyntheticSwap` says of images, of other targets and of seeds holds here, too. A class that the model never saw
    is none that it minds.

    Examples
    --------
    >>> import albumentations as A
    >>> from ganaug.plugins.albumentations import GANVary
    >>> augment = A.Compose([GANVary("models/gan/0", p=0.3), A.HorizontalFlip()])
    >>> augment(image=image)["image"].shape
    (32, 32, 3)
    """

    told_apart_by = ("model", "truncation")

    class InitSchema(A.ImageOnlyTransform.InitSchema):  # type: ignore[misc,name-defined]  # noqa: D106 - the host's
        model: str | Path
        truncation: float = Field(gt=0, le=10)

    def __init__(self, model: str | Path, truncation: float = 1.0, p: float = 0.5) -> None:
        self.model, self.truncation = os.fspath(model), truncation
        super().__init__(p=p)
        self._model = LiveImages(model)
        self._model.vary(np.zeros((1, *self._model.shape), np.uint8), 0, truncation)  # what cannot work is said now

    def get_params(self) -> dict[str, Any]:
        """Choose by seed, so that a replay makes the same versions."""
        return {"seed": int(self.py_random.random() * 2**31)}

    def apply(self, img: Image, seed: int = 0, **params: Any) -> Image:
        """Make a version of one image."""
        made: Image = self.apply_to_images(img[None], seed)[0]
        return made

    def apply_to_images(self, images: Image, seed: int = 0, **params: Any) -> Image:
        """Make a version of every image (n, H, W[, C])."""
        for image in images:
            check_image(image, self._model.shape, self.model, "GANVary")
        made: Image = self._model.vary(images, seed, self.truncation)
        return made


def blend(image: Image, synthetic: NDArray[np.uint8], alpha: float) -> Image:
    """Mix a share ``alpha`` of a synthetic image (H, W, C) into one of that size, in its shape and dtype."""
    if image.dtype == np.float32:
        mixed: Image = cv2.addWeighted(synthetic, alpha / 255, image, 1 - alpha, 0, dtype=cv2.CV_32F)
    else:
        mixed = synthetic if alpha == 1 else cv2.addWeighted(synthetic, alpha, image, 1 - alpha, 0)
    return mixed if mixed.shape == image.shape else mixed.reshape(image.shape)


def worker_init_fn(worker_id: int) -> None:
    """Give every transform in the data set of a DataLoader's worker a random stream of its own.

    albumentations 2 starts all transforms of a `Compose`, in all workers and epochs, from the same state. With this,
    streams differ between transforms, workers and epochs, and `torch.manual_seed` decides all of them.

    Parameters
    ----------
    worker_id : int
        Ignored: `torch.utils.data.get_worker_info` knows the seed.

    Raises
    ------
    DataError
        The data set, or one that it wraps, has no attribute that is a pipeline.

    Examples
    --------
    >>> from torch.utils.data import DataLoader
    >>> loader = DataLoader(dataset, num_workers=2, worker_init_fn=worker_init_fn)
    """
    worker: Any = get_worker_info()
    pipelines = _pipelines(worker.dataset)
    if not pipelines:
        raise DataError(
            f"worker_init_fn finds no albumentations transform in {type(worker.dataset).__name__}: "
            "hold the Compose in an attribute of the data set."
        )
    for pipeline, seeds in zip(pipelines, np.random.SeedSequence(worker.seed).spawn(len(pipelines)), strict=True):
        _reseed(pipeline, seeds)


def _pipelines(dataset: object) -> list[Any]:
    """Find pipelines in the attributes of a data set, of those that it wraps, and of callables around a pipeline."""
    found: dict[int, Any] = {}
    holders = [dataset]
    for holder in holders:  # which grows
        for value in getattr(holder, "__dict__", {}).values():
            for each in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(each, (A.BasicTransform, A.BaseCompose)):
                    found[id(each)] = each
                elif (isinstance(each, Dataset) or callable(each)) and not any(each is other for other in holders):
                    holders.append(each)
    return list(found.values())


def _reseed(node: Any, seeds: np.random.SeedSequence) -> None:
    node.set_random_seed(int(seeds.generate_state(1)[0]))  # a Compose passes it on to its parts, which then get theirs
    parts = getattr(node, "transforms", [])
    for part, own in zip(parts, seeds.spawn(len(parts)), strict=True):
        _reseed(part, own)
