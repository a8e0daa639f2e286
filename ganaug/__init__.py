"""ganaug: train a conditional GAN on scarce labelled data, keep its good samples, learn whether they helped.

Importing this package imports no torch: the names below are loaded at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganaug.augmenter import GANAugmenter, load_augmenter

__all__ = ["GANAugmenter", "__version__", "load_augmenter"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in {"GANAugmenter", "load_augmenter"}:
        from ganaug import augmenter

        return getattr(augmenter, name)
    raise AttributeError(f"module 'ganaug' has no attribute {name!r}")
