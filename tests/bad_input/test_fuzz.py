"""Files with bytes changed, cut, added and moved give a `GanaugError` or a good read, and nothing else.

GANAUG_FUZZ is the number of mutations of each file, each from a seed of its own; the default takes seconds.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pictures import encoded, noise

from ganaug import load_augmenter
from ganaug.config import load_params
from ganaug.data.merge import merge
from ganaug.data.rows import Rows, RowWriter, read_rows
from ganaug.errors import GanaugError
from ganaug.gan.checkpoint import load_checkpoint, save_checkpoint
from ganaug.gan.model_files import _hash
from ganaug.modalities.image.load import load
from ganaug.modalities.image.pool import Pool, write_pool
from ganaug.modalities.image.reading import read_header, read_image
from ganaug.modalities.image.schema import image_schema
from ganaug.modalities.image.sources import open_source
from ganaug.utils.files import read_json

MUTATIONS = int(os.environ.get("GANAUG_FUZZ", 40))
TELLING = (0, 1, 9, 32, 34, 39, 44, 48, 57, 58, 91, 93, 123, 127, 128, 255)


def mutated(content: bytes, seed: int) -> bytes:
    """Change a few bytes, or cut, repeat, swap or add a piece; one to five times."""
    random, found = np.random.default_rng(seed), bytearray(content)
    for _ in range(random.integers(1, 6)):
        a, b = sorted(random.integers(0, len(found) + 1, 2).tolist())
        match random.integers(6):
            case 0 if a < len(found):
                found[a] = random.integers(256)
            case 1 if a < len(found):
                found[a] = random.choice(TELLING)
            case 2:
                del found[a : min(b, a + 20)]
            case 3:
                found[a:a] = found[a:b][:200] * int(random.integers(1, 4))
            case 4:
                found[a:a] = random.bytes(int(random.integers(1, 9)))
            case 5 if random.random() < 0.2:
                del found[b:]
    return bytes(found)


def source(path: Path) -> None:
    load(open_source(path), max_unreadable=1.0)


def image(kind: str, **options: Any) -> bytes:
    return encoded(noise(0, "RGB"), kind, **options)


def rows() -> Rows:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), np.uint8)
    return Rows.build(image_schema(8, 8, 1, ("a", "ü")), pixels, np.arange(12) % 2, groups=[None, "g"] * 6)


def npz(compress: bool) -> bytes:
    buffer = io.BytesIO()
    arrays = {"X": rows().samples, "y": np.array(["a", "b"] * 6), "split": np.array(["train", "test"] * 6)}
    (np.savez_compressed if compress else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def in_npz(path: Path) -> None:
    """Read an array as a member of an archive whose checksums are right."""
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.write(path, "X.npy")
        archive.writestr("y.npy", npy(rows().labels))
    source(Path("a.npz"))


def table(columns: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def own() -> bytes:
    with RowWriter("own.parquet", rows().schema) as writer:
        writer.write(rows())
    return Path("own.parquet").read_bytes()


def cells() -> dict[str, Any]:
    return {"image": [{"bytes": image("PNG"), "path": None}] * 12, "label": [0, 1] * 6, "group": ["x", None] * 6}


def checkpoint() -> bytes:
    import torch

    save_checkpoint(Path("c"), {"a.b": torch.ones(3, 4), "step": torch.tensor(3)}, "run")
    return Path("c").read_bytes()


CSV = b'path,label,group\nimages/1.png,cat,"a ""b"", c"\nimages/2.png,dog,\nimages/3.png,"new\nline",g\n'
YAML = b"repeats: [0, 1]\nprepare:\n  source: 'digits'\n  size: [8, 9] # px\n  columns: {path: &a file, label: *a}\n"

# The content, the name it gets, and what reads it.
FILES: dict[str, tuple[Callable[[], bytes], str, Callable[[Path], Any]]] = {
    "PNG": (lambda: image("PNG"), "a.png", lambda path: (read_header(path), read_image(path))),
    "PNG of a palette": (lambda: encoded(noise(0).convert("P"), transparency=3), "a.png", read_image),
    "JPEG": (lambda: image("JPEG"), "a.jpg", read_image),
    "WebP": (lambda: image("WEBP"), "a.webp", read_image),
    "GIF": (lambda: encoded(noise(0), "GIF"), "a.gif", read_image),
    "BMP": (lambda: image("BMP"), "a.bmp", read_image),
    "TIFF": (lambda: image("TIFF", compression="tiff_lzw"), "a.tiff", read_image),
    "PPM": (lambda: image("PPM"), "a.ppm", read_image),
    "npz": (lambda: npz(False), "a.npz", source),
    "compressed npz": (lambda: npz(True), "a.npz", source),
    "array in an npz": (lambda: npy(rows().samples), "a.npy", in_npz),
    "CSV": (lambda: CSV, "a.csv", open_source),
    "Parquet of paths": (lambda: table({"path": ["1.png"] * 9, "label": [1.0, 2, 3] * 3}), "a.parquet", open_source),
    "Parquet of images": (lambda: table(cells()), "a.parquet", source),
    "the file form": (own, "a.parquet", lambda path: (read_rows(path), source(path))),
    "params.yaml": (lambda: YAML, "params.yaml", load_params),
    "JSON": (lambda: b'{"a": [1, 2.5e3, null, "\\u00fc"], "b": {"c": true}}', "a.json", read_json),
    "checkpoint": (checkpoint, "c.safetensors", lambda path: load_checkpoint(path, "run")),
}  # fmt: skip


def idx(part: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8), np.uint8)
    return {
        "train-images-idx3-ubyte": struct.pack(">4B3I", 0, 0, 8, 3, 4, 8, 8) + pixels.tobytes(),
        "train-labels-idx1-ubyte": struct.pack(">4BI", 0, 0, 8, 1, 4) + bytes([0, 1, 0, 1]),
    }[part.replace("t10k", "train")]


@pytest.mark.filterwarnings("ignore::ruamel.yaml.error.ReusedAnchorWarning")  # well-formed, if odd
@pytest.mark.parametrize(("content", "name", "read"), FILES.values(), ids=FILES)
def test_readers(project: Path, content: Callable[[], bytes], name: str, read: Callable[[Path], Any]) -> None:
    whole = content()
    Path(name).write_bytes(whole)
    read(Path(name))
    survive(whole, Path(name), read)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("part", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_idx(project: Path, part: str, suffix: str) -> None:
    pack = gzip.compress if suffix else bytes
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        Path(f"{name}-ubyte{suffix}").write_bytes(pack(idx(f"{name}-ubyte")))
    source(project)
    survive(pack(idx(part)), project / (part + suffix), lambda _: source(project))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "history.csv"])
def test_models(copy: Path, name: str) -> None:
    """Where the configuration vouches for the weights, as a hostile one would."""
    folder = copy / "models/gan/0"

    def read(path: Path) -> None:
        if path.name == "model.safetensors":
            about = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(about | {"weights": _hash(path)}))
        load_augmenter(folder, "cpu")

    content = (folder / name).read_bytes()
    if name == "model.safetensors":  # the description, and a little of the weights
        head = 8 + int.from_bytes(content[:8], "little")
        survive(content[:head], folder / name, read, rest=content[head:])
    else:
        survive(content, folder / name, read)


def test_merge(copy: Path) -> None:
    path = copy / "data/synthetic/0.parquet"
    survive(path.read_bytes(), path, lambda path: merge("data/splits/0", path, "out", amount=0.5))


def test_pools(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(copy / "cache"))
    path = copy / "data/synthetic/0.parquet"
    survive(path.read_bytes(), path, Pool.open)
    write_pool(copy / "data/augmented/0/train.parquet", copy / "pool")
    for part in (copy / "pool").iterdir():
        whole = part.read_bytes()
        survive(whole, part, lambda _: Pool.open(copy / "pool"))
        part.write_bytes(whole)


def survive(whole: bytes, path: Path, read: Callable[[Path], Any], rest: bytes = b"") -> None:
    refused = 0
    for seed in range(MUTATIONS):
        path.write_bytes(mutated(whole, seed) + rest)
        try:
            read(path)
        except GanaugError as error:
            refused += str(error) != ""
        except Exception as error:
            raise AssertionError(f"mutation {seed} of {path.name}") from error
    assert refused or MUTATIONS < 20
