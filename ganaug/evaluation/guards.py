"""Proof that no held-out row had a part in what it judges; run every time a report is made.

Content hashes are taken of the pixels as they are now, not read from files. What was trained says by digest
(`ganaug.data.rows.digest`) which rows it saw: the GAN in ``models/gan/<draw>/config.json``, the teacher in
``reports/generate/<draw>.json``, the feature extractor in ``eval/fidelity/<draw>.json``. Each has to be the digest of
the draw's training rows, and among these there must be no validation or test row, and no near duplicate of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from filecmp import cmp
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug.data.integrity import near_copies
from ganaug.data.rows import content_ids, digest, iter_rows, read_rows
from ganaug.errors import DataError
from ganaug.files import read_json

BATCH = 8192  # rows looked at together, so that memory does not grow with a file
KINDS = ("labelled", "unlabelled", "validation")

Images = NDArray[np.uint8]


def check_run(root: str | Path, draws: Sequence[int]) -> list[str]:
    """Look for leaks in a finished run.

    Parameters
    ----------
    root : path-like
        Folder in which the pipeline ran.
    draws : sequence of int
        The draws to look at.

    Returns
    -------
    list of str
        A sentence for each leak; empty when there is none.

    Raises
    ------
    DataError
        A file that has to be looked at is missing or damaged.
    """
    found = [_Draw(Path(root), number) for number in draws]
    return [leak for draw in found for leak in draw.leaks(_known(found))]


def unproved(root: str | Path, draws: Sequence[int]) -> list[str]:
    """Say what cannot be proved: a sentence for each set of rows that the GAN learnt from and the run does not hold."""
    found = [_Draw(Path(root), number) for number in draws]
    known = _known(found)
    return [
        f"The GAN of draw {draw.number} also learnt from {whose}, which this run does not hold, so nobody can tell "
        "whether held-out rows are among them."
        for draw in found
        for whose, rows in draw.further()
        if rows not in known
    ]


class _HeldOut(NamedTuple):
    """Rows that nothing may be trained on."""

    ids: NDArray[np.object_]
    images: Images


class _Draw:
    """The files of one draw, and what is wrong with them."""

    def __init__(self, root: Path, number: int) -> None:
        self.root, self.number = root, number

    def split(self, part: str) -> str:
        """Return the file of a split, from the root; so are all files here."""
        return f"data/splits/{self.number}/{part}.parquet"

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digests of the splits, but for the pool, which may be large."""
        held_out = {part: digest(self._held_out[self.split(part)].ids) for part in ("validation", "test")}
        return held_out | {"train": digest(self._ids(self.split("train")))}

    @cached_property
    def gan(self) -> Mapping[str, Any]:
        """The digests of the rows that had a part in the GAN."""
        file = f"models/gan/{self.number}/config.json"
        found: Mapping[str, Any] = self._trained_on(file)
        if not _well_formed(found):
            raise DataError(f"{file} does not say which rows the GAN learnt from; run train_gan again")
        return found

    def further(self) -> Iterator[tuple[str, str]]:
        """List in words the rows beside the draw's own that the GAN learnt from, with their digests."""
        if self.gan["unlabelled"]:
            yield "unlabelled rows", self.gan["unlabelled"]
        earlier = self.gan["warm_start"]
        while earlier:
            for kind in ("labelled", "unlabelled"):
                if earlier[kind]:
                    yield f"the {kind} rows of a model that it started from", earlier[kind]
            earlier = earlier["warm_start"]

    def leaks(self, known: Mapping[str, str]) -> Iterator[str]:
        """List the leaks in sentences; ``known`` are the splits of all draws by their digests."""
        test = {self.split("test"): self._held_out[self.split("test")]}
        yield from self._among(self.split("validation"), test)
        for part in ("train", "pool"):
            yield from self._among(self.split(part), self._held_out)
        for whose, rows in self.further():
            for leak in self._among(known[rows], self._held_out) if rows in known else ():
                yield f"the GAN of draw {self.number} also learnt from {whose}, and {leak}"
        # A generator that makes a held-out row to the pixel has seen it; it may come near one by chance.
        yield from self._among(f"data/synthetic/{self.number}.parquet", self._held_out, near=False)
        yield from self._in_training()
        yield from self._in_augmented()

    @cached_property
    def _held_out(self) -> dict[str, _HeldOut]:
        images = {part: read_rows(self.root / self.split(part)).images for part in ("validation", "test")}
        return {self.split(part): _HeldOut(content_ids(found), found) for part, found in images.items()}

    def _in_training(self) -> Iterator[str]:
        saw = {"GAN": self.gan["labelled"], "teacher": self._trained_on(f"reports/generate/{self.number}.json")}
        fidelity = f"eval/fidelity/{self.number}.json"
        if (self.root / fidelity).exists():
            saw["feature extractor"] = self._trained_on(fidelity)
        for who, rows in saw.items():
            if rows != self.digests["train"]:
                yield f"the {who} of draw {self.number} was trained on other rows than {self.split('train')}"
        if self.gan["validation"] not in (None, self.digests["validation"]):
            yield f"the GAN of draw {self.number} was chosen on other rows than {self.split('validation')}"

    def _in_augmented(self) -> Iterator[str]:
        folder = f"data/augmented/{self.number}"
        for part in ("validation", "test"):
            copy = f"{folder}/{part}.parquet"
            same = cmp(self.root / copy, self.root / self.split(part), shallow=False)
            if not same and digest(self._ids(copy)) != self.digests[part]:
                yield f"{copy} does not hold the rows of {self.split(part)}"
        train = f"{folder}/train.parquet"
        yield from self._among(train, self._held_out, near=False)
        real = [rows.images[~rows.synthetic] for rows in iter_rows(self.root / train, BATCH)]
        ids = np.concatenate([content_ids(images) for images in real])
        if digest(ids) != self.digests["train"]:
            yield f"the real rows of {train} are not those of {self.split('train')}"
            spare = np.isin(ids, self._ids(self.split("pool"))).sum()
            if spare:
                yield f"{train} holds {_rows(spare)} of {self.split('pool')}, which are for the oracle arm alone"
            yield from _intruders(train, real, self._held_out)

    def _among(self, file: str, held_out: Mapping[str, _HeldOut], near: bool = True) -> Iterator[str]:
        return _intruders(file, (rows.images for rows in iter_rows(self.root / file, BATCH)), held_out, near)

    def _ids(self, file: str) -> NDArray[np.object_]:
        parts = [content_ids(rows.images) for rows in iter_rows(self.root / file, BATCH)]
        return np.concatenate([np.empty(0, object), *parts])

    def _trained_on(self, file: str) -> Any:
        try:
            return read_json(self.root / file)["trained_on"]
        except (OSError, DataError, KeyError, TypeError) as error:
            raise DataError(
                f"{file} does not say which rows it was made from ({error!r}); run its stage again"
            ) from None


