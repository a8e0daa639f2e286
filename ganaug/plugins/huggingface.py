"""Hugging Face ``datasets``: more rows for the training split of a data set of labelled images or texts, or of a table.

Needs ``pip install 'ganaug[huggingface]'``. What the pipeline writes needs no code of ours: these give decoded images
and class names.

- ``load_dataset("data/augmented/0")``: columns ``image``, ``label``, ``synthetic``, ``id``, ``group``, ``model``;
- ``load_dataset("exports/0/image_folder")``: ``image`` and ``label``, whose names are those of the folders, see
  `ganaug.modalities.image.exports.folder_names`;
- ``load_dataset("exports/0/webdataset")``: ``png``, ``cls`` and ``json``. The names of ``cls`` stand in the card beside
  the shards, which ``load_dataset("webdataset", data_dir=...)`` does not read: there ``cls`` is a plain number.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetDict, Image, Value, concatenate_datasets
from numpy.typing import NDArray
from PIL import Image as Pillow

from ganaug.augmenter import GANAugmenter
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.image.png import encode_png
from ganaug.modalities.image.ranges import PixelRanges, Range, RangeFinder
from ganaug.synthesis.select import Selection

MODES = ("L", "RGB", "RGBA")
OTHERS = ("1", "I", "I;16", "I;16B", "I;16L", "F")  # gray, too, in bits, longer integers and floats

Data = TypeVar("Data", Dataset, DatasetDict)
ToColumns = Callable[[Any], dict[str, Any]]  # from new samples to columns by name


def augment_dataset(
    ds: Data,
    *,
    ratio: float = 1.0,
    image_column: str | None = "image",
    text_column: str | None = None,
    label_column: str = "label",
    split: str = "train",
    selection: Selection | None = None,
    pixel_range: Range | None = None,
    **options: Any,
) -> Data:
    """Train a GAN on the training split, and append the good ones of its samples to that split.

    Parameters
    ----------
    ds : DatasetDict or Dataset
        Labelled images, texts or rows of a table; a lone Dataset is a training split. The rows of the other splits are
        not read.
    ratio : float, default=1.0
        Synthetic rows for each row of the training split, class by class.
    image_column : str or None, default="image"
        Column of images, all of one size, 8 to 512 pixels a side, and of one mode: L, RGB or RGBA; or gray in bits,
        16 or 32 bits or floats. None: all columns but the label are a table, of numbers, times, text and class names.
    text_column : str, optional
        Column of texts, instead of images.
    label_column : str, default="label"
        Column of class labels, strings, bytes of UTF-8 or numbers.
    split : str, default="train"
        Name of the training split.
    selection : Selection, optional
        Which samples are good, see `GANAugmenter.augment`.
    pixel_range : (float, float), optional
        The pixels that are black and white. None: told from all images, see `ganaug.modalities.image.ranges`.
        Synthetic images have pixels of the same type and range.
    **options
        Arguments of `GANAugmenter`, such as ``steps`` and ``random_state``.

    Returns
    -------
    DatasetDict or Dataset
        As given, with the same features and a column ``synthetic`` (bool) in every split. Synthetic rows come last,
        ordered by class; there are fewer where too few were good. Beside an image or a text, columns other than
        these three are null; of a table, ids are new and free text is null, see `ganaug.modalities.table.spec`.

    Raises
    ------
    DataError
        A split, column, image or label is missing or of a kind that cannot be used.
    ConfigError
        The ratio or an option is out of range, or ``pixel_range`` is given for a table.

    Examples
    --------
    >>> from datasets import Dataset, Image
    >>> from sklearn.datasets import load_digits
    >>> from ganaug.plugins.huggingface import augment_dataset
    >>> digits = load_digits()
    >>> images = [Image().encode_example(image) for image in (digits.images[:200] * 15.9).astype("uint8")]
    >>> ds = Dataset.from_dict({"image": images, "label": digits.target[:200]}).cast_column("image", Image())
    >>> more = augment_dataset(ds, ratio=2.0, steps=20, random_state=0)
    >>> len(more) > len(ds), more.column_names
    (True, ['image', 'label', 'synthetic'])

    >>> from sklearn.datasets import load_wine
    >>> wine = Dataset.from_pandas(load_wine(as_frame=True).frame)
    >>> more = augment_dataset(
    ...     wine, image_column=None, label_column="target", steps=20, device="cpu", random_state=0
    ... )
    >>> len(more) > len(wine)
    True
    """
    if not isinstance(ds, (Dataset, DatasetDict)):
        raise DataError(f"ds is a {type(ds).__name__}: give a Dataset or a DatasetDict, loaded without streaming.")
    splits = ds if isinstance(ds, DatasetDict) else DatasetDict({split: ds})
    if not splits.get(split):
        known = ", ".join(splits)
        raise DataError(f"ds has no rows in a split {split!r}; it has {known}: name the one to train on with split=.")
    for name, part in splits.items():
        if "synthetic" in part.column_names:
            raise DataError(f"split {name!r} has a column 'synthetic' already: drop synthetic rows, then the column.")
    labels = _labels(splits[split], split, label_column)
    samples: Any
    if text_column is not None:
        samples, to_columns = _texts(splits[split], split, text_column, pixel_range)
    elif image_column is None:
        samples, to_columns = _table(splits[split], split, label_column, pixel_range)
    else:
        samples, to_columns = _images(splits[split], split, image_column, pixel_range)
    augmenter = GANAugmenter(**options).fit(samples, labels)
    both, y = augmenter.augment(samples, labels, ratio, selection=selection)
    names = y[len(samples) :].tolist()

    marked = DatasetDict({n: part.add_column("synthetic", np.zeros(len(part), bool)) for n, part in splits.items()})
    real = marked[split]
    columns: dict[str, Any] = {name: [None] * len(names) for name in real.column_names}
    columns |= to_columns(both[len(samples) :])
    columns[label_column] = [name.encode() for name in names] if isinstance(labels[0], bytes) else names
    columns["synthetic"] = [True] * len(names)
    synthetic = Dataset.from_dict(columns, features=real.features).with_format(**real.format)
    marked[split] = concatenate_datasets([real, synthetic], split=real.split)
    return marked if isinstance(ds, DatasetDict) else marked[split]


def _texts(part: Dataset, split: str, column: str, stated: Range | None) -> tuple[list[str], ToColumns]:
    """Return a column of texts, and the way back from new ones."""
    if stated is not None:
        raise ConfigError("pixel_range and text_column are given, and texts have no pixels: leave one of them out.")
    kind = _column(part, split, column)
    if not isinstance(kind, Value) or "string" not in kind.dtype:
        raise DataError(f"column {column!r} of split {split!r} holds {kind}: give texts, as Value('string').")
    return list(part.with_format(None)[column]), lambda new: {column: new}


def _table(part: Dataset, split: str, label_column: str, stated: Range | None) -> tuple[pd.DataFrame, ToColumns]:
    """Return all columns but the label in Arrow's types, class names as categories; and the way back."""
    if stated is not None:
        raise ConfigError(
            "pixel_range is given, and image_column is None: a table has no pixels, leave one of them out."
        )
    names = [name for name in part.column_names if name != label_column]
    if not names:
        raise DataError(f"split {split!r} has no column but the label {label_column!r}: add one to learn from.")
    for name in names:
        if not isinstance(part.features[name], (Value, ClassLabel)):
            raise DataError(
                f"column {name!r} of split {split!r} holds {part.features[name]}: drop it, or name it with "
                "image_column= where it holds the images."
            )
    frame = part.with_format("arrow").select_columns(names)[:].to_pandas(types_mapper=pd.ArrowDtype)
    dtypes = dict(frame.dtypes)
    levels = {name: "category" for name in names if isinstance(part.features[name], ClassLabel)}

    def to_columns(new: pd.DataFrame) -> dict[str, Any]:
        return {name: pa.array(new[name].astype(dtype)) for name, dtype in dtypes.items()}

    return frame.astype(levels), to_columns


