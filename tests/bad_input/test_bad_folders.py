"""Image folders that hold too little, or what they should not; names of all kinds; places that cannot be written."""

from __future__ import annotations

import errno
import inspect
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import image_folder, noise

from ganaug.modalities.image.sources import open_source


def classes(**counts: int) -> Callable[[], None]:
    """Build an image folder of so many images a class."""

    def build() -> None:
        for k, (label, n) in enumerate(counts.items()):
            Path("images", label).mkdir(parents=True)
            for i in range(n):
                noise(100 * k + i).save(Path("images", label, f"{i}.png"))

    return build


def folders(*names: str) -> Callable[[], None]:
    def build() -> None:
        for name in names:
            image_folder(Path("images"), (name,), n=5)

    return build


def identical(*labels: str) -> None:
    for label in labels:
        Path("images", label).mkdir(parents=True)
        for i in range(10):
            noise(0).save(Path("images", label, f"{i}.png"))


def flat() -> None:
    Path("images").mkdir()
    noise(0).save(Path("images", "0.png"))


def empty_class() -> None:
    image_folder(Path("images"))
    Path("images", "bird").mkdir()


def no_image_in_a_class() -> None:
    empty_class()
    Path("images", "bird", "notes.txt").write_text("x")


def copies_in_one_class() -> None:
    image_folder(Path("images"), ("cat",))
    Path("images", "dog").mkdir()
    for i in range(10):
        noise(99).save(Path("images", "dog", f"{i}.png"))


def class_only_in_test() -> None:
    for split in ("train", "test"):
        image_folder(Path("images", split))
    image_folder(Path("images", "test"), ("bird",))


def archive() -> None:
    shutil.make_archive("images", "zip", image_folder(Path("photos")))


def loop() -> None:
    Path("images").symlink_to("images")


def nothing() -> None:
    pass


# What builds the source, the source, and words of the message.
REFUSED: dict[str, tuple[Callable[[], Any], str, tuple[str, ...]]] = {
    "no such source": (nothing, "imgaes", ("'imgaes' is neither a file nor a folder", "fashion_mnist_mini")),
    "almost a built-in name": (nothing, "digts", ("'digts'", "did you mean 'digits'?")),
    "a link to itself": (loop, "images", ("'images' is neither a file nor a folder",)),
    "a zip file": (archive, "images.zip", ("is a .zip file; give a folder",)),
    "a name with a zero byte": (nothing, "im\0ages", ("'im\\x00ages'", "neither a file nor a folder")),
    "a name too long": (nothing, "x" * 300, ("x' cannot be read", "File name too long")),
    "a name with a newline": (nothing, "im\nages", ("'im\\nages' is neither",)),
    "an empty folder": (lambda: Path("images").mkdir(), "images", ("images has no class folders", "put the images")),
    "images without classes": (flat, "images", ("images has no class folders", "a folder named after it")),
    "an empty class": (empty_class, "images", ("class folder images/bird has no images", "add some, or remove it")),
    "a class without images": (no_image_in_a_class, "images", ("images/bird has no images; add some",)),
    "names that look alike": (folders("caf\u00e9", "cafe\u0301"), "images", ("Unicode form; make them one",)),
    "a single class": (classes(cat=9), "images", ("only one class, 'cat'; give at least two", "images")),
    "one row in all": (classes(cat=1), "images", ("only one class, 'cat'",)),
    "a class with one row": (
        classes(cat=9, dog=1),
        "images",
        ("images: class 'dog' has 1 usable rows", "at least 3; add rows"),
    ),
    "a class with two rows": (classes(cat=9, dog=2), "images", ("'dog' has 2 usable rows", "too few")),
    "all rows identical": (
        lambda: identical("cat", "dog"),
        "images",
        ("class 'cat' has 0 usable rows", "20 rows are kept out", "copies have other labels, 'cat/0.png'"),
    ),
    "a class of copies": (
        copies_in_one_class,
        "images",
        ("'dog' has", "in 1 groups (copies are one, and windows that overlap)", "add rows"),
    ),
    "a class only in test": (class_only_in_test, "images", ("class 'bird' has 0 usable rows",)),
}


