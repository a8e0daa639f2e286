"""Proof that no held-out row had a part in what it measures; run every time a report is made.

Content hashes are taken of the samples as they are now, not read from files; each is decoded and hashed once
(`ganaug.data.cache`). Rows of the augmented split need neither, where they are stored as in the files that they were
merged from. What was trained says by digest
(`ganaug.data.rows.digest`) which rows it saw: the GAN in ``models/gan/<repeat>/config.json``, the teacher in
``reports/generate/<repeat>.json``, the feature extractor in ``eval/fidelity/<repeat>.json``. Each has to be the digest
of the repeat's training rows, and among these there must be no validation or test row, and no near duplicate of one.
Where prepare took exact copies alone for copies (``near_duplicates`` in ``reports/prepare.json``), so do the guards.

Beside the cache, the held-out rows of one repeat at a time are in memory. Files that are the same in several repeats,
as the test set and the pool are in benchmark mode, are looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.data.cache import RowCache
from ganaug.data.integrity import by_chance
from ganaug.data.rows import Rows, digest, read_schema, read_table
from ganaug.errors import DataError
from ganaug.utils.files import read_json

KINDS = ("labelled", "unlabelled", "validation")


def check_run(root: str | Path, repeats: Sequence[int], cache: RowCache | None = None) -> list[str]:
    """Look for leaks in a finished run.

    Parameters
    ----------
    root : path-like
        Folder in which the pipeline ran.
    repeats : sequence of int
        The repeats to look at.
    cache : RowCache, optional
        Keeps what is decoded for others that look at the same rows.

    Returns
    -------
    list of str
        A sentence for each leak; empty when there is none.

    Raises
    ------
    DataError
        A file that has to be looked at is missing or damaged.
    """
    found = _repeats(root, repeats, cache)
    known = _known(found)
    return [leak for repeat in found for leak in repeat.leaks(known)]


def unproved(root: str | Path, repeats: Sequence[int], cache: RowCache | None = None) -> list[str]:
    """Say what cannot be proved; see `check_run`.

    A sentence for each set of rows that the GAN learnt from and the run does not hold, and one for each repeat of which
    merge left out a few synthetic rows, as they were equal to held-out ones.
    """
    found = _repeats(root, repeats, cache)
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
        leaks = modality.copies_leak(spec)
        self._originals = modality.originals(rows.samples, spec, rows.hashes) if leaks else None

    def copies(self, rows: Rows) -> NDArray[np.bool_]:
        """Mark the rows (n,) that are copies, exact or near; none where rows are equal by chance."""
        if self._originals is None:
            return np.zeros(len(rows), bool)
        return self._originals.copies(rows.samples, rows.hashes)


class _Files:
    """The rows of a run's files. Those that are the same byte for byte in several repeats are looked at once."""

    def __init__(self, root: Path, cache: RowCache) -> None:
        self.root, self.cache = root, cache
        self._digests: dict[Path, str] = {}
        self._held_out: dict[str, tuple[Path, _HeldOut]] = {}  # by split: of the repeat that is looked at
        self._found: dict[tuple[Path, Path, bool], _Found] = {}

    @cached_property
    def near(self) -> bool:
        """Whether near duplicates are copies in this run."""
        path = self.root / "reports/prepare.json"
        return bool(read_json(path).get("near_duplicates", True)) if path.is_file() else True

    def ids(self, file: str) -> NDArray[np.object_]:
        """Return the content hashes of a file's rows."""
        return self.cache.hashes(self.root / file)

    def digest(self, file: str) -> str:
        """Return the digest of a file's rows."""
        first = self.cache.first(self.root / file)
        if first not in self._digests:
            self._digests[first] = digest(self.cache.hashes(first))
        return self._digests[first]

    def merged(self, file: str, sources: Sequence[str]) -> NDArray[np.object_]:
        """Return the content hashes of the rows of a file that was merged from others."""
        copied = self.cache.copied(self.root / file, [self.root / source for source in sources])
        return self.ids(file) if copied is None else copied

    def among(self, file: str, held_out: Sequence[str], near: bool = True) -> Iterator[str]:
        """Say how many of a file's rows are held-out ones, or near duplicates of one."""
        for name, found in self.found(file, held_out, near).items():
            yield from _sentences(file, name, found)

    def found(self, file: str, held_out: Sequence[str], near: bool = True) -> dict[str, _Found]:
        """Look for the rows of held-out files in another one."""
        first = self.cache.first(self.root / file)
        keys = {name: (first, self.cache.first(self.root / name), near) for name in held_out}
        if not set(keys.values()) <= self._found.keys():
            found = self.intruders(self.cache.portions(first), held_out, near)
            self._found.update((keys[name], found[name]) for name in held_out)
        return {name: self._found[key] for name, key in keys.items()}

    def intruders(self, portions: Iterable[Rows], held_out: Sequence[str], near: bool = True) -> dict[str, _Found]:
        """Look for the rows of held-out files among others."""
        originals = {name: self.held_out(name) for name in held_out}
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

    def held_out(self, file: str) -> _HeldOut:
        """Return the rows of a held-out file, ready to be looked for."""
        first, part = self.cache.first(self.root / file), Path(file).name
        if self._held_out.get(part, ("", None))[0] != first:
            self._held_out.pop(part, None)  # before the next ones are read
            self._held_out[part] = first, _HeldOut(self.cache.rows(first))
        return self._held_out[part][1]


