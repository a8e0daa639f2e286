"""Parameters that fit images and the device that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.config import TrainGanParams
from ganaug.gan.fabric import resolve_device
from ganaug.gan.networks import costs
from ganaug.gan.schedule import auto_steps
from ganaug.modalities.image.reading import Shape
from ganaug.modalities.image.setup import ImageArchitecture, auto_width
from ganaug.modalities.image.spec import ImageSpec

CPU_BUDGET = 1e14  # operations of a GAN's training; two cores that have bfloat16 took 8 to 15 minutes for as many
LEAST_STEPS = 1600


def suggest(spec: ImageSpec, counts: NDArray[np.int64]) -> tuple[dict[str, Any], list[str]]:
    """Return parameters and why; see `ganaug.modalities.base.Modality.suggest`."""
    chosen, why = _budget(spec.shape, counts)
    return {"prepare.size": [spec.height, spec.width], "prepare.channels": spec.channels, **chosen}, [why]


def _budget(shape: Shape, counts: NDArray[np.int64]) -> tuple[Mapping[str, Any], str]:
    """Return the number of steps that the device does in good time, where the default is more, and why."""
    device = resolve_device("auto").type
    width, steps = auto_width(device), auto_steps(int(counts.sum()), device)
    if device != "cpu" or (needed := _operations(shape, len(counts), width, steps)) <= CPU_BUDGET:
        return {}, f"{'CPU' if device == 'cpu' else 'GPU'}: networks of width {width}, {steps:,} steps"
    steps = max(min(steps, LEAST_STEPS), int(steps * CPU_BUDGET / needed))
    return {"train_gan.steps": steps}, f"CPU: networks of width {width}, {steps:,} steps only; a GPU would do with more"


def _operations(shape: Shape, n_classes: int, width: int, steps: int) -> float:
    """Return the floating-point operations of a training: three times those forward, of both networks."""
    height, across, channels = shape
    architecture = ImageArchitecture(height, across, channels, n_classes, base_width=width)
    forward = sum(int(cost["flops"]) for cost in costs(architecture, *architecture.build(0)).values())
    return 3.0 * forward * TrainGanParams().batch_size * steps
