"""Kinds of samples, each a room of its own; `ganaug.modalities.base` says what one has to be able to do."""

from ganaug.modalities.choose import MODALITIES, modality_for, modality_named, modality_of

__all__ = ["MODALITIES", "modality_for", "modality_named", "modality_of"]
