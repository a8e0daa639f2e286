from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import datasets
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric, seed_everything
from PIL import Image
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.image.pool import Pool
from ganaug.modalities.image.schema import image_schema
from ganaug.plugins.torch import (
    AugmentedDataset,
    Batch,
    SyntheticDataset,
    class_balanced_sampler,
    collate,
    to_tensor,
)

DIGITS = load_digits()
X, Y = (DIGITS.images * 15.9).astype(np.uint8), DIGITS.target
IMAGES = torch.from_numpy(X).unsqueeze(1) / 255


def write_pool(path: Path, classes: tuple[str, ...], at: slice, labels: np.ndarray) -> Path:
    rows = Rows.build(image_schema(8, 8, 1, classes), X[at][..., None], labels, synthetic=True)
    with RowWriter(path, rows.schema) as writer:
        writer.write(rows)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits that stand for synthetic ones, so that a wrong label shows: those after the first 500."""
    return write_pool(tmp_path_factory.mktemp("pool") / "pool.parquet", tuple("0123456789"), slice(500, None), Y[500:])


@pytest.fixture(scope="module")
def model() -> GANAugmenter:
    """A hardly trained model of the digits 3, 5 and 7."""
    at = np.flatnonzero(np.isin(Y, (3, 5, 7)))[:30]
    return GANAugmenter(steps=2, width=4, device="cpu", random_state=0).fit(X[at], Y[at])


def real(n: int = 60) -> TensorDataset:
    return TensorDataset(IMAGES[:n], torch.from_numpy(Y[:n]))


def true_labels(images: list[torch.Tensor]) -> list[int]:
    """Look images up among the digits."""
    digit = {x.tobytes(): int(y) for x, y in zip(X, Y, strict=True)}
    return [digit[(image * 255).round().to(torch.uint8).numpy().tobytes()] for image in images]


def contents(rows: Any) -> list[tuple[bytes, int]]:
    return [(image.numpy().tobytes(), int(label)) for image, label, *_ in rows]


# ---------------------------------------------------------------------------------------------- SyntheticDataset


def test_a_pool_is_given_whole_with_its_labels(path: Path) -> None:
    data = SyntheticDataset(path)
    assert len(data) == len(X) - 500
    images, labels = zip(*data, strict=True)
    assert images[0].shape == (1, 8, 8)
    assert images[0].dtype == torch.float32
    assert true_labels(list(images)) == list(labels) == data.targets.tolist()
    assert data.classes == [str(k) for k in range(10)]
    torch.testing.assert_close(data[-1][0], images[-1])
    with pytest.raises(IndexError):
        data[len(data)]


def test_per_class_chooses_by_the_seed(path: Path) -> None:
    pool = Pool.open(path)
    data = SyntheticDataset(pool, 7, seed=1)
    assert np.bincount(data.targets).tolist() == [7] * 10
    assert true_labels([image for image, _ in data]) == data.targets.tolist()
    assert len({image for image, _ in contents(data)}) == 70
    assert contents(SyntheticDataset(pool, 7, seed=1)) == contents(data)
    assert contents(SyntheticDataset(pool, 7, seed=2)) != contents(data)
    some = SyntheticDataset(pool, [0, 7, *[3] * 8], seed=1)  # what is asked of one class changes no other
    assert contents(some)[:7] == contents(data)[7:14]


def test_a_model_makes_the_same_image_for_an_item_each_time(model: GANAugmenter, tmp_path: Path) -> None:
    data = SyntheticDataset(model, per_class=4)
    assert data.targets.tolist() == [3] * 4 + [5] * 4 + [7] * 4  # the labels that it was fitted to
    assert data.classes == ["3", "5", "7"]
    expected = contents(data)
    assert len({image for image, _ in expected}) == 12
    assert contents(data[i] for i in reversed(range(12))) == expected[::-1]
    model.save(tmp_path / "model")
    for again in (SyntheticDataset(tmp_path / "model", per_class=4), pickle.loads(pickle.dumps(data))):
        assert contents(again) == expected
    assert contents(SyntheticDataset(model, per_class=4, seed=1)) != expected


def test_a_model_in_use_elsewhere_is_left_alone(model: GANAugmenter) -> None:
    following, _ = pickle.loads(pickle.dumps(model)).sample(per_class=2)
    contents(SyntheticDataset(model, per_class=2))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).sample(per_class=2)[0], following)


def test_a_transform_sees_the_pillow_image(path: Path) -> None:
    picture, _ = SyntheticDataset(path, transform=lambda image: image)[0]
    assert isinstance(picture, Image.Image)
    assert (picture.mode, picture.size) == ("L", (8, 8))
    for mode, channels in (("L", 1), ("RGB", 3), ("RGBA", 4)):
        tensor = to_tensor(picture.convert(mode))
        assert tensor.shape == (channels, 8, 8)
        torch.testing.assert_close(tensor[0], to_tensor(picture)[0])


def test_what_a_source_cannot_give_is_explained(path: Path, model: GANAugmenter, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a model makes samples without end: say how many"):
        SyntheticDataset(model)
    for wrong in (-1, 2.5, [1, 2], "all"):
        with pytest.raises(
            ConfigError, match=r"per_class is .*; it must be a whole number from 0, or one for each of 10"
        ):
            SyntheticDataset(path, wrong)
    with pytest.raises(DataError, match=r"pool\.parquet has 127 images of class '0', 1000 are asked for"):
        SyntheticDataset(path, 1000)
    with pytest.raises(DataError, match="there is no file"):
        SyntheticDataset(tmp_path / "none.parquet")
    with pytest.raises(ConfigError, match="seed is -1"):
        SyntheticDataset(path, 1, seed=-1)


# ---------------------------------------------------------------------------------------------- AugmentedDataset


def test_real_rows_come_first_and_synthetic_ones_in_proportion(path: Path) -> None:
    data = AugmentedDataset(real(), path, ratio=2.0)
    images, labels, synthetic = zip(*data, strict=True)
    assert synthetic == (False,) * 60 + (True,) * 120
    assert contents(data)[:60] == contents(real())
    assert true_labels(list(images)) == list(labels) == data.targets.tolist()
    np.testing.assert_array_equal(np.bincount(labels[60:]), 2 * np.bincount(Y[:60]))
    assert data[-1][1:] == (9, True)
    with pytest.raises(IndexError):
        data[180]


@pytest.mark.parametrize(("ratio", "each"), [(0.0, 20), (1.5, 50)])
def test_balance_brings_every_class_up_to_the_largest(path: Path, ratio: float, each: int) -> None:
    at = np.concatenate([np.flatnonzero(Y[:500] == k)[:n] for k, n in enumerate((20, 1, 5, *[10] * 6, 0))])
    data = AugmentedDataset(Subset(real(500), at.tolist()), path, ratio, balance=True)
    assert np.bincount(data.targets).tolist() == [each] * 10
    assert true_labels([image for image, _, _ in data]) == data.targets.tolist()


class Named(Dataset[Any]):
    """The first digits as torchvision's data sets are: names in ``classes``, labels in ``targets``."""

    def __init__(self, classes: list[str], n: int = 40, target_transform: Callable[[int], int] | None = None) -> None:
        self.classes, self.target_transform = classes, target_transform
        self.targets = [classes.index(f"digit/{Y[i]}".replace("/", "%2F")) for i in range(n)]

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return IMAGES[i], (self.target_transform or int)(self.targets[i])

    def __len__(self) -> int:
        return len(self.targets)


