from __future__ import annotations

import pytest
import torch
from fakes import point_trainer, trained

from ganaug.gan.regularizers import PENALTIES, squared_gradient

WEIGHT = torch.tensor([3.0, -4.0])  # of norm 5
REAL, FAKE = torch.tensor([[1.0, 2.0], [0.0, 1.0], [2.0, 2.0]]), torch.tensor([[-1.0, 0.0], [5.0, 1.0], [0.0, 0.0]])

CHANCE = torch.tensor([0.5, 0.1, 0.9])


def linear(inputs: torch.Tensor) -> torch.Tensor:
    return inputs @ WEIGHT


def penalty_of(name: str, critic=linear) -> float:
    return PENALTIES[name]()(critic, REAL, FAKE, CHANCE).item()


@pytest.mark.parametrize(
    ("name", "value"), [("none", 0), ("r1", 12.5), ("r2", 12.5), ("r1_r2", 25), ("gradient_penalty", 16)]
)
def test_a_linear_critic(name, value):
    """Its gradient is its weight, everywhere."""
    assert penalty_of(name) == pytest.approx(value, rel=1e-5)


def test_a_gradient_of_one_is_free():
    assert penalty_of("gradient_penalty", lambda x: x @ (WEIGHT / 5)) == pytest.approx(0, abs=1e-10)


def test_a_flat_critic_has_a_finite_gradient_penalty():
    flat = torch.zeros(2, requires_grad=True)
    penalty = PENALTIES["gradient_penalty"]()(lambda x: x @ flat, REAL, FAKE, CHANCE)
    penalty.backward()
    assert penalty.item() == pytest.approx(1, rel=1e-4)
    assert torch.isfinite(flat.grad).all()


def test_where_each_looks():
    """The gradient of half the squared norm at a row is the row."""
    squares = {"r1": REAL, "r2": FAKE, "r1_r2": torch.cat([REAL, FAKE])}
    for name, rows in squares.items():
        expected = rows.square().sum(1).mean() * (1 if name == "r1_r2" else 0.5)
        assert penalty_of(name, lambda x: 0.5 * x.square().sum(1)) == pytest.approx(float(expected))


def test_gradient_penalty_looks_between_the_batches():
    seen = []
    penalty_of("gradient_penalty", lambda x: seen.append(x.detach()) or linear(x))
    low, high = torch.minimum(REAL, FAKE), torch.maximum(REAL, FAKE)
    assert ((seen[0] >= low - 1e-6) & (seen[0] <= high + 1e-6)).all()
    assert not torch.equal(seen[0], REAL)


def test_squared_gradient_takes_any_rows_and_differentiates_again():
    weight = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    squared = squared_gradient(lambda x: (x * weight).flatten(1).sum(1), torch.zeros(2, 3, 4, 5))
    assert squared.shape == (2,)
    (gradient,) = torch.autograd.grad(squared.sum(), weight)
    torch.testing.assert_close(gradient, 4 * weight)


def test_lecam_remembers_the_other_side():
    lecam = PENALTIES["lecam"]()
    real, fake = linear(REAL), linear(FAKE)
    torch.testing.assert_close(
        lecam(linear, REAL, FAKE, CHANCE), (real.relu().square() + (-fake).relu().square()).mean()
    )
    averages = {"real": 0.01 * real.mean(), "fake": 0.01 * fake.mean()}
    for name, average in averages.items():
        torch.testing.assert_close(lecam.state[name], average)
    above = (real - averages["fake"]).relu().square().mean() + (averages["real"] - fake).relu().square().mean()
    torch.testing.assert_close(lecam(linear, REAL, FAKE, CHANCE), above)
    torch.testing.assert_close(lecam.state["real"], 0.99 * averages["real"] + 0.01 * real.mean())


def test_what_lecam_remembers_survives_a_resume():
    whole = trained(point_trainer(steps=20, penalty="lecam", penalty_interval=2))
    half = point_trainer(steps=20, penalty="lecam", penalty_interval=2)
    for _ in range(10):
        half.train_step()
    fresh = point_trainer(steps=20, penalty="lecam", penalty_interval=2, seed=1)
    fresh.restore(half.state())
    state, expected = trained(fresh).state(), whole.state()
    assert expected["penalty.real"] != 0
    assert all(torch.equal(state[name], expected[name]) for name in expected)


def test_a_lazy_penalty_comes_seldom_and_counts_as_much_more():
    lazy, heavy = (point_trainer(penalty_interval=i, penalty_weight=w, clip=1e9) for i, w in ((4, 0.5), (1, 2.0)))
    shown = [lazy.train_step().penalty.item()]
    heavy.train_step()
    pairs = zip(*(t.setup.discriminator.parameters() for t in (lazy, heavy)), strict=True)
    assert all(torch.equal(a.grad, b.grad) for a, b in pairs)
    shown += [lazy.train_step().penalty.item() for _ in range(7)]
    assert [p > 0 for p in shown] == [True, False, False, False] * 2
