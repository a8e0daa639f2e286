"""The same bytes every time, on a GPU as well: nothing that is trained runs an operation that is known not to be."""

from __future__ import annotations

import pytest
import torch
from small import noise, tiny
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad
from torch.utils._python_dispatch import TorchDispatchMode

from ganaug.config.names import INVARIANCES
from ganaug.modalities.image import repeatable
from ganaug.modalities.image.classifier import train_classifier
from ganaug.modalities.image.repeatable import double, pad_edges, sample_at

# Those of `torch.use_deterministic_algorithms` that are not deterministic by themselves on a GPU, by aten's names;
# convolutions are, where cuDNN is told to.
NAMED = (
    "upsample_linear1d_backward", "upsample_bilinear2d_backward", "upsample_bicubic2d_backward",
    "upsample_trilinear3d_backward", "replication_pad", "reflection_pad", "grid_sampler", "adaptive_avg_pool",
    "adaptive_max_pool", "fractional_max_pool", "avg_pool3d", "max_pool3d", "max_unpool", "scatter_add",
    "scatter_reduce", "index_add", "index_copy", "index_select_backward", "put_", "histc", "median", "embedding_bag",
    "nll_loss2d", "ctc_loss", "cumsum",
)  # fmt: skip


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Take the way of a GPU on the CPU."""
    monkeypatch.setattr(repeatable, "_on_gpu", lambda images: True)


def shapes(*sizes: tuple[int, int], channels: int = 3):
    for height, width in sizes:
        random = torch.Generator().manual_seed(0)
        yield torch.randn(4, channels, height, width, generator=random, dtype=torch.float64).requires_grad_()


def assert_alike(found: torch.Tensor, expected: torch.Tensor, images: torch.Tensor) -> None:
    """In value and in gradient."""
    torch.testing.assert_close(found, expected)
    slopes = []
    for result in (found, expected):
        (slope,) = torch.autograd.grad(result.square().sum(), images, create_graph=True)
        slopes += [slope]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("margins", [(0, 0, 0, 0), (1, 2, 0, 3), (3, 0, 2, 2), (0, 1, 0, 0)])
def test_padding_repeats_the_edge(margins):
    for images in shapes((8, 8), (5, 9)):
        assert_alike(pad_edges(images, margins), pad(images, margins, mode="replicate"), images)


@pytest.mark.usefixtures("as_on_a_gpu")
def test_doubling_is_bilinear():
    for images in shapes((1, 1), (2, 3), (7, 4), (8, 8)):
        found = double(images)
        assert_alike(found, interpolate(images, scale_factor=2, mode="bilinear"), images)
        assert found.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.usefixtures("as_on_a_gpu")
def test_sampling_is_bilinear_up_to_the_edge():
    turn = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for images in shapes((8, 8), (5, 9), (3, 2)):
        grid = affine_grid(turn, list(images.shape), align_corners=False)
        assert_alike(sample_at(images, grid), grid_sample(images, grid, "bilinear", "border", False), images)


class Ran(TorchDispatchMode):
    """Note the operations that run, forwards and backwards, that a GPU does not repeat."""

    def __init__(self) -> None:
        super().__init__()
        self.found = set[str]()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        whole = name == "cumsum" and not args[0].is_floating_point()
        alone = name == "scatter_add" and args[2].shape[args[1]] == 1  # a place gets one number: there is no order
        if any(each in name for each in NAMED if not name.startswith(("index_put", "_index_put"))):
            self.found |= set() if whole or alone else {name}
        return function(*args, **kwargs or {})


def test_what_is_looked_for_is_found():
    (images,) = shapes((8, 8))
    with Ran() as ran:
        interpolate(images, scale_factor=2, mode="bilinear").sum().backward()
        pad(images, (1, 1, 1, 1), mode="replicate").sum().backward()
        images[:, :, :1].gather(3, torch.zeros(4, 3, 1, 2, dtype=torch.int64)).sum().backward()
    assert ran.found == {
        "upsample_bilinear2d_backward",
        "replication_pad2d",
        "replication_pad2d_backward",
        "scatter_add",
    }


@pytest.mark.slow
@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("penalty", ["r1_r2", "gradient_penalty", "lecam"])
@pytest.mark.parametrize("conditioning", ["projection", "acgan", "concat"])
def test_a_game_of_images_runs_nothing_that_a_gpu_does_not_repeat(conditioning, penalty):
    rows = noise(8, 19, 15, 3), [0, 1] * 4
    settings = {"invariances": INVARIANCES, "conditioning": conditioning, "penalty": penalty}
    with Ran() as ran:
        tiny(steps=3, **settings).fit(*rows, unlabelled=noise(4, 19, 15, 3))
    assert not ran.found


def test_neither_does_a_game_of_tables_nor_a_classifier():
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"a": np.arange(8.0), "b": list("xyxyzzxy")})
    with Ran() as ran:
        tiny(modality="table", steps=3).fit(frame, np.arange(8) % 2)
        train_classifier(noise(8, 19, 15, 3), np.arange(8) % 2, 2, steps=3, mixup=0.5, device="cpu")
    assert not ran.found


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("shape", [(28, 28), (19, 15, 3)])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_training_twice_gives_the_same_bytes(device, shape, precision, tmp_path):
    """With margins to pad, stages to double, and every invariance."""
    rows, y = noise(40, *shape), [0, 1] * 20
    files = []
    for name in ("first", "second"):
        steps = 30 if device == "cuda" else 5  # a CPU sums in one order or fails at once
        settings = {"steps": steps, "batch_size": 32, "width": 16, "device": device, "precision": precision}
        found = tiny(**settings, invariances=INVARIANCES, depth=2).fit(rows, y)
        found.save(tmp_path / name)
        images = found.sample(per_class=20, random_state=0)[0]
        written = {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        files.append(written | {"images": images.tobytes()})
    assert [name for name in files[0] if files[0][name] != files[1].get(name)] == []
    assert files[0].keys() == files[1].keys()
    assert "model.safetensors" in files[0]
