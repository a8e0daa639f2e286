"""What commands say of the data: in the words of the command line, and nothing passed over in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typing_commands import Type

from ganaug.cli.parser import build_parser
from ganaug.config import Params

COMMANDS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "init": lambda data: ("init", "--data", data),
    "augment": lambda data: ("augment", data, "out"),
    "inspect": lambda data: ("inspect", data),
}
KEYS = re.compile(rf"\b({'|'.join(Params.model_fields)})\.\w+")


def half_unreadable(here: Path) -> None:
    for path in (here / "photos").glob("*/[0-4].png"):
        path.rename(path.with_suffix(".heic"))


def all_unreadable(here: Path) -> None:
    for path in (here / "photos").glob("*/*.png"):
        path.write_text("no image")


def no_such_column(here: Path) -> None:
    (here / "rows.csv").write_text("file,kind\nphotos/one/1.png,one\n")


def half_of_a_manifest(here: Path) -> None:
    (here / "rows.csv").write_text("path,label\nphotos/one/1.png,one\nphotos/one/nothing.png,one\n")


def split_or_class(here: Path) -> None:
    (here / "photos/one").rename(here / "photos/test")


def not_an_image(here: Path) -> None:
    np.savez(here / "rows.npz", X=np.zeros((4, 2, 2, 2, 2)), y=[0, 1, 0, 1])


BAD = {
    half_unreadable: ("photos", {"init", "augment"}),
    all_unreadable: ("photos", {"init", "augment", "inspect"}),
    no_such_column: ("rows.csv", {"init", "augment", "inspect"}),
    half_of_a_manifest: ("rows.csv", {"init", "augment"}),
    split_or_class: ("photos", {"init", "augment", "inspect"}),
    not_an_image: ("rows.npz", {"init", "augment", "inspect"}),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("build", BAD, ids=lambda build: build.__name__)
def test_a_refusal_speaks_of_options_that_the_command_has(
    build: Callable[[Path], None], command: str, here: Path, ganaug: Type
) -> None:
    build(here)
    data, refused = BAD[build]
    code, _, err = ganaug(*COMMANDS[command](data))
    assert code == (2 if command in refused else 0)
    if code:
        assert err.count("\n") == 1
        assert not KEYS.search(err)
        ((_, parsers),) = ((a.dest, a.choices) for a in build_parser()._actions if a.dest == "command")
        known = {flag for action in parsers[command]._actions for flag in action.option_strings}
        assert set(re.findall(r"--[\w-]+", err)) <= known


def test_the_way_out_of_unreadable_rows_and_of_columns_works(here: Path, ganaug: Type) -> None:
    half_unreadable(here)
    assert "raise --max-unreadable" in ganaug("init", "--data", "photos").err
    assert ganaug("init", "--data", "photos", "--max-unreadable", 0.5).code == 0
    (here / "rows.csv").write_text("file,kind\nphotos/one/9.png,one\n")
    assert "name the right one in --columns" in ganaug("inspect", "rows.csv").err
    assert ganaug("inspect", "rows.csv", "--columns", "path=file,label=kind").code == 0


def test_a_criterion_without_validation_rows_names_its_option(here: Path, ganaug: Type) -> None:
    err = ganaug("augment", "photos", "out", "--criterion", "kid").err
    assert "--criterion kid chooses on validation rows, of which photos has none" in err


@pytest.fixture
def mixed(here: Path) -> Path:
    """Photos of two splits with all kinds of things beside them."""
    for split in ("train", "test"):
        (here / "photos" / split).mkdir()
    for name in ("one", "two", "zero"):
        (here / "photos" / "test" / name).mkdir()
        for i in (8, 9):
            (here / "photos" / name / f"{i}.png").rename(here / "photos" / "test" / name / f"{i}.png")
        (here / "photos" / name).rename(here / "photos" / "train" / name)
    pages = [Image.new("L", (8, 8), i) for i in range(12)]
    pages[0].save(here / "photos/train/one/pages.tif", save_all=True, append_images=pages[1:])
    pages[5].save(here / "photos/train/two/moves.gif", save_all=True, append_images=pages[6:8])
    (here / "photos/train/one/1.heic").touch()
    (here / "photos/train/one/gone.png").symlink_to("gone")
    (here / "photos/.DS_Store").touch()
    for i in range(9):
        (here / "photos/train/zero" / f"{i}.xml").touch()
        (here / "photos").joinpath("unlabelled").mkdir(exist_ok=True)
        (here / "photos/unlabelled" / f"{i}.png").touch()
    return here


PASSED = {
    "further pages or frames of a file, of which the first is read": (
        13, ["train/one/pages.tif (12)", "train/two/moves.gif (3)"]
    ),
    ".xml is no image format": (9, [f"train/zero/{i}.xml" for i in range(9)]),
    "in a folder of unlabelled images": (9, [f"unlabelled/{i}.png" for i in range(9)]),
    ".heic files cannot be read: save them as PNG or JPEG": (1, ["train/one/1.heic"]),
    "a link to nothing": (1, ["train/one/gone.png"]),
    "hidden, or left by a system": (1, [".DS_Store"]),
}  # fmt: skip
CLASSES = [
    {"class": "one", "train": 9, "test": 2},
    {"class": "two", "train": 9, "test": 2},
    {"class": "zero", "train": 8, "test": 2},
]
OPTIONS = ("--max-unreadable", 0.1)
QUICK = ("--steps", 2, "--width", 8, "--device", "cpu", "--filters", "copy", *OPTIONS)


def check_text(out: str) -> None:
    lines = [line.strip() for line in out.splitlines()]
    table = lines.index("class  train  test")
    assert [line.split() for line in lines[table + 1 : table + 4]] == [list(map(str, row.values())) for row in CLASSES]
    assert "Split folders: test, train" in lines
    assert "PASSED OVER, beside 32 images that are read:" in lines
    for reason, (count, names) in PASSED.items():
        more = ", ..." if len(names) > 3 else ""
        assert f"{count}: {reason} ({', '.join(names[:3])}{more})" in lines


def check_facts(facts: dict) -> None:
    found = {group["reason"]: (group["count"], group["names"]) for group in facts["passed_over"]}
    assert found == PASSED
    assert facts["passed_over"][-1]["reason"].startswith("hidden")
    assert facts["split_folders"] == {"test": "test", "train": "train"}
    assert (facts["read_from"], facts["usable"]) == ("", 32)


def test_inspect_tells_all(mixed: Path, ganaug: Type) -> None:
    check_text(ganaug("inspect", "photos").out)
    facts = json.loads(ganaug("inspect", "photos", "--json").out)
    check_facts(facts)
    assert facts["classes"] == CLASSES
    assert len(facts["skipped"]) == 19
    assert len(facts["unreadable"]) == 2


def test_init_tells_all(mixed: Path, ganaug: Type) -> None:
    check_text(ganaug("init", "--data", "photos", *OPTIONS).out)


@pytest.mark.slow
def test_augment_tells_all_before_it_trains_and_at_the_end(
    mixed: Path, ganaug: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganaug.augmenter.TEACHER_STEPS", 2)
    code, out, err = ganaug("augment", "photos", "out", *QUICK, "--json")
    assert code == 0
    check_text(err)
    facts = json.loads(out)
    check_facts(facts)
    assert facts["source_classes"] == CLASSES
    assert facts["left_out"] >= 2
    check_text(ganaug("augment", "photos", "out", *QUICK).out)


def test_prepare_tells_all(mixed: Path, ganaug: Type, capsys: pytest.CaptureFixture[str]) -> None:
    from ganaug.data.prepare import prepare
    from ganaug.data.reading import told

    found = prepare("photos", max_unreadable=0.1)
    check_facts(found)
    check_facts(json.loads(Path("reports/prepare.json").read_text()))
    assert "PASSED OVER, beside 32 images that are read:" in told(found)
