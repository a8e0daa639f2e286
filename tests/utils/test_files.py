"""Files are whole or not there."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ganaug.utils.files import KEPT_DAYS, atomic_path, read_json, remove_stale, write_json


def test_a_written_file_takes_its_place(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "a.txt"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail_half_way() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        fail_half_way()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_json_is_the_same_bytes_whatever_the_order(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5, None]})
    write_json(tmp_path / "b.json", {"a": [1.5, None], "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "a.json").read_text().endswith("}\n")
    assert read_json(tmp_path / "a.json") == {"a": [1.5, None], "b": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_that_other_tools_cannot_read_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"a": value})
    assert list(tmp_path.iterdir()) == []


def test_only_files_that_nobody_writes_any_more_are_removed(tmp_path: Path) -> None:
    ages = {"a/0/old.json": KEPT_DAYS + 0.1, "a/0/new.json": KEPT_DAYS - 0.1, "a/0/old.txt": 99.0, "old.json": 99.0}
    for name, days in ages.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, times=(time.time() - days * 86_400,) * 2)
    remove_stale(tmp_path, "*/*/*.json")
    assert {name for name in ages if (tmp_path / name).exists()} == set(ages) - {"a/0/old.json"}
    remove_stale(tmp_path / "nowhere", "*")