def _images(part: Dataset, split: str, column: str, stated: Range | None) -> tuple[NDArray[np.uint8], ToColumns]:
    """Return a column of images in 256 levels, and the way back from new ones."""
    pixels, ranges = _decoded(part, split, column, stated)

    def to_columns(new: NDArray[np.uint8]) -> dict[str, Any]:
        images = ranges.from_levels(new, pixels.dtype)
        return {column: [{"bytes": _encoded(image), "path": None} for image in images]}

    return ranges.to_levels(pixels), to_columns


def _decoded(part: Dataset, split: str, column: str, stated: Range | None) -> tuple[NDArray[Any], PixelRanges]:
    """Decode a column of images to (n, H, W) or (n, H, W, C), and tell black and white."""
    kind = _column(part, split, column)
    if not isinstance(kind, Image):
        raise DataError(
            f"column {column!r} of split {split!r} holds {kind}: give images, such as "
            f"ds.cast_column({column!r}, datasets.Image()) makes of files, or a table (image_column=None)."
        )
    found: list[NDArray[Any]] = []
    finder = RangeFinder(stated, f"column {column!r} of split {split!r}")
    pictures = part.with_format(None).select_columns(column).cast_column(column, Image(mode=kind.mode))
    for i in range(len(part)):
        where = f"row {i} of split {split!r}"
        try:
            picture = pictures[i][column]
        except Exception as error:  # Pillow raises many kinds for damaged bytes
            raise DataError(f"{where} has an image that cannot be read ({error}): drop or mend it.") from error
        if picture is None or picture.mode not in (*MODES, *OTHERS):
            raise DataError(
                f"{where} has {'no image' if picture is None else f'an image of mode {picture.mode}'}: give images of "
                f"one of the modes {', '.join(MODES)}, as ds.cast_column({column!r}, datasets.Image(mode='RGB')) does."
            )
        pixels = np.asarray(picture)
        found.append(pixels)
        if pixels.shape != found[0].shape or pixels.dtype != found[0].dtype:
            raise DataError(
                f"{where} has an image of {pixels.dtype} and shape {pixels.shape} where row 0 has {found[0].shape} of "
                f"{found[0].dtype}: give all images one size (with ds.map) and one mode (with ds.cast_column and "
                "datasets.Image(mode=...), for 8-bit ones)."
            )
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            raise DataError(f"{where} has pixels that are NaN or infinite: fill them in, or drop the row.")
        if finder.wants(pixels.dtype):
            finder.look(pixels.reshape(*pixels.shape[:2], -1), where)
    return np.array(found), finder.ranges()