class _Repeat:
    """The files of one repeat, and what is wrong with them."""

    def __init__(self, files: _Files, number: int) -> None:
        self.files, self.root, self.number = files, files.root, number
        self.held_out = [self.split(part) for part in ("validation", "test")]
        self.synthetic = f"data/synthetic/{number}.parquet"

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
        schema = read_schema(self.root / self.synthetic)
        by_accident = not schema.modality.copies_leak(schema.spec)  # equal rows say nothing
        for name, found in self.files.found(self.synthetic, self.held_out, near=False).items():
            if not by_accident and not by_chance(found.reproduced, found.held_out):
                yield from _sentences(self.synthetic, name, found)
        yield from self._in_training()
        yield from self._in_augmented()

    def coincidences(self) -> Iterator[str]:
        """Say which synthetic rows merge left out as they are held-out ones."""
        merged = self.root / f"data/augmented/{self.number}/provenance.json"
        left_out = read_json(merged).get("held_out", {}) if merged.is_file() else {}
        for part, n in left_out.items():
            if n:
                rows = f"{_rows(n)} of {self.split(part)}"
                yield f"{self.synthetic} holds {rows}, so few that it may be chance; merge left them out."

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
        merged = self.files.merged(train, [self.split("train"), self.synthetic])
        for name in self.held_out if schema.modality.copies_leak(schema.spec) else ():
            same = np.isin(merged.astype(str), self.files.held_out(name).contents.astype(str)).sum()
            if same:
                yield f"{train} holds {_rows(same)} of {name}"
        real = merged[~read_table(self.root / train, ["synthetic"])["synthetic"].to_numpy(bool)]
        if digest(real) != self.digests["train"]:  # else they have been looked at
            yield f"the real rows of {train} are not those of {self.split('train')}"
            spare = np.isin(real.astype(str), self.files.ids(self.split("pool")).astype(str)).sum()
            if spare:
                yield f"{train} holds {_rows(spare)} of {self.split('pool')}, which are for the oracle arm alone"
            for name, found in self.files.intruders(self._real(train), self.held_out).items():
                yield from _sentences(train, name, found)

    def _real(self, file: str) -> Iterator[Rows]:
        for rows in self.files.cache.portions(self.root / file):
            yield rows.take(~rows.synthetic)

    def _trained_on(self, file: str) -> Any:
        try:
            return read_json(self.root / file)["trained_on"]
        except (OSError, DataError, KeyError, TypeError) as error:
            raise DataError(
                f"{file} does not say which rows it was made from ({error!r}); run its stage again"
            ) from None


def _repeats(root: str | Path, numbers: Sequence[int], cache: RowCache | None) -> list[_Repeat]:
    files = _Files(Path(root), cache or RowCache())
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
