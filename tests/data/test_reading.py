"""What is said of what was read and what was passed over."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ganaug.data.reading import LISTED, PAGES, REASONS, about, told
from ganaug.modalities.image.load import load, survey
from ganaug.modalities.image.reading import count_pages
from ganaug.modalities.image.sources import open_source
from ganaug.modalities.loaded import Loaded, Rejected, Spec


def pages(kind: str, n: int) -> bytes:
    shown = [Image.fromarray(np.full((8, 8, 3), 20 * i, np.uint8)) for i in range(n)]
    buffer = io.BytesIO()
    shown[0].save(buffer, kind, save_all=True, append_images=shown[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("n", [1, 2, 12])
def test_pages_and_frames_are_counted(kind: str, n: int) -> None:
    assert count_pages(pages(kind, n)) == n


def test_what_a_camera_hides_behind_a_photo_is_no_page() -> None:
    assert count_pages(pages("MPO", 3)) == 1


@pytest.mark.parametrize("content", [b"", b"no image", pages("TIFF", 3)[:100]])
def test_damaged_files_have_one_page(content: bytes) -> None:
    assert count_pages(content) == 1


@pytest.mark.parametrize("form", ["folder", "manifest", "table"])
def test_further_pages_are_told_of_every_source(tmp_path: Path, form: str) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.tif").write_bytes(pages("TIFF", 5 if name == "b" else 1))
    where = {"folder": tmp_path, "manifest": tmp_path / "m.csv", "table": tmp_path / "t.parquet"}[form]
    if form == "manifest":
        where.write_text("path,label\na/1.tif,a\nb/1.tif,b\n")
    if form == "table":
        images = [{"bytes": (tmp_path / name / "1.tif").read_bytes(), "path": None} for name in "ab"]
        pq.write_table(pa.table({"image": images, "label": ["a", "b"]}), where)
    source = open_source(where)
    name = "row 1" if form == "table" else "b/1.tif"
    assert survey(source).further == load(source).further == {name: 4}
    found = about(load(source), "images")
    assert found["passed_over"] == [{"reason": PAGES, "count": 4, "names": [f"{name} (5)"]}]


def made(skipped: list[Rejected], n: int) -> Loaded:
    names = np.full(n, "", object)
    return Loaded(None, Spec(), ("a",), np.zeros(n, np.int64), names, names, names, skipped=skipped)


def test_where_all_is_as_expected_nothing_is_said() -> None:
    assert told(about(made([], 10), "images")) == []


@pytest.mark.parametrize(("n", "loud"), [(1, False), (11, False), (12, True), (100, True)])
def test_a_large_share_is_loud_whatever_the_reasons(n: int, loud: bool) -> None:
    skipped = [Rejected(f"{i}.x{i}", f".x{i} is no image format") for i in range(n)]
    head = told(about(made(skipped, 100), "images"))[0]
    assert head.startswith("PASSED OVER" if loud else "Passed over")


def test_long_lists_are_counted_to_the_end() -> None:
    skipped = [Rejected(f"{i}.x", f"reason {i % 30}") for i in range(30 * (LISTED + 1))]
    found = about(made(skipped, 100), "images")["passed_over"]
    assert {group["count"] for group in found} == {LISTED + 1}
    assert {len(group["names"]) for group in found} == {LISTED}
    lines = told(about(made(skipped, 100), "images"))
    assert len(lines) == 1 + REASONS + 1
    assert lines[-1] == f"  {(30 - REASONS) * (LISTED + 1):,} for {30 - REASONS} more reasons"


def test_names_stay_on_their_line() -> None:
    (_, line) = told(about(made([Rejected("a\nb\x1b[31m\u202e.txt", "why")], 100), "images"))
    assert line == "  1: why (a\\nb\\x1b[31m\\u202e.txt)"
