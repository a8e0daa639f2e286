from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ganaug.gan.ema import EMA
from ganaug.gan.sampler import BalancedSampler
from ganaug.gan.schedule import Schedule, auto_steps


def test_classes_are_equally_likely_whatever_their_size():
    sizes = torch.tensor([500, 3, 50, 1])
    labels = torch.repeat_interleave(torch.arange(4), sizes)[torch.randperm(554)]
    rows, drawn = BalancedSampler(labels, 4).draw(20_000, torch.Generator().manual_seed(0))
    assert torch.equal(labels[rows], drawn)
    assert (drawn.bincount() / 20_000 - 0.25).abs().max() < 0.02
    for label, size in enumerate(sizes):  # and the rows of a class among themselves
        share = rows[drawn == label].bincount(minlength=554)[labels == label] / (drawn == label).sum()
        assert len(share) == size
        assert (share - 1 / size).abs().max() < 5 * (1 / size / 5000) ** 0.5


def test_the_generator_decides_what_is_drawn():
    sampler = BalancedSampler(torch.tensor([0, 1, 1, 0]), 2)
    first, again, other = (sampler.draw(50, torch.Generator().manual_seed(s))[0] for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_rows_without_labels_make_up_half_of_a_batch():
    rows, labels = BalancedSampler(torch.tensor([0, 1, 1]), 2, unlabelled=5).draw(
        4001, torch.Generator().manual_seed(0)
    )
    assert rows.shape == labels.shape == (4001,)
    counts = rows.bincount(minlength=8)
    assert counts[:3].sum() == 2001
    assert counts[3:].min() > 300
    assert torch.equal(labels[rows < 3], torch.tensor([0, 1, 1])[rows[rows < 3]])
    assert 1800 < labels.sum() < 2200


def test_learning_rate_ends_low_but_not_at_zero():
    schedule = Schedule(steps=100, learning_rate=0.1)
    rates = [schedule.at(step).learning_rate for step in range(100)]
    assert max(rates) == 0.1
    assert rates[50:] == sorted(rates[50:], reverse=True)
    assert 0 < rates[-1] < 0.02


def test_the_condition_is_ramped_in():
    conditions = [Schedule(steps=100, condition_ramp=0.5).at(step).condition for step in range(100)]
    assert conditions[0] == 0
    assert conditions[25] == 0.5
    assert conditions[50:] == [1.0] * 50


def test_a_single_step_has_numbers():
    assert Schedule(steps=1).at(0).learning_rate > 0


def test_auto_steps_grow_with_the_data_within_bounds():
    budgets = [auto_steps(rows) for rows in (1, 100, 1000, 10_000, 10_000_000)]
    assert budgets == sorted(budgets)
    assert budgets[0] >= 500
    assert budgets[-1] <= 100_000
    assert auto_steps(100, "cuda") > 2 * auto_steps(100)


def test_ema_follows_its_formula():
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    ema = EMA(module, half_life=2.0)
    nn.init.ones_(module.weight)
    ema.update(module, step=1000)
    assert ema.module.weight.item() == pytest.approx(1 - 0.5**0.5)
    ema.update(module, step=1001)
    assert ema.module.weight.item() == pytest.approx(0.5)


def test_ema_forgets_its_random_start():
    module = nn.Linear(4, 4)
    ema, start = EMA(module, half_life=1e9), copy.deepcopy(module)
    with torch.no_grad():
        module.weight.fill_(7.0)
    for step in range(1, 200):
        ema.update(module, step)
    assert (ema.module.weight - 7).abs().max() < 0.05 * (start.weight - 7).abs().max()


def test_ema_is_apart_from_what_it_averages():
    module = nn.Linear(2, 2)
    ema = EMA(module, half_life=10.0)
    assert not any(p.requires_grad for p in ema.module.parameters())
    with torch.no_grad():
        module.weight.add_(1)
    assert not torch.equal(ema.module.weight, module.weight)
