"""Chains of waveform transforms, such as audiomentations': synthetic sounds of the same class swapped in, or mixed.

Needs none of these libraries: a transform is called with a waveform and its rate, and returns a waveform. It has what
audiomentations asks of those in its chains: parameters that can be drawn, frozen and shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        self.label, self.p, self.share = label, p, share
        self.parameters: dict[str, Any] = {}  # what was drawn last
        self.are_parameters_frozen = False
        self._random = np.random.default_rng(seed)
        self.sounds, self.spec = (
            _from_file(Path(source), label) if isinstance(source, (str, Path)) else _from_model(source, label, seed)
        )

    def __call__(self, samples: Waveform, sample_rate: int) -> Waveform:
        """Return a waveform of the same shape; a shorter synthetic sound ends in silence.

        Raises
        ------
        DataError
            The waveform is of another rate, or of one of two channels that the sounds have.
        """
        if sample_rate != self.spec.rate:
            raise DataError(
                f"the waveform has {sample_rate:,} values a second, synthetic sounds {self.spec.rate:,}: resample it."
            )
        wide = np.atleast_2d(samples)
        if np.ndim(samples) not in (1, 2) or 1 < self.spec.channels < len(wide):
            raise DataError(
                f"the waveform has shape {np.shape(samples)}, the synthetic sounds {self.spec.channels} channels: "
                "give (time,), or (channels, time) of as many."
            )
        if not (self.are_parameters_frozen and self.parameters):
            self.randomize_parameters(samples, sample_rate)
        if not self.parameters["should_apply"]:
            return samples
        chosen = to_floats(self.sounds[self.parameters["chosen"]])
        made = np.zeros(wide.shape, np.float32)
        length = min(wide.shape[1], chosen.shape[1])
        made[:, :length] = chosen[:, :length] if len(wide) == len(chosen) else chosen[:, :length].mean(0)
        mixed = (1 - self.share) * wide + self.share * made
        return np.asarray(mixed.reshape(np.shape(samples)), np.float32)

    def randomize_parameters(self, samples: Waveform, sample_rate: int) -> None:
        """Draw whether a recording is changed, and by which sound."""
        applies, chosen = bool(self._random.random() < self.p), int(self._random.integers(len(self.sounds)))
        self.parameters = {"should_apply": applies, "chosen": chosen}

    def freeze_parameters(self) -> None:
        """Do to recordings from now on what was done to the last one."""
        self.are_parameters_frozen = True

    def unfreeze_parameters(self) -> None:
        """Draw anew for each recording."""
        self.are_parameters_frozen = False

    def to_dict_private(self) -> dict[str, Any]:
        """Return what the transform is, as audiomentations shows its chains."""
        name = f"{type(self).__module__}.{type(self).__name__}"
        return {"__class_fullname__": name, "label": self.label, "p": self.p, "share": self.share}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(label={self.label!r}, p={self.p}, share={self.share})"


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
