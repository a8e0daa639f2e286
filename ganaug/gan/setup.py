"""From parameters and labelled samples of any modality to a trained pair of networks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug import __version__
from ganaug.errors import ConfigError, ModelError, option
from ganaug.gan.augmentation import AUGMENTATIONS, Augmentation
from ganaug.gan.budget import parts_of_batch
from ganaug.gan.checkpoint import checkpoint_in, fingerprint
from ganaug.gan.fabric import make_fabric
from ganaug.gan.generation import Autocast, FromLatents, Generation
from ganaug.gan.infilling import FromHidden, HiddenPrior
from ganaug.gan.latents import MAX_ANCHORS, ONE_IN
from ganaug.gan.loop import Choice, TrainingLog, run
from ganaug.gan.losses import OBJECTIVES, Objective
from ganaug.gan.model_files import load_model
from ganaug.gan.regularizers import PENALTIES, Penalty
from ganaug.gan.sampler import BalancedSampler, PairSampler
from ganaug.gan.schedule import Schedule
from ganaug.gan.trainer import NetworkSetup, Trainer
from ganaug.gan.translation import FromRows, RowPrior
from ganaug.gan.warm_start import differ_in_size, start_from, taken_in_words
from ganaug.modalities.base import Modality
from ganaug.modalities.loaded import Spec
from ganaug.modalities.parts import Architecture, Augment, Codec
from ganaug.modalities.rarity import missing_cells, very_unequal
from ganaug.synthesis.criteria import CRITERIA, Known
from ganaug.utils.samples import Samples, take
from ganaug.utils.tensors import tensor_of
from ganaug.utils.threads import one_thread
from ganaug.utils.words import counted

ELSEWHERE = (  # parameters that do not count for a run's fingerprint, as they
    "checkpoint_dir", "verbose", "keep_rows", "max_hours",  # change no byte, or
    "random_state", "device", "warm_start", "modality",  # count as what they come to: the seed, the kind of device, ...
)  # fmt: skip
COMPILER = ("torch._dynamo", "torch._inductor")


class Data(NamedTuple):
    """What the GAN is trained on: samples (n), and the class codes (m,) of the first m; the others are unlabelled."""

    modality: Modality
    spec: Spec
    samples: Samples
    codes: NDArray[np.int64]
    classes: NDArray[Any]  # (K,) labels
    validation: tuple[Samples, NDArray[np.int64]] | None = None  # on which a criterion chooses
    groups: NDArray[np.int64] | None = None  # (m,) of the labelled rows, those of one group have their style in common


class Trained(NamedTuple):
    """What training leaves behind."""

    codec: Codec
    architecture: Architecture
    generator: nn.Module  # the moving average of its weights
    discriminator: nn.Module
    log: TrainingLog
    checkpoint: Path | None  # no longer needed once the model is saved
    inherited: dict[str, Any] | None  # ``trained_on_`` of the model it started from


def train(params: Mapping[str, Any], data: Data, seed: int, snapshot: Callable[[nn.Module], torch.Tensor]) -> Trained:
    """Train the two networks that the parameters describe, from the checkpoint if there is one.

    Parameters
    ----------
    params : mapping
        Those of `ganaug.GANAugmenter`.
    data : Data
        Training samples and what they are.
    seed : int
        Of everything random.
    snapshot : callable
        From the averaged generator to a tensor worth keeping, taken now and then.

    Raises
    ------
    ConfigError
        A choice is unknown.
    ModelError
        The model to start from does not fit, or the checkpoint cannot be read or written.
    """
    fabric = make_fabric(params["device"], params["precision"])
    modality, codes, verbose = data.modality, data.codes, params["verbose"]
    stage = verbose if isinstance(verbose, str) else "fit" if verbose else None
    params = {**params, "generator": _generator(params["generator"], modality, codes, data.groups, stage)}
    codec = modality.codec(data.samples, data.spec)
    architecture = modality.architecture(codec, len(data.classes), params, _anchors(params, len(codes)))
    schedule = Schedule(
        _steps(params, modality, len(data.samples), fabric.device.type),
        batch_size=params["batch_size"],
        learning_rate=params["learning_rate"],
        penalty_weight=params["penalty_weight"],
    )
    arrays = codec.to_arrays(data.samples)
    objective = OBJECTIVES[params["objective"]]
    invariances = modality.safe if params["invariances"] == "auto" else params["invariances"]
    setup = network_setup(
        modality,
        codec,
        architecture,
        arrays,
        codes,
        objective,
        PENALTIES[objective.penalty if params["penalty"] == "auto" else params["penalty"]](),
        modality.augment(codec, invariances),
        AUGMENTATIONS[params["augmentation"]](schedule.steps),
        seed,
        fabric.device,
        data.groups,
    )
    device, processes = fabric.device.type, fabric.world_size
    schedule = replace(schedule, parts=parts_of_batch(params, setup.generator, device, processes, stage))
    inherited = None
    if params["warm_start"] is not None:
        inherited = _start_warm(setup, codec, architecture, Path(params["warm_start"]), data, stage)
    facts = {
        "modality": modality.name,
        "architecture": asdict(architecture),  # type: ignore[call-overload]
        "schedule": asdict(schedule),
        "device": fabric.device.type,
    }
    start = [p.detach().cpu().numpy() for net in (setup.generator, setup.discriminator) for p in net.parameters()]
    chosen_on = () if data.validation is None else (*codec.to_arrays(data.validation[0]), data.validation[1])
    seen = [*arrays, codes, *chosen_on, *start] + ([] if data.groups is None else [data.groups])
    identity = identity_of({**params, "invariances": invariances}, seed, facts, seen)
    folder = params["checkpoint_dir"]
    checkpoint = None if folder is None else checkpoint_in(folder, identity)
    trainer = Trainer(fabric, setup, schedule, seed)
    if params["compile"]:
        setup.generator.compile()
        setup.discriminator.compile()
    choice = None
    if data.validation is not None and params["criterion"] != "none":
        known = Known(
            modality, data.spec, codec, take(data.samples, slice(len(codes))), codes, *data.validation,
            len(data.classes), seed, str(fabric.device),
        )  # fmt: skip
        choice = Choice(CRITERIA[params["criterion"]](known), params["patience"])
    with one_thread(fabric.device):
        log = run(
            trainer, snapshot, checkpoint=checkpoint, identity=identity, stage=stage, choice=choice,
            max_hours=params["max_hours"],
        )  # fmt: skip
    discriminator = setup.discriminator.eval().requires_grad_(False)
    return Trained(codec, architecture, trainer.ema.module.eval(), discriminator, log, checkpoint, inherited)


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
    if params["invariances"] != "auto":
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
                f"{params['depth']}: lower one of them or micro_batch, or make the samples smaller."
            ) from error
        if params["compile"] and ("torch.compile" in reason or type(error).__module__.startswith(COMPILER)):
            raise ConfigError(f"compile is true, but torch cannot compile here ({reason}): set it to false.") from error
        raise


def _generator(
    asked: str, modality: Modality, codes: NDArray[np.int64], groups: NDArray[np.int64] | None, stage: str | None
) -> str:
    """Return the kind of generator: the one asked for, or the one for rows of such classes and groups (m,)."""
    if asked != "auto":
        if asked not in modality.generators:
            raise ConfigError(
                f"{option('train_gan.generator')} is {asked!r}, which there is none of for the modality "
                f"{modality.name!r}: choose one of {', '.join(modality.generators)}, or auto."
            )
        return asked
    if "latent" not in modality.generators:
        return modality.generators[0]
    counts = np.bincount(codes)
    missing = 0 if groups is None else missing_cells(codes, groups)
    if "translation" not in modality.generators or not (missing or very_unequal(counts)):
        return "latent"
    if stage is not None:
        why = f"classes have from {counts.min()} to {counts.max()} rows"
        if not very_unequal(counts):
            why = f"{counted(missing, 'cell')} (a class in a group) that other groups tell of have no row"
        said = f"{why}, so the generator is translation; {option('train_gan.generator')} chooses another"
        print(f"ganaug: {stage}: {said}", file=sys.stderr)
    return "translation"


def _steps(params: Mapping[str, Any], modality: Modality, rows: int, device: str) -> int:
    """Return how many steps to take."""
    if params["steps"] != "auto":
        return int(params["steps"])
    latent = params["generator"] == "latent"
    return modality.auto_steps(rows, device) if latent else modality.translation_steps(device)


def _anchors(params: Mapping[str, Any], rows: int) -> int:
    """Return how many rows own an anchor: all or none."""
    if params["generator"] == "translation":
        return 0
    fit = rows <= MAX_ANCHORS and params["batch_size"] >= ONE_IN
    return rows if params["prior"] == "anchored" or (params["prior"] == "auto" and fit) else 0


def network_setup(
    modality: Modality,
    codec: Codec,
    architecture: Architecture,
    arrays: Sequence[NDArray[Any]],
    labels: NDArray[np.int64],
    objective: Objective,
    penalty: Penalty,
    augment: Augment,
    augmentation: Augmentation,
    seed: int,
    device: torch.device,
    groups: NDArray[np.int64] | None = None,
) -> NetworkSetup:
    """Put the networks on the device, and beside them the whole data set, as the codec's arrays.

    Parameters
    ----------
    modality, codec, architecture
        What a sample is, and the networks for it.
    arrays, labels : arrays (n, ...) and (m,)
        What `Codec.to_arrays` made of the training samples, and the class codes of the first m; the others are
        unlabelled.
    objective, penalty, augment, augmentation
        The rules.
    seed : int
        Of the initial weights and of the anchors.
    device : torch.device
        Where all of it lives.
    groups : array (m,), optional
        Codes of groups, the rows of which have their style in common.
    """
    tensors = [tensor_of(array, device) for array in arrays]
    codes, n, m = torch.tensor(labels, device=device), len(arrays[0]), len(labels)
    generator, discriminator = architecture.build(seed)
    prior: Any = generator.prior
    k, sampler = architecture.n_classes, None
    if isinstance(prior, RowPrior):
        prior.keep(codec, [tensor[:m] for tensor in tensors], codes, k)
        if prior.styled:
            shared = None if groups is None else torch.tensor(groups, device=device)
            sampler = PairSampler(codes, k, n - m, shared)
    else:
        prior.place(codes.cpu(), seed)
    return NetworkSetup(
        generator.to(device),
        discriminator.to(device),
        rows=lambda indices: codec.to_inputs(*(tensor[indices] for tensor in tensors)),
        sampler=sampler or BalancedSampler(codes, k, n - m),
        objective=objective,
        penalty=penalty,
        augment=augment,
        augmentation=augmentation,
        distance=modality.distance(codec),
        labelled=None if n == m else torch.arange(n, device=device) < m,
        generation=_generation(prior),
    )


def _generation(prior: Any) -> Callable[[NetworkSetup, Schedule, Autocast], Generation]:
    """Return how rows come about in training."""
    if isinstance(prior, HiddenPrior):
        return FromHidden
    return FromRows if isinstance(prior, RowPrior) else FromLatents


def _start_warm(
    setup: NetworkSetup, codec: Codec, architecture: Architecture, folder: Path, data: Data, stage: str | None
) -> dict[str, Any]:
    """Load the weights of a saved model, and return what that one was trained on.

    Of one for samples of another size all weights are taken that fit, and it is said which.
    """
    config, weights = load_model(folder)
    try:
        if config["modality"] != data.modality.name:
            raise ModelError(
                f"{folder} makes samples of the modality {config['modality']!r}, these are of {data.modality.name!r}: "
                "start from a model of the same."
            )
        arrays = {name: tensor.numpy() for name, tensor in weights.get("codec", {}).items()}
        theirs = data.modality.codec_of(data.modality.spec_of(config["spec"]), config["codec"], arrays).meanings()
        for there, here in zip_longest(theirs, codec.meanings(), fillvalue="nothing"):
            if there != here:
                raise ModelError(
                    f"{folder} was trained on {data.modality.unit} made of other things ({there!r} stands where "
                    f"{here!r} stands here): start from a model of the same columns, levels or words, or train anew."
                )
        known, names = ([str(c) for c in labels] for labels in (config["classes"], data.classes))
        grown = differ_in_size(config["architecture"], architecture)
        taken = [
            start_from(module, weights[name], known, names, str(folder), grown)
            for name, module in (("generator", setup.generator), ("discriminator", setup.discriminator))
        ]
        if grown and stage is not None:
            described = data.modality.describe(data.modality.spec_of(config["spec"]))
            print(f"ganaug: {stage}: {folder} was trained on {described}: {taken_in_words(taken)}", file=sys.stderr)
        return dict(config["trained_on"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelError(f"{folder} does not fit this version of ganaug ({error}): train it again.") from error
