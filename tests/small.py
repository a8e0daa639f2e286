"""An augmenter that is trained in a second, and digits to train it on."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from ganaug import GANAugmenter
from ganaug.gan.augmentation import AUGMENTATIONS
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES
from ganaug.gan.setup import network_setup
from ganaug.gan.trainer import NetworkSetup
from ganaug.modalities import modality_named
from ganaug.modalities.image.codec import ImageCodec
from ganaug.modalities.parts import Codec
from ganaug.synthesis.score import Scorer

Fitted = tuple[GANAugmenter, np.ndarray, np.ndarray]
NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def tiny(**parameters) -> GANAugmenter:
    return GANAugmenter(**{"steps": 6, "batch_size": 8, "width": 4, "random_state": 0, "device": "cpu"} | parameters)


def digits(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    images, labels = load_digits(return_X_y=True)
    return (images[:n].reshape(-1, 8, 8) * 15.9).astype(np.uint8), labels[:n]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def image_setup(architecture, images, labels, objective, penalty, augment, augmentation, seed, device) -> NetworkSetup:
    modality, codec = modality_named("image"), ImageCodec(architecture.shape)
    rules = (objective, penalty, augment, augmentation)
    return network_setup(modality, codec, architecture, codec.to_arrays(images), labels, *rules, seed, device)


def table_setup(frame, labels, device, steps: int = 10, seed: int = 0) -> tuple[NetworkSetup, Codec]:
    """As for a fit by the default rules, and what makes rows of a table of its inputs."""
    modality = modality_named("table")
    samples, spec = modality.infer(frame)
    codec = modality.codec(samples, spec)
    params = {"conditioning": "projection", "width": 64, "depth": 1}
    architecture = modality.architecture(codec, int(labels.max()) + 1, params, anchors=len(labels))
    objective = OBJECTIVES["relativistic"]
    rules = objective, PENALTIES[objective.penalty](), modality.augment(codec, ()), AUGMENTATIONS["diffaugment"](steps)
    return network_setup(modality, codec, architecture, codec.to_arrays(samples), labels, *rules, seed, device), codec


def embed(images: np.ndarray) -> np.ndarray:
    return modality_named("image").embed(images, None)


class Views:
    """A teacher made of two functions, and the modality of images that goes with it."""

    modality = modality_named("image")

    def __init__(self, predict_proba, features) -> None:
        self.predict_proba, self.features = predict_proba, features

    def scorer(self, realism, training: np.ndarray, codes: np.ndarray) -> Scorer:
        return Scorer(self.modality, None, realism, self, training, codes)


class Inputs(Codec):
    """Arrays that a function turns into inputs."""

    def __init__(self, to_inputs) -> None:
        self.to_inputs = to_inputs

    def to_arrays(self, samples):
        return (samples,)

    def to_inputs(self, *arrays):
        raise NotImplementedError

    def to_samples(self, inputs):
        raise NotImplementedError
