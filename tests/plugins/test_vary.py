"""`Vary` in the transforms of torch and Hugging Face data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pools import IMAGES, OPTIONS
from torch.utils.data import DataLoader, Dataset

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, DataError
from ganaug.plugins.vary import Vary


def floats(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1).float() / 255


def to_bytes(made: Any) -> np.ndarray:
    if isinstance(made, torch.Tensor):
        made = (made * 255).round().byte() if made.is_floating_point() else made
        return made.permute(1, 2, 0).numpy()
    made = np.asarray(made)
    return made if made.dtype == np.uint8 else np.rint(made * 255).astype(np.uint8)


def test_an_image_of_any_kind_becomes_the_same_version(model: Path) -> None:
    vary, found = Vary(model, p=1), []
    for image in (
        IMAGES[0],
        Image.fromarray(IMAGES[0]),
        torch.from_numpy(IMAGES[0]).permute(2, 0, 1),
        floats(IMAGES[0]),
    ):
        torch.manual_seed(0)
        made = vary(image)
        assert type(made) is type(image)
        assert getattr(made, "dtype", None) == getattr(image, "dtype", None)
        found.append(to_bytes(made))
    assert all(np.array_equal(found[0], other) for other in found[1:])
    assert not np.array_equal(found[0], IMAGES[0])


def test_gray_images(tmp_path: Path) -> None:
    GANAugmenter(generator="translation", **OPTIONS).fit(IMAGES[..., 0], np.arange(12) % 3).save(tmp_path / "gray")
    vary = Vary(tmp_path / "gray", p=1)
    assert vary(IMAGES[0, ..., 0]).shape == (8, 8)
    assert vary(Image.fromarray(IMAGES[0, ..., 0])).mode == "L"
    assert vary(floats(IMAGES[0, ..., :1])).shape == (1, 8, 8)


def test_so_often_and_each_time_another(model: Path) -> None:
    torch.manual_seed(0)
    vary = Vary(model, p=0.5)
    made = [vary(IMAGES[1]).tobytes() for _ in range(40)]
    assert 8 <= made.count(IMAGES[1].tobytes()) <= 32
    assert len(set(made)) > 5
    assert Vary(model, p=0)(IMAGES[1]) is not None
    assert np.array_equal(Vary(model, p=0)(IMAGES[1]), IMAGES[1])


class Images(Dataset[torch.Tensor]):
    def __init__(self, transform: Vary) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return len(IMAGES)

    def __getitem__(self, i: int) -> torch.Tensor:
        made: torch.Tensor = self.transform(floats(IMAGES[0]))
        return made


@pytest.mark.slow
def test_workers_repeat_themselves_and_differ(model: Path) -> None:
    batches = []
    for _ in range(2):
        torch.manual_seed(3)
        batches.append(torch.cat(list(DataLoader(Images(Vary(model, p=1)), batch_size=6, num_workers=2))))
    assert torch.equal(*batches)
    assert not torch.equal(batches[0][:6], batches[0][6:])  # of one worker, and of the other


def test_rows_of_hugging_face_vary_as_they_are_read(model: Path) -> None:
    datasets = pytest.importorskip("datasets")
    encoded = [datasets.Image().encode_example(image) for image in IMAGES]
    ds = datasets.Dataset.from_dict({"image": encoded}).cast_column("image", datasets.Image())
    vary = Vary(model, p=1)
    ds = ds.with_transform(lambda rows: rows | {"image": [vary(image) for image in rows["image"]]})
    torch.manual_seed(0)
    first, again = ds[0]["image"], ds[0]["image"]
    assert first.size == (8, 8)
    assert not np.array_equal(np.asarray(first), np.asarray(again))


@pytest.mark.parametrize("image", [IMAGES[0, :7], IMAGES[0, ..., 0]])
def test_another_shape_is_refused(model: Path, image: np.ndarray) -> None:
    with pytest.raises(DataError, match="resize before Vary"):
        Vary(model, p=1)(image)


@pytest.mark.parametrize("image", [IMAGES[0].astype(np.float32), IMAGES[0].astype(np.int64), floats(IMAGES[0]) * 4 - 2])
def test_other_pixels_are_refused(model: Path, image: Any) -> None:
    """Normalised ones, say, of which a version would be of what is left in [0, 1]."""
    with pytest.raises(DataError, match=r"give Vary uint8, or float32 in \[0, 1\], and normalise after it"):
        Vary(model, p=1)(image)


def test_what_cannot_work_is_said(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="p is 2"):
        Vary(model, p=2)
    with pytest.raises(ConfigError, match="truncation"):
        Vary(model, truncation=-1)
    GANAugmenter(generator="latent", **OPTIONS).fit(IMAGES, np.arange(12) % 3).save(tmp_path / "latent")
    with pytest.raises(ConfigError, match="fit one with generator='translation'"):
        Vary(tmp_path / "latent")
