"""Models, pools and what else stages leave, damaged, foreign, hostile or of another data set."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file
from stages import PARAMS

from ganaug import GANAugmenter, load_augmenter
from ganaug.data.rows import Rows, RowWriter, read_rows
from ganaug.errors import ConfigError, DataError, ModelError
from ganaug.gan.model_files import _hash
from ganaug.modalities.image.schema import image_schema
from ganaug.synthesis.generate import SCORES

MODEL = Path("models/gan/0")
CONFIG, WEIGHTS, HISTORY = MODEL / "config.json", MODEL / "model.safetensors", MODEL / "history.csv"
TRAIN, SYNTHETIC = Path("data/splits/0/train.parquet"), Path("data/synthetic/0.parquet")

Change = Callable[[], Any]


class Hostile:
    """A pickle that leaves a mark when it is loaded."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("mark"),)


def raw(path: Path, content: bytes) -> Change:
    return lambda: path.write_bytes(content)


def cut(path: Path, keep: float) -> Change:
    return lambda: path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])


def flip(path: Path, at: int) -> Change:
    def change() -> None:
        content = bytearray(path.read_bytes())
        content[at] ^= 0xFF
        path.write_bytes(content)

    return change


def hostile() -> None:
    torch.save({"generator.x": Hostile()}, WEIGHTS)
    vouch()


def vouch() -> None:
    """Let the configuration vouch for whatever the weights are."""
    CONFIG.write_text(json.dumps(json.loads(CONFIG.read_text()) | {"weights": _hash(WEIGHTS)}))


def weights(change: Callable[[dict[str, torch.Tensor]], Any]) -> Change:
    def build() -> None:
        tensors = load_file(WEIGHTS)
        change(tensors)
        save_file(tensors, WEIGHTS, {"format": "ganaug-model-1"})
        vouch()

    return build


def config(**values: Any) -> Change:
    return lambda: CONFIG.write_text(json.dumps(json.loads(CONFIG.read_text()) | values))


def architecture(**values: Any) -> Change:
    def build() -> None:
        found = json.loads(CONFIG.read_text())
        CONFIG.write_text(json.dumps(found | {"architecture": found["architecture"] | values}))

    return build


