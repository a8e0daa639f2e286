"""Chains of waveform transforms, such as audiomentations': synthetic sounds of the same class swapped in, or mixed.

Needs none of these libraries: a transform is called with a waveform and its rate, and returns a waveform.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganaug.config import check
from ganaug.config.types import Count, Share
from ganaug.data.pool import synthetic_rows, unknown_class
from ganaug.data.rows import read_samples, read_schema
from ganaug.errors import DataError
from ganaug.modalities.sound.spec import SoundSpec, to_floats

if TYPE_CHECKING:
    from ganaug.augmenter import GANAugmenter

FROM_MODEL = 100  # sounds that a model makes at once, to choose among

Waveform = NDArray[np.float32]  # (time,) or (channels, time)


class SyntheticSwap:
    """Swap a recording for a synthetic sound of its class, or mix the two, now and then.

    Parameters
    ----------
    source : path-like or GANAugmenter
        A Parquet file of rows, as *generate* and *merge* write it, of which the rows marked ``synthetic`` count, and of
        those the ``kept`` ones where the file says; or a fitted model, which makes 100 sounds.
    label : str
        The class of the recordings that are given: a chain has no labels, so each class has a transform of its own.
    p : float, default=0.5
        Probability that a recording is changed.
    share : float, default=1.0
        Of the synthetic sound: 1 swaps, less mixes.
    seed : int, default=0
        Of what is random.

    Raises
    ------
    DataError
        There is no such class, or no synthetic sound of it.
    ConfigError
        A number is out of range.

    Examples
    --------
    >>> from ganaug.plugins.waveforms import SyntheticSwap
    >>> swaps = {name: SyntheticSwap("synthetic.parquet", name) for name in ("hat", "kick")}  # doctest: +SKIP
    >>> chain = {name: audiomentations.Compose([swaps[name], AddGaussianNoise()]) for name in swaps}  # doctest: +SKIP
    """

    def __init__(
        self,
        source: str | Path | GANAugmenter,
        label: str | int,
        *,
        p: float = 0.5,
        share: float = 1.0,
        seed: int = 0,
    ) -> None:
        check(Share, p, "p")
        check(Share, share, "share")
        check(Count, seed, "seed")
        self.p, self.share = p, share
        self._random = np.random.default_rng(seed)
        self.sounds, self.spec = (
            _from_file(Path(source), label) if isinstance(source, (str, Path)) else _from_model(source, label, seed)
        )

    def __call__(self, samples: Waveform, sample_rate: int) -> Waveform:
        """Return a waveform of the same shape; a shorter synthetic sound ends in silence.

        Raises
        ------
        DataError
            The waveform is of another rate, or of channels that the sounds do not have.
        """
        if sample_rate != self.spec.rate:
            raise DataError(
                f"the waveform has {sample_rate:,} values a second, synthetic sounds {self.spec.rate:,}: resample it."
            )
        if np.ndim(samples) not in (1, 2) or np.atleast_2d(samples).shape[0] not in (1, self.spec.channels):
            raise DataError(
                f"the waveform has shape {np.shape(samples)}, the synthetic sounds {self.spec.channels} channels: "
                "give (time,), or (channels, time) of as many."
            )
        if self._random.random() >= self.p:
            return samples
        chosen = to_floats(self.sounds[int(self._random.integers(len(self.sounds)))])
        wide = np.atleast_2d(samples)
        made = np.zeros(wide.shape, np.float32)
        length = min(wide.shape[1], chosen.shape[1])
        made[:, :length] = chosen[:, :length] if len(wide) == len(chosen) else chosen[:, :length].mean(0)
        mixed = (1 - self.share) * wide + self.share * made
        return np.asarray(mixed.reshape(np.shape(samples)), np.float32)


def _from_file(path: Path, label: str | int) -> tuple[list[NDArray[np.int16]], SoundSpec]:
    """Return the synthetic sounds of a class in a file."""
    schema = read_schema(path)
    if not isinstance(schema.spec, SoundSpec):
        raise DataError(f"{path} holds {schema.modality.describe(schema.spec)}: give a file of sounds.")
    if label not in schema.classes:
        raise unknown_class(label, schema.classes, path)
    at, labels = synthetic_rows(path)
    wanted = at[labels == schema.classes.index(str(label))]
    if not len(wanted):
        raise DataError(f"{path} holds no synthetic row of class {label!r} that is to be used: generate some first.")
    return read_samples(path, wanted), schema.spec


def _from_model(augmenter: GANAugmenter, label: str | int, seed: int) -> tuple[list[NDArray[np.int16]], SoundSpec]:
    """Have a fitted model make sounds of a class."""
    X, _ = augmenter.sample(y=[label] * FROM_MODEL, random_state=seed)  # noqa: N806
    if not isinstance(augmenter.spec_, SoundSpec):
        raise DataError(f"The model makes {augmenter.modality_.describe(augmenter.spec_)}: give a model of sounds.")
    return augmenter.modality_.conform(X, augmenter.spec_), augmenter.spec_
