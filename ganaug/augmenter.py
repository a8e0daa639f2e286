"""The front door: fit a conditional GAN to labelled samples, sample new ones, augment a training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ganaug.config import TrainGanParams, check
from ganaug.config.together import check_together
from ganaug.config.types import Count, Factor, RandomState, Text
from ganaug.data.rows import digest
from ganaug.errors import ConfigError, DataError
from ganaug.gan.fabric import gathered, one_writer, rank_and_size, resolve_device
from ganaug.gan.saved_model import SHOWN, Saved, misfit, read_saved, write_saved
from ganaug.gan.setup import Data, Trained, explained, train
from ganaug.modalities import modality_of
from ganaug.modalities.base import Spec
from ganaug.modalities.labels import encode, to_codes
from ganaug.synthesis.realism import Realism
from ganaug.synthesis.sample import sample
from ganaug.synthesis.score import Scorer
from ganaug.synthesis.select import Candidates, Selection, fill_quotas
from ganaug.utils.progress import Progress
from ganaug.utils.samples import Samples, concat, take

TEACHER_STEPS = 500
FAR = 2**40  # rows between those that processes draw: more than any of them will
SCORED = 2048  # rows that fix the zero of the discriminator's logits
RULES = (  # parameters that a saved model remembers, beside its architecture and invariances
    "objective", "penalty", "conditioning", "augmentation", "prior", "criterion", "width", "depth", "precision",
)  # fmt: skip


class GANAugmenter(BaseEstimator):  # type: ignore[misc]
    """Learn to generate labelled samples from a few, and add the good ones to them.

    X is what the modality takes: images as uint8 (n, H, W) or (n, H, W, C), a table as a DataFrame (n, columns).

    Parameters
    ----------
    modality : str, default="auto"
        What a sample is: image, table, or what another package adds. ``"auto"`` tells by the type and shape of X.
    steps : int or "auto", default="auto"
        Optimiser steps of each network. ``"auto"`` picks a budget from data and device.
    batch_size : int, default=64
        Rows of either kind in a step.
    learning_rate : float, default=0.0025
        Of both Adam optimisers; linearly down over the second half.
    objective : str, default="relativistic"
        What the networks minimise: minimax, non_saturating, hinge, least_squares, wasserstein_gp, relativistic.
    penalty : str, default="auto"
        What keeps the discriminator smooth: r1, r2, r1_r2, gradient_penalty, lecam, none; ``"auto"`` goes with the
        objective.
    penalty_weight : float, default=0.1
        Factor of the penalty (gamma), where there is one.
    conditioning : str, default="projection"
        How the discriminator sees the label: projection, acgan, concat.
    augmentation : str, default="diffaugment"
        How probable augmentations are: diffaugment (ramped in), ada (adaptive; under the objectives non_saturating,
        hinge and minimax), none.
    invariances : "auto" or sequence of str, default="auto"
        Changes that keep a label true; both real and generated samples undergo them before the discriminator looks.
        ``"auto"``: those that do for nearly any data. For images these are translate, scale, brightness and contrast;
        there are also cutout, flip_horizontal, flip_vertical, rotate, and saturation, for colour. Tables have none.
    prior : {"auto", "anchored", "normal"}, default="auto"
        Where latents come from. Anchored: mixtures of fixed latents, one for each labelled row, of which the generator
        has to make that row, so that it forgets no kind of row. Normal: the standard normal. ``"auto"`` anchors up to
        2,000 labelled rows.
    width : int or "auto", default="auto"
        Channels at the coarsest grid of networks for images, where below 8 counts as 8; units of a layer for tables.
        ``"auto"``: 64, and 32 for images on a CPU, where twice as many take three times as long.
    depth : int, default=1
        Residual blocks a resolution for images, half the residual blocks for tables.
    criterion : {"none", "kid", "accuracy"}, default="none"
        What chooses the generator among its states in the second half of training, on the validation rows given to
        `fit`: class-wise kernel distance of features, or accuracy of a classifier trained on samples only. ``"none"``
        keeps the last state.
    patience : int, optional
        Stop early, after so many of 10 looks at the criterion, 9 at most, without a better one.
    warm_start : path-like, optional
        Folder of a saved model to start from, trained with the same width, depth and conditioning on samples of the
        same size. Its classes may be others: those of the same name keep what they have learnt.
    compile : bool, default=False
        Compile both networks (torch.compile): takes half a minute or more and a C++ compiler, and may pay in long runs
        on a GPU; on two CPU cores training was half as fast.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    precision : str, default="auto"
        ``"32-true"``, ``"bf16-mixed"``, or ``"auto"``: bfloat16 where the hardware has it, as elsewhere it is slower.
    random_state : int, RandomState or None, default=None
        The same int gives the same model on the same machine.
    checkpoint_dir : path-like, optional
        Where training saves its state, to go on from there when it is run again after an interruption. The state is
        removed by `save`, and where its run is not taken up again by the first training there after a week.
    verbose : bool or str, default=False
        Show progress, under this name.

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

    def __init__(
        self,
        *,
        modality: str = "auto",
        steps: int | str = "auto",
        batch_size: int = 64,
        learning_rate: float = 2.5e-3,
        objective: str = "relativistic",
        penalty: str = "auto",
        penalty_weight: float = 0.1,
        conditioning: str = "projection",
        augmentation: str = "diffaugment",
        invariances: str | Sequence[str] = "auto",
        prior: str = "auto",
        width: int | str = "auto",
        depth: int = 1,
        criterion: str = "none",
        patience: int | None = None,
        warm_start: str | Path | None = None,
        compile: bool = False,  # noqa: A002 - torch's name
        device: str = "auto",
        precision: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        checkpoint_dir: str | Path | None = None,
        verbose: bool | str = False,
    ) -> None:
        self.modality = modality
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.objective = objective
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.conditioning = conditioning
        self.augmentation = augmentation
        self.invariances = invariances
        self.prior = prior
        self.width = width
        self.depth = depth
        self.criterion = criterion
        self.patience = patience
        self.warm_start = warm_start
        self.compile = compile
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.verbose = verbose

    def fit(
        self,
        X: Any,  # noqa: N803
        y: ArrayLike,
        unlabelled: Any = None,
        validation: tuple[Any, ArrayLike] | None = None,
        spec: Spec | None = None,
    ) -> GANAugmenter:
        """Train the GAN.

        Parameters
        ----------
        X : array or DataFrame (n, ...)
            uint8 images (n, H, W) or (n, H, W, C) of 8 to 128 pixels a side and 1 to 4 channels; or a table.
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
        params = self.get_params()
        types = {name: field.rebuild_annotation() for name, field in TrainGanParams.model_fields.items()}
        types = types | {"checkpoint_dir": Text | None, "verbose": bool | Text}
        del types["seed"]
        params |= {name: _check(annotation, params[name], name) for name, annotation in types.items()}
        check_together(params)
        self.modality_ = modality_of(X, self.modality)
        if params["width"] == "auto":
            params["width"] = self.modality_.auto_width(resolve_device(params["device"]).type)
        self.width_ = params["width"]
        if spec is None:
            samples, self.spec_ = self.modality_.infer(X)
        else:
            samples, self.spec_ = self.modality_.conform(X, spec), spec
        self.classes_, codes = encode(y, len(samples))
        self.seed_ = _seed(self.random_state)
        self._drawn = 0
        more = take(samples, slice(0)) if unlabelled is None else self.modality_.conform(unlabelled, self.spec_)
        chosen_on = self._chosen_on(validation)
        everything = concat([samples, more]) if len(more) else samples
        data = Data(self.modality_, self.spec_, everything, codes, self.classes_, chosen_on)
        with explained(params):
            trained = train(params, data, self.seed_, self._snapshot)
        seen = {"labelled": samples, "unlabelled": more, "validation": chosen_on[0] if chosen_on else more[:0]}
        ids = self.modality_.ids
        digests = {kind: digest(ids(rows)) if len(rows) else None for kind, rows in seen.items()}
        self.trained_on_ = {**digests, "warm_start": trained.inherited}
        self._keep(trained, samples, codes)
        return self

    def sample(
        self,
        per_class: int | None = None,
        y: ArrayLike | None = None,
        *,
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
            Neither or both of ``per_class`` and ``y`` are given, or a number is out of range.
        DataError
            A label in ``y`` is unknown.
        """
        check_is_fitted(self)
        _check(Factor, truncation, "truncation")
        if y is not None and per_class is None:
            codes = to_codes(y, self.classes_)
        elif per_class is not None and y is None:
            _check(Count, per_class, "per_class")
            codes = np.repeat(np.arange(len(self.classes_)), per_class)
        else:
            raise ConfigError("sample needs either per_class=n or y=[labels]: give one of them.")
        if random_state is None:
            samples = self._draw(codes, truncation)
        else:
            samples = self._generate(codes, _seed(random_state), 0, truncation)
        return self.modality_.restore(samples, self.spec_), self.classes_[codes]

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
            does not take for their class.

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
        _check(Factor, ratio, "ratio")
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
        quotas : mapping from label to int
            Rows to keep of each class; a class left out gets none.
        selection : Selection
            Which to keep.

        Yields
        ------
        Candidates
            Portions of bounded size, with labels as in ``y``.
        """
        samples = self.modality_.conform(X, self.spec_)
        codes = to_codes(y, self.classes_, len(samples))
        wanted = np.zeros(len(self.classes_), np.int64)
        wanted[to_codes(list(quotas), self.classes_, len(quotas))] = list(quotas.values())
        stage = f"{self.verbose}, teacher" if isinstance(self.verbose, str) else "teacher"
        with Progress(stage if self.verbose else None, TEACHER_STEPS) as progress:
            teacher = self.modality_.teacher(
                samples,
                codes,
                len(self.classes_),
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
        for found in gathered(fill_quotas(self._draw, scorer, selection, mine)):
            yield replace(found, labels=self.classes_[found.labels])
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
            saved = Saved(
                self.modality_,
                self.spec_,
                self._realism.codec,
                self._architecture,
                self.generator_,
                self.discriminator_,
                self.classes_,
                self.seed_,
                self._realism.midpoint,
                self._realism.midpoint_unlabelled,
                self.trained_on_,
                {name: getattr(self, name) for name in RULES}
                | {"width": self.width_, "invariances": _sorted(self.invariances)},
                self.history_,
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
        """Return the same latents of up to ten classes through the generator as it is now (n, ...)."""
        codes = np.repeat(np.arange(min(10, len(self.classes_))), SHOWN)
        return torch.cat([part.float().cpu() for part in sample(generator, codes, self.seed_)])

    def _keep(self, trained: Trained, samples: Samples, codes: NDArray[np.int64]) -> None:
        """Turn what training left into fitted attributes."""
        self._architecture, self._checkpoint = trained.architecture, trained.checkpoint
        self.generator_, self.discriminator_ = trained.generator, trained.discriminator
        log = trained.log
        self.history_ = pd.DataFrame(log.history, columns=list(log.columns)).astype({"step": int})
        if log.criterion:
            self.history_["criterion"] = self.history_["step"].map(log.criterion)
        self._realism = Realism(self.discriminator_, trained.codec)
        self.snapshots_ = {step: trained.codec.to_samples(inputs) for step, inputs in log.snapshots.items()}
        some = np.random.default_rng(self.seed_).permutation(len(samples))[:SCORED]
        fakes = self._generate(codes[some], self.seed_ + 1, 0, 1.0)
        self._realism.calibrate(take(samples, some), fakes, codes[some])

    def _draw(self, codes: NDArray[np.int64], truncation: float = 1.0) -> Samples:
        """Generate the next samples of this model's own stream."""
        samples = self._generate(codes, self.seed_, self._drawn, truncation)
        self._drawn += len(codes)
        return samples

    def _generate(self, codes: NDArray[np.int64], seed: int, start: int, truncation: float) -> Samples:
        to_samples = self._realism.codec.to_samples
        parts = [to_samples(part) for part in sample(self.generator_, codes, seed, start, truncation)]
        return concat(parts) if parts else take(to_samples(self._architecture.example()), slice(0))


def load_augmenter(folder: str | Path, device: str = "auto") -> GANAugmenter:
    """Read a model that `GANAugmenter.save` wrote; `ModelError` where it is none."""
    return GANAugmenter.load(folder, device)


def _seed(random_state: int | np.random.RandomState | None) -> int:
    """Draw the one seed that everything else derives from."""
    if isinstance(random_state, np.random.RandomState) or random_state is None:
        return int(check_random_state(random_state).randint(2**31 - 1))
    return int(_check(RandomState, random_state, "random_state"))


def _check(annotation: Any, value: Any, name: str) -> Any:
    """Return a parameter's value; `ConfigError` if it is not of this type."""
    if isinstance(value, (np.generic, Path)):
        value = str(value) if isinstance(value, Path) else value.item()
    return check(annotation, value, name)


def _sorted(invariances: str | Sequence[str]) -> str | list[str]:
    """Return a set of names in order, and ``"auto"`` as it is."""
    return invariances if isinstance(invariances, str) else sorted(invariances)