# What spoils the model, and words of the message that follows it wherever it is loaded.
BAD_MODELS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "no model": (lambda: shutil.rmtree(MODEL), ("models/gan/0", "give a folder that save wrote")),
    "no weights": (WEIGHTS.unlink, ("model.safetensors", "give a folder that save wrote")),
    "no configuration": (CONFIG.unlink, ("config.json", "give a folder that save wrote")),
    "no history": (HISTORY.unlink, ("models/gan/0 does not fit", "history.csv", "train it again")),
    "an empty history": (raw(HISTORY, b""), ("models/gan/0 does not fit", "train it again")),
    "a file for a folder": (lambda: (shutil.rmtree(MODEL), MODEL.write_text("x")), ("models/gan/0", "Not a directory")),
    "truncated weights": (cut(WEIGHTS, 0.7), ("model.safetensors is damaged", "copy it again")),
    "empty weights": (raw(WEIGHTS, b""), ("model.safetensors is damaged",)),
    "a flipped bit": (flip(WEIGHTS, -20), ("model.safetensors is damaged or belongs to another model",)),
    "weights of PyTorch": (hostile, ("models/gan/0 is not a readable model of ganaug",)),
    "a pickle": (lambda: (raw(WEIGHTS, pickle.dumps(Hostile()))(), vouch()), ("not a readable model of ganaug",)),
    "a pickled configuration": (raw(CONFIG, pickle.dumps(Hostile())), ("not a readable model of ganaug",)),
    "truncated configuration": (cut(CONFIG, 0.5), ("models/gan/0 is not a readable model of ganaug",)),
    "no JSON": (raw(CONFIG, b"model: gan"), ("not a readable model",)),
    "a list": (raw(CONFIG, b"[1, 2]"), ("config.json does not describe a model of this version", "train it again")),
    "brackets without end": (raw(CONFIG, b"[" * 100_000), ("not a readable model",)),
    "another program's model": (raw(CONFIG, b'{"model_type": "bert"}'), ("config.json does not describe",)),
    "an old version": (config(format="ganaug-model-0"), ("config.json does not describe a model of this version",)),
    "no architecture": (config(architecture=None), ("models/gan/0 does not fit this version", "train it again")),
    "another architecture": (architecture(depth=3), ("does not fit this version",)),
    "an unknown conditioning": (architecture(conditioning="magic"), ("does not fit this version",)),
    "a network for terabytes": (architecture(base_width=10**6), ("does not fit this version",)),
    "a network without end": (architecture(depth=10**9), ("does not fit this version",)),
    "endless classes": (architecture(n_classes=10**12), ("does not fit this version",)),
    "a negative size": (architecture(height=-8), ("does not fit this version",)),
    "classes missing": (config(classes=["0"]), ("does not fit this version", "classes of shape (1,) for 10 outputs")),
    "no classes": (config(classes=None), ("does not fit this version",)),
    "labels for terabytes": (config(class_type="<U999999999"), ("does not fit this version",)),
    "labels in lists": (config(classes=[["0", "1"]] * 5, class_type="O"), ("does not fit this version",)),
    "another shape": (config(spec={"height": 9, "width": 9, "channels": 1}), ("does not fit this version",)),
    "a shape of words": (config(spec={"height": "a", "width": "b", "channels": 1}), ("does not fit this version",)),
    "a midpoint that is no number": (config(midpoint=float("nan")), ("does not fit this version",)),
    "another that is none": (config(midpoint_unlabelled=float("inf")), ("does not fit this version",)),
    "unknown rules": (config(rules={"exec": "rm"}), ("does not fit this version",)),
    "a tensor missing": (weights(lambda t: t.pop(next(iter(t)))), ("does not fit this version", "Missing key")),
    "a tensor too many": (weights(lambda t: t.update({"generator.x": torch.ones(1)})), ("Unexpected key",)),
    "a tensor of nobody": (
        weights(lambda t: (t.pop(next(iter(t))), t.update(x=torch.ones(1)))),
        ("does not fit", "Missing key"),
    ),
    "only foreign tensors": (weights(lambda t: (t.clear(), t.update({"a.b": torch.ones(1)}))), ("does not fit",)),
    "a tensor of another shape": (
        weights(lambda t: t.update({next(iter(t)): torch.ones(3, 1, 4)})),
        ("does not fit", "size mismatch"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), BAD_MODELS.values(), ids=BAD_MODELS)
def test_bad_models(copy: Path, refused: Callable[..., None], change: Change, words: tuple[str, ...]) -> None:
    change()
    refused("generate --repeat 0", words)
    with pytest.raises(ModelError):
        load_augmenter(MODEL)
    assert not Path("mark").exists()


@pytest.mark.parametrize("change", ["no model", "truncated weights", "a pickle", "only foreign tensors", "no classes"])
def test_bad_models_to_start_from(copy: Path, refused: Callable[..., None], change: str) -> None:
    BAD_MODELS[change][0]()
    train = PARAMS["train_gan"] | {"warm_start": str(MODEL)}
    refused("train_gan --repeat 0", ("models/gan/0",), PARAMS | {"train_gan": train})


def table(change: Callable[[pa.Table], pa.Table], path: Path) -> Change:
    return lambda: pq.write_table(change(pq.read_table(path)), path)


def column(name: str, values: Callable[[pa.ChunkedArray], Any], path: Path) -> Change:
    def change(found: pa.Table) -> pa.Table:
        at = found.column_names.index(name)
        return found.set_column(
            at, found.schema.field(name), pa.array(values(found[name]), found.schema.field(name).type)
        )

    return table(change, path)


def metadata(change: Callable[[dict[str, Any]], Any], path: Path) -> Change:
    def of(found: pa.Table) -> pa.Table:
        about = json.loads(found.schema.metadata[b"ganaug"])
        new = change(about)
        return found.replace_schema_metadata({"ganaug": json.dumps(about if new is None else new)})

    return table(of, path)


