"""PyTorch: synthetic samples as a `Dataset`, alone or beside real ones, with balanced classes and weights for the loss.

Samples of any modality: images, table rows, signals, sounds, texts. Everything here pickles, so that any number of
``DataLoader`` workers may be forked or spawned; they share the pixels of a pool of images. Lightning takes the loaders
as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, WeightedRandomSampler, default_collate

from ganaug.augmenter import GANAugmenter
from ganaug.config import check
from ganaug.config.types import Count, Factor
from ganaug.data.merge import balance as to_largest
from ganaug.data.merge import ratio as per_real_row
from ganaug.data.pool import RowPool
from ganaug.data.text import plain
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.image.exports import unescape
from ganaug.plugins.live import LivePool, open_pool

Source = str | Path | RowPool | LivePool | GANAugmenter
COMPARED = 20  # real rows whose shapes say whether all have one
SHOWN = 5  # names of columns in a message
ABSENT = np.iinfo(np.int64).min  # the number of a class that a data set does not know


def to_tensor(sample: Any) -> Any:
    """Turn a sample into a tensor.

    Pillow images become floats (C, H, W) in [0, 1], as torchvision's ``ToTensor`` makes them; arrays of numbers keep
    their shape and type. What else there is stays as it is: texts, rows of a table.
    """
    if isinstance(sample, Image.Image):
        pixels = torch.from_numpy(np.array(sample))
        return pixels.view(sample.height, sample.width, -1).permute(2, 0, 1).contiguous().float().div(255)
    return torch.from_numpy(np.array(sample)) if isinstance(sample, np.ndarray) else sample


class SyntheticDataset(Dataset[tuple[Any, int]]):
    """Synthetic samples with their labels, ``(sample, label)``; item i is always the same sample.

    Parameters
    ----------
    source : path-like, RowPool, LivePool or GANAugmenter
        A pool: a Parquet file of synthetic rows, or a folder that `ganaug.modalities.image.pool.write_pool` wrote. Or a
        model, saved or fitted, which makes the samples on the CPU, one by one, when they are asked for.
    per_class : int or sequence of int (K,), optional
        Samples of every class, or of each, chosen by the seed. None: the whole pool, in its order.
    seed : int, default=0
        Another seed gives other samples, from a model or from a pool that has more than ``per_class``.
    transform : callable, default=to_tensor
        From a sample to what an item holds, such as a transform of torchvision. A sample is a Pillow image (L, RGB,
        RGBA), a signal or sound as an array (time,) or (channels, time), a text as a string, a table's row as a dict.

    Attributes
    ----------
    classes : list of str
        Names of the K classes.
    targets : int64 array (n,)
        Labels: positions in ``classes``, but for a model that was fitted to integers, which are the labels then.

    Raises
    ------
    DataError
        There is no pool, or it has too few samples of a class.
    ModelError
        The model is damaged.
    ConfigError
        The source is a model and ``per_class`` is None, or a number is out of range.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from ganaug import GANAugmenter
    >>> from ganaug.plugins.torch import SyntheticDataset
    >>> images, labels = load_digits(return_X_y=True)
    >>> X = (images[:100].reshape(-1, 8, 8) * 15.9).astype("uint8")
    >>> data = SyntheticDataset(GANAugmenter(steps=20, random_state=0).fit(X, labels[:100]), per_class=5)
    >>> image, label = data[49]
    >>> len(data), image.shape, label
    (50, torch.Size([1, 8, 8]), 9)
    """

    def __init__(
        self,
        source: Source,
        per_class: ArrayLike | None = None,
        *,
        seed: int = 0,
        transform: Callable[[Any], Any] = to_tensor,
    ) -> None:
        check(Count, seed, "seed")
        self.pool, self.transform = _opened(source), transform
        self.classes = [str(label) for label in self.pool.classes]
        if per_class is None and isinstance(self.pool, LivePool):
            raise ConfigError("per_class is None, and a model makes samples without end: say how many of each class.")
        counts = _counts(self.pool, per_class)
        chosen = [_choose(self.pool, k, count, seed) for k, count in enumerate(counts.tolist())]
        self._positions = np.concatenate([np.empty(0, np.int64), *chosen])
        self.targets = _numbers(self.pool).repeat(counts)

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        return self.transform(self.pool.item(int(self._positions[i]))), int(self.targets[i])


class AugmentedDataset(Dataset[tuple[Any, int, bool]]):
    """Real samples, then synthetic ones: ``(sample, label, synthetic)``.

    Parameters
    ----------
    real : Dataset
        Map-style, with items ``(sample, label)``, or mappings with ``"label"`` and the columns that samples have in
        our files: ``"image"``, ``"signal"``, ``"audio"``, ``"text"``, those of a table. Labels are whole numbers. Names
        in ``real.classes``, such as ImageFolder has, or in the features of a data set of Hugging Face, say which class
        of the source is meant; without them the numbers do, see ``SyntheticDataset.targets``. Labels come from
        ``real.targets``, or from going through all items once.
    source : path-like, RowPool, LivePool or GANAugmenter
        See `SyntheticDataset`.
    ratio : float, default=1.0
        Synthetic rows for each real row of a class.
    balance : bool, default=False
        Give every class as many rows, real and synthetic together, as the largest class then has: 0 as ``ratio`` fills
        the others up to it.
    seed : int, default=0
        Chooses the synthetic samples.
    transform : callable, default=to_tensor
        From a sample, see `SyntheticDataset`, to one like those of ``real``; it sees the synthetic samples only.

    Attributes
    ----------
    targets : int64 array (n,)
        Labels of all rows, numbered as in ``real``.
    real, synthetic : Dataset
        The two parts.

    Raises
    ------
    DataError
        The source lacks a class of ``real`` or has too few samples of it, the rows of ``real`` are no pairs of a sample
        and one label, or real and synthetic samples are not of one shape and type.
    ConfigError
        The ratio or the seed is out of range.
    """

    def __init__(
        self,
        real: Dataset[Any],
        source: Source,
        ratio: float = 1.0,
        balance: bool = False,
        *,
        seed: int = 0,
        transform: Callable[[Any], Any] = to_tensor,
    ) -> None:
        check(Factor, ratio, "ratio")
        pool = _opened(source)
        self._columns = pool.schema.modality.columns(pool.schema.spec).names
        targets, names = _labels(real, self._columns)
        numbers = _numbers(pool, names)
        _check_classes(pool, numbers, targets, names)
        counts = (targets == numbers[:, None]).sum(1)
        wanted = per_real_row(counts, ratio)
        if balance:
            wanted += to_largest(counts + wanted, 0)
        wanted[numbers == ABSENT] = 0
        self.real, self.synthetic = real, SyntheticDataset(pool, wanted, seed=seed, transform=transform)
        self.targets = np.concatenate([targets, numbers.repeat(wanted)])
        if wanted.any() and len(targets):
            _check_alike([self[i][0] for i in range(min(COMPARED, len(targets)))], self[len(targets)][0])

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, i: int) -> tuple[Any, int, bool]:
        i = range(len(self))[i]  # from the end where it is negative; IndexError beyond it
        n = len(self) - len(self.synthetic)
        sample = _pair(self.real[i], self._columns)[0] if i < n else self.synthetic[i - n][0]
        return sample, int(self.targets[i]), i >= n


class Batch(NamedTuple):
    """What `collate` makes of B rows of an `AugmentedDataset`.

    Attributes
    ----------
    samples : Tensor (B, ...), tuple or dict
        The samples, as ``default_collate`` joins them: tensors to one, texts to a tuple, rows to a dict of columns.
    labels : int64 Tensor (B,)
        Their labels.
    synthetic : bool Tensor (B,)
        Which are synthetic.
    weights : float32 Tensor (B,)
        What each row's loss counts.
    """

    samples: Any
    labels: Tensor
    synthetic: Tensor
    weights: Tensor


def collate(rows: list[tuple[Any, int, bool]], synthetic_weight: float = 1.0) -> Batch:
    """Make a batch of rows of an `AugmentedDataset`; the loss of a real row counts 1.

    Another weight goes into the loader as ``collate_fn=functools.partial(collate, synthetic_weight=0.5)``.
    """
    samples, labels, synthetic = default_collate(rows)
    return Batch(samples, labels, synthetic, torch.where(synthetic, synthetic_weight, 1.0))


def class_balanced_sampler(
    targets: ArrayLike, num_samples: int | None = None, generator: torch.Generator | None = None
) -> WeightedRandomSampler:
    """Draw rows, with replacement, so that every class is as probable as every other.

    Parameters
    ----------
    targets : array (n,)
        Labels, such as ``AugmentedDataset.targets``.
    num_samples : int, optional
        Rows in an epoch; n by default.
    generator : torch.Generator, optional
        Makes the order repeatable.
    """
    _, codes, counts = np.unique(np.asarray(targets), return_inverse=True, return_counts=True)
    return WeightedRandomSampler((1 / counts[codes]).tolist(), num_samples or len(codes), generator=generator)


def _opened(source: Source) -> RowPool | LivePool:
    if isinstance(source, GANAugmenter):
        return LivePool(source)
    return open_pool(source) if isinstance(source, (str, Path)) else source


def _counts(pool: RowPool | LivePool, per_class: ArrayLike | None) -> NDArray[np.int64]:
    """Return how many samples of each class (K,) are asked for; `ConfigError` if that makes no sense."""
    k = len(pool.classes)
    counts = np.array([len(pool.of_class(c)) for c in pool.classes] if per_class is None else per_class)
    if counts.shape not in ((), (k,)) or counts.dtype.kind not in "iu" or counts.min(initial=0) < 0:
        raise ConfigError(
            f"per_class is {per_class!r}; it must be a whole number from 0, or one for each of {k} classes"
        )
    return np.broadcast_to(counts, k).astype(np.int64)


def _choose(pool: RowPool | LivePool, k: int, count: int, seed: int) -> NDArray[np.int64]:
    """Choose samples of class k; how many are wanted of other classes does not matter. All of them stay in order."""
    span = pool.of_class(pool.classes[k])
    if count > len(span):
        raise DataError(
            f"{pool.path} has {len(span)} {pool.schema.modality.unit} of class {pool.classes[k]!r}, "
            f"{count} are asked for: generate more of them, or ask for fewer."
        )
    if count == len(span):
        return np.arange(span.start, span.stop)
    return span.start + np.random.default_rng([seed, k]).choice(len(span), count, replace=False)


def _numbers(pool: RowPool | LivePool, names: Sequence[str] | None = None) -> NDArray[np.int64]:
    """Return the label (K,) that each class of a pool has in a data set whose classes have these names."""
    if names is None:
        return np.array([label if isinstance(label, int) else k for k, label in enumerate(pool.classes)], np.int64)
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(str(label), ABSENT) for label in pool.classes], np.int64)


def _labels(real: Any, columns: Sequence[str]) -> tuple[NDArray[np.int64], list[str] | None]:
    """Return a data set's labels (n,), and its class names where it has them."""
    if isinstance(real, IterableDataset) or not (hasattr(real, "__getitem__") and hasattr(real, "__len__")):
        raise DataError(
            f"The real rows are a {type(real).__name__}: give a data set that has a length and rows by number."
        )
    if isinstance(real, Subset):
        targets, names = _labels(real.dataset, columns)
        return targets[list(real.indices)], names
    own = getattr(real, "target_transform", None) is None  # else neither belongs to the items' labels
    found = real.targets if own and hasattr(real, "targets") else [_pair(real[i], columns)[1] for i in range(len(real))]
    try:
        labels = np.asarray(found)
    except (ValueError, TypeError, RuntimeError):  # of several lengths, or on a GPU
        labels = np.empty(len(found), object)
    labels = labels[:, 0] if labels.shape[1:] == (1,) else labels
    if len(labels) and (labels.ndim != 1 or labels.dtype.kind not in "iub"):
        raise DataError(
            f"The real rows have labels such as {found[0]!r}: give pairs (sample, label), labels as numbers, one a row."
        )
    if len(labels) != len(real):
        raise DataError(f"The real data set has {len(real)} rows, but {len(labels)} targets: give one for each.")
    return labels.astype(np.int64), _names(real) if own else None


