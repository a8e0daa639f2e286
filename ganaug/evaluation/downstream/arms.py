"""The arms of the comparison: which rows a classifier is trained on, and which settings of its training are tried.

Everything else (steps, batch size, schedule, seed, the number of different settings tried) is the same for each arm;
more rows never mean longer training, and no arm is tuned harder than another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganaug.config import EvaluateParams, Mixing
from ganaug.data.rows import Schema
from ganaug.errors import ConfigError
from ganaug.modalities.image.arms import IMAGE_ARMS
from ganaug.modalities.rarity import CELLS, PAIRS, RARE, missing_cells, very_unequal
from ganaug.modalities.signal.arms import SIGNAL_ARMS
from ganaug.modalities.sound.arms import SOUND_ARMS
from ganaug.modalities.table.arms import TABLE_ARMS
from ganaug.modalities.text.arms import TEXT_ARMS
from ganaug.modalities.training import RATES, Setting
from ganaug.utils.registry import Registry

MIXUP = 0.4


@dataclass(frozen=True)
class Arm:
    """One training set to compare.

    Attributes
    ----------
    label : str
        What it trains on, in few words, for a plot.
    title : str
        The same in more words.
    rows : str
        Which rows join the real ones, or stand in for them: see `ganaug.evaluation.downstream.training_rows.RowSource`.
    settings : tuple of Setting
        What is tried, the default first. Where synthetic rows join real ones, each is combined with
        ``evaluate.mixing`` instead.
    contender : bool
        Whether it takes part in the contrast, or only explains it.
    first_look : bool
        Whether a first look has it: ``evaluate.arms`` is ``auto``.
    where : str
        What it is for: "rare", classes of few rows beside classes of many; "cells", groups that lack classes; "pairs",
        classes of two rows or more; or "", anything. Where training rows are not so, only naming it brings it in.
    """

    label: str
    title: str
    rows: str = "real"
    settings: tuple[Setting, ...] = (Setting(),)
    contender: bool = True
    first_look: bool = True
    where: str = ""

    @property
    def synthetic(self) -> bool:
        """Whether it has synthetic rows."""
        return self.rows not in ("real", "oracle")

    def tried(self, mixing: Sequence[Mixing], trials: int, augments: bool = True) -> list[Setting]:
        """List the settings of which validation rows choose one: ``trials`` different ones.

        ``augments`` says whether the modality has a classical augmentation; without one its strength is no setting.
        """
        tried: Iterable[Setting] = self.settings
        if not augments:
            plain = [replace(setting, strength=0.0) for setting in self.settings]
            more = (replace(plain[0], learning_rate=rate) for rate in RATES)
            tried = dict.fromkeys([*plain, *more])
        if self.synthetic and self.rows != "synthetic":
            # a control without synthetic rows would control nothing
            first = next(iter(tried))
            tried = (_mixed(first, way) for way in mixing if way.synthetic or self.rows != "shuffled")
        return list(islice(tried, trials))


def _mixed(setting: Setting, way: Mixing) -> Setting:
    """Return a setting, mixed in this way; without synthetic rows nothing else of the way matters."""
    return replace(setting, **(way.model_dump() if way.synthetic else {}))


_RATES = tuple(Setting(learning_rate=rate) for rate in RATES)
_STRENGTHS = tuple(
    Setting(rate, strength) for strength, rate in ((1, 3e-3), (0.5, 3e-3), (1.5, 3e-3), (1, 1e-3), (1, 6e-3), (2, 3e-3))
)
_MIXUPS = tuple(
    Setting(rate, strength, mixup)
    for mixup, strength, rate in (
        (MIXUP, 1, 3e-3), (0.2, 1, 3e-3), (1, 1, 3e-3), (MIXUP, 0.5, 3e-3), (MIXUP, 1, 1e-3), (MIXUP, 1.5, 3e-3)
    )
)  # fmt: skip

ARMS: Registry[Arm] = Registry("arm")
BUILT_IN = {
    "real": Arm("real only", "real rows", settings=_RATES),
    "classical": Arm("real + classical", "real rows, classical augmentation", settings=_STRENGTHS),
    "mixup": Arm("real + MixUp", "real rows, classical augmentation and MixUp", settings=_MIXUPS),
    "oracle": Arm("more real rows", "more real rows", "oracle", _STRENGTHS, contender=False, first_look=False),
    "gan": Arm("real + synthetic", "real and synthetic rows", "selected"),
    "classical_gan": Arm(
        "real + classical + synthetic", "real and synthetic rows, classical augmentation", "selected", _STRENGTHS
    ),
    "mixup_gan": Arm(
        "real + MixUp + synthetic",
        "real and synthetic rows, classical augmentation and MixUp",
        "selected",
        _MIXUPS,
    ),
    "unfiltered": Arm(
        "unfiltered synthetic",
        "real and synthetic rows without selection",
        "drawn",
        _STRENGTHS,
        contender=False,
        first_look=False,
    ),
    "shuffled": Arm(
        "shuffled labels",
        "real and synthetic rows, the synthetic labels shuffled",
        "shuffled",
        _STRENGTHS,
        contender=False,
        first_look=False,
    ),
    "synthetic": Arm("synthetic only", "synthetic rows only", "synthetic", _RATES, contender=False),
}
for name, own in {**TABLE_ARMS, **SIGNAL_ARMS, **SOUND_ARMS, **TEXT_ARMS}.items():
    tried = tuple(replace(setting, method=own.method, mixup=own.mixup) for setting in _RATES)
    BUILT_IN[name] = Arm(own.label, own.title, "selected" if own.synthetic else "real", tried, where=own.where)
for name, image in IMAGE_ARMS.items():
    tried = tuple(replace(setting, method=method) for setting in _STRENGTHS for method in image.methods)
    rows = "selected" if image.synthetic else "real"
    BUILT_IN[name] = Arm(image.label, image.title, rows, tried, first_look=image.first_look, where=image.where)
for name, built_in in BUILT_IN.items():
    ARMS.register(name)(built_in)


class RealRows(NamedTuple):
    """Of the real training rows of a repeat, what tells which arms are for them."""

    labels: NDArray[np.int64]  # (n,) class codes
    groups: NDArray[np.object_]  # (n,) names; None or NaN: of none

    def lack_cells(self) -> bool:
        """Whether some group lacks a class that other groups have, see `ganaug.modalities.rarity.missing_cells`."""
        if pd.isna(self.groups).any():
            return False
        return missing_cells(self.labels, np.unique(self.groups.astype(str), return_inverse=True)[1]) > 0


def arms_named(names: Iterable[str]) -> dict[str, Arm]:
    """Look arms up by name, in the order given; `ConfigError` for a name that is none."""
    return {name: ARMS[name] for name in names}


def resolved(params: EvaluateParams, schema: Schema, training: Sequence[RealRows] = ()) -> EvaluateParams:
    """Put the modality's own arms and classifier where ``auto`` stands, or ``all``.

    Parameters
    ----------
    params, schema : EvaluateParams and Schema
        What is asked for, and what samples are.
    training : sequence of RealRows
        The real training rows of each repeat: arms for rare classes, say, or for groups that lack classes, need such in
        all of them.

    Raises
    ------
    ConfigError
        An arm is named that the modality does not have.
    """
    modality = schema.modality
    arms, classifiers = params.arms, params.classifiers
    if isinstance(arms, str):
        counts = [np.bincount(rows.labels, minlength=len(schema.classes)) for rows in training]
        found = {
            RARE: all(very_unequal(each) for each in counts),
            PAIRS: all(each.min() > 1 for each in counts),
            CELLS: all(rows.lack_cells() for rows in training),
        }
        fitting = [
            name
            for name in modality.arms_for(schema.spec)
            if not ARMS[name].where or (training and found[ARMS[name].where])
        ]
        arms = tuple(name for name in fitting if arms == "all" or ARMS[name].first_look)
    if classifiers == "auto":
        classifiers = modality.classifiers[:1]
    foreign = [name for name in arms if name in BUILT_IN and name not in modality.arms]
    if foreign:
        raise ConfigError(
            f"evaluate.arms names {foreign[0]!r}, which is no arm for {modality.unit}: write auto or all, or choose "
            f"among {', '.join(modality.arms)}"
        )
    return params.model_copy(update={"arms": arms, "classifiers": classifiers})


def result_path(folder: str | Path, arm: str, repeat: int, classifier: str) -> Path:
    """Return where an arm's result lies: under ``augmented`` if it has synthetic rows, else under ``baselines``.

    Each of the two folders of a repeat is one out of a DVC stage, whichever arms and classifiers it holds.
    """
    half = "augmented" if ARMS[arm].synthetic else "baselines"
    return Path(folder, half, str(repeat), re.sub(r"[^\w.-]+", "_", classifier), f"{arm}.json")


def references(names: Iterable[str]) -> list[str]:
    """Names of the contenders without synthetic rows; the best of them is what a GAN has to beat."""
    return [name for name, arm in arms_named(names).items() if arm.contender and not arm.synthetic]


def candidates(names: Iterable[str]) -> list[str]:
    """Names of the contenders that add synthetic rows to the real ones."""
    return [name for name, arm in arms_named(names).items() if arm.contender and arm.synthetic]
