"""A disk that is full half-way, as a limit on the size of files makes it: the old outs stay, whole."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stages import PARAMS, contents

from ganaug.errors import WriteError
from ganaug.modalities import modality_named
from ganaug.modalities.exports import export

FULL = "File too large"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "size", "words"),
    [
        ("prepare", 30_000, ("pool.parquet cannot be written", FULL, "make room or choose another place")),
        ("train_gan --repeat 0", 10_000, ("Cannot write the checkpoint", "too large", "free some space")),
        ("generate --repeat 0", 1000, ("data/synthetic/0.parquet cannot be written", FULL)),
        ("merge --repeat 0", 1000, ("train.parquet cannot be written", FULL)),
        ("evaluate --repeat 0", 200, (".json cannot be written", FULL)),
        ("report", 1000, ("cannot be written", FULL)),
    ],
)
def test_every_stage(copy: Path, refused: Callable[..., None], command: str, size: int, words: tuple[str, ...]) -> None:
    (copy / "params.yaml").write_text(json.dumps(PARAMS | {"repeats": [0]}), encoding="utf-8")
    with room_for(size):
        refused(command, words)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image_folder", "webdataset", "csv"])
def test_exports(copy: Path, kind: str) -> None:
    export(modality_named("image"), kind, "data/augmented/0", "exports")
    before = contents(copy)
    with room_for(50), pytest.raises(WriteError, match=r"^exports cannot be written \(File too large\)"):
        export(modality_named("image"), kind, "data/augmented/0", "exports")
    assert contents(copy) == before


@pytest.mark.slow
def test_a_real_process(project: Path, repository: Path) -> None:
    (project / "params.yaml").write_text("prepare: {source: digits}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, repository / "pipelines" / "prepare.py"],
        env={**os.environ, "PYTHONPATH": str(repository)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("ganaug: data/.splits.")
    assert "Traceback" not in done.stderr
    assert list(contents(project)) == ["params.yaml"]