ORDER = (3, 1, 4, 5, 9, 2, 6, 0, 7, 8)


@pytest.mark.parametrize("wrap", [lambda ds: ds, lambda ds: Subset(Subset(ds, range(30)), range(5, 25))])
def test_classes_are_matched_by_name(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    """A folder's classes are in another order than the pool's, escaped, and one of the pool's has no folder."""
    names = (*(f"digit/{k}" for k in range(10)), "letter")
    pool = write_pool(tmp_path / "pool.parquet", names, slice(500, None), Y[500:])
    data = AugmentedDataset(wrap(Named([f"digit%2F{k}" for k in ORDER])), pool, balance=True)
    expected = [ORDER.index(digit) for digit in true_labels([image for image, _, _ in data])]
    assert [label for _, label, _ in data] == data.targets.tolist() == expected
    assert len(set(np.bincount(data.targets).tolist())) == 1


def test_transformed_labels_are_those_that_count(path: Path) -> None:
    given = Named([f"digit%2F{k}" for k in ORDER], target_transform=lambda label: ORDER[label])
    data = AugmentedDataset(given, path)
    assert true_labels([image for image, _, _ in data]) == data.targets.tolist()


def test_a_model_of_other_classes_is_refused_and_of_these_is_not(model: GANAugmenter) -> None:
    at = np.flatnonzero(np.isin(Y[:100], (5, 7))).tolist()
    data = AugmentedDataset(Subset(real(100), at), model)
    assert sorted(data.targets[len(at) :].tolist()) == sorted(Y[at].tolist())
    with pytest.raises(DataError, match=r"have a class number 0, the synthetic images are of 3, 5, 7"):
        AugmentedDataset(real(), model)


def test_rows_that_do_not_fit_are_explained(path: Path, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"Tensor torch.float32 \(1, 8, 8\), the synthetic ones .*\(3, 8, 8\): give a tr"
    ):
        AugmentedDataset(real(), path, transform=lambda image: to_tensor(image.convert("RGB")))
    with pytest.raises(DataError, match=r"class 'digit/3', the synthetic images are of 'digit/0', .*set real\.classes"):
        AugmentedDataset(Named([f"digit%2F{k}" for k in ORDER]), write_pool(
            tmp_path / "p.parquet", tuple(f"digit/{k}" for k in "012X456789"), slice(500, None), Y[500:]
        ))  # fmt: skip
    shifted = write_pool(tmp_path / "shifted.parquet", tuple("1234567890"), slice(500, None), Y[500:])
    with pytest.raises(DataError, match="class '1' stands at position 0"):
        AugmentedDataset(real(), shifted)
    with pytest.raises(DataError, match="labels such as 'cat': give pairs"):
        AugmentedDataset([(IMAGES[0], "cat")], path)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="ratio is -1"):
        AugmentedDataset(real(), path, ratio=-1)


