"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import pytest

from ganaug.utils import progress
from ganaug.utils.progress import Progress


class Clock:
    """Stands in for `time`: moves only when told."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_elsewhere_a_line_every_ten_seconds_and_one_at_the_end(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("train_gan repeat 0", 50) as bar:
        for _ in range(50):
            clock.now += 0.5
            bar.advance(note="loss 0.3")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "train_gan repeat 0: 20/50 steps, 2.0/s, 15 s left, loss 0.3",
        "train_gan repeat 0: 40/50 steps, 2.0/s, 5 s left, loss 0.3",
        "train_gan repeat 0: 50/50 steps, 2.0/s, done in 25.0 s",
    ]


def test_elsewhere_short_work_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("generate", 200, "rows") as bar:
        clock.now += 2
        bar.advance(200)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_short_work_is_one_line(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress("generate", 200, "rows") as bar:
        clock.now += 2
        bar.advance(200)
    captured = capsys.readouterr()
    assert captured.err.endswith("generate: 200/200 rows, 100.0/s, done in 2.0 s\n")
    assert captured.out == ""


def test_a_terminal_gets_one_live_line(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress("train_gan", 10) as bar:
        for _ in range(10):
            clock.now += 1
            bar.advance()
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert text.count("\r\x1b[2K") == 10
    assert "4/10 steps, 1.0/s, 6 s left" in text


def test_resumed_work_counts_only_its_own_steps_in_the_rate(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("train_gan", 100, start=90) as bar:
        clock.now += 10
        bar.advance(5)
        bar.advance(5)
    first, last = capsys.readouterr().err.splitlines()
    assert first == "train_gan: 95/100 steps, 0.5/s, 10 s left"
    assert last == "train_gan: 100/100 steps, 1.0/s, done in 10.0 s"


def test_a_failure_claims_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), Progress("train_gan", 10):
        raise RuntimeError
    assert capsys.readouterr().err == ""


def test_a_line_that_stays_takes_the_place_of_the_live_one(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress("train_gan", 10) as bar:
        clock.now += 1
        bar.advance(5)
        bar.say("ganaug: back to step 3")
    seen = [written.rpartition("\x1b[2K")[2] for written in capsys.readouterr().err.split("\n")]
    assert seen[0] == "ganaug: back to step 3"
    assert seen[1].startswith("train_gan: 5/10 steps")


def test_of_processes_that_share_the_work_one_shows_it(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for rank in "01":
        monkeypatch.setenv("RANK", rank)
        with Progress(f"train_gan of {rank}", 10) as bar:
            clock.now += 20
            bar.advance(10)
    assert capsys.readouterr().err == "train_gan of 0: 10/10 steps, 0.5/s, done in 20.0 s\n"
