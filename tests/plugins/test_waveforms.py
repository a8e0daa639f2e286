"""Synthetic sounds in chains of waveform transforms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter, Schema
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.sound.builtin import drum_machine
from ganaug.modalities.sound.modality import SoundModality
from ganaug.plugins.waveforms import SyntheticSwap

SOUND = SoundModality()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic rows, every other one of them kept."""
    path = tmp_path_factory.mktemp("rows") / "synthetic.parquet"
    sounds, labels, _ = drum_machine(2)
    classes = sorted(set(labels))
    samples, spec = SOUND.infer_at(sounds, 16_000)
    rows = Rows.build(Schema(SOUND, spec, tuple(classes)), samples, [classes.index(x) for x in labels], synthetic=True)
    with RowWriter(path, rows.schema, pa.schema([("kept", pa.bool_())])) as writer:
        writer.write(rows, {"kept": np.arange(len(rows)) % 2 == 0})
    return path


def test_a_sound_of_the_class_is_swapped_in_or_mixed(source: Path) -> None:
    kept = {sound.tobytes() for sound, label in list(zip(*drum_machine(2)[:2], strict=True))[::2] if label == "kick"}
    given = np.full(9_000, 0.25, np.float32)
    swap = SyntheticSwap(source, "kick", p=1.0)
    seen = [swap(given, 16_000) for _ in range(10)]
    for found in seen:
        assert found.shape == given.shape
        assert np.rint(found[:8_000] * 32_767).astype(np.int16)[None].tobytes() in kept
        assert (found[8_000:] == 0).all()
    assert len({found.tobytes() for found in seen}) == len(kept) == 2
    mixed = SyntheticSwap(source, "kick", p=1.0, share=0.5)(given, 16_000)
    np.testing.assert_allclose(mixed[8_000:], 0.125)
    stereo = SyntheticSwap(source, "hat", p=0.5, seed=1)
    changed = [stereo(given[None], 16_000) is not None and stereo(given[None], 16_000).std() > 0 for _ in range(40)]
    assert 5 < sum(changed) < 35
    with pytest.raises(DataError, match="16,000: resample"):
        swap(given, 8_000)
    both = swap(np.zeros((2, 9_000), np.float32), 16_000)  # a sound of one channel goes into each
    assert both.any()
    np.testing.assert_array_equal(both[0], both[1])
    with pytest.raises(DataError, match="shape"):
        swap(np.zeros((1, 3, 100), np.float32), 16_000)


def test_what_was_drawn_can_be_kept_for_several_recordings(source: Path) -> None:
    swap = SyntheticSwap(source, "kick", p=0.5)
    given = np.zeros(8_000, np.float32)
    for _ in range(6):
        found = swap(given, 16_000)
        swap.freeze_parameters()
        assert all(np.array_equal(swap(given, 16_000), found) for _ in range(6))
        swap.unfreeze_parameters()
    assert repr(swap) == "SyntheticSwap(label='kick', p=0.5, share=1.0)"


def test_it_is_one_of_audiomentations_transforms(source: Path) -> None:
    audiomentations = pytest.importorskip("audiomentations")
    swap, given = SyntheticSwap(source, "kick", p=1.0), np.full(9_000, 0.25, np.float32)
    louder = audiomentations.Gain(min_gain_db=6.0, max_gain_db=6.0, p=1.0)
    chain = audiomentations.Compose([swap, louder])
    found = chain(samples=given, sample_rate=16_000)
    expected = SyntheticSwap(source, "kick", p=1.0)(given, 16_000)
    np.testing.assert_allclose(found, expected * 10 ** (6 / 20), rtol=1e-3)
    nested = audiomentations.OneOf([audiomentations.Compose([swap]), audiomentations.SomeOf(1, [swap])])
    assert nested(samples=given, sample_rate=16_000).shape == given.shape
    chain.randomize_parameters(given, 16_000)
    chain.freeze_parameters()
    np.testing.assert_array_equal(chain(given, 16_000), chain(given, 16_000))
    assert "SyntheticSwap" in repr(chain)


def test_what_it_cannot_use_is_refused(source: Path) -> None:
    with pytest.raises(DataError, match="no class 'bell'; its classes are 'clap', 'hat', 'kick', 'snare', 'tom'"):
        SyntheticSwap(source, "bell")
    with pytest.raises(ConfigError, match="p is 2"):
        SyntheticSwap(source, "kick", p=2.0)


@pytest.mark.slow
def test_a_model_makes_its_sounds() -> None:
    sounds, labels, _ = drum_machine(1)
    augmenter = GANAugmenter(modality="sound", rate=16_000, steps=1, width=8, device="cpu", random_state=0)
    augmenter.fit([sound[0, :1_000] for sound in sounds], labels)
    found = SyntheticSwap(augmenter, "tom", p=1.0)(np.zeros(500, np.float32), 16_000)
    assert found.shape == (500,)
