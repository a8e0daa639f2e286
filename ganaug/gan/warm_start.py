"""Start training from the weights of another model, with other classes.

What a model has learnt from many rows of some classes, edges, outlines, textures, carries over to classes with few
(transferring GANs, arXiv 1805.01677; class-wise, arXiv 1905.11001). What it has learnt of small images carries over to
larger ones, whose networks have the same coarse stages, and finer ones beyond (progressive growing, arXiv 1710.10196).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.errors import ModelError
from ganaug.modalities.parts import Architecture

PER_ROW = "prior."  # the anchors of its training rows: no business of others
FREE = {"n_classes", "anchors"}  # fields of an architecture that may differ anyway
PER_CLASS = ("embedding.", "head.classes.", "head.embedding.")  # tensors with one row a class


def differ_in_size(trained: Mapping[str, Any], wanted: Architecture) -> bool:
    """Tell whether architectures, the first as JSON holds it, differ in the size of samples, and may so take weights.

    They may where the wanted one names the fields that tell its size, ``SIZES``, and others are the same.
    """
    fields = asdict(wanted)  # type: ignore[call-overload]
    sizes = getattr(wanted, "SIZES", ())
    differing = {name for name in fields.keys() | trained.keys() if fields.get(name) != trained.get(name)} - FREE
    return bool(differing) and differing <= set(sizes)


def taken_in_words(taken: Sequence[tuple[int, int]]) -> str:
    """Say which of the tensors of some networks `start_from` has taken, by what it returned for each."""
    found, all_of_them = (sum(numbers) for numbers in zip(*taken, strict=True))
    return f"{found} of {all_of_them} tensors of the networks fit and are taken, the others start anew"


def start_from(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    known: Sequence[str],
    classes: Sequence[str],
    source: str,
    grown: bool = False,
) -> tuple[int, int]:
    """Load the weights of a module that was trained on other classes, or, if ``grown``, on samples of another size.

    A class of the same name keeps its rows; a new one starts at the mean of the known ones. What a network has one for
    each stage of, and lists from the finest on, it names in ``from_finest``; stages are matched from the coarsest on.

    Parameters
    ----------
    module : nn.Module
        A new network.
    weights : mapping of str to Tensor
        The weights of the trained one.
    known, classes : sequence of str
        Its classes, and those of the new network.
    source : str
        Where the weights come from, for messages.
    grown : bool, default=False
        Take what fits, and leave the rest as it is.

    Returns
    -------
    int, int
        How many tensors were taken, and how many there are.

    Raises
    ------
    ModelError
        The networks differ in more than their classes.
    """
    position = {name: i for i, name in enumerate(known)}
    state, weights = (
        {name: t for name, t in tensors.items() if not name.startswith(PER_ROW)}
        for tensors in (module.state_dict(), weights)
    )
    count = len(state)
    if grown:
        weights = _matched(module, weights)
        state = {name: fresh for name, fresh in state.items() if name in weights}
    elif state.keys() != weights.keys():
        raise ModelError(
            f"{source} was trained with another generator, depth or conditioning, or on samples of another size: use "
            "its settings, or train anew."
        )
    taken = 0
    for name, fresh in state.items():
        trained = weights[name]
        if name.startswith(PER_CLASS):
            mean = trained.mean(0)
            trained = torch.stack([trained[position[c]] if c in position else mean for c in classes])
        if trained.shape != fresh.shape:
            if grown:
                continue
            raise ModelError(
                f"{source} was trained on samples of another size or with another width ({name} has shape "
                f"{tuple(trained.shape)}, not {tuple(fresh.shape)}): use its settings, or train anew."
            )
        fresh.copy_(trained)
        taken += 1
    return taken, count


def _matched(module: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Number the stages among weights so that the coarsest have the same numbers as in the module."""
    for prefix, part in module.named_modules():
        for name in getattr(part, "from_finest", ()):
            start = f"{prefix}.{name}." if prefix else f"{name}."
            held = {int(key[len(start) :].split(".")[0]) for key in weights if key.startswith(start)}
            further = len(getattr(part, name)) - len(held)
            weights = {_moved(key, start, further): tensor for key, tensor in weights.items()}
    return dict(weights)


def _moved(key: str, start: str, further: int) -> str:
    """Add to the number that follows ``start`` in a key that begins so."""
    if not key.startswith(start):
        return key
    number, dot, rest = key[len(start) :].partition(".")
    return f"{start}{int(number) + further}{dot}{rest}"
