from __future__ import annotations

import logging
import warnings

import pytest
import torch

from ganaug.errors import ConfigError
from ganaug.gan.fabric import has_fast_bfloat16, make_fabric, one_writer, resolve_device


def test_auto_takes_what_is_there():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert resolve_device("auto").type == make_fabric().device.type == expected


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_precision_counts_within_autocast_only(precision):
    fabric, layer = make_fabric("cpu", precision), torch.nn.Linear(2, 2)
    with fabric.autocast():
        inside = layer(torch.ones(1, 2)).dtype
    assert inside == (torch.bfloat16 if precision == "bf16-mixed" else torch.float32)
    assert layer(torch.ones(1, 2)).dtype == torch.float32


def test_nothing_is_said(caplog, capsys):
    with warnings.catch_warnings(), caplog.at_level(logging.INFO):
        warnings.simplefilter("error")
        make_fabric("cpu")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("device", ["gpu", "mps", "cuda:x", "", None, "cuda:99"])
def test_devices_that_are_not_there(device):
    with pytest.raises(ConfigError, match=r"device is .*choose auto"):
        make_fabric(device)


def test_precisions_that_are_not_offered():
    with pytest.raises(ConfigError, match="precision is '16-mixed': choose one of auto, 32-true, bf16-mixed"):
        make_fabric("cpu", "16-mixed")


def test_a_process_alone_writes():
    with one_writer() as writes:
        assert writes
    assert isinstance(has_fast_bfloat16(torch.device("cpu")), bool)
