"""aeon: over-sampling of collections of signals by a conditional GAN.

Needs ``pip install 'ganaug[aeon]'``. Imports torch at the first fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from aeon.transformations.collection import BaseCollectionTransformer
from numpy.typing import NDArray

from ganaug.errors import ConfigError

if TYPE_CHECKING:
    from ganaug.augmenter import GANAugmenter


class GANOverSampler(BaseCollectionTransformer):  # type: ignore[misc]
    """Over-sample signals with signals that a class-conditional GAN makes.

    The GAN is trained on all the signals given, each class as often as any other, so that a class of a few signals
    borrows from the rest what signals of this kind look like. One or many channels, of one length or of several.

    Parameters
    ----------
    ratio : float, optional
        Synthetic signals for each given one, class by class. None: as many as fill each class to the largest one.
    steps : int or "auto", default="auto"
        Optimiser steps of each network.
    batch_size : int, default=64
        Signals of either kind in a step.
    learning_rate : float, default=0.0025
        Of both Adam optimisers; linearly down over the second half.
    width : int, default=64
        Units of a layer of the networks.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : int, RandomState or None, default=None
        The same int gives the same signals on the same machine.

    Attributes
    ----------
    augmenter_ : GANAugmenter
        The fitted GAN.

    See Also
    --------
    ganaug.GANAugmenter : The GAN by itself, with everything that can be set.

    Notes
    -----
    ``fit_transform(X, y)`` and ``transform(X, y)`` return signals and labels: the given ones first and unchanged, the
    new ones after them, class by class. Signals of several lengths come as a list, as everywhere in aeon.

    References
    ----------
    Goodfellow et al., Generative Adversarial Networks, arXiv 1406.2661.

    Examples
    --------
    >>> import numpy as np
    >>> from ganaug.plugins.aeon import GANOverSampler
    >>> X = np.random.default_rng(0).standard_normal((20, 2, 30))
    >>> y = np.array(["a"] * 15 + ["b"] * 5)
    >>> X_res, y_res = GANOverSampler(steps=5, random_state=0).fit_transform(X, y)
    >>> X_res.shape
    (30, 2, 30)
    """

    _tags: ClassVar[dict[str, Any]] = {
        "requires_y": True,
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "X_inner_type": ["numpy3D", "np-list"],
        "python_dependencies": "torch",
    }

    def __init__(
        self,
        ratio: float | None = None,
        steps: int | str = "auto",
        batch_size: int = 64,
        learning_rate: float = 2.5e-3,
        width: int = 64,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.ratio = ratio
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.width = width
        self.device = device
        self.random_state = random_state
        super().__init__()

    def _fit(self, X: Any, y: Any = None) -> GANOverSampler:  # noqa: N803 - the host's names
        from ganaug.augmenter import GANAugmenter

        if self.ratio is not None and not (np.isfinite(self.ratio) and self.ratio >= 0):
            raise ConfigError(f"ratio is {self.ratio}: give a number from 0 up, or None.")
        self.augmenter_: GANAugmenter = GANAugmenter(
            modality="signal",
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            width=self.width,
            device=self.device,
            random_state=self.random_state,
        ).fit(X, y)
        return self

    def _transform(self, X: Any, y: Any = None) -> tuple[Any, NDArray[Any]]:  # noqa: N803
        if y is None:
            raise ValueError("GANOverSampler resamples X and y together: pass y to transform, or call fit_transform.")
        labels = np.asarray(y)
        classes, counts = np.unique(labels, return_counts=True)
        more = counts.max() - counts if self.ratio is None else np.round(counts * self.ratio).astype(np.int64)
        wanted = np.repeat(classes, more)
        if not len(wanted):
            return X, labels
        new, _ = self.augmenter_.sample(y=wanted, random_state=self.augmenter_.seed_)
        both = [*X, *new] if isinstance(X, list) else np.concatenate([X, np.asarray(new, X.dtype)])
        return both, np.concatenate([labels, wanted])

    @classmethod
    def _get_test_params(cls, parameter_set: str = "default") -> Mapping[str, Any]:
        return {"steps": 2, "batch_size": 4, "width": 8, "device": "cpu"}
