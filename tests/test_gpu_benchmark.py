"""benchmarks/gpu.py has to work the first time that a GPU is there: here it runs in small."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from subprocess import run

import pytest
import torch

ROOT = Path(__file__).parents[1]


def checked(out: Path, printed: str) -> dict[str, list[dict]]:
    """What the benchmark found, of which it has also printed tables."""
    found = json.loads((out / "gpu.json").read_text())
    assert found["machine"]["torch"] == torch.__version__
    for name, rows in found["sections"].items():
        assert f"## {name}" in printed
        assert all("skipped" in row["failed"] for row in rows if "failed" in row)
        assert all(number > 0 for row in rows for number in row.values() if not isinstance(number, str))
    return found["sections"]


def test_a_section(tmp_path, monkeypatch, capsys):
    out = tmp_path / "new" / "folder"
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--small", "--out", str(out), "--sections", "matmul"])
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    runpy.run_path(str(ROOT / "benchmarks" / "gpu.py"), run_name="__main__")
    (found,) = checked(out, capsys.readouterr().out)["matmul"]
    assert found["TFLOP/s"] < 5000


@pytest.mark.slow
def test_all_sections(tmp_path):
    script = [sys.executable, str(ROOT / "benchmarks/gpu.py"), "--small", "--out", str(tmp_path)]
    found = checked(tmp_path, run(script, check=True, capture_output=True, text=True).stdout)
    assert list(found) == ["matmul", "trainer", "graphs", "sampling", "fit", "repeats", "processes", "compile"]
    assert all(found.values())
    assert all(row["same bytes"] for row in found["graphs"])
    assert 1 < found["trainer"][0]["% of matmul"] < 100
    assert [(row["what"], row["steps"]) for row in found["fit"] if row["device"] == "cpu"] == [
        ("fit", 1800),
        ("classifier", 1000),
    ]


@pytest.mark.parametrize("on_gpu", [False, True])
def test_networks_in_a_batch_do_what_each_does(monkeypatch, on_gpu):
    from ganaug.modalities.image import repeatable
    from ganaug.modalities.image.setup import ImageArchitecture

    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from batched import Batched

    monkeypatch.setattr(repeatable, "_on_gpu", lambda images: on_gpu)
    pairs = [ImageArchitecture(15, 16, 3, 2, base_width=8, latent=8).build(seed) for seed in range(3)]
    random = torch.Generator().manual_seed(0)
    latents, labels = torch.randn(3, 4, 8, generator=random), torch.arange(12).view(3, 4) % 2
    each = torch.stack([g(z, y) for (g, _), z, y in zip(pairs, latents, labels, strict=True)])
    found = Batched([g for g, _ in pairs], 4)(latents.flatten(0, 1), labels.flatten())
    torch.testing.assert_close(found, each.flatten(0, 1), rtol=1e-4, atol=1e-5)
    discriminators = [d for _, d in pairs]
    logits, classes = Batched(discriminators, 4)(torch.cat([found, -found]), labels.flatten().repeat(3))
    each = torch.stack(
        [d(torch.cat([x, -x]), y.repeat(3))[0] for d, x, y in zip(discriminators, each, labels, strict=True)]
    )  # networks, then portions and rows
    torch.testing.assert_close(logits, each.view(3, 3, 4).transpose(0, 1).flatten(), rtol=1e-4, atol=1e-5)
    assert classes is None
