"""The arms of the comparison: which rows a classifier is trained on, and whether they are augmented on the fly.

Everything else (steps, batch size, schedule, seed) is the same for each arm; more rows never mean longer training.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ganaug.errors import ConfigError


@dataclass(frozen=True)
class Arm:
    """One training set to compare.

    Attributes
    ----------
    title : str
        What it trains on, in words.
    real, synthetic : bool
        Whether the real and the synthetic rows of the training split are used.
    classical : bool
        Whether batches go through classical augmentation.
    mixup : float
        Whether rows of a batch are mixed, and how much, see `ganaug.modalities.image.classifier.train_classifier`.
    """

    title: str
    real: bool = True
    synthetic: bool = False
    classical: bool = False
    mixup: float = 0.0


ARMS = {
    "real": Arm("real rows"),
    "classical": Arm("real rows, classical augmentation", classical=True),
    "mixup": Arm("real rows, classical augmentation and MixUp", classical=True, mixup=0.4),
    "gan": Arm("real and synthetic rows", synthetic=True),
    "classical_gan": Arm("real and synthetic rows, classical augmentation", synthetic=True, classical=True),
    "synthetic": Arm("synthetic rows only", real=False, synthetic=True),
}


def arms_named(names: Iterable[str]) -> dict[str, Arm]:
    """Look arms up by name, in the order given; `ConfigError` for a name that is none."""
    names = list(names)
    unknown = [name for name in names if name not in ARMS]
    if unknown:
        raise ConfigError(f"there is no arm {unknown[0]!r}; evaluate.arms knows {', '.join(ARMS)}")
    return {name: ARMS[name] for name in names}


def result_path(folder: str | Path, arm: str, draw: int) -> Path:
    """Return where an arm's result of a draw lies: under ``augmented`` if it has synthetic rows, else ``baselines``.

    Each of the two folders of a draw is one out of a DVC stage, whichever arms it holds.
    """
    return Path(folder, "augmented" if ARMS[arm].synthetic else "baselines", str(draw), f"{arm}.json")


def references(names: Iterable[str]) -> list[str]:
    """Names of the arms that do without synthetic rows; the best of them is what a GAN has to beat."""
    return [name for name, arm in arms_named(names).items() if not arm.synthetic]


def candidates(names: Iterable[str]) -> list[str]:
    """Names of the arms that add synthetic rows to the real ones."""
    return [name for name, arm in arms_named(names).items() if arm.real and arm.synthetic]
