"""From a generator and labels to rows, with latents that depend on the seed and the row's number alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganaug.gan.latents import Prior
from ganaug.gan.networks import rows_at_a_time
from ganaug.gan.translation import RowPrior
from ganaug.utils.threads import one_thread

BLOCK = 256  # rows whose latents share a seed; also rows that go through the generator at once, where they are small


def draws_of_block(prior: Prior | RowPrior, seed: int, block: int) -> Tensor:
    """Draw what a block's latents are made of, on the CPU, so that every device samples the same rows."""
    state = np.random.SeedSequence([seed, block]).generate_state(1, np.uint64)[0]
    return prior.draw(BLOCK, torch.Generator().manual_seed(int(state)))


def contents(
    prior: RowPrior, labels: NDArray[np.int64], seed: int, start: int, device: torch.device
) -> NDArray[np.int64]:
    """Return the positions (n,) of the rows of which `sample` makes versions, where latents come from this prior."""
    found, done = [np.zeros(0, np.int64)], 0
    while done < len(labels):
        block, offset = divmod(start + done, BLOCK)
        codes = torch.from_numpy(labels[done : done + BLOCK - offset]).to(device)
        draws = draws_of_block(prior, seed, block)[offset : offset + len(codes)].to(device)
        found.append(prior.chosen(draws, codes).cpu().numpy())
        done += len(codes)
    return np.concatenate(found)


@torch.no_grad()
def sample(
    generator: nn.Module,
    labels: NDArray[np.int64],
    seed: int,
    start: int = 0,
    truncation: float = 1.0,
    prior: Prior | RowPrior | None = None,
) -> Iterator[Tensor]:
    """Generate a row for every label.

    Parameters
    ----------
    generator : nn.Module
        ``(latents, labels) -> rows``, with a `Prior` or `RowPrior` as attribute ``prior``; ``row_size`` says how many
        numbers a row has, where these may be many.
    labels : int array (n,)
        Class codes.
    seed : int
        Row i of seed s is always the same row, however many are drawn and in whatever portions.
    start : int
        Number of the first row.
    truncation : float
        Latents, or styles, are scaled by this: below 1, typical rows at the price of variety (arXiv 1809.11096).
    prior : Prior or RowPrior, optional
        Where latents come from, in place of the generator's own.

    Yields
    ------
    Tensor
        Up to BLOCK rows at a time, on the generator's device.
    """
    device = next(generator.parameters()).device
    source: Any = generator.prior if prior is None else prior
    most, done = rows_at_a_time(generator, BLOCK), 0
    while done < len(labels):
        block, offset = divmod(start + done, BLOCK)
        codes = torch.from_numpy(labels[done : done + min(most, BLOCK - offset)]).to(device)
        draws = draws_of_block(source, seed, block)[offset : offset + len(codes)].to(device)
        with one_thread(device):
            rows: Tensor = generator(source(draws, codes, truncation), codes)
        yield rows
        done += len(codes)