@pytest.mark.parametrize(("build", "source", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(
    project: Path, refused: Callable[..., None], build: Callable[[], Any], source: str, words: tuple[str, ...]
) -> None:
    build()
    refused("prepare", words, {"prepare": {"source": source}})


def test_a_folder_that_may_not_be_read(
    project: Path, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder(project / "images")
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        if Path(path).name == "dog":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    refused(
        "prepare", ("'images' cannot be read", "Permission denied: 'images/dog'"), {"prepare": {"source": "images"}}
    )


def test_an_image_that_may_not_be_read_is_set_aside(
    project: Path, stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder(project / "images")
    opened = Path.open

    def guarded(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.name == "003.png":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", guarded)
    monkeypatch.setattr("builtins.open", lambda f, *a, **k: guarded(Path(f), *a, **k))
    assert stage("prepare", {"prepare": {"source": "images", "max_unreadable": 0.1}}).code == 0
    assert [entry["name"] for entry in report()["rejected"]] == ["cat/003.png", "dog/003.png"]
    assert "Permission denied" in report()["rejected"][0]["reason"]


def test_links_are_followed_but_not_in_circles(project: Path, stage: Callable[..., Any]) -> None:
    root = image_folder(project / "images", n=40)
    for name in ("secret.png", "more/1.png", "more/2.png"):
        (project / name).parent.mkdir(exist_ok=True)
        noise(len(name) + ord(name[-5])).save(project / name)
    (root / "cat" / "loop").symlink_to(root, target_is_directory=True)
    (root / "cat" / "self.png").symlink_to("self.png")
    (root / "cat" / "out.png").symlink_to(project / "secret.png")
    (root / "cat" / "nothing.png").symlink_to("../../nothing.png")
    (root / "cat" / "more").symlink_to("../../more", target_is_directory=True)
    (root / "dog" / "project").symlink_to("../..", target_is_directory=True)
    os.mkfifo(root / "cat" / "pipe.png")
    assert stage("prepare", {"prepare": {"source": "images", "max_unreadable": 0.06}}).code == 0
    found = {entry["name"]: entry["reason"] for entry in report()["rejected"]}
    assert found == {
        "cat/nothing.png": "a link to nothing",
        "cat/pipe.png": "not a regular file",
        "cat/self.png": "a link to itself",
    }
    assert {entry["name"] for entry in report()["skipped"]} == {"cat/loop", "dog/project"}
    assert report()["source"]["rows"]["train"] == {"cat": 43, "dog": 40}


def test_names_of_all_kinds(project: Path, stage: Callable[..., Any]) -> None:
    labels = ("Füße", "a b", "new\nline", "日本語", "🙂", "-rf", "a'\"b", "CON", "nan", "100%")
    root = image_folder(project / "im ages\n", labels, n=5)
    (root / "a b" / "\ttab \u202eright to left.png").write_bytes(b"")
    (root / "CON" / "000.png").rename(os.fsdecode(os.fsencode(root / "CON") + b"/\xff.png"))
    assert stage("prepare", {"prepare": {"source": "im ages\n"}, "repeats": [0]}).code == 0
    assert set(report()["classes"]) == set(labels)
    assert [entry["name"] for entry in report()["rejected"]] == ["a b/\ttab \u202eright to left.png"]


@pytest.mark.slow
def test_folders_nested_without_end(project: Path) -> None:
    place = image_folder(project / "images", n=5) / "cat" / "/".join("d" * 300)
    place.mkdir(parents=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 200)
    try:
        assert len(open_source("images").names) == 10
        (place / "x.png").touch()
        assert len(open_source("images").names) == 11
    finally:
        sys.setrecursionlimit(limit)


def file_at(place: str) -> Callable[[], None]:
    def build() -> None:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text("in the way")

    return build


def somebody_elses() -> None:
    Path("data/splits").mkdir(parents=True)
    Path("data/splits/thesis.tex").write_text("x")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (file_at("data"), ("data/splits cannot be written", "File exists")),
        (file_at("data/splits"), ("data/splits was not written by ganaug; move it away",)),
        (somebody_elses, ("data/splits was not written by ganaug; move it away",)),
        (file_at("reports"), ("reports/prepare.json cannot be written",)),
    ],
)
def test_places_that_cannot_be_written(
    project: Path, refused: Callable[..., None], build: Callable[[], None], words: tuple[str, ...]
) -> None:
    build()
    refused("prepare", words, {"prepare": {"source": "digits"}})


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_disk_that_is_full_or_read_only(
    project: Path, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch, problem: int
) -> None:
    def mkdir(self: Path, *arguments: Any, **options: Any) -> None:
        raise OSError(problem, os.strerror(problem), str(self))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    words = ("data/splits cannot be written", os.strerror(problem), "then run again")
    refused("prepare", words, {"prepare": {"source": "digits"}})


def report() -> dict[str, Any]:
    return json.loads(Path("reports/prepare.json").read_text(encoding="utf-8"))
