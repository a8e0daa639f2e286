"""Proof that no held-out row had a part in what it measures; run every time a report is made.

Content hashes are taken of the samples as they are now, not read from files. What was trained says by digest
(`ganaug.data.rows.digest`) which rows it saw: the GAN in ``models/gan/<repeat>/config.json``, the teacher in
``reports/generate/<repeat>.json``, the feature extractor in ``eval/fidelity/<repeat>.json``. Each has to be the digest
of the repeat's training rows, and among these there must be no validation or test row, and no near duplicate of one.
Where prepare took exact copies alone for copies (``near_duplicates`` in ``reports/prepare.json``), so do the guards.

The held-out rows of one repeat at a time are in memory. Files that are the same in several repeats, as the test set and
the pool are in benchmark mode, are looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from filecmp import cmp
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.data.integrity import by_chance
from ganaug.data.rows import Rows, digest, iter_rows, read_rows, read_schema
from ganaug.errors import DataError
from ganaug.utils.files import read_json

BATCH = 8192  # rows looked at together, so that memory does not grow with a file
KINDS = ("labelled", "unlabelled", "validation")


def check_run(root: str | Path, repeats: Sequence[int]) -> list[str]:
    """Look for leaks in a finished run.

    Parameters
    ----------
    root : path-like
        Folder in which the pipeline ran.
    repeats : sequence of int
        The repeats to look at.

    Returns
    -------
    list of str
        A sentence for each leak; empty when there is none.

    Raises
    ------
    DataError
        A file that has to be looked at is missing or damaged.
    """
    found = _repeats(root, repeats)
    known = _known(found)
    return [leak for repeat in found for leak in repeat.leaks(known)]


def unproved(root: str | Path, repeats: Sequence[int]) -> list[str]:
    """Say what cannot be proved.

    A sentence for each set of rows that the GAN learnt from and the run does not hold, and one for each repeat of which
    merge left out a few synthetic rows, as they were equal to held-out ones.
    """
    found = _repeats(root, repeats)
    known = _known(found)
    return [sentence for repeat in found for sentence in repeat.coincidences()] + [
        f"The GAN of repeat {repeat.number} also learnt from {whose}, which this run does not hold, so nobody can tell "
        "whether held-out rows are among them."
        for repeat in found
        for whose, rows in repeat.further()
        if rows not in known
    ]


class _Found(NamedTuple):
    """What a file holds of a held-out file: rows, near duplicates of rows, and how many of the held-out rows."""

    rows: int
    near: int
    reproduced: int
    held_out: int


class _HeldOut:
    """Held-out rows that are looked for among others."""

    def __init__(self, rows: Rows) -> None:
        modality, spec = rows.schema.modality, rows.schema.spec
        self.contents = rows.contents()
        self._originals = modality.originals(rows.samples, spec) if modality.copies_leak(spec) else None

    def copies(self, rows: Rows) -> NDArray[np.bool_]:
        """Mark the rows (n,) that are copies, exact or near; none where rows are equal by chance."""
        return np.zeros(len(rows), bool) if self._originals is None else self._originals.copies(rows.samples)


class _Files:
    """The rows of a run's files. Those that are the same byte for byte in several repeats are read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._first: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._held_out: dict[str, tuple[str, _HeldOut]] = {}  # by split: of the repeat that is looked at
        self._found: dict[tuple[str, str, bool], _Found] = {}

    @cached_property
    def near(self) -> bool:
        """Whether near duplicates are copies in this run."""
        path = self.root / "reports/prepare.json"
        return bool(read_json(path).get("near_duplicates", True)) if path.is_file() else True

    def first(self, file: str) -> str:
        """Return the first file of this name that was asked for and holds the same bytes."""
        if file not in self._first:
            path = self.root / file
            earlier = [one for one in dict.fromkeys(self._first.values()) if Path(one).name == path.name]
            same = (one for one in earlier if path.is_file() and cmp(self.root / one, path, shallow=False))
            self._first[file] = next(same, file)
        return self._first[file]

    def ids(self, file: str) -> NDArray[np.object_]:
        """Return the content hashes of a file's rows."""
        parts = [rows.schema.modality.ids(rows.samples) for rows in iter_rows(self.root / file, BATCH)]
        return np.concatenate([np.empty(0, object), *parts])

    def digest(self, file: str) -> str:
        """Return the digest of a file's rows."""
        first = self.first(file)
        if first not in self._digests:
            self._digests[first] = digest(self.ids(first))
        return self._digests[first]

    def among(self, file: str, held_out: Sequence[str], near: bool = True) -> Iterator[str]:
        """Say how many of a file's rows are held-out ones, or near duplicates of one."""
        for name, found in self.found(file, held_out, near).items():
            yield from _sentences(file, name, found)

    def found(self, file: str, held_out: Sequence[str], near: bool = True) -> dict[str, _Found]:
        """Look for the rows of held-out files in another one."""
        keys = {name: (self.first(file), self.first(name), near) for name in held_out}
        if not set(keys.values()) <= self._found.keys():
            found = self.intruders(iter_rows(self.root / file, BATCH), held_out, near)
            self._found.update((keys[name], found[name]) for name in held_out)
        return {name: self._found[key] for name, key in keys.items()}

    def intruders(self, portions: Iterable[Rows], held_out: Sequence[str], near: bool = True) -> dict[str, _Found]:
        """Look for the rows of held-out files among others."""
        originals = {name: self._originals(name) for name in held_out}
        same, close = dict.fromkeys(held_out, 0), dict.fromkeys(held_out, 0)
        reproduced: dict[str, set[str]] = {name: set() for name in held_out}
        for rows in portions:
            contents = rows.contents()
            for name, held in originals.items():
                exact = np.isin(contents.astype(str), held.contents.astype(str))
                same[name] += int(exact.sum())
                reproduced[name].update(contents[exact])
                close[name] += int((held.copies(rows) & ~exact).sum()) if near and self.near else 0
        return {
            name: _Found(same[name], close[name], len(reproduced[name]), len(set(held.contents)))
            for name, held in originals.items()
        }

    def _originals(self, file: str) -> _HeldOut:
        first, part = self.first(file), Path(file).name
        if self._held_out.get(part, ("", None))[0] != first:
            self._held_out.pop(part, None)  # before the next ones are read
            self._held_out[part] = first, _HeldOut(read_rows(self.root / first))
        return self._held_out[part][1]


