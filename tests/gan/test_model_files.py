from __future__ import annotations

import errno
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ganaug.errors import ModelError
from ganaug.gan import model_files as files
from ganaug.gan.model_files import load_model, save_model


def modules() -> dict[str, nn.Module]:
    return {"generator": nn.Linear(2, 3), "discriminator": nn.Conv2d(4, 8, 3).to(memory_format=torch.channels_last)}


@pytest.fixture
def folder(tmp_path) -> Path:
    save_model(tmp_path / "model", {"classes": ["ä", "b"]}, modules())
    return tmp_path / "model"


def test_weights_and_configuration_come_back(tmp_path):
    saved = modules()
    hashed = save_model(tmp_path / "deep" / "model", {"classes": ["ä", "b"]}, saved)
    config, weights = load_model(tmp_path / "deep" / "model")
    assert config["classes"] == ["ä", "b"]
    assert config["weights"] == hashed
    for name, module in saved.items():
        assert weights[name].keys() == module.state_dict().keys()
        assert all(torch.equal(weights[name][k], t) for k, t in module.state_dict().items())


def test_the_same_model_is_the_same_bytes(tmp_path):
    saved = modules()
    hashes = {save_model(tmp_path / name, {"b": 1, "a": [2]}, saved) for name in "xy"}
    assert len(hashes) == 1
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes()
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("how", ["missing", "empty", "truncated", "flipped", "text", "folder"])
def test_a_damaged_file_is_refused(folder, name, how):
    path = folder / name
    whole = path.read_bytes()
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how != "missing":
        flipped = whole[:-9] + bytes([whole[-9] ^ 0xFF]) + whole[-8:]
        path.write_bytes({"empty": b"", "truncated": whole[:-3], "flipped": flipped, "text": b"hello"}[how])
    with pytest.raises(ModelError, match="model"):
        load_model(folder)


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"format": "other"}', '{"format": "ganaug-model-2"}', "{"])
def test_a_foreign_configuration_is_refused(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError):
        load_model(folder)


def test_weights_of_another_model_are_refused(folder, tmp_path):
    save_model(tmp_path / "other", {}, modules())
    (tmp_path / "other" / "model.safetensors").replace(folder / "model.safetensors")
    with pytest.raises(ModelError, match="damaged or belongs to another model"):
        load_model(folder)


class Hostile:
    """A pickle that leaves a mark when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_is_refused_and_never_loaded(folder, tmp_path):
    """Even where the configuration vouches for it."""
    mark = tmp_path / "mark"
    (folder / "model.safetensors").write_bytes(pickle.dumps(Hostile(mark)))
    with pytest.raises(ModelError, match="damaged"):
        load_model(folder)
    config = json.loads((folder / "config.json").read_text())
    config["weights"] = files._hash(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="not a readable model"):
        load_model(folder)
    assert not mark.exists()


def test_a_failed_write_leaves_the_old_model(folder, monkeypatch):
    def full(tensors, path, about):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    monkeypatch.setattr(files, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(folder, {"classes": ["c"]}, modules())
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_new_weights_beside_an_old_configuration_are_refused(folder):
    """A crash between the two writes."""
    tensors = {k: t + 1 for k, t in load_file(folder / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors", {"format": "ganaug-model-2"})
    with pytest.raises(ModelError):
        load_model(folder)
