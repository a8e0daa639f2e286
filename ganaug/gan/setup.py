"""From parameters and labelled images to a trained pair of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from ganaug import __version__
from ganaug.errors import ConfigError, ModelError
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.checkpoint import checkpoint_in, fingerprint
from ganaug.gan.fabric import make_fabric
from ganaug.gan.latents import MAX_ANCHORS, ONE_IN
from ganaug.gan.loop import Choice, TrainingLog, run
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.model_files import load_model
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.schedule import Schedule, auto_steps
from ganaug.gan.trainer import NetworkSetup, Trainer
from ganaug.gan.warm_start import start_from
from ganaug.modalities.image.augment import ImageAugment
from ganaug.modalities.image.setup import Architecture, image_setup
from ganaug.synthesis.criteria import CRITERIA, Known

ELSEWHERE = (  # parameters that do not count for a run's fingerprint, as they
    "checkpoint_dir", "verbose",  # change no byte, or
    "random_state", "device", "warm_start",  # count as what they come to: the seed, the kind of device, weights
)  # fmt: skip
COMPILER = ("torch._dynamo", "torch._inductor")


class Trained(NamedTuple):
    """What training leaves behind."""

    architecture: Architecture
    generator: nn.Module  # the moving average of its weights
    discriminator: nn.Module
    log: TrainingLog
    checkpoint: Path | None  # no longer needed once the model is saved
    inherited: dict[str, Any] | None  # ``trained_on_`` of the model it started from


def train(
    params: Mapping[str, Any],
    images: NDArray[np.uint8],
    codes: NDArray[np.int64],
    classes: NDArray[Any],
    seed: int,
    snapshot: Callable[[nn.Module], torch.Tensor],
    validation: tuple[NDArray[np.uint8], NDArray[np.int64]] | None = None,
) -> Trained:
    """Train the networks that the parameters describe, from its checkpoint if there is one.

    Parameters
    ----------
    params : mapping
        Those of `ganaug.GANAugmenter`.
    images, codes : arrays (n, H, W, C) and (m,)
        Training images, and the class codes of the first m; the others are unlabelled.
    classes : array (K,)
        Class labels.
    seed : int
        Of everything random.
    snapshot : callable
        From the averaged generator to a tensor worth keeping, taken now and then.
    validation : arrays (v, H, W, C) and (v,), optional
        Images and class codes on which the criterion, where there is one, chooses the generator.

    Raises
    ------
    ConfigError
        A choice is unknown.
    ModelError
        The model to start from does not fit, or the checkpoint cannot be read or written.
    """
    fabric = make_fabric(params["device"], params["precision"])
    height, width, channels = images.shape[1:]
    architecture = Architecture(
        height,
        width,
        channels,
        len(classes),
        conditioning=params["conditioning"],
        base_width=params["width"],
        depth=params["depth"],
        anchors=_anchors(params, len(codes)),
    )
    schedule = Schedule(
        auto_steps(len(images), fabric.device.type) if params["steps"] == "auto" else int(params["steps"]),
        batch_size=params["batch_size"],
        learning_rate=params["learning_rate"],
        penalty_weight=params["penalty_weight"],
    )
    setup = _network_setup(params, architecture, images, codes, schedule.steps, seed, fabric)
    inherited = None
    if params["warm_start"] is not None:
        inherited = _start_warm(setup, Path(params["warm_start"]), classes)
    facts = {"architecture": asdict(architecture), "schedule": asdict(schedule), "device": fabric.device.type}
    start = [p.detach().cpu().numpy() for net in (setup.generator, setup.discriminator) for p in net.parameters()]
    identity = identity_of(params, seed, facts, [images, codes, *(validation or ()), *start])
    folder, verbose = params["checkpoint_dir"], params["verbose"]
    checkpoint = None if folder is None else checkpoint_in(folder, identity)
    stage = verbose if isinstance(verbose, str) else "fit" if verbose else None
    trainer = Trainer(fabric, setup, schedule, seed)
    if params["compile"]:
        setup.generator.compile()
        setup.discriminator.compile()
    choice = None
    if validation is not None and params["criterion"] != "none":
        known = Known(images[: len(codes)], codes, *validation, len(classes), seed, str(fabric.device))
        choice = Choice(CRITERIA[params["criterion"]](known), params["patience"])
    log = run(trainer, snapshot, checkpoint=checkpoint, identity=identity, stage=stage, choice=choice)
    discriminator = setup.discriminator.eval().requires_grad_(False)
    return Trained(architecture, trainer.ema.module.eval(), discriminator, log, checkpoint, inherited)


def identity_of(params: Mapping[str, Any], seed: int, facts: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> str:
    """Return the fingerprint of a training, from which alone another may go on.

    Parameters
    ----------
    params : mapping
        Those of `ganaug.GANAugmenter`, of which all count but `ELSEWHERE`.
    seed : int
        Of everything random.
    facts : mapping
        What the parameters and the machine come to.
    arrays : sequence of arrays
        The rows, and the weights at the start.
    """
    settings = {name: value for name, value in params.items() if name not in ELSEWHERE}
    settings["invariances"] = sorted(params["invariances"])  # a set
    versions = {"ganaug": __version__, "torch": torch.__version__}
    return fingerprint({"settings": settings, "seed": seed, **facts, "versions": versions}, *arrays)


@contextmanager
def explained(params: Mapping[str, Any]) -> Iterator[None]:
    """Turn what torch raises where memory or a compiler is missing into a `ConfigError` that says what to change."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0]
        if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in reason:
            raise ConfigError(
                f"There is too little memory for batch_size {params['batch_size']}, width {params['width']} and depth "
                f"{params['depth']}: lower one of them, or make the images smaller."
            ) from error
        if params["compile"] and ("torch.compile" in reason or type(error).__module__.startswith(COMPILER)):
            raise ConfigError(f"compile is true, but torch cannot compile here ({reason}): set it to false.") from error
        raise


def _anchors(params: Mapping[str, Any], rows: int) -> int:
    """Return how many rows own an anchor: all or none."""
    fit = rows <= MAX_ANCHORS and params["batch_size"] >= ONE_IN
    return rows if params["prior"] == "anchored" or (params["prior"] == "auto" and fit) else 0


def _network_setup(
    params: Mapping[str, Any],
    architecture: Architecture,
    images: NDArray[np.uint8],
    codes: NDArray[np.int64],
    steps: int,
    seed: int,
    fabric: Fabric,
) -> NetworkSetup:
    objective = OBJECTIVES[params["objective"]]
    return image_setup(
        architecture,
        images,
        codes,
        objective,
        PENALTIES[objective.penalty if params["penalty"] == "auto" else params["penalty"]](),
        ImageAugment(params["invariances"]),
        AUGMENTATIONS[params["augmentation"]](steps),
        seed,
        fabric.device,
    )


def _start_warm(setup: NetworkSetup, folder: Path, classes: NDArray[Any]) -> dict[str, Any]:
    """Load the weights of a saved model, and return what that one was trained on."""
    config, weights = load_model(folder)
    try:
        known, names = ([str(c) for c in labels] for labels in (config["classes"], classes))
        for name, module in (("generator", setup.generator), ("discriminator", setup.discriminator)):
            start_from(module, weights[name], known, names, str(folder))
        return dict(config["trained_on"])
    except (KeyError, TypeError, IndexError) as error:
        raise ModelError(f"{folder} does not fit this version of ganaug ({error}): train it again.") from error