def pool(classes: tuple[str, ...] = tuple("0123456789"), shape: tuple[int, int, int] = (8, 8, 1)) -> Change:
    """Write a synthetic file of other classes or another shape."""

    def build() -> None:
        schema = image_schema(*shape, classes)
        rows = Rows.build(schema, np.zeros((2, *shape), np.uint8), [0, 1], synthetic=True)
        extra = {"kept": np.ones(2, bool), "model": np.full(2, "f00d", object)}
        with RowWriter(SYNTHETIC, schema, pa.schema([SCORES.field("kept"), SCORES.field("model")])) as writer:
            writer.write(rows, extra)

    return build


def leak() -> None:
    held_out = read_rows("data/splits/0/test.parquet")
    held_out.synthetic[:] = True
    extra = {"kept": np.ones(len(held_out), bool), "model": np.full(len(held_out), "f00d", object)}
    with RowWriter(SYNTHETIC, held_out.schema, pa.schema([SCORES.field("kept"), SCORES.field("model")])) as writer:
        writer.write(held_out, extra)


def other_split() -> None:
    """Train on rows of other images and classes than the model's."""
    rows = Rows.build(image_schema(9, 9, 1, ("a", "b")), np.zeros((4, 9, 9, 1), np.uint8), [0, 0, 1, 1])
    with RowWriter(TRAIN, rows.schema) as writer:
        writer.write(rows)


def other_names() -> None:
    rows = read_rows(TRAIN)
    schema = image_schema(8, 8, 1, tuple("abcdefghij"))
    with RowWriter(TRAIN, schema) as writer:
        writer.write(Rows.build(schema, rows.samples, rows.labels))


# The stage that meets it, what spoils its input, and words of the message.
BAD_FILES: dict[str, tuple[str, Change, tuple[str, ...]]] = {
    "no split": ("train_gan", TRAIN.unlink, ("no file data/splits/0/train.parquet", "run the stage that writes it")),
    "a folder for a split": ("train_gan", lambda: (TRAIN.unlink(), TRAIN.mkdir()), ("no file data/splits/0/train",)),
    "a truncated split": ("train_gan", cut(TRAIN, 0.8), ("train.parquet is not a readable Parquet file",)),
    "a split with a flipped byte": ("train_gan", flip(TRAIN, 900), ("train.parquet is damaged", "again")),
    "another program's Parquet": (
        "train_gan",
        lambda: pq.write_table(pa.table({"a": [1]}), TRAIN),
        ("train.parquet was not written by ganaug", "as a source"),
    ),
    "an old version of the file form": (
        "train_gan",
        metadata(lambda about: about.update(version=0), TRAIN),
        ("train.parquet has version 0", "reads 2", "run the stage that writes it again"),
    ),
    "metadata without a shape": ("train_gan", metadata(lambda a: a.pop("spec"), TRAIN), ("train.parquet is damaged",)),
    "metadata of another kind": ("train_gan", metadata(lambda a: [1], TRAIN), ("train.parquet is damaged",)),
    "no label column": ("train_gan", table(lambda t: t.drop_columns(["label"]), TRAIN), ("train.parquet is damaged",)),
    "a label too many": (
        "train_gan",
        column("label", lambda c: [99, *c.to_pylist()[1:]], TRAIN),
        ("train.parquet is damaged", "label"),
    ),
    "a label missing": (
        "train_gan",
        column("label", lambda c: [None, *c.to_pylist()[1:]], TRAIN),
        ("train.parquet is damaged", "label"),
    ),
    "an image missing": (
        "train_gan",
        column("image", lambda c: [None, *c.to_pylist()[1:]], TRAIN),
        ("train.parquet is damaged", "image"),
    ),
    "an empty split": ("train_gan", table(lambda t: t.slice(0, 0), TRAIN), ("X holds no image",)),
    "rows of another data set": ("generate", other_split, ("images of shape (9, 9, 1)", "(8, 8, 1)")),
    "classes of another data set": ("generate", other_names, ("is not one the model was trained on",)),
    "no pool": ("merge", SYNTHETIC.unlink, ("no file data/synthetic/0.parquet", "run the stage that writes it")),
    "a pool of other classes": (
        "merge",
        pool(tuple("abcdefghij")),
        ("data/synthetic/0.parquet and", "generate the rows again"),
    ),
    "a pool of fewer classes": ("merge", pool(tuple("01234")), ("differ in samples or classes",)),
    "a pool of another shape": ("merge", pool(shape=(9, 9, 3)), ("differ in samples or classes",)),
    "a pool without scores": (
        "merge",
        lambda: shutil.copy(TRAIN, SYNTHETIC),
        ("data/synthetic/0.parquet has no column kept",),
    ),
    "a pool of real rows": (
        "merge",
        column("synthetic", lambda c: [False] * len(c), SYNTHETIC),
        ("rows that are not marked synthetic; generate the rows again",),
    ),
    "a pool of test rows": ("merge", leak, ("more than chance makes", "generate again")),
    "a truncated pool": ("merge", cut(SYNTHETIC, 0.5), ("data/synthetic/0.parquet is not a readable Parquet file",)),
    "no augmented split": (
        "evaluate",
        lambda: shutil.rmtree("data/augmented"),
        ("no file data/augmented/0/train.parquet",),
    ),
    "no results": ("report", lambda: shutil.rmtree("eval"), ("eval", "run")),
    "a truncated result": ("report", lambda: cut(next(Path("eval").rglob("*.json")), 0.5)(), ("eval", "json", "again")),
    "a truncated report of prepare": ("report", cut(Path("reports/prepare.json"), 0.5), ("prepare.json", "again")),
    "a damaged history": ("report", raw(HISTORY, b'"'), ("history.csv", "again")),
}  # fmt: skip