def _encoded(pixels: NDArray[Any]) -> bytes:
    """Write an image (H, W) or (H, W, C) as a file that holds its numbers."""
    if pixels.dtype == np.uint8:
        return encode_png(np.atleast_3d(pixels))
    buffer = io.BytesIO()
    Pillow.fromarray(pixels.astype(pixels.dtype.newbyteorder("="))).save(
        buffer, "PNG" if pixels.dtype.kind in "bu" else "TIFF"
    )
    return buffer.getvalue()


def _labels(part: Dataset, split: str, column: str) -> list[Any]:
    missing = (None, -1) if isinstance(_column(part, split, column), ClassLabel) else (None,)
    labels = list(part.with_format(None)[column])
    for i, label in enumerate(labels):
        if isinstance(label, (list, tuple, dict)):
            raise DataError(f"row {i} of split {split!r} has several labels in column {column!r}: give one a row.")
        if label in missing:
            raise DataError(f"row {i} of split {split!r} has no label in column {column!r}: label or drop it.")
    return labels


def _column(part: Dataset, split: str, column: str) -> Any:
    """Return the feature of a column that must be there."""
    if column not in part.column_names:
        raise DataError(
            f"split {split!r} has no column {column!r}; it has {', '.join(part.column_names)}: name it with "
            "image_column= (None for a table), text_column= or label_column=."
        )
    return part.features[column]
