"""Tables."""

from __future__ import annotations

from ganaug.cli.show import table


def test_columns_line_up_and_numbers_stand_right() -> None:
    lines = table([["class", "rows", "note"], ["Übergröße", 7, ""], ["x", 1200, "y"]]).splitlines()
    assert lines == ["class      rows  note", "Übergröße     7", "x          1200  y"]
