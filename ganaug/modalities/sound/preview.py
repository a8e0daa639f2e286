"""Sounds to see and to hear: pictures of their bands, low ones at the bottom, and players, which need no network."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ganaug.modalities.image import preview as of_images
from ganaug.modalities.sound.flac import encode, soundfile
from ganaug.modalities.sound.likeness import seen, to_images
from ganaug.modalities.sound.spec import Sound, Sounds, SoundSpec
from ganaug.utils.html import render

TEMPLATE = "modalities/sound/templates/players.html"
TYPES = {"FLAC": "flac", "MP3": "mpeg"}  # the first that takes few enough bytes
PICTURE = 64  # pixels of a picture's longer side, at most
PICTURE_BYTES = 3_000
FLAC_BYTES = 1.6  # of a value in a page, about


def preview(samples: Sounds, spec: SoundSpec, alt: str, columns: int, budget: int) -> Markup:
    """Return a picture and a player for each sound; none where it would take more than so many bytes."""
    cells = []
    for i, (image, sound) in enumerate(zip(as_pictures(samples, spec), samples, strict=True)):
        name = f"{alt}, {i + 1} of {len(samples)}"
        picture = of_images.sheet(image[None], 1, PICTURE).img(name)
        cells.append({"picture": picture, "source": _source(sound, spec, budget - PICTURE_BYTES), "name": name})
    return render(TEMPLATE, cells=cells)


def preview_bytes(spec: SoundSpec) -> int:
    """Return the bytes of a page that a sound takes to be heard as it is."""
    return PICTURE_BYTES + round(FLAC_BYTES * spec.longest * spec.channels)


def save_grid(samples: Sounds, spec: SoundSpec, path: Path, columns: int) -> Path:
    """Write the pictures of sounds in one file; return its path."""
    return of_images.save_grid(as_pictures(samples, spec), path, columns)


def as_pictures(sounds: Sounds, spec: SoundSpec) -> NDArray[np.uint8]:
    """Return the pictures of sounds as they are looked at (n, H, W, 1): the first channel above the second."""
    images = to_images(seen(sounds, spec))[:, ::-1]
    return np.ascontiguousarray(np.concatenate(np.split(images, images.shape[3], axis=3), axis=1))


def _source(sound: Sound, spec: SoundSpec, budget: int) -> str:
    """Return a sound as the address of a player; empty where it takes more bytes than there are."""
    for form in TYPES:
        try:
            content = base64.b64encode(encode(sound, spec.rate, form)).decode("ascii")
        except soundfile().SoundFileError:  # a rate that MP3 does not have
            continue
        if len(content) <= budget:
            return f"data:audio/{TYPES[form]};base64,{content}"
    return ""
