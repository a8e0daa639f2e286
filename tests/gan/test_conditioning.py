from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganaug.gan.conditioning import CONDITIONINGS, apply_head, mismatch_loss, other_labels

NAMES = sorted(CONDITIONINGS)
FEATURES, LABELS = torch.randn(5, 6, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1])


def head(name: str) -> torch.nn.Module:
    """A head with three classes that has left its start."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        built = CONDITIONINGS[name](6, 3)
        for parameter in built.parameters():
            torch.nn.init.normal_(parameter)
    return built


@pytest.mark.parametrize("name", NAMES)
def test_without_strength_the_label_does_not_count(name):
    built, others = head(name), LABELS.flip(0)
    torch.testing.assert_close(built(FEATURES, LABELS, 0.0)[0], built(FEATURES, others, 0.0)[0])


@pytest.mark.parametrize("name", NAMES)
def test_with_strength_the_label_counts(name):
    """In the logit itself or, for a classifying head, in class logits that the networks are trained on."""
    logits, classes = head(name)(FEATURES, LABELS, 1.0)
    assert logits.shape == (5,)
    if classes is None:
        assert not torch.allclose(logits, head(name)(FEATURES, LABELS.flip(0), 1.0)[0])
    else:
        assert classes.shape == (5, 3)


def test_projection_adds_the_match_with_the_class():
    projection = head("projection")
    weight, rows = projection.classes.weight, projection.unconditional(FEATURES).squeeze(1)
    expected = rows + 0.5 * (FEATURES * weight[LABELS]).sum(1)
    torch.testing.assert_close(projection(FEATURES, LABELS, 0.5)[0], expected)


def test_projection_starts_unconditional():
    built = CONDITIONINGS["projection"](6, 3)
    torch.testing.assert_close(built(FEATURES, LABELS, 1.0)[0], built(FEATURES, LABELS, 0.0)[0])


@pytest.mark.parametrize("name", NAMES)
def test_a_second_opinion_is_what_the_row_would_get_with_that_label(name):
    built, others = head(name), LABELS[:2].flip(0)
    logits, _ = apply_head(built, FEATURES, torch.cat([LABELS, others]), 1.0)
    torch.testing.assert_close(logits[:5], built(FEATURES, LABELS, 1.0)[0])
    torch.testing.assert_close(logits[5:], built(FEATURES[:2], others, 1.0)[0])


@given(n_classes=st.integers(2, 1000), seed=st.integers(0, 2**32))
def test_other_labels_are_other_labels_and_all_of_them(n_classes, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(n_classes, (200,), generator=generator)
    others = other_labels(labels, n_classes, generator)
    assert ((others >= 0) & (others < n_classes) & (others != labels)).all()
    if n_classes <= 4:
        assert len(torch.stack([labels, others], 1).unique(dim=0)) == n_classes * (n_classes - 1)


def test_a_row_should_look_more_real_with_its_own_label():
    matched, mismatched = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 3.0])
    assert mismatch_loss(matched, mismatched) > mismatch_loss(matched, matched) > mismatch_loss(matched, -matched)
