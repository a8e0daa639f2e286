"""Sounds play from the one page, offline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browser import chromium, opened

from ganaug.modalities.sound.builtin import drum_machine
from ganaug.modalities.sound.modality import SoundModality
from ganaug.report.page import policy

SOUND = SoundModality()


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="no Chromium")
def test_players_play_what_the_page_holds(tmp_path: Path) -> None:
    claps_and_snares = [drum_machine(1)[0][i] for i in (0, 1, 6, 7)]
    hits = [sound[0, : 3_000 + 500 * i] for i, sound in enumerate(claps_and_snares)]
    samples, spec = SOUND.infer_at(hits, 16_000)
    shown = SOUND.preview(samples[:2], spec, 'a "hit"', 5, SOUND.preview_bytes(spec))
    few = SOUND.preview(samples[2:3], spec, "another", 5, 8_000)  # for which FLAC takes too much
    none = SOUND.preview(samples[3:], spec, "none", 5, 10)
    assert shown.count("audio/flac") == 2
    assert few.count("audio/mpeg") == 1
    assert "audio" not in none
    assert "<img" in none
    path = tmp_path / "page.html"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy()}">'
    path.write_text(f"<!doctype html>{head}{shown}{few}{none}", encoding="utf-8")
    with opened(path) as found:
        lengths = found.page.evaluate(
            """() => Promise.all([...document.querySelectorAll("audio")].map(player => new Promise((done, failed) => {
                player.oncanplaythrough = () => done(player.duration);
                player.onerror = () => failed(new Error(player.error.message));
                player.preload = "auto"; player.load(); })))"""
        )
        assert found.complaints == []
        assert [url for url in found.requests if not url.startswith("data:")] == [path.as_uri()]
    expected = [sound.shape[1] / spec.rate for sound in samples[:3]]
    np.testing.assert_allclose(lengths[:2], expected[:2], atol=0.001)
    np.testing.assert_allclose(lengths[2], expected[2], atol=0.15)
