"""A fitted generator that is asked for samples: of its classes, or versions of given ones."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ganaug.config.types import Count, Factor, Positive
from ganaug.data.rows import Rows
from ganaug.errors import ConfigError, DataError
from ganaug.gan.latents import Prior
from ganaug.gan.parameters import TrainingParameters, check_value, seed_of
from ganaug.gan.translation import CellPrior, RowPrior
from ganaug.modalities.base import Modality
from ganaug.modalities.labels import encode, to_codes
from ganaug.modalities.loaded import Spec
from ganaug.modalities.parts import Architecture
from ganaug.synthesis.realism import Realism
from ganaug.synthesis.sample import contents, sample
from ganaug.utils.samples import Samples, concat, take


class Sampler(TrainingParameters):
    """What `ganaug.GANAugmenter` makes samples with, once it is fitted or loaded."""

    classes_: NDArray[Any]
    modality_: Modality
    spec_: Spec
    generator_: torch.nn.Module
    seed_: int
    _architecture: Architecture
    _realism: Realism
    _rows: Rows | None  # of which a translating generator makes others
    _drawn: int  # rows of its own stream so far

    def sample(
        self,
        per_class: int | None = None,
        y: ArrayLike | None = None,
        *,
        style: Any = None,
        group: Any = None,
        truncation: float = 1.0,
        random_state: int | None = None,
    ) -> tuple[Any, NDArray[Any]]:
        """Generate samples.

        Parameters
        ----------
        per_class : int, optional
            Samples of every class.
        y : array (n,), optional
            Exact labels, instead.
        style, group : optional
            Where a translating generator takes styles from, see `vary`.
        truncation : float, default=1.0
            Scale of the latents; below 1, typical samples at the price of variety.
        random_state : int, optional
            The same int gives the same samples. None goes on where the last call stopped.

        Returns
        -------
        X_new : like X (n, ...)
            The samples.
        y_new : array (n,)
            Their labels.

        Raises
        ------
        ConfigError
            Neither or both of ``per_class`` and ``y`` are given, or a number is out of range; or the model was saved
            without the rows of which it makes others.
        DataError
            A label in ``y`` is unknown.
        """
        check_is_fitted(self)
        check_value(Factor, truncation, "truncation")
        if y is not None and per_class is None:
            codes = to_codes(y, self.classes_)
        elif per_class is not None and y is None:
            check_value(Count, per_class, "per_class")
            codes = np.repeat(np.arange(len(self.classes_)), per_class)
        else:
            raise ConfigError("sample needs either per_class=n or y=[labels]: give one of them.")
        prior = None
        if style is not None or group is not None:
            styles, rows = self._styles(style, group), self._kept()
            prior = self._prior(rows.samples, rows.labels, styles)
        samples = self._made(codes, truncation, prior, random_state)
        return self.modality_.restore(samples, self.spec_), self.classes_[codes]

    def vary(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        versions: int = 1,
        *,
        style: Any = None,
        group: Any = None,
        truncation: float = 1.0,
        random_state: int | None = None,
    ) -> tuple[Any, NDArray[Any]]:
        """Make new versions of given samples, which keep their class: for a translating generator.

        Parameters
        ----------
        X, y : like X (n, ...) and array (n,)
            Samples and their labels, of classes that `fit` saw or of others.
        versions : int, default=1
            Of each sample.
        style : like X (m, ...), optional
            Samples from which styles are taken at random, say a single one. None: the training rows.
        group : optional
            Name of a group given to `fit`, from whose rows styles are taken instead.
        truncation : float, default=1.0
            Scale of the styles; below 1, typical samples at the price of variety.
        random_state : int, optional
            The same int gives the same versions. None goes on where the last call stopped.

        Returns
        -------
        X_new, y_new : like X (n * versions, ...) and array (n * versions,)
            The versions of the first sample first, and so on.

        Raises
        ------
        ConfigError
            The generator makes samples of latents, a number is out of range, or the model was saved without its rows
            and ``style`` is not given.
        DataError
            X, y or style does not fit the model, or no row is of the group.
        """
        check_is_fitted(self)
        check_value(Positive, versions, "versions")
        check_value(Factor, truncation, "truncation")
        styles = self._styles(style, group)
        samples = self.modality_.conform(X, self.spec_)
        classes, codes = encode(y, len(samples))
        positions = np.repeat(np.arange(len(samples)), versions)
        codes_known = {label: code for code, label in enumerate(self.classes_.tolist())}
        of_fit = np.array([codes_known.get(label, -1) for label in classes.tolist()], np.int64)[codes]
        prior = self._prior(samples, np.arange(len(samples)), styles, of_fit)  # a sample's position is its class
        found = self._made(positions, truncation, prior, random_state)
        return self.modality_.restore(found, self.spec_), classes[codes[positions]]

    @property
    def _kind(self) -> str:
        """Which generator it is: latent or translation."""
        return "translation" if isinstance(self.generator_.prior, RowPrior) else "latent"

    def _styles(self, style: Any, group: Any) -> RowPrior | None:
        """Return where styles come from: samples, the rows of a group, or all rows; None where there are none."""
        own: Any = self.generator_.prior
        if not isinstance(own, RowPrior):
            raise ConfigError(
                "vary, style and group are for a generator that makes samples of samples: fit one with "
                "generator='translation', or call sample without them."
            )
        if not own.styled:
            if style is not None or group is not None:
                raise ConfigError(
                    f"{self.modality_.unit} are made by filling parts of them in again, and have no style: leave style "
                    "and group out."
                )
            return None
        if style is not None and group is not None:
            raise ConfigError("style and group both say where styles come from: give one of them.")
        if style is not None:
            samples = self.modality_.conform(style, self.spec_)
        elif group is None:
            self._kept()
            return own
        else:
            rows = self._kept()
            at = np.flatnonzero(rows.groups == str(group))
            if not len(at):
                known = ", ".join(sorted({str(name) for name in rows.groups if name is not None})[:20])
                raise DataError(f"No training row is of the group {group!r}: use one of {known or 'none'}.")
            samples = take(rows.samples, at)
        return self._prior(samples, np.arange(len(samples)))

    def _kept(self) -> Rows:
        """Return the training rows; `ConfigError` where the model was saved without them."""
        if self._rows is None:
            raise ConfigError(
                "The model was saved without its training rows, of which it makes others and takes styles: save one "
                "with keep_rows=True, or give samples to vary(X, y, style=samples)."
            )
        return self._rows

    def _in_cells(self, codes: NDArray[np.int64], groups: NDArray[np.object_]) -> CellPrior:
        """Return where contents of classes (C,) and styles of groups (C,) come from, by the numbers of these pairs."""
        self._styles(None, groups[0])  # which refuses a generator without styles
        rows, wanted = self._kept(), groups.astype(str)
        names = pd.Index(sorted({name for name in rows.groups if name is not None}))
        at, known = names.get_indexer(pd.Index(wanted)), names.get_indexer(pd.Index(rows.groups))
        for i in np.flatnonzero(at < 0)[:1]:
            self._styles(None, str(wanted[i]))  # which refuses a group that there is not
        known[known < 0] = len(names)  # rows of none
        device = next(self.generator_.parameters()).device
        cells = torch.from_numpy(np.stack([codes, at], axis=1)).to(device)
        return CellPrior(cast(RowPrior, self.generator_.prior), torch.from_numpy(known).to(device), cells)

    def _unseen(self, codes: NDArray[np.int64], groups: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Mark the cells, classes (C,) in groups (C,), of which there is no training row."""
        rows = self._kept()
        seen = set(zip(rows.labels.tolist(), rows.groups.tolist(), strict=True))
        return np.array([(code, str(group)) not in seen for code, group in zip(codes.tolist(), groups, strict=True)])

    def _prior(
        self,
        samples: Samples,
        codes: NDArray[np.int64],
        styled_by: RowPrior | None = None,
        classes: NDArray[np.int64] | None = None,
    ) -> RowPrior:
        """Return where contents come from, samples of these codes, and styles, which are their own by default."""
        codec, own = self._realism.codec, cast(RowPrior, self.generator_.prior)
        device = next(self.generator_.parameters()).device
        k = int(codes.max(initial=-1)) + 1
        return own.new().keep(codec, codec.to_arrays(samples), codes, k, device, styled_by, classes)

    def _made(
        self, codes: NDArray[np.int64], truncation: float, prior: RowPrior | None, random_state: int | None
    ) -> Samples:
        """Generate samples by a seed, or the next ones of this model's own stream."""
        if random_state is None:
            return self._draw(codes, truncation, prior)
        return self._generate(codes, seed_of(random_state), 0, truncation, prior)

    def _draw(
        self, codes: NDArray[np.int64], truncation: float = 1.0, prior: Prior | RowPrior | None = None
    ) -> Samples:
        """Generate the next samples of this model's own stream."""
        samples = self._generate(codes, self.seed_, self._drawn, truncation, prior)
        self._drawn += len(codes)
        return samples

    def _next_contents(
        self, codes: NDArray[np.int64], prior: Prior | RowPrior | None = None
    ) -> NDArray[np.object_] | None:
        """Return the ids of the training rows of which `_draw` would make versions; None where it makes none."""
        source: Any = self.generator_.prior if prior is None else prior
        if not isinstance(source, RowPrior):
            return None
        device = next(self.generator_.parameters()).device
        return self._kept().ids[contents(source, codes, self.seed_, self._drawn, device)]

    def _generate(
        self,
        codes: NDArray[np.int64],
        seed: int,
        start: int,
        truncation: float,
        prior: Prior | RowPrior | None = None,
    ) -> Samples:
        if prior is None and self._kind == "translation":
            self._kept()
        to_samples = self._realism.codec.to_samples
        parts = [to_samples(part) for part in sample(self.generator_, codes, seed, start, truncation, prior)]
        return concat(parts) if parts else take(to_samples(self._architecture.example()), slice(0))