class _Repeat:
    """The files of one repeat, and what is wrong with them."""

    def __init__(self, files: _Files, number: int) -> None:
        self.files, self.root, self.number = files, files.root, number
        self.held_out = [self.split(part) for part in ("validation", "test")]

    def split(self, part: str) -> str:
        """Return the file of a split, from the root; so are all files here."""
        return f"data/splits/{self.number}/{part}.parquet"

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digests of the splits, but for the pool, which may be large."""
        return {part: self.files.digest(self.split(part)) for part in ("validation", "test", "train")}

    @cached_property
    def gan(self) -> Mapping[str, Any]:
        """The digests of the rows that had a part in the GAN."""
        file = f"models/gan/{self.number}/config.json"
        found: Mapping[str, Any] = self._trained_on(file)
        if not _well_formed(found):
            raise DataError(f"{file} does not say which rows the GAN learnt from; run train_gan again")
        return found

    def further(self) -> Iterator[tuple[str, str]]:
        """List in words the rows beside the repeat's own that the GAN learnt from, with their digests."""
        if self.gan["unlabelled"]:
            yield "unlabelled rows", self.gan["unlabelled"]
        earlier = self.gan["warm_start"]
        while earlier:
            for kind in ("labelled", "unlabelled"):
                if earlier[kind]:
                    yield f"the {kind} rows of a model that it started from", earlier[kind]
            earlier = earlier["warm_start"]

    def leaks(self, known: Mapping[str, str]) -> Iterator[str]:
        """List the leaks in sentences; ``known`` are the splits of all repeats by their digests."""
        yield from self.files.among(self.split("validation"), [self.split("test")])
        for part in ("train", "pool"):
            yield from self.files.among(self.split(part), self.held_out)
        for whose, rows in self.further():
            for leak in self.files.among(known[rows], self.held_out) if rows in known else ():
                yield f"the GAN of repeat {self.number} also learnt from {whose}, and {leak}"
        # It may come near a held-out row by chance, and make a few of them; one that makes many has seen them.
        synthetic = f"data/synthetic/{self.number}.parquet"
        schema = read_schema(self.root / synthetic)
        by_accident = not schema.modality.copies_leak(schema.spec)  # equal rows say nothing
        for name, found in self.files.found(synthetic, self.held_out, near=False).items():
            if not by_accident and not by_chance(found.reproduced, found.held_out):
                yield from _sentences(synthetic, name, found)
        yield from self._in_training()
        yield from self._in_augmented()

    def coincidences(self) -> Iterator[str]:
        """Say which synthetic rows merge left out as they are held-out ones."""
        file = f"data/synthetic/{self.number}.parquet"
        merged = self.root / f"data/augmented/{self.number}/provenance.json"
        left_out = read_json(merged).get("held_out", {}) if merged.is_file() else {}
        for part, n in left_out.items():
            if n:
                rows = f"{_rows(n)} of {self.split(part)}"
                yield f"{file} holds {rows}, so few that it may be chance; merge left them out."

    def _in_training(self) -> Iterator[str]:
        saw = {"GAN": self.gan["labelled"], "teacher": self._trained_on(f"reports/generate/{self.number}.json")}
        fidelity = f"eval/fidelity/{self.number}.json"
        if (self.root / fidelity).exists():
            saw["feature extractor"] = self._trained_on(fidelity)
        for who, rows in saw.items():
            if rows != self.digests["train"]:
                yield f"the {who} of repeat {self.number} was trained on other rows than {self.split('train')}"
        if self.gan["validation"] not in (None, self.digests["validation"]):
            yield f"the GAN of repeat {self.number} was chosen on other rows than {self.split('validation')}"

    def _in_augmented(self) -> Iterator[str]:
        folder = f"data/augmented/{self.number}"
        for part in ("validation", "test"):
            copy = f"{folder}/{part}.parquet"
            if self.files.digest(copy) != self.digests[part]:
                yield f"{copy} does not hold the rows of {self.split(part)}"
        train = f"{folder}/train.parquet"
        schema = read_schema(self.root / train)
        if schema.modality.copies_leak(schema.spec):
            yield from self.files.among(train, self.held_out, near=False)
        ids = np.concatenate([np.empty(0, object), *(schema.modality.ids(rows.samples) for rows in self._real(train))])
        if digest(ids) != self.digests["train"]:  # else they have been looked at
            yield f"the real rows of {train} are not those of {self.split('train')}"
            spare = np.isin(ids.astype(str), self.files.ids(self.split("pool")).astype(str)).sum()
            if spare:
                yield f"{train} holds {_rows(spare)} of {self.split('pool')}, which are for the oracle arm alone"
            for name, found in self.files.intruders(self._real(train), self.held_out).items():
                yield from _sentences(train, name, found)

    def _real(self, file: str) -> Iterator[Rows]:
        for rows in iter_rows(self.root / file, BATCH):
            yield rows.take(~rows.synthetic)

    def _trained_on(self, file: str) -> Any:
        try:
            return read_json(self.root / file)["trained_on"]
        except (OSError, DataError, KeyError, TypeError) as error:
            raise DataError(
                f"{file} does not say which rows it was made from ({error!r}); run its stage again"
            ) from None


def _repeats(root: str | Path, numbers: Sequence[int]) -> list[_Repeat]:
    files = _Files(Path(root))
    return [_Repeat(files, number) for number in numbers]


def _sentences(file: str, held_out: str, found: _Found) -> Iterator[str]:
    if found.rows:
        yield f"{file} holds {_rows(found.rows)} of {held_out}"
    if found.near:
        yield f"{file} holds near duplicates of {held_out}: {_rows(found.near)}"


def _well_formed(trained_on: Any) -> bool:
    """Tell whether this is what `ganaug.GANAugmenter.trained_on_` holds."""
    if not isinstance(trained_on, Mapping) or not {*KINDS, "warm_start"} <= trained_on.keys():
        return False
    digests = all(trained_on[kind] is None or isinstance(trained_on[kind], str) for kind in KINDS)
    return digests and (trained_on["warm_start"] is None or _well_formed(trained_on["warm_start"]))


def _known(repeats: Sequence[_Repeat]) -> dict[str, str]:
    """Map the digests of all repeats' splits to their files, where a GAN learnt from more than its training rows."""
    if not any(rows for repeat in repeats for _, rows in repeat.further()):
        return {}
    return {found: repeat.split(part) for repeat in repeats for part, found in repeat.digests.items()}


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"
