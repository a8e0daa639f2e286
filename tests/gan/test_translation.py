"""Rows made of rows: what is drawn, what the generator learns, and that a run goes on where it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import digits, image_setup, noise, tiny

from ganaug import GANAugmenter
from ganaug.errors import ConfigError, ModelError
from ganaug.gan.checkpoint import load_checkpoint, save_checkpoint
from ganaug.gan.fabric import make_fabric
from ganaug.gan.sampler import PairSampler
from ganaug.gan.schedule import Schedule
from ganaug.gan.setup import network_setup
from ganaug.gan.trainer import Trainer
from ganaug.gan.translation import CellPrior, RowPrior
from ganaug.modalities import modality_named
from ganaug.modalities.image.codec import ImageCodec
from ganaug.modalities.image.setup import ImageArchitecture
from ganaug.modalities.rarity import FEW


def rules(steps: int):
    from ganaug.gan.augmentation import AUGMENTATIONS
    from ganaug.gan.losses import OBJECTIVES
    from ganaug.gan.regularizers import PENALTIES
    from ganaug.modalities.image.augment import ImageAugment

    return OBJECTIVES["relativistic"], PENALTIES["r1_r2"](), ImageAugment(), AUGMENTATIONS["diffaugment"](steps)


def trainer(steps: int = 12, seed: int = 0, groups: np.ndarray | None = None) -> Trainer:
    fabric, architecture = (
        make_fabric("cpu", "32-true"),
        ImageArchitecture(10, 9, 2, 2, base_width=8, generator="translation"),
    )
    images, labels = noise(8, 10, 9, 2), np.arange(8) % 2
    setup = image_setup(architecture, images, labels, *rules(steps), seed, fabric.device)
    if groups is not None:
        codec = ImageCodec(architecture.shape)
        setup = network_setup(
            modality_named("image"), codec, architecture, codec.to_arrays(images), labels, *rules(steps), seed,
            fabric.device, groups,
        )  # fmt: skip
    return Trainer(fabric, setup, Schedule(steps, batch_size=4), seed)


def test_pairs_are_of_one_class_and_styles_of_any():
    labels = torch.tensor([0] * 16 + [1])
    rows, drawn, contents, mates, styles = PairSampler(labels, 2).draw(20_000, torch.Generator().manual_seed(0))
    assert torch.equal(labels[rows], drawn)
    assert torch.equal(labels[contents], drawn)
    assert torch.equal(mates, rows)
    assert (drawn == 1).float().mean() == pytest.approx(1 / 5, abs=0.01)  # by the square root of 16 to 1
    assert torch.bincount(styles, minlength=17).min() > 20_000 / 17 * 0.85
    assert (contents[drawn == 0] != rows[drawn == 0]).any()


def test_a_style_comes_from_the_group_of_the_row_that_is_made_again():
    labels, groups = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 0, 1, 2])
    rows, _, _, mates, styles = PairSampler(labels, 2, 3, groups).draw(2000, torch.Generator().manual_seed(0))
    assert torch.equal(groups[rows], groups[mates])
    assert (rows != mates).any()
    assert styles.max() == 7  # rows without a label lend their style too


def test_styles_are_of_groups_that_have_the_class():
    labels, groups = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 1, 1, 2])  # group 0 has no row of class 1
    rows, drawn, _, mates, styles = PairSampler(labels, 2, 1, groups).draw(2000, torch.Generator().manual_seed(0))
    there = {(k, g) for k, g in zip(labels.tolist(), groups.tolist(), strict=True)}
    lent = styles < len(labels)  # but for the row without a label
    pairs = set(zip(drawn[lent].tolist(), groups[styles[lent]].tolist(), strict=True))
    assert pairs == there
    assert 0.1 < (~lent).float().mean() < 0.25
    several = torch.isin(rows, torch.tensor([2, 3]))  # of one class, in one group
    assert torch.equal(mates[several], rows[several])
    assert (mates[rows == 1] != 1).any()


@pytest.mark.slow
def test_a_resumed_training_ends_as_the_same_bytes(tmp_path):
    groups = np.arange(8) // 4
    whole, first, second = trainer(groups=groups), trainer(groups=groups), trainer(seed=1, groups=groups)
    for _ in range(6):
        first.train_step()
    save_checkpoint(tmp_path / "c", first.state(), "run")
    second.restore(load_checkpoint(tmp_path / "c", "run"))
    for each, steps in ((whole, 12), (second, 6)):
        for _ in range(steps):
            each.train_step()
    found, expected = second.state(), whole.state()
    assert found.keys() == expected.keys()
    assert [name for name in found if not torch.equal(found[name], expected[name])] == []
    assert not any("rows" in name for name in found if name.startswith(("generator.", "ema.")))  # they are no weights


@pytest.mark.slow
def test_what_it_learns_is_to_make_rows_of_rows():
    """After some steps a row and its own style give that row more nearly than another one."""
    rows, y = digits(40)
    found = tiny(generator="translation", steps=80, batch_size=8).fit(rows, y)
    own = np.stack([found.vary(rows[i : i + 1], y[i : i + 1], style=rows[i : i + 1])[0][0] for i in range(10)])
    distances = np.abs(own[:, None].astype(int) - rows[None, :10]).mean((2, 3))
    assert np.median(distances.diagonal()) < np.median(distances)


def test_a_cell_has_contents_of_its_class_and_styles_of_its_group():
    rows = noise(6, 8, 8, 1)
    codec, labels, groups = ImageCodec((8, 8, 1)), np.array([0, 0, 1, 1, 1, 0]), torch.tensor([1, 0, 0, 2, 1, 0])
    kept = RowPrior(3).keep(codec, codec.to_arrays(rows), labels, 2)
    prior = CellPrior(kept, groups, torch.tensor([[1, 0], [0, 1]]))
    numbers = torch.tensor([0, 1] * 200)
    made = prior(prior.draw(400, torch.Generator().manual_seed(0)), numbers)
    own = kept.rows(torch.arange(6))

    def which(inputs):
        return [{i for i in range(6) if torch.equal(own[i], one)}.pop() for one in inputs]

    for number, (content, style) in {0: ({2, 3, 4}, {1, 2, 5}), 1: ({0, 1, 5}, {0, 4})}.items():
        assert set(which(made.contents[numbers == number])) == content
        assert set(which(made.styles[numbers == number])) == style


def test_auto_translates_where_classes_are_very_unequal(capsys):
    rows, y = noise(10 * FEW + 1, 8, 8), np.array([0] * 10 * FEW + [1])
    found = tiny(steps=1, verbose="fit").fit(rows, y)
    assert isinstance(found.generator_.prior, RowPrior)
    assert "classes have from 1 to 100 rows, so the generator is translation" in capsys.readouterr().err
    assert not isinstance(tiny(steps=1).fit(rows[:20], np.arange(20) % 2).generator_.prior, RowPrior)


def test_auto_translates_where_a_site_lacks_a_class(capsys):
    rows, y = noise(4 * FEW, 8, 8), np.array(["a", "b", "a", "b"]).repeat(FEW)
    site = np.array(["light", "light", "dark", "light"]).repeat(FEW)
    found = tiny(steps=1, verbose="fit").fit(rows, y, groups=site)
    assert isinstance(found.generator_.prior, RowPrior)
    assert "1 cell (a class in a group) that other groups tell of have no row, so the g" in capsys.readouterr().err
    site[-1] = "dark"
    assert not isinstance(tiny(steps=1).fit(rows, y, groups=site).generator_.prior, RowPrior)


def test_a_modality_without_it_says_so():
    import pandas as pd

    with pytest.raises(ConfigError, match="none of for the modality 'table': choose one of latent, or auto"):
        tiny(generator="translation").fit(pd.DataFrame({"a": np.arange(30.0)}), np.arange(30) % 2)


def test_a_warm_start_from_another_kind_of_generator_is_refused(tmp_path):
    rows, y = digits(20)
    tiny(steps=1).fit(rows, y).save(tmp_path)
    with pytest.raises(ModelError, match="another generator"):
        tiny(steps=1, generator="translation", warm_start=tmp_path).fit(rows, y)


def test_a_warm_start_translates_other_classes(tmp_path):
    rows, y = digits(40)
    tiny(steps=1, generator="translation").fit(rows[y < 5], y[y < 5]).save(tmp_path)
    found = tiny(steps=1, generator="translation", warm_start=tmp_path).fit(rows, y)
    assert found.sample(per_class=1)[1].tolist() == list(range(10))


@pytest.mark.slow
def test_rows_are_saved_beside_the_model_or_left_out(tmp_path):
    rows, y = digits(30)
    groups = [None, "a", "b"] * 10
    for name, keep in (("with", True), ("without", False)):
        found = tiny(steps=2, generator="translation", keep_rows=keep).fit(rows, y, groups=groups)
        expected = found.sample(per_class=1, random_state=1)[0]
        found.save(tmp_path / name)
    again = GANAugmenter.load(tmp_path / "with", device="cpu")
    assert np.array_equal(again.sample(per_class=1, random_state=1)[0], expected)
    assert np.array_equal(
        again.sample(y=[3], group="a", random_state=1)[0], found.sample(y=[3], group="a", random_state=1)[0]
    )
    bare = GANAugmenter.load(tmp_path / "without", device="cpu")
    assert not (tmp_path / "without" / "rows.parquet").exists()
    assert bare.vary(rows[:2], y[:2], style=rows[:1])[0].shape == (2, 8, 8)
    for asked in (lambda: bare.sample(per_class=1), lambda: bare.vary(rows[:2], y[:2])):
        with pytest.raises(ConfigError, match="saved without its training rows"):
            asked()


def test_a_model_with_other_rows_is_refused(tmp_path):
    rows, y = digits(30)
    for name, part in (("one", slice(20)), ("other", slice(10, 30))):
        tiny(steps=1, generator="translation").fit(rows[part], y[part]).save(tmp_path / name)
    (tmp_path / "other" / "rows.parquet").replace(tmp_path / "one" / "rows.parquet")
    with pytest.raises(ModelError, match="does not fit"):
        GANAugmenter.load(tmp_path / "one", device="cpu")
