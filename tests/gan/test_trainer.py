"""The trainer knows batches and modules only: it learns points in the plane as it learns images."""

from __future__ import annotations

import pytest
import torch
from fakes import CENTRES, SPREAD, generated, point_trainer, points, trained

from ganaug.gan.conditioning import CONDITIONINGS
from ganaug.gan.losses import OBJECTIVES
from ganaug.gan.regularizers import PENALTIES


def assert_learnt(trainer) -> None:
    found = generated(trained(trainer))
    assert (found.mean(1) - CENTRES).norm(dim=1).max() < 0.5  # the centres lie 2.2 apart
    assert (found - CENTRES[:, None]).norm(dim=2).mean() < 3 * SPREAD  # and rows are near the centre of their class


@pytest.mark.slow
@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_every_objective_learns_both_classes(objective):
    assert_learnt(point_trainer(objective=objective))


@pytest.mark.slow
@pytest.mark.parametrize("penalty", sorted(set(PENALTIES) - {"r1_r2", "gradient_penalty"}))
def test_every_penalty_learns_both_classes(penalty):
    """The others are those of the relativistic and the wasserstein objective above."""
    assert_learnt(point_trainer(objective="non_saturating", penalty=penalty))


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", sorted(set(CONDITIONINGS) - {"projection"}))
def test_every_conditioning_learns_both_classes(conditioning):
    assert_learnt(point_trainer(conditioning=conditioning))


@pytest.mark.slow
def test_scarce_classes_are_learnt_too():
    assert_learnt(point_trainer(rows=points((300, 10)), seed=1))


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", sorted(CONDITIONINGS))
def test_rows_without_labels_teach_what_rows_look_like(conditioning):
    """Here labelled rows show one spot of each class, and the others the whole of it."""
    spots = CENTRES.repeat_interleave(2, 0) + torch.tensor([SPREAD, 0.0])
    labels = torch.tensor([0, 0, 1, 1])
    plain, taught = (
        torch.stack(
            [
                generated(
                    trained(point_trainer(conditioning=conditioning, rows=(spots, labels), unlabelled=u, seed=seed))
                )
                for seed in range(3)  # one training's spread is a matter of luck, which the CPU's rounding changes
            ]
        )
        for u in (None, points()[0])
    )
    assert (taught.mean(2) - CENTRES).norm(dim=2).max() < 0.6
    assert taught.std(2).mean() > 1.5 * plain.std(2).mean()


@pytest.mark.slow
def test_variety_is_learnt():
    spread = generated(trained(point_trainer())).std(1)
    assert SPREAD / 2 < spread.mean() < 2 * SPREAD


def test_a_round_trains_each_player_on_its_own_loss():
    trainer = point_trainer()
    setup = trainer.setup
    before = {k: t.clone() for k, t in trainer.state().items()}
    measures = trainer.train_step()
    after = trainer.state()
    moved = {k.split(".")[0] for k in before if "." in k and not torch.equal(before[k], after[k])}
    assert {"generator", "discriminator", "ema"} <= moved
    assert all(m.ndim == 0 and not m.requires_grad for m in measures)
    assert trainer.step == 1
    untouched = [p.grad.clone() for p in setup.discriminator.parameters()]
    (part,) = trainer._parts(penalised=False)
    fake, further_loss = trainer.generation.make(part.batch, setup.rows(part.batch.indices), trainer.condition)
    trainer.generator_step(part, fake, torch.zeros(64), further_loss)
    assert all(torch.equal(g, p.grad) for g, p in zip(untouched, setup.discriminator.parameters(), strict=True))


def test_the_same_seed_gives_the_same_training():
    first, again, other = (trained(point_trainer(steps=10, seed=s)).state() for s in (0, 0, 1))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["generator.layers.0.weight"], other["generator.layers.0.weight"])


@pytest.mark.slow
def test_the_discriminator_knows_which_class_a_real_row_is_of():
    """Without rows under labels of others it need not: all that it compares shares a label."""

    def hits(**numbers: float) -> float:
        discriminator = trained(point_trainer(**numbers)).setup.discriminator
        rows, labels = points(seed=1)
        with torch.no_grad():
            logits = torch.stack([discriminator(rows, torch.full_like(labels, k))[0] for k in range(2)], 1)
        return (logits.argmax(1) == labels).float().mean()

    assert hits() > 0.95 > hits(mismatch_weight=0.0)


def test_gradients_are_clipped():
    """Adam forgets the size of gradients, so look at them before it does."""
    trainer = point_trainer(clip=1e-3, learning_rate=1e-9)
    trainer.train_step()
    norms = [torch.cat([p.grad.flatten() for p in m.parameters()]).norm() for m in trainer.setup[:2]]
    assert all(n <= 1.01e-3 for n in norms)


def test_a_training_ignores_and_leaves_alone_the_global_random_state():
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first = trained(point_trainer(steps=3)).state()
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(6)
    assert torch.equal(trained(point_trainer(steps=3)).state()["random"], first["random"])


def test_restoring_needs_no_history():
    """A state holds all: a new trainer with other weights goes on as the old one would have."""
    old, new = point_trainer(steps=20), point_trainer(steps=20, seed=3)
    for _ in range(7):
        old.train_step()
    new.restore(old.state())
    old, new = trained(old).state(), trained(new).state()
    assert all(torch.equal(old[k], new[k]) for k in old)


def test_a_state_is_a_copy():
    trainer = point_trainer()
    state = trainer.state()
    before = {k: t.clone() for k, t in state.items()}
    trainer.train_step()
    assert all(torch.equal(state[k], before[k]) for k in state)


@pytest.mark.gpu
def test_the_training_on_a_gpu():
    for precision in ("32-true", "bf16-mixed"):
        assert_learnt(point_trainer(device="cuda", precision=precision))
