"""Where ``augment`` and ``sample`` write: one Parquet file, or a folder in one of several forms."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ganaug.data.folders import check_ours, fresh_folder
from ganaug.data.names import SPLITS
from ganaug.data.rows import RowWriter, Schema, read_schema
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.base import Modality
from ganaug.modalities.exports import PROVENANCE, export, forms

FILE = ".parquet"
MARK = "provenance.json"  # what a folder of the form "parquet" holds; exports hold a provenance.csv


def check_output(out: Path, form: str | None, modality: Modality, source: str | None = None) -> str:
    """Make sure, before any work, that the output can be put there, and return its form; "file" is one Parquet file.

    Raises
    ------
    ConfigError
        A folder's form is asked for a file, or one that such samples do not have.
    DataError
        Something of the user's lies there, or the output and the source lie in one another.
    """
    if source is not None and Path(source).exists():
        place, data = out.resolve(), Path(source).resolve()
        if place == data or place in data.parents or data in place.parents:
            raise DataError(f"{out} and {source} lie in one another: choose another place to write to")
    if out.suffix != FILE:
        own = dict.fromkeys(("parquet", *forms(modality)))
        form = form or modality.export_form
        if form not in own:
            raise ConfigError(f"--format {form} is no form of {modality.unit}: choose {', '.join(own)}")
        check_ours(out, MARK if form == "parquet" else PROVENANCE)
        return form
    if form not in (None, "parquet"):
        raise ConfigError(f"{out} is a Parquet file, but --format {form} makes a folder: name one without {FILE}")
    if out.exists():
        try:
            read_schema(out)
        except DataError:
            raise DataError(f"{out} was not written by ganaug; move it away, or choose another place") from None
    return "file"


def write_empty(path: Path, schema: Schema) -> None:
    """Write a split without rows."""
    with RowWriter(path, schema):
        pass


def publish(splits: Path, out: Path, form: str, modality: Modality) -> None:
    """Put splits where the user wants them, whole or not at all; ``file`` takes the training rows only.

    Parameters
    ----------
    splits : Path
        Folder with train, validation, test.parquet and provenance.json, on the file system of ``out``; may lose files.
    out : Path
        Where to.
    form : str
        What `check_output` returned.
    modality : Modality
        What the rows are.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if form == "file":
        os.replace(splits / "train.parquet", out)  # noqa: PTH105 - atomic on every platform
    elif form == "parquet":
        with fresh_folder(out, MARK) as fresh:
            for name in (*(f"{part}.parquet" for part in SPLITS), MARK):
                shutil.move(splits / name, fresh / name)
    else:
        export(modality, form, splits, out)
