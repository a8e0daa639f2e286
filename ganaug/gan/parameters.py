"""The parameters of a training as an estimator takes them: documented, kept, and checked when it is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from ganaug.config import TrainGanParams, check
from ganaug.config.together import check_together
from ganaug.config.types import Positive, RandomState, Text

RULES = (  # parameters that a saved model remembers, beside its architecture, its kind of generator and invariances
    "keep_rows", "objective", "penalty", "conditioning", "augmentation", "prior", "criterion",
    "width", "depth", "precision",
)  # fmt: skip


class TrainingParameters(BaseEstimator):  # type: ignore[misc]
    """What `ganaug.GANAugmenter` is made with."""

    def __init__(
        self,
        *,
        modality: str = "auto",
        rate: int | None = None,
        generator: str = "auto",
        keep_rows: bool = True,
        steps: int | str = "auto",
        batch_size: int = 64,
        micro_batch: int | str = "auto",
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
        max_hours: float = 24.0,
        random_state: int | np.random.RandomState | None = None,
        checkpoint_dir: str | Path | None = None,
        verbose: bool | str = False,
    ) -> None:
        """Take note of the parameters; `fit` checks them.

        Parameters
        ----------
        modality : str, default="auto"
            What a sample is: image, signal, sound, table, text, or what another package adds. ``"auto"`` tells by the
            type and shape of X, and says so where ``verbose`` is set; sounds have to be named.
        rate : int, optional
            Values a second, of sounds.
        generator : {"auto", "latent", "translation"}, default="auto"
            What samples are made of. Latent: noise and a label. Translation, of images: a training row of the class,
            and the style of any other; what varies in classes of many rows is learnt there, and applied to those of
            few, down to one. Translation, of texts: a training row of the class, of which words are filled in again.
            ``"auto"``: translation of texts, and of images where some class has fewer than 10 rows and another ten
            times as many, or where groups lack classes that others have
            (`ganaug.modalities.rarity.missing_cells`).
        keep_rows : bool, default=True
            Whether `save` writes the training rows beside a translating generator, ``rows.parquet``, and those of
            which a model of signals or sounds takes what components leave. A translating model without them makes
            versions of rows that are given, see `vary`, and nothing else; one of signals or sounds makes them without
            their detail.
        steps : int or "auto", default="auto"
            Optimiser steps of each network. ``"auto"`` picks a budget from data and device.
        batch_size : int, default=64
            Rows of either kind in a step.
        micro_batch : int or "auto", default="auto"
            Rows of a step that go through the networks at a time, their gradients summed, which is the same but for
            rounding. Fewer take less memory and a little longer. ``"auto"``: all, or fewer of large images.
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
            ``"auto"``: those that do for nearly any data. For images these are translate, scale, brightness and
            contrast; there are also cutout, flip_horizontal, flip_vertical, rotate, and saturation, for colour. For
            signals, and sounds, whose levels they change, it is jitter; there are also scale and shift. Tables and
            texts have none.
        prior : {"auto", "anchored", "normal"}, default="auto"
            Where latents come from. Anchored: mixtures of fixed latents, one for each labelled row, of which the
            generator has to make that row, so that it forgets no kind of row. Normal: the standard normal. ``"auto"``
            anchors up to 2,000 labelled rows.
        width : int or "auto", default="auto"
            Channels at the coarsest grid of networks for images, where below 8 counts as 8; units of a layer for
            tables and signals, of which those that take convolutions have half as many channels. ``"auto"``: 64, and 32
            for images on a CPU, where twice as many take three times as long.
        depth : int, default=1
            Residual blocks a resolution for images, half the residual blocks for tables.
        criterion : {"none", "kid", "accuracy"}, default="none"
            What chooses the generator among its states in the second half of training, on the validation rows given to
            `fit`: class-wise kernel distance of features, or accuracy of a classifier trained on samples only.
            ``"none"`` keeps the last state.
        patience : int, optional
            Stop early, after so many of 10 looks at the criterion, 9 at most, without a better one.
        warm_start : path-like, optional
            Folder of a saved model to start from, trained with the same width, depth and conditioning. Its classes may
            be others: those of the same name keep what they have learnt. So may be the size of images: stages that work
            on grids of the same number of cells are taken.
        compile : bool, default=False
            Compile both networks (torch.compile): takes half a minute or more and a C++ compiler, and may pay in long
            runs on a GPU; on two CPU cores training was half as fast.
        device : str, default="auto"
            ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        precision : str, default="auto"
            ``"32-true"``, ``"bf16-mixed"``, or ``"auto"``: bfloat16 where the hardware has it, as elsewhere it is
            slower.
        max_hours : float, default=24.0
            Hours that training may take on a CPU. What would take longer, as its first steps show, is refused.
        random_state : int, RandomState or None, default=None
            The same int gives the same model on the same machine.
        checkpoint_dir : path-like, optional
            Where training saves its state, to go on from there when it is run again after an interruption. The state is
            removed by `save`, and where its run is not taken up again by the first training there after a week.
        verbose : bool or str, default=False
            Show progress, under this name.
        """
        self.modality = modality
        self.rate = rate
        self.generator = generator
        self.keep_rows = keep_rows
        self.steps = steps
        self.batch_size = batch_size
        self.micro_batch = micro_batch
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
        self.max_hours = max_hours
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.verbose = verbose

    def checked(self) -> dict[str, Any]:
        """Return all parameters but the seed, checked one by one and together.

        Raises
        ------
        ConfigError
            A parameter is unknown, out of range, or contradicts another.
        """
        params: dict[str, Any] = self.get_params()
        types = {name: field.rebuild_annotation() for name, field in TrainGanParams.model_fields.items()}
        types = types | {"rate": Positive | None, "checkpoint_dir": Text | None, "verbose": bool | Text}
        del types["seed"]
        params |= {name: check_value(annotation, params[name], name) for name, annotation in types.items()}
        check_together(params)
        return params

    def rules(self) -> dict[str, Any]:
        """Return the parameters that shaped training, which a saved model remembers."""
        invariances = self.invariances if isinstance(self.invariances, str) else sorted(self.invariances)
        return {name: getattr(self, name) for name in RULES} | {"invariances": invariances}


def seed_of(random_state: int | np.random.RandomState | None) -> int:
    """Draw the one seed that everything else derives from."""
    if isinstance(random_state, np.random.RandomState) or random_state is None:
        return int(check_random_state(random_state).randint(2**31 - 1))
    return int(check_value(RandomState, random_state, "random_state"))


def check_value(annotation: Any, value: Any, name: str) -> Any:
    """Return a parameter's value; `ConfigError` if it is not of this type."""
    if isinstance(value, (np.generic, Path)):
        value = str(value) if isinstance(value, Path) else value.item()
    return check(annotation, value, name)
