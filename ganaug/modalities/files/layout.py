"""How a folder of samples is laid out. The rules:

- What is hidden, and what systems leave behind (``__MACOSX``, ``Thumbs.db``), does not count.
- A folder that holds one folder of folders and no split, as unzipping makes it, is gone through.
- Folders named after splits, ``train`` among them, that hold class folders are the splits.
- Else every folder is a class.
- Folders of unlabelled samples are no class. Beside splits, one without class folders is passed over.
- Whatever could be a split or a class is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ganaug.data.names import SPLIT_NAMES, plain_word
from ganaug.errors import DataError
from ganaug.modalities.files.entries import Contents, is_loop, look
from ganaug.modalities.files.kind import FileKind

UNLABELLED = frozenset({"unlabelled", "unlabeled", "unsup", "unsupervised", "nolabel", "nolabels"})
EITHER = frozenset({"eval", "evaluation", "holdout", "heldout"})  # validation to some, test to others
NO_CLASS = "in a split folder without class folders"


class ClassFolder(NamedTuple):
    """A folder of samples of one class."""

    path: Path
    split: str


@dataclass
class Layout:
    """Which folders hold the samples.

    Attributes
    ----------
    top : Path
        Where the class folders or splits lie.
    parents : list of Path
        All folders above the class folders, from the root on.
    classes : list of ClassFolder
    splits : dict of Path to str
        The split folders, and which split each one is. Empty: there are none.
    passed : dict of Path to str
        Folders whose samples are passed over, and why.
    """

    top: Path
    parents: list[Path]
    classes: list[ClassFolder] = field(default_factory=list)
    splits: dict[Path, str] = field(default_factory=dict)
    passed: dict[Path, str] = field(default_factory=dict)


def find_layout(root: Path, kind: FileKind) -> Layout:
    """Find the class folders below ``root``.

    Raises
    ------
    DataError
        If there are none, or a folder could be a split or a class.
    """
    parents = _wrappers(root, kind)
    layout = Layout(parents[-1], parents)
    folders = _labelled(layout, layout.top, kind)
    if not folders:
        raise DataError(
            f"{layout.top} has no class folders; put the {kind.unit}s of each class into a folder named after it."
        )
    inner = {folder: _inner(folder, kind) for folder in folders if _split(folder)}
    splits = {folder: chain for folder, chain in inner.items() if look(chain[-1]).folders}
    if not splits:
        _refuse_unclear(layout.top, folders, kind)
        layout.classes = [ClassFolder(folder, "train") for folder in folders]
        return layout
    _refuse_odd(layout.top, list(splits), [folder for folder in folders if folder not in splits], kind)
    for folder in folders:
        if folder not in splits:
            layout.passed[folder] = NO_CLASS
            continue
        layout.splits[folder] = split = _split(folder)
        layout.parents += splits[folder]
        layout.classes += [ClassFolder(each, split) for each in _labelled(layout, splits[folder][-1], kind)]
    return layout


def _labelled(layout: Layout, folder: Path, kind: FileKind) -> list[Path]:
    """Return the folders in a folder, and pass over those of unlabelled samples."""
    folders, _, _, unusable = look(folder)
    for path, problem in unusable:
        if path.is_symlink() and not path.suffix:
            raise DataError(f"{path}, which should be a class folder, is {problem}; mend or remove it.")
    no_label = f"in a folder of unlabelled {kind.unit}s"
    layout.passed |= {each: no_label for each in folders if plain_word(each.name) in UNLABELLED}
    return [each for each in folders if each not in layout.passed]


def _wrappers(root: Path, kind: FileKind) -> list[Path]:
    """Return the root and, as long as a folder holds one folder of folders, that one."""
    chain = [root]
    while (inner := _only_folder(look(chain[-1]), kind)) and not _split(inner) and not is_loop(inner):
        below = look(inner)
        if not below.folders or any(map(kind.means, below.files)) or plain_word(inner.name) in UNLABELLED:
            break
        chain.append(inner)
    return chain


def _inner(folder: Path, kind: FileKind) -> list[Path]:
    """Return a split folder and, where unzipping made it hold one folder of the same split, that one: train/train."""
    chain = [folder]
    while (inner := _only_folder(look(chain[-1]), kind)) and _split(folder) in map(SPLIT_NAMES.get, _words(inner)):
        if is_loop(inner):
            break
        chain.append(inner)
    return chain


def _only_folder(inside: Contents, kind: FileKind) -> Path | None:
    return inside.folders[0] if len(inside.folders) == 1 and not any(map(kind.means, inside.files)) else None


def _split(folder: Path) -> str:
    """Return the split that a folder is named after, or ""."""
    return SPLIT_NAMES.get(plain_word(folder.name), "")


def _words(folder: Path) -> list[str]:
    """Return the words of a folder's name: seg_train, TrainSet and train2017 have the word train."""
    words = re.findall("[A-Z]?[a-z]+|[A-Z]+", folder.name)
    return [re.sub("(set|data)$", "", word.lower()) for word in words]


def _refuse_unclear(top: Path, folders: list[Path], kind: FileKind) -> None:
    """Refuse folders that may be splits, where none is known to be one."""
    for folder in folders:
        like = any(word in SPLIT_NAMES or word in EITHER for word in _words(folder))
        inside = look(folder)
        if like and inside.folders and not any(map(kind.means, inside.files)):
            raise DataError(
                f"{folder} may be a split or a class; if a split, call it train, validation or test; if a class, put "
                f"all class folders into {top / 'train'}."
            )
    named = [folder for folder in folders if _split(folder) or plain_word(folder.name) in EITHER]
    if len(named) == len(folders):
        raise DataError(
            f"{top} has no class folders, as {named[0]} is named after a split; put the {kind.unit}s of each class "
            f"into {top / 'train' / '<class>'}."
        )
    for folder in named:
        if _split(folder) != "train":  # which nobody has without classes, beside classes
            raise DataError(
                f"{folder} may be a split or a class; if a split, move it out of {top}; if a class, put all class "
                f"folders into {top / 'train'}."
            )


def _refuse_odd(top: Path, splits: list[Path], others: list[Path], kind: FileKind) -> None:
    """Refuse splits without one to train on, and folders of samples beside them that are none."""
    train = next((split for split in splits if _split(split) == "train"), None)
    if train is None:
        raise DataError(
            f"{top} has class folders in {splits[0]}, but none in {top / 'train'}; put the training {kind.unit}s "
            f"there, or give {splits[0]} itself as the data."
        )
    for other in others:
        if not _split(other) and holds_samples(other, kind):
            raise DataError(
                f"{other} is no split, but {train} beside it holds class folders; move it out of {top}, or call it "
                "train, validation or test."
            )


def holds_samples(folder: Path, kind: FileKind) -> bool:
    """Tell whether a file in a folder, or below it without links, should be a sample."""
    inside = look(folder)
    deeper = (each for each in inside.folders if not each.is_symlink())
    return any(map(kind.means, inside.files)) or any(holds_samples(each, kind) for each in deeper)
