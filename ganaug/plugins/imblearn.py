"""imbalanced-learn: over-sampling by a conditional GAN, in its pipelines and in scikit-learn's searches.

Needs ``pip install 'ganaug[imblearn]'``. Imports torch at the first fit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from numpy.typing import ArrayLike, NDArray
from pandas.api import types
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, validate_data

from ganaug.config.together import ONE_IN
from ganaug.data.text import plain, plain_array, shown
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.image.ranges import DIM
from ganaug.modalities.text import spec as texts

if TYPE_CHECKING:
    from ganaug.augmenter import GANAugmenter

Strategy = Callable[[ArrayLike], dict[Any, int]]  # from labels to how many rows each class shall have


def multiply(factor: float) -> Strategy:
    """Give every class ``factor`` times its rows, rounded; 1 or more.

    Examples
    --------
    >>> multiply(1.5)(["a", "a", "b", "b", "b", "b"])
    {'a': 3, 'b': 6}
    """
    if not 1 <= factor < np.inf:
        raise ConfigError(f"factor is {factor}: over-sampling removes no rows, so give 1 or more.")
    return partial(_multiplied, factor)


def at_least(n: SupportsIndex) -> Strategy:
    """Fill every class up to ``n`` rows, and leave those that have more.

    Examples
    --------
    >>> at_least(3)(["a", "a", "b", "b", "b", "b"])
    {'a': 3, 'b': 4}
    """
    rows = operator.index(n)
    if rows < 1:
        raise ConfigError(f"n is {n}: give 1 or more rows.")
    return partial(_filled, rows)


# Functions of the module, so that a strategy can be pickled.
def _multiplied(factor: float, y: ArrayLike) -> dict[Any, int]:
    return {label: round(factor * count) for label, count in _counts(y).items()}


def _filled(n: int, y: ArrayLike) -> dict[Any, int]:
    return {label: max(n, count) for label, count in _counts(y).items()}


def _counts(y: ArrayLike) -> dict[Any, int]:
    labels, counts = np.unique(np.asarray(y), return_counts=True)
    return dict(zip(labels.tolist(), counts.tolist(), strict=True))


class GANOverSampler(BaseOverSampler):  # type: ignore[misc]
    """Over-sample with rows that a class-conditional GAN makes.

    The GAN is trained on all the rows given, each class as often as any other, so that a class of a few rows borrows
    from the rest what tables, images or texts of this kind look like. Classes of a single row are allowed.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many rows each class shall have, as everywhere in imbalanced-learn: the ratio of the minority to the
        majority class (two classes only); ``"minority"``, ``"not minority"``, ``"not majority"`` (``"auto"``) or
        ``"all"``, classes to raise to the largest one's size; a mapping from class to rows; a function from ``y`` to
        such a mapping, say ``multiply(2)`` or ``at_least(50)`` of this module.
    steps : int or "auto", default="auto"
        Optimiser steps of each network. ``"auto"``: 400 for tables, 200 for texts, for images a
        budget that grows with their number.
    batch_size : int, default=64
        Rows of either kind in a step.
    learning_rate : float, default=0.0025
        Of both Adam optimisers; linearly down over the second half.
    width : int or "auto", default="auto"
        Units of a layer of the networks, for images channels at the coarsest grid. ``"auto"``: 64, and 32 for images on
        a CPU.
    image_shape : tuple of int, optional
        ``(H, W)`` or ``(H, W, C)``: the rows of ``X`` are flattened images, pixel by pixel. Without it they are tables.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : int, RandomState or None, default=None
        The same int gives the same rows on the same machine.

    Attributes
    ----------
    sampling_strategy_ : dict
        Rows to add to each class.
    n_features_in_ : int
        Columns of ``X``, or values of an image.
    feature_names_in_ : ndarray (n_features_in_,)
        Names of the columns, where ``X`` has names that are strings.

    See Also
    --------
    ganaug.GANAugmenter : The GAN by itself, with everything that can be set.

    Notes
    -----
    ``X`` may be

    - an array (n, columns) of numbers or strings, a sparse matrix, or a DataFrame of numbers, times, periods, dates,
      decimals, truth values, strings and categories in any mixture, of all of which any may be missing. New rows have
      the dtypes of the old ones, stay within the range of each column and on its grid: integers stay integers, amounts
      keep to cents and days to midnight;
    - images, uint8 (n, H, W) or (n, H, W, C), of 8 to 512 pixels a side;
    - texts, as a list, an array (n,) or a Series of strings, before a vectoriser of the same pipeline;
    - with ``image_shape``, such images flattened, of any numeric type. They are made in 256 levels from the lowest to
      the highest value.

    The given rows come first and unchanged, the new ones after them, class by class.

    New rows are complete: every column is learnt, also ids and free text, of which `ganaug.GANAugmenter` makes new ones
    or none. Here numbers of that kind are numbers like any other, and strings are levels, which new rows repeat: drop
    such a column where that makes no sense.

    Compare with ``RandomOverSampler(shrinkage=1.0)``, which takes no time: on numeric tables it was as good or better
    where this one beat SMOTE (benchmarks/RESULTS.md).

    References
    ----------
    Goodfellow et al., Generative Adversarial Networks, arXiv 1406.2661. Xu et al., Modeling Tabular Data using
    Conditional GAN, arXiv 1907.00503.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import load_wine
    >>> from ganaug.plugins.imblearn import GANOverSampler
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> X, y = X[:135], y[:135]  # 59 and 71 wines of two classes, and 5 of the third
    >>> X_res, y_res = GANOverSampler(steps=20, random_state=0).fit_resample(X, y)
    >>> sorted(Counter(y_res).items())
    [(0, 71), (1, 71), (2, 71)]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseOverSampler._parameter_constraints,
        "steps": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "learning_rate": [Interval(Real, 0, 1, closed="neither")],
        "width": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "image_shape": [tuple, list, None],
        "device": [str],
    }

    def __init__(
        self,
        *,
        sampling_strategy: float | str | dict[Any, int] | Strategy = "auto",
        steps: int | str = "auto",
        batch_size: int = 64,
        learning_rate: float = 2.5e-3,
        width: int | str = "auto",
        image_shape: tuple[int, ...] | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.width = width
        self.image_shape = image_shape
        self.device = device
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        return tags

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:  # noqa: N803 - the host's names
        """Over-sample, as everywhere in imbalanced-learn.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} (n, columns), images (n, H, W[, C]), or texts (n,)
            Rows; see the notes of the class.
        y : array-like (n,)
            Their classes: strings, bytes (which are text in UTF-8), integers, truth values or categories.
        **params
            What the host passes on; there is nothing that it could.

        Returns
        -------
        X_resampled, y_resampled
            The given rows and the new ones, of the types and dtypes given; a DataFrame's index starts anew.

        Raises
        ------
        DataError
            A label is missing, two columns share a name, the rows hold infinite or complex values, or a column values
            of several types, or lists, objects of a class of one's own and the like.
        """
        if isinstance(y, (pd.Index, pd.api.extensions.ExtensionArray)):  # of which the host makes arrays
            X, y_res = self.fit_resample(X, pd.Series(y).astype(y.dtype), **params)  # noqa: N806
            return X, pd.Index(y_res, y_res.dtype, name=y.name) if isinstance(y, pd.Index) else y_res.array
        y = _plain_labels(y)
        if y is not None and np.any(pd.isna(y)):
            raise DataError("y holds missing labels: label those rows, or drop them.")
        if type_of_target(_to_array(y)) == "unknown":
            raise DataError(
                "y holds labels of several types, or of one that is none of scikit-learn's for classes: "
                "convert them, say by y.astype(str)."
            )
        both: tuple[Any, Any] = super().fit_resample(X, y, **params)
        return both

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, NDArray[Any], bool]:  # noqa: N802, N803 - the host's names
        """Check X and y as the host does, but let images, DataFrames as they are, strings and missing values pass."""
        y, one_vs_all = check_target_type(_to_array(y), indicate_one_vs_all=True)
        if texts.recognises(X):
            check_consistent_length(X, y)
            self.n_features_in_ = 1
            return texts.restore(*texts.infer(np.array(X, object))), y, one_vs_all
        if isinstance(X, pd.DataFrame):  # which the host would turn into one array, of a type for all columns
            _check_frame(X, y)
            validate_data(self, X, y, skip_check_array=True)
            return X, y, one_vs_all
        if np.ndim(X) > 2:
            from ganaug.modalities.image.arrays import as_images

            X = np.asarray(X)  # noqa: N806
            _, y = validate_data(self, as_images(X).reshape(len(X), -1), y, dtype=None)
            return X, y, one_vs_all
        if isinstance(X, list) and np.asarray(X).dtype.kind == "U":
            X = np.array(X, object)  # noqa: N806 - numbers beside text stay numbers
        X, y = validate_data(  # noqa: N806
            self, X, y, dtype=None, accept_sparse=["csr", "csc"], ensure_all_finite="allow-nan"
        )
        return X, y, one_vs_all

    def _fit_resample(self, X: Any, y: NDArray[Any]) -> tuple[Any, NDArray[Any]]:  # noqa: N803
        classes, codes = np.unique(y, return_inverse=True)
        wanted = np.repeat(np.arange(len(classes)), [self.sampling_strategy_.get(label, 0) for label in classes])
        if not len(wanted):
            return X.copy(), y.copy()
        if X.ndim == 1:
            both = np.concatenate([X, self._augmenter(modality="text").fit(X, codes).sample(y=wanted)[0]])
        elif X.ndim > 2:
            both = np.concatenate([X, self._new_images(X, codes, wanted)])
        elif self.image_shape is not None:
            both = _append(X, self._new_flat_images(_to_frame(X), codes, wanted))
        else:
            both = _append(X, self._new_rows(_to_frame(X), codes, wanted))
        return both, np.concatenate([y, classes[wanted]])

    def _new_rows(self, frame: pd.DataFrame, codes: NDArray[np.int64], wanted: NDArray[np.int64]) -> pd.DataFrame:
        """Learn from rows with class codes (n,), and make one for each class code in ``wanted``."""
        from ganaug.modalities.table.spec import infer

        names = [name if isinstance(name, (str, int)) else str(name) for name in frame.columns]
        named = frame.set_axis(pd.Index(names, dtype=object), axis=1)
        # Anchors, however many rows there are: it is the small classes that have to keep their variety, and batches are
        # balanced, so that their rows come up often. Single precision, as small matrices gain nothing from bfloat16.
        prior = "anchored" if self.batch_size >= ONE_IN else "normal"
        augmenter = self._augmenter(modality="table", prior=prior, precision="32-true")
        augmenter.fit(named, codes, spec=infer(named, complete=True))
        new: pd.DataFrame = augmenter.sample(y=wanted)[0]
        return new.set_axis(frame.columns, axis=1)

    def _new_images(
        self, images: NDArray[np.uint8], codes: NDArray[np.int64], wanted: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Do the same with images, uint8 (n, H, W) or (n, H, W, C)."""
        new: NDArray[np.uint8] = self._augmenter(modality="image").fit(images, codes).sample(y=wanted)[0]
        return new

    def _new_flat_images(
        self, frame: pd.DataFrame, codes: NDArray[np.int64], wanted: NDArray[np.int64]
    ) -> pd.DataFrame:
        """Do the same with flattened images."""
        shape = tuple(self.image_shape or ())
        if len(shape) not in (2, 3) or np.prod(shape) != frame.shape[1]:
            raise ConfigError(
                f"image_shape is {shape}, but the rows of X hold {frame.shape[1]} values: "
                "give the (height, width) or (height, width, channels) that they were flattened from."
            )
        if not all(types.is_numeric_dtype(dtype) for dtype in frame.infer_objects().dtypes):
            raise DataError("X holds other values than numbers among the pixels of its images: convert or drop them.")
        values = frame.to_numpy(np.float64, na_value=np.nan)
        if not np.isfinite(values).all():
            raise DataError("X holds missing or infinite values among the pixels of its images: drop those rows.")
        is_bytes = (frame.dtypes == np.uint8).all() and values.max() >= DIM  # else 0 to 16, or a mask
        low, span = (0.0, 255.0) if is_bytes else (values.min(), np.ptp(values) or 1.0)
        images = ((values - low) / span * 255).round().astype(np.uint8)
        new = self._new_images(images.reshape(-1, *shape), codes, wanted).reshape(len(wanted), -1)
        found = new / 255 * span + low
        if all(types.is_integer_dtype(dtype) or types.is_bool_dtype(dtype) for dtype in frame.dtypes):
            found = found.round()
        return pd.DataFrame(found, columns=frame.columns).astype(frame.dtypes)

    def _augmenter(self, **settings: Any) -> GANAugmenter:
        """Make an augmenter of the sampler's parameters and of these; it draws the seed."""
        from ganaug.augmenter import GANAugmenter

        for name in ("steps", "batch_size", "learning_rate", "width", "device"):
            settings[name] = getattr(self, name)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        return GANAugmenter(random_state=seed, **settings)


def _to_array(y: Any) -> Any:
    """Return labels of pandas as an array: integers as such, which the host would make floats."""
    kind = getattr(getattr(y, "dtype", None), "kind", "")
    if isinstance(y, pd.Series) and kind in "iu":
        return y.to_numpy(np.int64 if kind == "i" else np.uint64)
    return np.asarray(y) if isinstance(y, pd.DataFrame) else y


def _check_frame(X: pd.DataFrame, y: NDArray[Any]) -> None:  # noqa: N803
    """Refuse a table that has no values or other rows than labels, and names that do not tell columns apart."""
    check_consistent_length(X, y)
    if not X.shape[1]:
        raise DataError("X has no columns.")
    twice = X.columns[X.columns.duplicated()]
    if len(twice):
        raise DataError(f"X has several columns named {shown(twice[0])}: rename or drop all but one.")


def _plain_labels(y: Any) -> Any:
    """Return labels of any form in that form, with bytes and enumerated text as text; rows of labels as an array."""
    if isinstance(y, pd.Series):
        if y.dtype != object:
            categories = y.cat.categories if isinstance(y.dtype, pd.CategoricalDtype) else ()
            return y.cat.rename_categories([plain(c, "y") for c in categories]) if len(categories) else y
        return pd.Series([plain(label, "y") for label in y], y.index, object, y.name)
    if isinstance(y, np.ndarray):
        return plain_array(y, "y")
    if not isinstance(y, (list, tuple)):
        return y
    if not any(isinstance(label, (list, tuple, np.ndarray)) for label in y):
        return [plain(label, "y") for label in y]
    try:
        return np.asarray(y)
    except ValueError:
        raise DataError("y holds several labels in a row: give one label for each row of X.") from None


def _to_frame(X: Any) -> pd.DataFrame:  # noqa: N803
    """Return a table of any kind as a DataFrame."""
    if isinstance(X, pd.DataFrame):
        return X
    rows = X.toarray() if sparse.issparse(X) else X
    return pd.DataFrame(rows, dtype=object if rows.dtype == object else None)  # objects stay: None is not NaN


def _append(X: Any, new: pd.DataFrame) -> Any:  # noqa: N803
    """Append rows to a table of any kind."""
    if isinstance(X, pd.DataFrame):
        return pd.concat([X, new], ignore_index=True)
    rows = new.to_numpy().astype(X.dtype)
    if sparse.issparse(X):
        return sparse.vstack([X, rows], format=X.format)
    return np.concatenate([X, rows])
