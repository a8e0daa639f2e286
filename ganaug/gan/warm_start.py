"""Start training from the weights of another model, with other classes.

What a model has learnt from many rows of some classes, edges, outlines, textures, carries over to classes with few
(transferring GANs, arXiv 1805.01677; class-wise, arXiv 1905.11001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ganaug.errors import ModelError

PER_ROW = "prior."  # the anchors of its training rows: no business of others
PER_CLASS = ("embedding.", "head.classes.", "head.embedding.")  # tensors with one row a class


def start_from(
    module: nn.Module, weights: Mapping[str, Tensor], known: Sequence[str], classes: Sequence[str], source: str
) -> None:
    """Load the weights of a module that was trained on other classes.

    A class of the same name keeps its rows; a new one starts at the mean of the known ones.

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
    if state.keys() != weights.keys():
        raise ModelError(
            f"{source} was trained with another generator, depth or conditioning, or on samples of another size: use "
            "its settings, or train anew."
        )
    for name, fresh in state.items():
        trained = weights[name]
        if name.startswith(PER_CLASS):
            mean = trained.mean(0)
            trained = torch.stack([trained[position[c]] if c in position else mean for c in classes])
        if trained.shape != fresh.shape:
            raise ModelError(
                f"{source} was trained on samples of another size or with another width ({name} has shape "
                f"{tuple(trained.shape)}, not {tuple(fresh.shape)}): use its settings, or train anew."
            )
        fresh.copy_(trained)