@pytest.mark.parametrize(("command", "change", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_between_stages(
    copy: Path, refused: Callable[..., None], command: str, change: Change, words: tuple[str, ...]
) -> None:
    change()
    refused(command if command == "report" else f"{command} --repeat 0", words)


@pytest.mark.parametrize("command", ["train_gan", "generate", "merge", "evaluate"])
def test_a_repeat_that_there_is_not(copy: Path, refused: Callable[..., None], command: str) -> None:
    refused(f"{command} --repeat 7", ("/7",))


# From Python.

ROWS = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)

PYTHON: dict[str, tuple[Callable[[GANAugmenter], Any], type[Exception], str]] = {
    "images of another shape": (lambda a: a.augment(ROWS[:, :7], np.arange(6)), DataError, "X holds images of"),
    "images as floats": (lambda a: a.augment(ROWS / 255, np.arange(6)), DataError, "give images as uint8"),
    "labels of another data set": (
        lambda a: a.augment(ROWS, list("abcdef")),
        DataError,
        "'a' is not one the model was trained on",
    ),
    "a label missing": (lambda a: GANAugmenter().fit(ROWS, [1, 2, np.nan] * 2), DataError, "missing label at row 2"),
    "fewer labels": (lambda a: GANAugmenter(steps=1).fit(ROWS, [1, 2]), DataError, "one label for each"),
    "ragged images": (
        lambda a: GANAugmenter(steps=1).fit([ROWS[0], ROWS[1, :5]], [1, 2]),
        DataError,
        "several sizes: resize them",
    ),
    "no image": (lambda a: GANAugmenter(steps=1).fit(ROWS[:0], []), DataError, "X holds no image"),
    "an unknown parameter value": (
        lambda a: GANAugmenter(objective="hing").fit(ROWS, range(6)),
        ConfigError,
        "did you mean 'hinge'",
    ),
    "a negative ratio": (lambda a: a.augment(ROWS, list("012345"), ratio=-1), ConfigError, "ratio is -1"),
    "neither count nor labels": (lambda a: a.sample(), ConfigError, "give one of them"),
    "an unknown label to sample": (lambda a: a.sample(y=["cat"]), DataError, "'cat' is not one the model"),
    "a place that cannot be written": (lambda a: a.save("file/gan"), ModelError, "Cannot write the model to file/gan"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), PYTHON.values(), ids=PYTHON)
def test_from_python(copy: Path, call: Callable[[GANAugmenter], Any], kind: type[Exception], words: str) -> None:
    augmenter = load_augmenter(MODEL)
    Path("file").write_text("in the way")
    with pytest.raises(kind) as refusal:
        call(augmenter)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
