"""How image folders are laid out: every layout gives the right classes and splits, or one sentence and a way out."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ganaug.errors import DataError
from ganaug.modalities.image.reading import SUFFIXES
from ganaug.modalities.image.sources import ImageSource as Source
from ganaug.modalities.image.sources import open_source
from ganaug.modalities.image.sources.kind import PICTURES

PAIR = ("cat/1.png", "dog/1.png")
KNOWN = {
    "train": "train", "Training": "train", "validation": "validation", "val": "validation", "VALID": "validation",
    "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip
UNCLEAR = ("eval", "evaluation", "holdout", "hold-out", "held_out")
UNLABELLED = ("unlabeled", "unlabelled", "Un-labelled", "unsup")


def build(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in SUFFIXES:
            Image.new("L", (8, 8)).save(path, "PNG")
        else:
            path.write_text("text")
    return root


def pair(folder: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in PAIR)


def read(root: Path, *names: str) -> Source:
    return open_source(build(root, *names))


def refused(root: Path, *names: str) -> str:
    with pytest.raises(DataError) as caught:
        read(root, *names)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("wrappers", ["", "photos/", "photos-main/photos/", "eval/", "a b/"])
@pytest.mark.parametrize("split", [False, True])
def test_folders_that_unzipping_makes_are_gone_through_and_named(tmp_path: Path, wrappers: str, split: bool) -> None:
    inner = [*pair(f"{wrappers}train"), *pair(f"{wrappers}val")] if split else pair(wrappers.rstrip("/") or ".")
    source = read(tmp_path, *inner, "__MACOSX/._photos", "README", f"{wrappers}.DS_Store", "labels.csv")
    assert source.classes == ("cat", "dog")
    assert source.read_from == wrappers.rstrip("/")
    assert source.split_folders == ({"train": "train", "val": "validation"} if split else {})
    assert source.rejected == []
    hidden = "hidden, or left by a system"
    assert dict(source.skipped) == {
        "README": "a text", "labels.csv": ".csv is no image format", "__MACOSX": hidden, f"{wrappers}.DS_Store": hidden,
    }  # fmt: skip


def test_one_class_in_a_folder_is_no_wrapper(tmp_path: Path) -> None:
    assert read(tmp_path, "cat/1.png", "cat/deeper/2.png").classes == ("cat",)


@pytest.mark.parametrize("name", KNOWN)
def test_splits_by_all_their_names(tmp_path: Path, name: str) -> None:
    source = read(tmp_path, *pair("train"), *pair(name))
    assert source.classes == ("cat", "dog")
    assert source.split_folders == {"train": "train", name: KNOWN[name]}
    assert set(source.splits or ()) == {"train", KNOWN[name]}


@pytest.mark.parametrize("name", KNOWN)
def test_a_split_without_classes_is_passed_over_by_name(tmp_path: Path, name: str) -> None:
    folder = f"{name}ing" if name == "train" else name
    source = read(tmp_path, *pair("train"), f"{folder}/1.png", f"{folder}/2.png", f"{folder}/rows.csv")
    assert source.classes == ("cat", "dog")
    assert source.names == ["train/cat/1.png", "train/dog/1.png"]
    reason = "in a split folder without class folders"
    assert dict(source.skipped) == {
        f"{folder}/1.png": reason, f"{folder}/2.png": reason, f"{folder}/rows.csv": ".csv is no image format"
    }  # fmt: skip


def test_an_empty_split_is_named_as_well(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    assert [skip.name for skip in read(tmp_path, *pair("train")).skipped] == ["test"]


@pytest.mark.parametrize("name", UNLABELLED)
@pytest.mark.parametrize("beside", [PAIR, pair("train")])
@pytest.mark.parametrize("deep", ["", "cat/"])
def test_unlabelled_images_are_no_class(tmp_path: Path, name: str, beside: tuple[str, ...], deep: str) -> None:
    source = read(tmp_path, *beside, f"{name}/{deep}1.png")
    assert source.classes == ("cat", "dog")
    assert dict(source.skipped) == {f"{name}/{deep}1.png": "in a folder of unlabelled images"}


@pytest.mark.parametrize("name", [*(name for name in KNOWN if KNOWN[name] != "train"), *UNCLEAR])
def test_what_may_be_a_split_or_a_class_is_refused(tmp_path: Path, name: str) -> None:
    """A class called test would else be lost, or test images become a class."""
    message = refused(tmp_path, *PAIR, f"{name}/1.png")
    assert f"{tmp_path / name} may be a split or a class" in message
    assert f"if a class, put all class folders into {tmp_path / 'train'}" in message
    for folder in ("cat", "dog", name):  # the way out
        (tmp_path / "train").mkdir(exist_ok=True)
        (tmp_path / folder).rename(tmp_path / "train" / folder)
    assert set(open_source(tmp_path).classes) == {"cat", "dog", name}


@pytest.mark.parametrize("name", UNCLEAR)
@pytest.mark.parametrize("inside", ["cat/", ""])
def test_a_split_of_an_unclear_name_is_refused(tmp_path: Path, name: str, inside: str) -> None:
    message = refused(tmp_path, *pair("train"), f"{name}/{inside}1.png")
    assert f"{tmp_path / name} is no split, but {tmp_path / 'train'} beside it holds class folders" in message


@pytest.mark.parametrize("names", [("training_set", "test_set"), ("seg_train", "seg_test"), ("TrainSet", "val2017")])
@pytest.mark.parametrize("twice", [False, True])
def test_names_that_hold_the_word_of_a_split_are_refused_and_can_be_changed(
    tmp_path: Path, names: tuple[str, str], twice: bool
) -> None:
    message = refused(tmp_path, *(f for n in names for f in pair(f"{n}/{n}" if twice else n)))
    assert "may be a split or a class; if a split, call it train, validation or test" in message
    for old, new in zip(names, ("train", "test" if "test" in names[1] else "val"), strict=True):
        (tmp_path / old).rename(tmp_path / new)
    source = open_source(tmp_path)
    assert source.classes == ("cat", "dog")
    assert len(source.split_folders) == 2


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((*pair("train"), "more/1.png"), "more is no split, but"),
        ((*pair("train"), "more/cat/1.heic"), "more is no split, but"),
        (pair("test"), "none in"),
        ((*pair("test"), "train/1.png"), "none in"),
        (("train/1.png", "test/1.png"), "has no class folders"),
        (("1.png", "2.png"), "has no class folders"),
        (("unlabelled/1.png",), "has no class folders"),
        (("cat/1.png", "dog/1.heic"), "dog has no images that can be read ('dog/1.heic': .heic files cannot be read"),
        (("cat/1.png", "dog/1.txt"), "dog has no images; add some, or remove it"),
        ((*pair("train"), "test/dog/1.txt"), "dog has no images; add some, or remove it"),
    ],
)
def test_refused(tmp_path: Path, names: tuple[str, ...], words: str) -> None:
    assert words in refused(tmp_path, *names)


def test_what_holds_no_images_may_lie_beside_splits(tmp_path: Path) -> None:
    source = read(tmp_path, *pair("train"), "annotations/deep/1.xml", "meta/rows.json")
    assert source.classes == ("cat", "dog")
    assert {skip.name for skip in source.skipped} == {"annotations/deep/1.xml", "meta/rows.json"}


@pytest.mark.parametrize("suffix", sorted(PICTURES))
def test_formats_that_are_not_read_count_as_rows(tmp_path: Path, suffix: str) -> None:
    source = read(tmp_path, *PAIR, f"cat/2{suffix}", f"cat/3{suffix.upper()}")
    assert {bad.name for bad in source.rejected} == {f"cat/2{suffix}", f"cat/3{suffix.upper()}"}
    assert all("cannot be read: save them as PNG or JPEG" in bad.reason for bad in source.rejected)


@pytest.mark.parametrize("text", ["LICENSE", "notes of ü", "a\tb\r\n", "x" * 511 + "ü"])
def test_texts_without_an_ending_are_no_images(tmp_path: Path, text: str) -> None:
    build(tmp_path, *PAIR)
    (tmp_path / "cat" / "README").write_bytes(text.encode())
    (tmp_path / "cat" / "image").write_bytes(b"P2 8 8 255 " + b"7 " * 64)  # an image as text
    source = open_source(tmp_path)
    assert dict(source.skipped) == {"cat/README": "a text"}
    assert "cat/image" in source.names
    assert source.pixels.header(source.names.index("cat/image")).shape == (8, 8, 1)


@pytest.mark.parametrize("of", ["root", "wrapper", "split", "class", "folder in a class", "file"])
def test_links_in_all_places_change_nothing(tmp_path: Path, of: str) -> None:
    names = [*pair("photos/train"), *pair("photos/test"), "photos/train/cat/deep/2.png"]
    plain = read(tmp_path / "plain", *names)
    build(tmp_path / "linked", *names)
    place = tmp_path / {
        "root": "linked", "wrapper": "linked/photos", "split": "linked/photos/train",
        "class": "linked/photos/train/cat", "folder in a class": "linked/photos/train/cat/deep",
        "file": "linked/photos/train/cat/1.png",
    }[of]  # fmt: skip
    place.rename(tmp_path / "0a1b")  # as a cache names things: without an ending
    place.symlink_to(tmp_path / "0a1b")
    linked = open_source(tmp_path / "linked")
    assert (linked.names, linked.labels, linked.splits) == (plain.names, plain.labels, plain.splits)
    assert (linked.read_from, linked.split_folders) == (plain.read_from, plain.split_folders)
    assert linked.rejected == linked.skipped == []
    assert [linked.pixels.header(i).shape for i in range(5)] == [(8, 8, 1)] * 5


@pytest.mark.parametrize("linked", ["whole", "each file"])
def test_files_of_one_content_are_as_many_rows_with_links_as_without(tmp_path: Path, linked: str) -> None:
    """A cache keeps one copy of two equal files."""
    build(tmp_path / "store", "0a")
    Image.new("L", (8, 8)).save(tmp_path / "store" / "0a", "PNG")
    build(tmp_path / "photos", "dog/1.png", "cat/0.png")
    for name in ("cat/1.png", "cat/2.png"):
        (tmp_path / "photos" / name).symlink_to("../../store/0a")
    assert open_source(tmp_path / "photos").names == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/1.png"]


@pytest.mark.parametrize(
    ("link", "target", "words"),
    [
        ("bird", ".", "are one folder, by a link; remove one of the two"),
        ("bird", "..", "is a link to a folder that it lies in; remove the link"),
        ("bird", "cat", "are one folder, by a link; remove one of the two"),
        ("bird", "nothing", "which should be a class folder, is a link to nothing; mend or remove it"),
        ("bird", "bird", "which should be a class folder, is a link to itself; mend or remove it"),
    ],
)
def test_class_folders_that_lead_astray_are_refused(tmp_path: Path, link: str, target: str, words: str) -> None:
    root = build(tmp_path / "photos", *PAIR)
    (root / link).symlink_to(target, target_is_directory=True)
    assert words in refused(root)


DEEPER = st.lists(st.sampled_from(["cat", "train", "val", "unlabelled", "__MACOSX", ".git", "a b"]), max_size=2)
FILES = st.sampled_from(["1.png", "2.jpg", "3.heic", "notes.txt", "README", ".hidden", "4.weird"])
TARGETS = st.sampled_from([".", "..", "../..", "cat", "../dog", "../more", "nothing"])


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Draw names of files, and links with their targets; most of them can be read."""
    top = draw(st.sampled_from(["", "train/", "photos/", "photos/train/"]))
    beside = draw(st.lists(st.sampled_from(["", "unlabelled", "test", "eval", "more", "__MACOSX"]), max_size=2))
    places = [f"{top}cat", f"{top}dog", *(f"{top.removesuffix('train/')}{folder}".rstrip("/") for folder in beside)]
    paths = st.tuples(st.sampled_from(places), DEEPER, FILES)
    names = ["/".join(filter(None, [at, *deeper, file])) for at, deeper, file in draw(st.lists(paths, max_size=10))]
    links = st.tuples(st.sampled_from([f"{place}/{name}" for place in places[:2] for name in ("x", "5.png")]), TARGETS)
    return [*pair(top.rstrip("/") or "."), *names], draw(st.lists(links, max_size=3))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(trees())
def test_every_file_is_a_row_or_named_with_a_reason(tree: tuple[list[str], list[tuple[str, str]]]) -> None:
    names, links = tree
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        build(root, *names)
        for place, target in dict(links).items():
            (root / place).symlink_to(target, target_is_directory=True)
        source, message = None, ""
        try:
            source = open_source(root)
        except DataError as error:
            message = str(error)
        if source is None:
            assert str(root) in message
            return
        aside = [*source.rejected, *source.skipped]
        assert all(reason for _, reason in aside)
        listed = [*source.names, *(name for name, _ in aside)]
        assert len(set(listed)) == len(listed)
        for path in (path for path in root.rglob("*") if path.is_file()):
            parts = path.relative_to(root).parts
            assert any("/".join(parts[:n]) in listed for n in range(1, len(parts) + 1)), path
        real = [os.path.realpath(root / name) for name in source.names]
        assert len(set(real)) == len(real)
