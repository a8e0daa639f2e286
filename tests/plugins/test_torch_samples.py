"""`ganaug.plugins.torch` with samples that are no images: each as its modality has them."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.errors import DataError
from ganaug.modalities import modality_named
from ganaug.modalities.sound.builtin import drum_machine
from ganaug.modalities.text.builtin import shop_messages
from ganaug.plugins.albumentations import SyntheticSwap
from ganaug.plugins.torch import AugmentedDataset, SyntheticDataset, collate

QUICK: dict[str, Any] = {"steps": 1, "width": 8, "batch_size": 8, "device": "cpu", "random_state": 0}
KINDS = ("table", "signal", "sound", "text")


def given(kind: str) -> tuple[Any, list[str], dict[str, Any]]:
    """Return samples, their labels, and what a model has to be told of them."""
    random = np.random.default_rng(0)
    if kind == "table":
        return pd.DataFrame({"age": np.arange(20), "eye": ["blue", "grey"] * 10}), ["a", "b"] * 10, {}
    if kind == "signal":
        return random.standard_normal((20, 2, 30)).astype(np.float32), ["a", "b"] * 10, {}
    if kind == "sound":
        sounds, labels, _ = drum_machine(2)
        return [sound[0, : 900 + i] for i, sound in enumerate(sounds)], list(labels), {"rate": 16_000}
    return *shop_messages(5), {}


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, GANAugmenter]:
    """The given rows of a kind as a file of synthetic ones, and a hardly trained model."""
    samples, labels, options = given(request.param)
    modality = modality_named(request.param)
    held, spec = modality.infer_at(samples, options.get("rate"))
    classes = sorted(set(labels))
    path = tmp_path_factory.mktemp(request.param) / "rows.parquet"
    with RowWriter(path, Schema(modality, spec, tuple(classes))) as writer:
        writer.write(Rows.build(writer.schema, held, [classes.index(label) for label in labels], synthetic=True))
    return request.param, path, GANAugmenter(modality=request.param, **options, **QUICK).fit(samples, labels)


def plain(item: Any) -> Any:
    """Return a sample in a form that compares."""
    return (tuple(item.shape), item.numpy().tobytes()) if isinstance(item, torch.Tensor) else item


class Real(torch.utils.data.Dataset[Any]):
    """The given rows, as a user would have them for torch."""

    def __init__(self, kind: str) -> None:
        samples, labels, _ = given(kind)
        self.rows = samples.to_dict("records") if kind == "table" else list(samples)
        self.classes = sorted(set(labels))
        self.targets = [self.classes.index(label) for label in labels]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        row = self.rows[i]
        return torch.from_numpy(row) if isinstance(row, np.ndarray) else row, self.targets[i]


def test_a_file_gives_samples_as_they_were_with_their_labels(made: tuple[str, Path, GANAugmenter]) -> None:
    kind, path, _ = made
    real, data = Real(kind), SyntheticDataset(path)
    assert data.classes == real.classes
    order = np.argsort(real.targets, kind="stable")
    assert data.targets.tolist() == np.array(real.targets)[order].tolist()
    for (item, label), i in zip(data, order, strict=True):
        expected, target = real[i]
        assert label == target
        if kind == "sound":  # 16 bits of a value
            torch.testing.assert_close(item, expected, atol=2e-5, rtol=0)
        else:
            assert plain(item) == plain(expected)


@pytest.mark.slow
def test_a_model_makes_the_same_sample_for_an_item(made: tuple[str, Path, GANAugmenter], tmp_path: Path) -> None:
    kind, _, model = made
    data = SyntheticDataset(model, per_class=2)
    expected = [(plain(item), label) for item, label in data]
    assert expected[0] != expected[1]
    model.save(tmp_path / "model")
    for again in (SyntheticDataset(tmp_path / "model", per_class=2), pickle.loads(pickle.dumps(data))):
        assert [(plain(item), label) for item, label in again] == expected
    assert {type(item) for item, _ in data} == {{"table": dict, "text": str}.get(kind, torch.Tensor)}


def _listed(rows: list[Any]) -> list[Any]:
    return rows


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12, of a process with threads
def test_real_and_synthetic_rows_go_through_workers(made: tuple[str, Path, GANAugmenter]) -> None:
    kind, path, _ = made
    data = AugmentedDataset(Real(kind), path, ratio=1.0, seed=1)
    assert len(data) == 2 * len(Real(kind))
    assert [synthetic for _, _, synthetic in data] == [False] * (len(data) // 2) + [True] * (len(data) // 2)
    joined = _listed if kind == "sound" else partial(collate, synthetic_weight=0.5)  # of several lengths
    alone, shared = (
        list(DataLoader(data, 8, num_workers=n, multiprocessing_context="fork" if n else None, collate_fn=joined))
        for n in (0, 2)
    )
    if kind == "sound":
        alone, shared = ([[plain(row[0]) for row in rows] for rows in each] for each in (alone, shared))
        assert alone == shared
        return
    for found, expected in zip(shared, alone, strict=True):
        torch.testing.assert_close(found.labels, expected.labels)
        assert str(found.samples) == str(expected.samples)
    assert {type(batch.samples) for batch in alone} == {{"table": dict, "signal": torch.Tensor}.get(kind, tuple)}


def test_real_rows_of_another_form_are_refused(made: tuple[str, Path, GANAugmenter]) -> None:
    kind, path, _ = made
    for wrong in (torch.zeros(3, 8, 8), 7):
        with pytest.raises(DataError, match=r"The real samples are (Tensor|int).*: give a transform that makes them"):
            AugmentedDataset([(wrong, 0)], path)  # type: ignore[arg-type]
    columns = modality_named(kind).columns(SyntheticDataset(path).pool.schema.spec).names
    with pytest.raises(DataError, match=rf"mappings with {', '.join(map(repr, columns))} and 'label'"):
        AugmentedDataset([{"pixels": 1, "label": 0}], path)  # type: ignore[arg-type]
    item = SyntheticDataset(path)[0][0]
    mapped = {**(item if kind == "table" else {columns[0]: item}), "label": 0, "more": 1}
    assert plain(AugmentedDataset([mapped], path)[0][0]) == plain(item)  # type: ignore[arg-type]


def test_a_plugin_of_images_refuses_other_pools(made: tuple[str, Path, GANAugmenter], tmp_path: Path) -> None:
    _, path, model = made
    with pytest.raises(DataError, match="give a file of images"):
        SyntheticSwap(path)
    model.save(tmp_path / "model")
    with pytest.raises(DataError, match="give a model of images"):
        SyntheticSwap(tmp_path / "model")
