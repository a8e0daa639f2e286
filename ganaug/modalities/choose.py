"""Modalities by name, and which one a source or data in memory is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ganaug.errors import ConfigError, DataError, option
from ganaug.modalities.base import Modality
from ganaug.utils.registry import Registry

AUTO = "auto"
MODALITIES: Registry[Callable[[], Modality]] = Registry("modality")


@MODALITIES.register("image")
def _image() -> Modality:
    from ganaug.modalities.image.modality import ImageModality

    return ImageModality()


@MODALITIES.register("signal")
def _signal() -> Modality:
    from ganaug.modalities.signal.modality import SignalModality

    return SignalModality()


@MODALITIES.register("sound")
def _sound() -> Modality:
    from ganaug.modalities.sound.modality import SoundModality

    return SoundModality()


@MODALITIES.register("table")
def _table() -> Modality:
    from ganaug.modalities.table.modality import TableModality

    return TableModality()


@MODALITIES.register("text")
def _text() -> Modality:
    from ganaug.modalities.text.modality import TextModality

    return TextModality()


@cache
def modality_named(name: str) -> Modality:
    """Return the modality of this name, always the same object; `ConfigError` where there is none."""
    return MODALITIES[name]()


def modality_of(X: Any, name: str = AUTO) -> Modality:  # noqa: N803 - scikit-learn's name
    """Return the modality of this name, or with ``"auto"`` the one that recognises data in memory.

    Raises
    ------
    DataError
        None does.
    """
    if name != AUTO:
        return modality_named(name)
    for known in map(modality_named, MODALITIES):
        if known.recognises(X):
            return known
    held = f"an array of {X.dtype} with shape {X.shape}" if hasattr(X, "dtype") else f"a {type(X).__name__}"
    wanted = "; ".join(f"{name}: {modality_named(name).takes}" for name in MODALITIES)
    raise DataError(f"X is {held}, which is of no modality known here. Give one of these, or convert X. {wanted}.")


def modality_for(source: str | Path, columns: Mapping[str, str], name: str = AUTO) -> tuple[Modality, str]:
    """Return the modality of this name, or with ``"auto"`` the one that a source holds, and in words why.

    Raises
    ------
    DataError
        There is no such source, or it is of no modality.
    """
    if name != AUTO:
        return modality_named(name), f"{option('prepare.modality')} says so"
    for known in map(modality_named, MODALITIES):
        with suppress(OSError):  # which whoever reads the source will explain
            if why := known.claims(source, columns):
                return known, why
    return modality_named("image"), ""  # which says best what is wrong with a source


def check_options(modality: Modality, options: Mapping[str, Any]) -> None:
    """Refuse (`ConfigError`) parameters of prepare that are set and mean nothing to samples of this kind."""
    for other in map(modality_named, MODALITIES):
        for name in other.options:
            if name not in modality.options and options.get(name) not in (None, (), []):
                raise ConfigError(
                    f"{option(f'prepare.{name}')} is for {other.unit} of the modality {other.name!r}, and these are of "
                    f"{modality.name!r}: leave it out"
                )


def builtin_sources() -> dict[str, Modality]:
    """Return the names of the data sets that need no download, with the modality of each."""
    return {source: known for known in map(modality_named, MODALITIES) for source in known.builtin}


def check_modality(name: str) -> str:
    """Return the name; `ConfigError` unless it is ``"auto"`` or a modality's."""
    if name != AUTO and name not in list(MODALITIES):
        raise ConfigError(f"there is no modality {name!r}: choose auto, {', '.join(MODALITIES)}")
    return name
