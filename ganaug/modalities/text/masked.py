"""A masked language model: the network that fills in, by maximum likelihood alone.

What the GAN of texts is without its discriminator; rows drawn from the two, beside one another, say what that adds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug.modalities.infilling import PASSES, hide_and_guess, numbers_of
from ganaug.modalities.text.codec import TextCodec
from ganaug.modalities.text.infiller import Infiller
from ganaug.modalities.text.spec import Texts
from ganaug.utils.threads import one_thread

BATCH, WIDTH, DEPTH = 64, 64, 1  # as those of the GAN
RATE, BETAS, FINAL = 2.5e-3, (0.9, 0.95), 0.05  # Adam's, from half of the steps on linearly down to that share
STEPS, MOST, FEW = 40, 200, 100  # for up to FEW texts, in proportion for more; longer made other texts less probable
AT_ONCE = 256  # texts that are filled in together


class MaskedModel:
    """A network that fills in words of texts under their label.

    Parameters
    ----------
    texts : list of str (n)
        Training texts.
    labels : int array (n,)
        Their classes.
    seed : int
        Of everything random.
    steps : int, optional
        Optimiser steps. None: as many as made other texts the most probable.
    """

    def __init__(self, texts: Texts, labels: NDArray[np.int64], seed: int, steps: int | None = None) -> None:
        self.codec = TextCodec.fit(texts)
        vocabulary, numbers = self.codec.vocabulary, numbers_of(self.codec.length)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.network = Infiller(vocabulary.first, vocabulary.kinds, int(labels.max()) + 1, None, WIDTH, DEPTH)
        steps = steps or round(min(MOST, STEPS * max(1, len(texts) / FEW)))
        random = torch.Generator().manual_seed(seed)
        rows, codes = torch.from_numpy(self.codec.to_arrays(texts)[0]), torch.from_numpy(labels)
        chances = 1 / torch.bincount(codes)[codes]  # classes are drawn as often as one another
        adam = torch.optim.Adam(self.network.parameters(), RATE, BETAS, fused=True)
        decay = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - (1 - FINAL) * max(0, 2 * step / steps - 1))
        with one_thread(torch.device("cpu")):
            for _ in range(steps):
                at = torch.multinomial(chances, BATCH, replacement=True, generator=random)
                real, noise = self.codec.to_inputs(rows[at]), torch.rand(BATCH, numbers, generator=random)
                adam.zero_grad()
                loss: Any = hide_and_guess(self.network, real, codes[at], noise).loss()
                loss.backward()
                adam.step()
                decay.step()

    @torch.no_grad()
    def draw(self, texts: Texts, label: int, random: np.random.Generator) -> Texts:
        """Fill in words of texts again, as those of a class."""
        noise = torch.Generator().manual_seed(int(random.integers(2**63)))
        found: Texts = []
        for start in range(0, len(texts), AT_ONCE):
            rows = self.codec.to_inputs(torch.from_numpy(self.codec.to_arrays(texts[start : start + AT_ONCE])[0]))
            chance = torch.rand(len(rows), PASSES * numbers_of(self.codec.length), generator=noise)
            made: Tensor = self.network.versions(rows, torch.full((len(rows),), label), chance)
            found += self.codec.to_samples(made)
        return found


@lru_cache(maxsize=2)
def masked_model(texts: tuple[str, ...], labels: tuple[int, ...], seed: int) -> MaskedModel:
    """Return the model of these texts; the settings that are tried of an arm share it."""
    return MaskedModel(list(texts), np.array(labels, np.int64), seed)
