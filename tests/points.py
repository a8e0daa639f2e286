"""A modality of another package: short vectors of numbers. Copied by test_third_party_modality.py into a package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from markupsafe import Markup
from sklearn.linear_model import LogisticRegression
from torch import nn

from ganaug.data.names import SPLITS
from ganaug.data.rows import iter_encoded, read_schema
from ganaug.errors import ConfigError, DataError
from ganaug.gan.conditioning import CONDITIONINGS, apply_head
from ganaug.gan.latents import Prior
from ganaug.modalities.base import Modality
from ganaug.modalities.estimators import make_estimator
from ganaug.modalities.loaded import Loaded, Spec
from ganaug.modalities.parts import Codec


@dataclass(frozen=True)
class PointsSpec(Spec):
    length: int


class Standardised(Codec):
    def __init__(self, mean, scale):
        self.mean, self.scale = mean, scale

    def to_arrays(self, samples):
        return (((samples - self.mean) / self.scale).astype(np.float32),)

    def to_inputs(self, *arrays):
        return arrays[0]

    def to_samples(self, inputs):
        return (inputs.float().cpu().numpy() * self.scale + self.mean).astype(np.float32)

    def state(self):
        return {}, {"mean": self.mean, "scale": self.scale}


class Generator(nn.Module):
    def __init__(self, length, n_classes, prior, width):
        super().__init__()
        self.prior, self.embedding = prior, nn.Embedding(n_classes, prior.size)
        self.layers = nn.Sequential(nn.Linear(2 * prior.size, width), nn.LeakyReLU(0.2), nn.Linear(width, length))

    def forward(self, latents, labels, condition_scale=1.0):
        return self.layers(torch.cat([latents, condition_scale * self.embedding(labels)], 1))


class Discriminator(nn.Module):
    def __init__(self, length, n_classes, width, head):
        super().__init__()
        self.layers, self.head = nn.Sequential(nn.Linear(length, width), nn.LeakyReLU(0.2)), head(width, n_classes)

    def forward(self, rows, labels, condition_scale=1.0):
        return apply_head(self.head, self.layers(rows), labels, condition_scale)


@dataclass(frozen=True)
class Architecture:
    length: int
    n_classes: int
    conditioning: str
    width: int
    anchors: int
    latent: int = 8

    def build(self, seed):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            prior = Prior(self.latent, self.n_classes, self.anchors)
            head = CONDITIONINGS[self.conditioning]
            return (
                Generator(self.length, self.n_classes, prior, self.width),
                Discriminator(self.length, self.n_classes, self.width, head),
            )

    def example(self):
        return torch.zeros(1, self.length)


class Blur:
    def draw(self, n, p, generator):
        happens = torch.rand(n, 1, generator=generator, device=generator.device) < p
        return 0.1 * happens

    def __call__(self, inputs, draws):
        return inputs * (1 + draws)


class Logistic:
    def __init__(self, samples, labels):
        self.model = LogisticRegression().fit(samples, labels)

    def predict_proba(self, samples):
        return self.model.predict_proba(samples).astype(np.float32)

    def features(self, samples):
        return samples


class Originals:
    def __init__(self, ids):
        self.ids = ids

    def copies(self, samples, ids=None):
        return np.isin((content_ids(samples) if ids is None else ids).astype(str), self.ids.astype(str))


def content_ids(samples):
    return np.array([hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in samples], object)


def written(samples):
    return "\n".join(" ".join(f"{value:.2f}" for value in row) for row in samples)


def write_lines(splits, folder):
    """The form ``points.lines``: each split as `Points.load` reads it."""
    for part in SPLITS:
        path = splits / f"{part}.parquet"
        classes = read_schema(path).classes
        rows = (row for batch in iter_encoded(path) for row in batch.to_pylist())
        lines = [",".join([classes[row["label"]], *map(str, row["values"])]) for row in rows]
        (folder / f"{part}.points").write_text("\n".join(lines))
        yield from [f"{part}.points"] * len(lines)


def write_means(splits, folder):
    """A form of images, ``image.mean``, which nobody asks for."""
    raise NotImplementedError


class Points(Modality):
    name = "points"
    unit = "points"
    takes = "float32 of shape (n, length)"
    classifiers = ("sklearn.linear_model.LogisticRegression",)

    def recognises(self, X):  # noqa: N803
        return isinstance(X, np.ndarray) and X.dtype == np.float32 and X.ndim == 2

    def infer(self, X):  # noqa: N803
        return X, PointsSpec(X.shape[1])

    def conform(self, X, spec):  # noqa: N803
        if not self.recognises(X) or X.shape[1] != spec.length:
            raise DataError(f"X holds no points of {spec.length} values: convert them first.")
        return X

    def spec_of(self, about):
        return PointsSpec(**about)

    def claims(self, source, columns):
        return "a file of points" if Path(source).suffix == ".points" and Path(source).is_file() else ""

    def load(self, source, options):
        names, *values = zip(*(line.split(",") for line in Path(source).read_text().splitlines()), strict=True)
        classes, labels = np.unique(names, return_inverse=True)
        n, samples = len(labels), np.array(values, np.float32).T.copy()
        rows = np.array([f"line {i + 1}" for i in range(n)], object)
        facts = {"read_as": "one row a line", "findings": []}
        spec, nothing = PointsSpec(samples.shape[1]), np.full(n, None, object)
        train = np.full(n, "train", object)
        return Loaded(samples, spec, tuple(classes.tolist()), labels, rows, nothing, train, facts=facts)

    def suggest(self, spec, counts):
        return {}, []

    def columns(self, spec):
        return pa.schema([("values", pa.list_(pa.float32()))])

    def features(self, spec):
        return {"values": {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}}

    def to_arrow(self, samples, spec):
        return [pa.array(list(samples), pa.list_(pa.float32()))]

    def from_arrow(self, batch, spec):
        return np.array(batch.column("values").to_pylist(), np.float32).reshape(-1, spec.length)

    def ids(self, samples):
        return content_ids(samples)

    def embed(self, samples, spec):
        return (1 / (1 + np.exp(-samples))).astype(np.float32)

    def duplicates(self, samples, spec, near, ids=None):
        known = content_ids(samples) if ids is None else ids
        return np.unique(known.astype(str), return_inverse=True)[1].astype(np.int64)

    def originals(self, samples, spec, ids=None):
        return Originals(content_ids(samples) if ids is None else ids)

    def codec(self, samples, spec):
        return Standardised(samples.mean(0), samples.std(0) + np.float32(1e-6))

    def codec_of(self, spec, about, arrays):
        return Standardised(arrays["mean"], arrays["scale"])

    def architecture(self, codec, n_classes, params, anchors):
        return Architecture(len(codec.mean), n_classes, params["conditioning"], params["width"], anchors)

    def architecture_of(self, about):
        return Architecture(**about)

    def augment(self, codec, invariances):
        if invariances:
            raise ConfigError(f"there is no change {invariances[0]!r} that keeps the label of points")
        return Blur()

    def distance(self, codec):
        return lambda inputs, others: (inputs - others).abs().mean(1)

    def auto_steps(self, rows, device):
        return 100

    def teacher(self, samples, labels, n_classes, *, steps, seed, device, spec=None, progress=None):
        return Logistic(samples, labels)

    def check_classifier(self, name, settings):
        for setting in settings:
            make_estimator(name, setting)

    def fit_classifier(self, name, rows, setting, config):
        return make_estimator(name, setting).fit(rows.samples, rows.labels).predict_proba

    def describe(self, spec):
        return f"points of {spec.length} values"

    def preview(self, samples, spec, alt, columns, budget):
        return Markup('<pre aria-label="{}">{}</pre>').format(alt, written(samples))

    def save_grid(self, samples, spec, path, columns):
        path = path.with_suffix(".txt")
        path.write_text(written(samples))
        return path

    def show_grid(self, path, alt):
        return f"<b>{path.read_text()}</b>"  # a plain str, which a page shows as text