class Items(Dataset[Any]):
    """Whatever rows, with attributes."""

    def __init__(self, rows: Any, **attributes: Any) -> None:
        self.rows = rows
        for name, value in attributes.items():
            setattr(self, name, value)

    def __getitem__(self, i: int) -> Any:
        return self.rows[i]

    def __len__(self) -> int:
        return len(self.rows)


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        return iter(real(3))


def labelled(*labels: Any) -> list[Any]:
    return [(IMAGES[i], label) for i, label in enumerate(labels)]


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "bool"])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_whole_numbers_of_any_type_are_labels(path: Path, kind: str, shape: tuple[int, ...]) -> None:
    """Also one in a row, as MedMNIST's data sets have it; as arrays, tensors and targets."""
    labels = np.array([1, 0, 1], kind).reshape(3, *shape)
    tensors = [torch.from_numpy(labels[i : i + 1]).reshape(shape) for i in range(3)]
    targets = Items(labelled(*labels), targets=labels)
    for data in (Items(labelled(*labels)), Items(labelled(*tensors)), targets, Subset(targets, [0, 1, 2])):
        found = AugmentedDataset(data, path)
        assert found.targets.tolist() == [1, 0, 1, 0, 1, 1]
        assert true_labels([image for image, _, _ in found][3:]) == [0, 1, 1]


@pytest.mark.parametrize("label", ["cat", b"cat", None, 0.5, float("nan"), [0, 1], {"a": 1}, torch.eye(2)[0]])
def test_other_labels_are_refused(path: Path, label: Any) -> None:
    for data in (Items(labelled(label, label)), Items(labelled(0, 0), targets=[label, label])):
        with pytest.raises(
            DataError, match=r"labels such as .*: give pairs \(sample, label\), labels as numbers, one a row"
        ):
            AugmentedDataset(data, path)


def test_rows_may_be_mappings(path: Path) -> None:
    data = AugmentedDataset(Items([{"image": IMAGES[i], "label": int(Y[i]), "id": "x"} for i in range(20)]), path)
    assert contents(data)[:20] == contents(real(20))
    assert true_labels([image for image, _, _ in data]) == data.targets.tolist()


