"""The guard turns errors into exit codes and one line."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from ganaug.errors import ConfigError, DataError, GanaugError, ModelError, guard


def failing_with(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize("kind", [GanaugError, DataError, ConfigError, ModelError])
def test_a_users_mistake_is_one_line_and_exit_code_2(
    kind: type[GanaugError], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        guard(failing_with(kind("train.parquet is missing; run prepare first")))
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.err == "ganaug: train.parquet is missing; run prepare first\n"
    assert captured.out == ""


def test_ctrl_c_is_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        guard(failing_with(KeyboardInterrupt()))
    assert stop.value.code == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_message_is_written_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that say theirs at one moment would else write into each other's lines."""
    pieces: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", pieces.append)
    with pytest.raises(SystemExit):
        guard(failing_with(DataError("a file called\nso is missing")))
    assert pieces == ["ganaug: a file called so is missing\n"]


def test_a_programmers_mistake_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        guard(failing_with(ZeroDivisionError()))


def test_success_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    guard(lambda: None)
    assert capsys.readouterr() == ("", "")
