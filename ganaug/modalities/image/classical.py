"""Classical augmentation: what people do today without a GAN, as one arm of the comparison (albumentations).

albumentations is an optional dependency and takes seconds to import, so it is imported when the first batch needs it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from importlib import metadata
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import ConfigError, GanaugError
from ganaug.modalities.training import Setting, TrainConfig

INVARIANCES = ("flip_horizontal", "flip_vertical", "rotate", "saturation")
# Chosen on validation rows of Fashion-MNIST at 20 a class, where they raise accuracy by 1.5 points and lower the log
# loss from 0.76 to 0.64. Shifts by 2 pixels, shifting every image, flips and holes were no better or worse.
SHIFT = 0.04  # of the side, at most
TONE = 0.4  # brightness and contrast, at most
TURN = 15  # degrees, at most


class ClassicalAugment:
    """Small shifts and changes of tone; flips and the like only where declared harmless.

    Parameters
    ----------
    invariances : sequence of str, default=()
        Changes that leave the class as it is, any of `INVARIANCES`. The defaults hold for digits and text too.
    strength : float, default=1.0
        Factor of shifts, tone and turns.

    Raises
    ------
    ConfigError
        If an invariance is unknown.
    GanaugError
        At the first batch, if albumentations is missing or another package has taken its name.

    Notes
    -----
    albumentations gives every transform of a `Compose` its own copy of one random stream. Here one generator, the
    caller's, feeds all of them in turn, so their choices are independent and the caller's seed decides everything.
    """

    def __init__(self, invariances: Sequence[str] = (), strength: float = 1.0) -> None:
        unknown = [name for name in invariances if name not in INVARIANCES]
        if unknown:
            raise ConfigError(f"there is no invariance {unknown[0]!r}; known are {', '.join(INVARIANCES)}")
        self.invariances, self.strength = tuple(invariances), strength
        self._compose: Any = None

    def __call__(self, images: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
        """Alter a batch (b, H, W, C); what is drawn depends on ``generator`` alone."""
        if self._compose is None:
            cure = "run `pip install 'ganaug[pipeline]'`, or leave the classical arms out of evaluate.arms"
            self._compose = _build(import_albumentations(cure), images.shape[1:], self.invariances, self.strength)
        self._compose.set_random_state(generator, random.Random(int(generator.integers(2**63))))
        return np.stack([self._alter(image) for image in images])

    def _alter(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if image.shape[2] < 4:
            altered: NDArray[np.uint8] = self._compose(image=image)["image"]
            return altered
        both = self._compose(image=image[:, :, :3], mask=image[:, :, 3])  # a mask moves along, but has no tone
        return np.dstack([both["image"], both["mask"]])


def make_augment(config: TrainConfig, setting: Setting) -> ClassicalAugment | None:
    """Return the classical augmentation of a setting, if there is any."""
    return ClassicalAugment(config.invariances, setting.strength) if setting.strength else None


def import_albumentations(cure: str) -> ModuleType:
    """Import albumentations without its question to the network for a newer version.

    Raises
    ------
    GanaugError
        If it is missing, or albumentationsX is installed in its place. ``cure`` says what to do about it.
    """
    try:
        successor = metadata.version("albumentationsx")
    except metadata.PackageNotFoundError:
        pass
    else:
        raise GanaugError(
            f"albumentationsx {successor} is installed under albumentations' name, with another licence and interface; "
            f"run `pip uninstall albumentationsx`, then {cure}"
        )
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    try:
        import albumentations
    except ImportError as error:
        raise GanaugError(f"albumentations is not installed; {cure}") from error
    return albumentations  # type: ignore[no-any-return]


def _build(library: ModuleType, shape: tuple[int, ...], invariances: Sequence[str], strength: float) -> Any:
    height, width, channels = shape
    reach = {axis: round(strength * SHIFT * side) for axis, side in (("x", width), ("y", height))}
    shift, tone = {axis: (-pixels, pixels) for axis, pixels in reach.items()}, strength * TONE
    declared = {
        "flip_horizontal": [library.HorizontalFlip(p=0.5)],
        "flip_vertical": [library.VerticalFlip(p=0.5)],
        "rotate": [library.Rotate(strength * TURN, border_mode=1, p=0.5)],
        "saturation": [library.HueSaturationValue(0, (-40, 40), 0, p=0.5)] if channels > 1 else [],
    }
    return library.Compose(
        [
            library.Affine(translate_px=shift, border_mode=1, p=0.5),
            *(transform for name in invariances for transform in declared[name]),
            library.RandomBrightnessContrast(tone, tone, p=0.5),
        ]
    )