def test_a_hugging_face_data_set_is_matched_by_the_names_of_its_labels(path: Path) -> None:
    names = [str(k) for k in ORDER]
    columns = {"image": list(X[:20]), "label": [names.index(str(y)) for y in Y[:20]]}
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=names))
    data = AugmentedDataset(datasets.Dataset.from_dict(columns, features), path, transform=lambda image: image)
    digits = [ORDER[label] for label in data.targets]
    assert digits[:20] == Y[:20].tolist()
    assert digits[20:] == true_labels([to_tensor(image) for image, _, _ in data][20:])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Stream(), "rows are a Stream: give a data set that has a length"),
        (DataLoader(real(3)), "rows are a DataLoader"),
        (iter([1]), "rows are a list_iterator"),
        (Items([IMAGES[0]]), "rows are of the kind Tensor: give pairs"),
        (TensorDataset(IMAGES[:3]), "rows are of the kind tuple: give pairs"),
        (Items([{"pixels": 1, "target": 2}]), "rows are of the kind dict with pixels, target: .* 'image' and 'label'"),
        (Items(labelled(0, 1), targets=[0]), "has 2 rows, but 1 targets"),
        (Items(labelled(0, -1), classes=["0", "1"]), "have a class number -1"),
        (Items(labelled(0, 7), classes=["0", "1"]), "have a class number 7"),
        (Items(labelled(0, 1), targets=[[0], [0, 1]]), "labels such as"),
    ],
)
def test_data_sets_of_other_kinds_are_refused(path: Path, data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        AugmentedDataset(data, path)


# ---------------------------------------------------------------------------------------------- loaders


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12, of a process with threads
@pytest.mark.parametrize(("method", "workers"), [("fork", 2), ("spawn", 1)])  # one: it takes seconds to import torch
def test_workers_give_the_same_rows(path: Path, model: GANAugmenter, method: str, workers: int) -> None:
    """A pool beside real rows; and a model that makes the rows in the workers."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform does not {method}")
    data = AugmentedDataset(real(20), path) + AugmentedDataset(Subset(real(100), [3, 5, 7]), model)
    options: dict[str, Any] = {"batch_size": 8, "collate_fn": partial(collate, synthetic_weight=0.25)}
    found = list(DataLoader(data, num_workers=workers, multiprocessing_context=method, **options))
    for batch, expected in zip(found, DataLoader(data, **options), strict=True):
        assert isinstance(batch, Batch)
        for got, wanted in zip(batch, expected, strict=True):
            assert torch.equal(got, wanted)


def test_a_batch_carries_flags_and_weights(path: Path) -> None:
    data = AugmentedDataset(real(4), path)
    batch = collate([data[i] for i in (0, 5, 1, 7)], synthetic_weight=0.25)
    assert batch.samples.shape == (4, 1, 8, 8)
    assert batch.labels.tolist() == data.targets[[0, 5, 1, 7]].tolist()
    assert batch.synthetic.tolist() == [False, True, False, True]
    assert batch.weights.tolist() == [1, 0.25, 1, 0.25]
    assert [part.dtype for part in batch] == [torch.float32, torch.int64, torch.bool, torch.float32]
    assert collate([data[0], data[7]]).weights.tolist() == [1, 1]


def test_the_sampler_draws_every_class_as_often() -> None:
    targets = [0] * 900 + [1] * 90 + [7] * 10
    drawn = list(class_balanced_sampler(targets, 6000, torch.Generator().manual_seed(0)))
    counts = np.bincount(np.array(targets)[drawn])
    assert abs(counts[[0, 1, 7]] - 2000).max() < 200  # 5 standard deviations
    assert drawn == list(class_balanced_sampler(targets, 6000, torch.Generator().manual_seed(0)))
    assert len(class_balanced_sampler(targets)) == 1000


class Perceptron(torch.nn.Sequential):
    def __init__(self) -> None:
        super().__init__(torch.nn.Flatten(), torch.nn.Linear(64, 10))

    def loss(self, batch: Batch) -> torch.Tensor:
        losses = torch.nn.functional.cross_entropy(self(batch.samples), batch.labels, reduction="none")
        return (batch.weights * losses).sum() / batch.weights.sum()


def loader(path: Path, **options: Any) -> DataLoader[Any]:
    data = AugmentedDataset(real(), path, ratio=5.0)
    sampler = class_balanced_sampler(data.targets, generator=torch.Generator().manual_seed(0))
    return DataLoader(data, 32, sampler=sampler, collate_fn=partial(collate, synthetic_weight=0.5), **options)


def accuracy(network: torch.nn.Module) -> float:
    return float((network(IMAGES[60:500]).argmax(1) == torch.from_numpy(Y[60:500])).float().mean())


@pytest.mark.slow
def test_fabric_trains_on_it(path: Path) -> None:
    seed_everything(0, verbose=False)
    fabric = Fabric(accelerator="cpu", devices=1)
    network = Perceptron()
    module, optimizer = fabric.setup(network, torch.optim.Adam(network.parameters(), 0.02))
    module.mark_forward_method("loss")
    batches = fabric.setup_dataloaders(loader(path))
    for _ in range(8):
        for batch in batches:
            assert isinstance(batch, Batch)
            optimizer.zero_grad()
            fabric.backward(module.loss(batch))
            optimizer.step()
    assert accuracy(network) > 0.85


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*does not have many workers")  # Lightning's own
def test_lightning_trains_on_it(path: Path, tmp_path: Path) -> None:
    from pytorch_lightning import LightningModule, Trainer

    class Lit(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = Perceptron()

        def training_step(self, batch: Batch) -> torch.Tensor:
            return self.network.loss(batch)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), 0.02)

    seed_everything(0, verbose=False)
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    lit = Lit()
    Trainer(accelerator="cpu", max_epochs=8, default_root_dir=tmp_path, **quiet).fit(lit, loader(path))
    assert accuracy(lit.network) > 0.85
