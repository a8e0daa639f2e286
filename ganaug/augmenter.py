"""The front door: fit a conditional GAN to labelled samples, sample new ones, augment a training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ganaug.config.types import Factor
from ganaug.data.rows import Rows, Schema, digest
from ganaug.errors import ConfigError, DataError
from ganaug.gan.fabric import gathered, one_writer, rank_and_size, resolve_device
from ganaug.gan.networks import rows_at_a_time
from ganaug.gan.parameters import check_value, seed_of
from ganaug.gan.saved_model import SHOWN, Saved, misfit, read_saved, write_saved
from ganaug.gan.setup import Data, Trained, explained, train
from ganaug.modalities import modality_of
from ganaug.modalities.choose import AUTO
from ganaug.modalities.labels import encode, group_codes, to_codes
from ganaug.modalities.loaded import Spec
from ganaug.modalities.rarity import FEW
from ganaug.synthesis.prototypes import teach
from ganaug.synthesis.realism import Realism
from ganaug.synthesis.sample import sample
from ganaug.synthesis.sampling import Sampler
from ganaug.synthesis.score import Scorer
from ganaug.synthesis.select import Candidates, Selection, fill_quotas
from ganaug.utils.progress import Progress
from ganaug.utils.samples import Samples, concat, take

TEACHER_STEPS = 500
FAR = 2**40  # rows between those that processes draw: more than any of them will
SCORED = 2048  # rows that fix the zero of the discriminator's logits


class GANAugmenter(Sampler):
    """Learn to generate labelled samples from a few, and add the good ones to them.

    X is what the modality takes: images as uint8 (n, H, W) or (n, H, W, C), a table as a DataFrame (n, columns),
    signals as floats (n, time), (n, channels, time) or a list of such signals, whose lengths may differ, texts as a
    list, array or Series of strings; sounds, with ``modality="sound"`` and their rate, as a list of floats (time,) or
    (channels, time).

    Its parameters are documented at `__init__`.

    Attributes
    ----------
    classes_ : ndarray (K,)
        Class labels.
    modality_ : Modality
        What a sample is.
    spec_ : Spec
        What all samples share: of images ``shape``, of tables their columns.
    width_ : int
        Width of the networks.
    generator_, discriminator_ : nn.Module
        The trained networks; the generator's weights are a moving average.
    history_ : DataFrame
        Losses, mean logits and penalty through training.
    snapshots_ : dict of int to X
        Step to samples of up to ten classes through training.
    model_id_ : str
        Hash of the weights, once saved or loaded.
    trained_on_ : dict
        Digests (`ganaug.data.rows.digest`) of the rows that had a part in the model: ``labelled``, ``unlabelled`` and
        ``validation``, None where there were none; and ``warm_start``, the same of the model it started from.

    References
    ----------
    Goodfellow et al., Generative Adversarial Networks, arXiv 1406.2661. Huang et al., R3GAN, arXiv 2501.05441.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from ganaug import GANAugmenter
    >>> images, labels = load_digits(return_X_y=True)
    >>> X = (images[:100].reshape(-1, 8, 8) * 15.9375).astype("uint8")
    >>> augmenter = GANAugmenter(steps=20, random_state=0).fit(X, labels[:100])
    >>> X_new, y_new = augmenter.sample(per_class=2)
    >>> X_new.shape, y_new.shape
    ((20, 8, 8), (20,))
    """

    def fit(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        unlabelled: Any = None,
        validation: tuple[Any, ArrayLike] | None = None,
        spec: Spec | None = None,
        groups: ArrayLike | None = None,
    ) -> GANAugmenter:
        """Train the GAN.

        Parameters
        ----------
        X : array or DataFrame (n, ...)
            uint8 images (n, H, W) or (n, H, W, C) of 8 to 512 pixels a side and 1 to 4 channels; or a table.
        y : array (n,)
            Strings or numbers; bytes are text in UTF-8.
        unlabelled : like X (m, ...), optional
            More samples of the same kind without labels. They teach the discriminator, and through it the generator,
            what samples look like, though not of which class.
        validation : (like X (v, ...), array (v,)), optional
            Samples and labels, none of them in X, on which ``criterion`` chooses. Never give test rows.
        spec : Spec, optional
            What all samples share, where it is known from more of them or says more, such as what holds between the
            columns of a table. None: what X shows.
        groups : array (n,), optional
            The group of each row, of which the rows have their style in common: a font, a site, a device, a speaker;
            None for a row of none. A translating generator learns from them what a style is, and `sample` and `vary`
            take the style of one.

        Returns
        -------
        GANAugmenter
            Itself.

        Raises
        ------
        DataError
            X or y cannot be used.
        ConfigError
            A parameter is unknown, out of range, or contradicts another.
        ModelError
            The checkpoint cannot be read or written.
        """
        params = self.checked()
        self.modality_ = modality_of(X, self.modality)
        if params["width"] == "auto":
            params["width"] = self.modality_.auto_width(resolve_device(params["device"]).type)
        self.width_ = params["width"]
        if spec is None:
            samples, self.spec_ = self.modality_.infer_at(X, self.rate)
        else:
            samples, self.spec_ = self.modality_.conform(X, spec), spec
        if self.verbose and self.modality == AUTO:
            Progress("fit", 0).say(f"X is read as {self.modality_.describe(self.spec_)}")
        self.classes_, codes = encode(y, len(samples))
        self.seed_ = seed_of(self.random_state)
        self._drawn = 0
        more = take(samples, slice(0)) if unlabelled is None else self.modality_.conform(unlabelled, self.spec_)
        chosen_on = self._chosen_on(validation)
        everything = concat([samples, more]) if len(more) else samples
        named = np.full(len(samples), None) if groups is None else np.asarray(groups, object)
        grouped = None if groups is None else group_codes(named, len(samples))
        data = Data(self.modality_, self.spec_, everything, codes, self.classes_, chosen_on, grouped)
        with explained(params):
            trained = train(params, data, self.seed_, self._snapshot)
        seen = {"labelled": samples, "unlabelled": more, "validation": chosen_on[0] if chosen_on else more[:0]}
        ids = self.modality_.ids
        digests = {kind: digest(ids(rows)) if len(rows) else None for kind, rows in seen.items()}
        self.trained_on_ = {**digests, "warm_start": trained.inherited}
        self._keep(trained, samples, codes, named)
        return self

    def augment(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        ratio: float = 1.0,
        *,
        selection: Selection | None = None,
    ) -> tuple[Any, NDArray[Any]]:
        """Append selected synthetic samples to labelled ones.

        Parameters
        ----------
        X, y : like X (n, ...) and array (n,)
            Training samples and labels, those that `fit` saw or others of its classes.
        ratio : float, default=1.0
            Synthetic samples for each given one, class by class.
        selection : Selection, optional
            What a synthetic sample must show; the default drops copies, and samples that a teacher, trained on X and y,
            does not take for their class. Of a translating generator, the teacher knows classes of few rows by their
            means, see `ganaug.synthesis.prototypes`.

        Returns
        -------
        X_aug, y_aug : like X (n + m, ...) and array (n + m,)
            The originals first, in their order. m falls short where too few samples were good enough.

        Raises
        ------
        ConfigError
            The ratio is negative or no number.
        DataError
            X or y does not fit the model.
        """
        check_is_fitted(self)
        check_value(Factor, ratio, "ratio")
        samples = self.modality_.conform(X, self.spec_)
        codes = to_codes(y, self.classes_, len(samples))
        counts = np.round(np.bincount(codes, minlength=len(self.classes_)) * ratio).astype(np.int64)
        quotas = dict(zip(self.classes_, counts, strict=True))
        found = list(self.candidates(X, y, quotas, selection or Selection()))
        new = concat([take(samples, slice(0)), *(take(c.samples, c.kept) for c in found)])
        labels = np.concatenate([self.classes_[:0], *(c.labels[c.kept] for c in found)])
        order = labels.argsort(kind="stable")
        both = self.modality_.restore(concat([samples, take(new, order)]), self.spec_)
        return both, np.concatenate([self.classes_[codes], labels[order]])

    def candidates(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        quotas: Mapping[Any, int],
        selection: Selection,
    ) -> Iterator[Candidates]:
        """Stream scored candidates until each class has its quota; the teacher sees the given rows only.

        Processes that work together (torchrun) share the quotas and draw different rows; each yields those of all.

        Parameters
        ----------
        X, y : like X (n, ...) and array (n,)
            Training samples and labels.
        quotas : mapping from label, or from (label, group), to int
            Rows to keep of each class, or of each class in the style of a group given to `fit`, for which it takes a
            translating generator; what is left out gets none.
        selection : Selection
            Which to keep.

        Yields
        ------
        Candidates
            Portions of bounded size, with labels as in ``y``.
        """
        samples = self.modality_.conform(X, self.spec_)
        codes = to_codes(y, self.classes_, len(samples))
        pairs = [key if isinstance(key, tuple) else (key, None) for key in quotas]
        of = to_codes([label for label, _ in pairs], self.classes_, len(pairs))
        order = of.argsort(kind="stable")
        of, wanted = of[order], np.array(list(quotas.values()), np.int64)[order]
        groups = np.array([group for _, group in pairs], object)[order]
        prior = None if pd.isna(groups).all() else self._in_cells(of, groups)
        stage = f"{self.verbose}, teacher" if isinstance(self.verbose, str) else "teacher"
        with Progress(stage if self.verbose else None, TEACHER_STEPS) as progress:
            teacher = teach(
                self.modality_,
                samples,
                codes,
                len(self.classes_),
                FEW if self._kind == "translation" else 0,
                steps=TEACHER_STEPS,
                seed=self.seed_,
                device=self.device,
                spec=self.spec_,
                progress=progress,
            )
        scorer = Scorer(self.modality_, self.spec_, self._realism, teacher, samples, codes)
        rank, size = rank_and_size()
        mine = wanted // size + (rank < wanted % size)
        self._drawn += rank * FAR

        def draw(numbers: NDArray[np.int64]) -> tuple[Samples, NDArray[np.object_] | None]:
            asked = of[numbers] if prior is None else numbers
            contents = self._next_contents(asked, prior)
            return self._draw(asked, prior=prior), contents

        unseen = None if prior is None else self._unseen(of, groups)
        for found in gathered(fill_quotas(draw, scorer, selection, mine, of, unseen)):
            in_style_of = None if prior is None else groups[found.labels]
            yield replace(found, labels=self.classes_[of[found.labels]], groups=in_style_of)
        self._drawn -= rank * FAR

    def score_real(self, X: Any, y: ArrayLike | None = None) -> NDArray[np.float32]:  # noqa: N803
        """Give the discriminator's probability that samples are real.

        Parameters
        ----------
        X : like X (n, ...)
            Samples.
        y : array (n,), optional
            Their labels. With them the question is whether a sample is a real one of its class, without them whether it
            is a real one of any: the discriminator judges by the part of its logit that does not look at the label.

        Returns
        -------
        float32 array (n,)
            One half lies midway between the mean logits of the training samples and of as many generated ones, measured
            with labels or without, as they are given here.

        Raises
        ------
        DataError
            X or y does not fit the model.
        """
        check_is_fitted(self)
        samples = self.modality_.conform(X, self.spec_)
        return self._realism(samples, None if y is None else to_codes(y, self.classes_, len(samples)))

    def save(self, folder: str | Path) -> None:
        """Write the model as safetensors and JSON, with the history and the sample grids beside it.

        Of several processes that trained together, the first one writes.

        Raises
        ------
        ModelError
            The folder cannot be written.
        """
        check_is_fitted(self)
        with one_writer() as writes:
            if not writes:
                return
            codec = self._realism.codec
            saved = Saved(
                self.modality_,
                self.spec_,
                codec if self.keep_rows else codec.without_rows(),
                self._architecture,
                self.generator_,
                self.discriminator_,
                self.classes_,
                self.seed_,
                self._realism.midpoint,
                self._realism.midpoint_unlabelled,
                self.trained_on_,
                self.rules() | {"generator": self._kind, "width": self.width_},
                self.history_,
                self._rows if self.keep_rows else None,
            )
            self.model_id_ = write_saved(Path(folder), saved, self.snapshots_)
            if self._checkpoint is not None:
                self._checkpoint.unlink(missing_ok=True)  # its work is done and safe

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> GANAugmenter:
        """Read a model that `save` wrote.

        Raises
        ------
        ModelError
            The folder is no model of ganaug, or is damaged.
        """
        saved, weights = read_saved(Path(folder))
        try:
            self = cls(**saved.rules, modality=saved.modality.name, device=device)
        except TypeError as error:  # a rule that this version does not know
            raise misfit(Path(folder), error) from error
        self.modality_, self.spec_ = saved.modality, saved.spec
        self._architecture, self.classes_ = saved.architecture, saved.classes
        self.width_ = saved.rules["width"]
        self.seed_, self.trained_on_, self.history_ = saved.seed, saved.trained_on, saved.history
        target = resolve_device(device)
        self.generator_, self.discriminator_ = (m.to(target).eval() for m in (saved.generator, saved.discriminator))
        self._realism = Realism(self.discriminator_, saved.codec, saved.midpoint, saved.midpoint_unlabelled)
        self._drawn, self._checkpoint, self.model_id_, self.snapshots_ = 0, None, weights, {}
        self._rows = saved.rows
        return self

    def _chosen_on(self, validation: tuple[Any, ArrayLike] | None) -> tuple[Samples, NDArray[np.int64]] | None:
        """Check the validation rows; None where there is nothing to choose by."""
        if self.criterion == "none":
            return None
        if validation is None:
            raise ConfigError(
                f"criterion {self.criterion!r} chooses on validation rows: give fit(validation=(X, y)), or "
                "criterion 'none'."
            )
        samples = self.modality_.conform(validation[0], self.spec_)
        codes = to_codes(validation[1], self.classes_, len(samples))
        if np.bincount(codes).max() < 2:
            raise DataError("validation holds one row a class at most: give two rows or more of some class.")
        return samples, codes

    def _snapshot(self, generator: torch.nn.Module) -> torch.Tensor:
        """Return the same latents of up to ten classes, fewer of large samples, through the generator as it is now."""
        most = max(1, rows_at_a_time(generator, 10 * SHOWN) // SHOWN)
        codes = np.repeat(np.arange(min(most, len(self.classes_))), SHOWN)
        return torch.cat([part.float().cpu() for part in sample(generator, codes, self.seed_)])

    def _keep(self, trained: Trained, samples: Samples, codes: NDArray[np.int64], groups: NDArray[np.object_]) -> None:
        """Turn what training left into fitted attributes."""
        self._architecture, self._checkpoint = trained.architecture, trained.checkpoint
        self.generator_, self.discriminator_ = trained.generator, trained.discriminator
        log = trained.log
        self.history_ = pd.DataFrame(log.history, columns=list(log.columns)).astype({"step": int})
        if log.criterion:
            self.history_["criterion"] = self.history_["step"].map(log.criterion)
        self._rows = None
        if self._kind == "translation":
            schema = Schema(self.modality_, self.spec_, tuple(map(str, self.classes_)))
            names = [None if missing else str(name) for name, missing in zip(groups, pd.isna(groups), strict=True)]
            self._rows = Rows.build(schema, samples, codes, groups=names)
        self._realism = Realism(self.discriminator_, trained.codec)
        self.snapshots_ = {step: trained.codec.to_samples(inputs) for step, inputs in log.snapshots.items()}
        some = np.random.default_rng(self.seed_).permutation(len(samples))[:SCORED]
        fakes = self._generate(codes[some], self.seed_ + 1, 0, 1.0)
        self._realism.calibrate(take(samples, some), fakes, codes[some])


def load_augmenter(folder: str | Path, device: str = "auto") -> GANAugmenter:
    """Read a model that `GANAugmenter.save` wrote; `ModelError` where it is none."""
    return GANAugmenter.load(folder, device)