def _intruders(
    file: str, portions: Iterable[Images], held_out: Mapping[str, _HeldOut], near: bool = True
) -> Iterator[str]:
    """Say how many of a file's images are held-out rows, or near duplicates of one."""
    same, close = Counter[str](), Counter[str]()
    for images in portions:
        ids = content_ids(images)
        for name, held in held_out.items():
            exact = np.isin(ids, held.ids)
            same[name] += int(exact.sum())
            close[name] += int((near_copies(images, held.images) & ~exact).sum()) if near else 0
    for name in held_out:
        if same[name]:
            yield f"{file} holds {_rows(same[name])} of {name}"
        if close[name]:
            yield f"{file} holds near duplicates of {name}: {_rows(close[name])}"


def _well_formed(trained_on: Any) -> bool:
    """Tell whether this is what `ganaug.GANAugmenter.trained_on_` holds."""
    if not isinstance(trained_on, Mapping) or not {*KINDS, "warm_start"} <= trained_on.keys():
        return False
    digests = all(trained_on[kind] is None or isinstance(trained_on[kind], str) for kind in KINDS)
    return digests and (trained_on["warm_start"] is None or _well_formed(trained_on["warm_start"]))


def _known(draws: Sequence[_Draw]) -> dict[str, str]:
    """Map the digests of all draws' splits to their files, where a GAN learnt from more than its training rows."""
    if not any(rows for draw in draws for _, rows in draw.further()):
        return {}
    return {found: draw.split(part) for draw in draws for part, found in draw.digests.items()}


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"
