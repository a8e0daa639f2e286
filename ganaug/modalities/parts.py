"""What a modality makes: a codec, networks and what they pass through, a teacher, and what copies are looked for by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ganaug.errors import ConfigError
from ganaug.modalities.loaded import Ids
from ganaug.utils.samples import Samples

if TYPE_CHECKING:
    from torch import Tensor, nn

Floats = NDArray[np.float32]


class Originals(Protocol):
    """Samples of which copies are looked for, made ready once for any number of looks."""

    ids: Ids  # (m,) content hashes

    def copies(self, samples: Samples, ids: Ids | None = None) -> NDArray[np.bool_]:
        """Mark the samples (n,) that are copies of one of these, exact or near; ``ids`` are their hashes, if known."""
        ...


class Codec(ABC):
    """Samples to the arrays that live on the device, to what networks see, and back. Fitted on training rows only."""

    @abstractmethod
    def to_arrays(self, samples: Samples) -> tuple[NDArray[Any], ...]:
        """Return arrays (n, ...) that stand for the samples, small enough to keep all of them on a device."""

    @abstractmethod
    def to_inputs(self, *arrays: Tensor) -> Tensor:
        """Map a batch of those arrays, as tensors, to what networks see (n, ...), float."""

    @abstractmethod
    def to_samples(self, inputs: Tensor) -> Samples:
        """Map what a generator makes (n, ...) to samples."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a saved model keeps to make this codec again: what JSON holds, and arrays."""
        return {}, {}

    def without_rows(self) -> Codec:
        """Return this codec without anything of which training samples could be put together."""
        return self

    def meanings(self) -> list[str]:
        """Name what inputs are made of, in order, where that has names: columns, levels, words.

        Networks trained on inputs of other names know nothing of these, whatever their shapes.
        """
        return []


class Architecture(Protocol):
    """A frozen dataclass of all that determines the shapes of the two networks; its fields are what JSON can hold."""

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        ...

    @property
    def latent(self) -> int:
        """Length of a latent."""
        ...

    def build(self, seed: int) -> tuple[nn.Module, nn.Module]:
        """Return a new generator and discriminator; the global random state is left alone."""
        ...

    def example(self) -> Tensor:
        """Return one input (1, ...) of zeros, by which costs are counted."""
        ...


class Augment(Protocol):
    """What real and generated inputs pass through on their way to the discriminator."""

    def draw(self, n: int, p: float | Tensor, generator: Any) -> Tensor:
        """Draw what happens to n inputs, each operation with probability p, a number or a scalar tensor: (n, A)."""
        ...

    def __call__(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Apply the draws (n, A) to inputs (n, ...), differentiably."""
        ...


class Teacher(Protocol):
    """A small classifier that scores generated samples, trained on real ones."""

    def predict_proba(self, samples: Samples) -> Floats:
        """Return class probabilities (n, K)."""
        ...

    def features(self, samples: Samples) -> Floats:
        """Return features (n, F) in which Euclidean distance means likeness."""
        ...


Extractor = Callable[[Samples], Floats]  # samples (n) to features (n, F)


def checked_features(features: Any, n: int, name: str) -> Floats:
    """Return features (n, F) as an array; `ConfigError` unless they are finite numbers of that shape."""
    found = np.asarray(features, np.float32)
    if found.ndim != 2 or len(found) != n or not np.isfinite(found).all():
        raise ConfigError(
            f"fidelity.extractor {name} made an array of shape {found.shape} from {n} samples; "
            "it must return finite numbers of shape (samples, features)"
        )
    return found
