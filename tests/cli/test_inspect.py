"""``ganaug inspect``: facts and pictures of models and data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typing_commands import Type

from ganaug import GANAugmenter
from ganaug.data.rows import Rows, RowWriter
from ganaug.modalities.image.schema import image_schema


def test_a_folder_of_images(here: Path, ganaug: Type) -> None:
    (here / "photos/zero/bad.png").write_text("no image")
    (here / "photos/notes.txt").touch()
    Image.new("RGB", (30, 20)).save(here / "photos/one/large.png")
    code, out, err = ganaug("inspect", "photos", "--json", "--picture", "grid.png")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert (facts["kind"], facts["height"], facts["width"], facts["channels"]) == ("images", 8, 8, 3)
    assert (facts["images"], facts["resized"], len(facts["unreadable"])) == (31, 1, 1)
    assert facts["classes"] == [
        {"class": "one", "rows": 11},
        {"class": "two", "rows": 10},
        {"class": "zero", "rows": 10},
    ]
    with Image.open(here / "grid.png") as picture:
        assert picture.format == "PNG"
        assert picture.height > 3 * 64
    _, out, _ = ganaug("inspect", "photos")
    assert "one      11" in out.splitlines()
    (unreadable,) = (line for line in out.splitlines() if "not an image" in line)
    assert "zero/bad.png" in unreadable


def test_what_is_not_shown_is_not_decoded(here: Path, ganaug: Type) -> None:
    path = here / "photos/one/0.png"
    path.write_bytes(path.read_bytes()[:-40])  # the header is whole
    assert json.loads(ganaug("inspect", "photos", "--json").out)["images"] == 30
    assert ganaug("inspect", "photos", "--picture", "grid.png").code == 0


def test_rows_of_ganaug(here: Path, ganaug: Type) -> None:
    images = np.random.default_rng(0).integers(0, 255, (12, 8, 8, 1), np.uint8)
    rows = Rows.build(image_schema(8, 8, 1, ("a", "b")), images, np.arange(12) % 2)
    rows.synthetic[6:] = True
    with RowWriter(here / "rows.parquet", rows.schema) as writer:
        writer.write(rows)
    code, out, _ = ganaug("inspect", "rows.parquet", "--json", "--picture", "grid.png")
    assert code == 0
    facts = json.loads(out)
    assert (facts["real"], facts["synthetic"], facts["dropped"]) == (6, 6, 0)
    assert facts["classes"][0] == {"class": "a", "real": 3, "synthetic": 3, "dropped": 0}
    with Image.open(here / "grid.png") as picture:
        assert picture.height == 8 + 4 * (64 + 8)  # a row of real and one of synthetic images for each class


def test_cells_of_classes_and_groups(here: Path, ganaug: Type) -> None:
    photos = sorted((here / "photos").glob("*/*.png"))
    rows = [f"{path.relative_to(here)},{path.parent.name},site {i % 2}" for i, path in enumerate(photos)]
    (here / "rows.csv").write_text("\n".join(["path,label,group", *rows[:9], *rows[10:]]) + "\n")
    code, out, err = ganaug("inspect", "rows.csv", "--json")
    assert (code, err) == (0, "")
    cells = json.loads(out)["cells"]
    assert (cells["groups"], cells["empty"], cells["thin"]) == (2, 0, 6)
    assert cells["table"] == {"one": [5, 4], "two": [5, 5], "zero": [5, 5]}
    lines = ganaug("inspect", "rows.csv").out.splitlines()
    assert "rows by group  site 0  site 1" in lines
    assert "one                 5       4" in lines
    assert any(line.startswith("2 groups; of 6 cells (a class in a group) 0 are empty and 6 have") for line in lines)
    assert "cells" not in json.loads(ganaug("inspect", "photos", "--json").out)


def test_a_model(here: Path, ganaug: Type) -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, 8, 8), np.uint8)
    model = GANAugmenter(steps=2, width=8, random_state=3).fit(images, list("aabbcc"))
    model.save("gan")
    code, out, err = ganaug("inspect", "gan", "--json", "--picture", "grid.png")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert (facts["kind"], facts["steps"], facts["seed"], facts["id"]) == ("model", 2, 3, model.model_id_)
    assert [row["class"] for row in facts["classes"]] == ["a", "b", "c"]
    with Image.open(here / "grid.png") as picture:
        assert picture.height == 8 + 3 * 72


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "nowhere"),
        (("photos", "--picture", "grid.jpg"), "grid.jpg is no PNG"),
        (("broken.parquet",), "broken.parquet is no readable Parquet file"),
        (("rows.csv", "--modality", "image"), "no column 'path'"),
    ],
)
def test_what_cannot_be_read_is_refused(words: tuple[str, ...], message: str, here: Path, ganaug: Type) -> None:
    (here / "broken.parquet").write_bytes(b"PAR1")
    (here / "rows.csv").write_text("file,label\na.png,x\n")
    code, out, err = ganaug("inspect", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
