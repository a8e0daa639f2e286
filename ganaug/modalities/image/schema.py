"""The schema of rows that are images."""

from __future__ import annotations

from collections.abc import Iterable

from ganaug.data.rows import Schema
from ganaug.modalities import modality_named
from ganaug.modalities.image.spec import ImageSpec


def image_schema(height: int, width: int, channels: int, classes: Iterable[str]) -> Schema:
    """Return the schema of images of a size, and of these classes."""
    return Schema(modality_named("image"), ImageSpec(height, width, channels), tuple(classes))