def _pair(item: Any, columns: Sequence[str]) -> tuple[Any, Any]:
    """Return the sample and the label of a row; a mapping has the sample in these columns."""
    if isinstance(item, Mapping) and {*columns, "label"} <= item.keys():
        return item[columns[0]] if len(columns) == 1 else {name: item[name] for name in columns}, item["label"]
    if isinstance(item, (tuple, list)) and len(item) > 1:
        return item[0], item[1]
    keys = f" with {', '.join(map(str, item))}" if isinstance(item, Mapping) else ""
    wanted = ", ".join(map(repr, columns[:SHOWN])) + (", ..." if len(columns) > SHOWN else "")
    raise DataError(
        f"The real rows are of the kind {type(item).__name__}{keys}: give pairs (sample, label), or mappings with "
        f"{wanted} and 'label'."
    )


def _names(real: Any) -> list[str] | None:
    """Return the names of a data set's classes, where it has them."""
    features = getattr(real, "features", None)
    feature = features.get("label") if isinstance(features, Mapping) else None
    names = getattr(real, "classes", getattr(feature, "names", None))
    return [unescape(str(plain(name, "classes"))) for name in names] if isinstance(names, (list, tuple)) else None


def _check_classes(
    pool: RowPool | LivePool, numbers: NDArray[np.int64], targets: NDArray[np.int64], names: list[str] | None
) -> None:
    """Refuse real rows of a class that the pool does not have, or that could be either of two."""
    for k, label in enumerate(pool.classes):
        if names is None and isinstance(label, str) and label.isdecimal() and int(label) != k:
            raise DataError(
                f"The real rows have numbers as labels, and the synthetic class {label!r} stands at position {k}: "
                "set real.classes to the names that belong to the labels, in order."
            )
    unknown = np.setdiff1d(targets, numbers)
    if len(unknown):
        found = repr(names[unknown[0]]) if names and 0 <= unknown[0] < len(names) else f"number {unknown[0]}"
        known = ", ".join(map(repr, pool.classes[:20]))
        raise DataError(
            f"The real rows have a class {found}, the synthetic {pool.schema.modality.unit} are of {known}: "
            "give rows of the same classes, or set real.classes to the names that belong to the labels, in order."
        )


def _check_alike(real: Sequence[Any], synthetic: Any) -> None:
    """Refuse samples that will not go into one batch; only axes count unless real ones are known to be of one shape."""
    several = len(real) == 1 or len({getattr(sample, "shape", None) for sample in real}) > 1
    kinds = [_kind(sample, several) for sample in (real[0], synthetic)]
    if kinds[0] != kinds[1]:
        raise DataError(
            f"The real samples are {kinds[0]}, the synthetic ones {kinds[1]}: give a transform that makes them alike."
        )


def _kind(sample: Any, several: bool) -> str:
    """Say what a sample is, with its number of axes where shapes are several."""
    if isinstance(sample, Image.Image):
        return f"Pillow {sample.mode} {sample.size}"
    if isinstance(sample, Mapping):
        return f"rows with {', '.join(map(str, sample))}"
    if not hasattr(sample, "shape"):
        return type(sample).__name__
    shape = f"of {len(sample.shape)} axes" if several else str(tuple(sample.shape))
    return f"{type(sample).__name__} {getattr(sample, 'dtype', '')} {shape}"
