"""Forms of augmented splits that other tools read as they are, by modality: ``image.webdataset``.

Another package adds one by an entry point in the group ``ganaug.export``, named by the modality, a dot and the form. It
names a function that is given the folder with ``train.parquet``, ``validation.parquet`` and ``test.parquet`` (see
`ganaug.data.rows`) and a new folder to write into, and yields for each row, of train, validation and test, in order,
the path of the file that now holds it.

Every export has a ``provenance.csv`` at its root, and nowhere else, with one line a row: path, row (its number in the
split), label, split, synthetic, id, group, model.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ganaug.data.folders import fresh_folder
from ganaug.data.names import SPLITS
from ganaug.data.rows import read_schema, read_table
from ganaug.errors import DataError
from ganaug.modalities.base import Modality
from ganaug.modalities.image import exports as image
from ganaug.modalities.signal import exports as signal
from ganaug.modalities.sound import exports as sound
from ganaug.modalities.table import exports as table
from ganaug.modalities.text import exports as text
from ganaug.utils.registry import Registry

PROVENANCE = "provenance.csv"
COLUMNS = ("path", "row", "label", "split", "synthetic", "id", "group", "model")

Write = Callable[[Path, Path], Iterator[str]]  # splits, new folder: where each row went

EXPORTS: Registry[Write] = Registry("export")
_OURS: Mapping[str, Mapping[str, Write]] = {
    "image": image.FORMS, "signal": signal.FORMS, "sound": sound.FORMS, "table": table.FORMS, "text": text.FORMS,
}  # fmt: skip
for _modality, _forms in _OURS.items():
    for _name, _write in _forms.items():
        EXPORTS.register(f"{_modality}.{_name}")(_write)


def forms(modality: Modality) -> list[str]:
    """Return the forms in which samples of a modality can be written."""
    prefix = f"{modality.name}."
    return [name.removeprefix(prefix) for name in EXPORTS if name.startswith(prefix)]


def export(modality: Modality, form: str, splits: str | Path, out: str | Path) -> None:
    """Write the splits of one repeat in another form. The folder ``out`` is replaced as a whole.

    Parameters
    ----------
    modality : Modality
        What the rows are.
    form : str
        One of `forms`.
    splits : path-like
        Folder with train, validation and test.parquet.
    out : path-like
        Folder to write.

    Raises
    ------
    DataError
        There is no such form of these samples, or a split cannot be read or written in it.
    """
    if form not in (known := forms(modality)):
        raise DataError(f"{form!r} is no export of {modality.unit}; known are {', '.join(known) or 'none'}.")
    with fresh_folder(out, PROVENANCE) as folder, (folder / PROVENANCE).open("w", newline="", encoding="utf-8") as file:
        written = csv.writer(file, lineterminator="\n")
        written.writerow(COLUMNS)
        places = EXPORTS[f"{modality.name}.{form}"](Path(splits), folder)
        for place, row in zip(places, _rows(Path(splits)), strict=True):
            written.writerow([place, *row])


def _rows(splits: Path) -> Iterator[tuple[Any, ...]]:
    """Yield what is said of each row, after its path."""
    for part in SPLITS:
        path = splits / f"{part}.parquet"
        classes = read_schema(path).classes
        extra = ["model"] if "model" in pq.read_schema(path).names else []
        about = read_table(path, ["label", "synthetic", "id", "group", *extra])
        for i, (code, synthetic, name, group, *model) in enumerate(about.itertuples(index=False)):
            yield i, classes[code], part, int(synthetic), name, group or "", *(model or [""])
