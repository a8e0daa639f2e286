"""Progress of long work on stderr: a live line on a terminal; elsewhere a line now and then, none for short work."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any

from ganaug.utils.run import Run, name, span

QUIET_SECONDS = 10.0  # between lines where nobody watches a terminal
LIVE_SECONDS = 0.2

_runs: list[Run] = []  # the run of the pipeline that this process is a stage of, if any
_muted: list[bool] = []


def begin_stage(kind: str, params: Any, repeat: int | None = None) -> None:
    """Say that this process is a stage of the pipeline; its progress then shows how far the whole run is.

    Parameters
    ----------
    kind : str
        Name of the stage, for example ``"evaluate"``.
    params : Params
        Of the run.
    repeat : int, optional
        Of a stage that runs once a repeat.
    """
    run = Run.read(params)
    run.begin(name(kind, repeat))
    _runs[:] = [run]


def mute() -> None:
    """Show no progress in this process, which works beside one that does."""
    _muted[:] = [True]


class Progress:
    """Count steps of one stage and show stage, step, rate and time left.

    Parameters
    ----------
    stage : str or None
        What is being done, for example ``"train_gan repeat 0"``; None shows nothing.
    total : int
        Steps in all.
    unit : str, default="steps"
        What is counted.
    start : int, default=0
        Steps already done, where work is resumed.

    Examples
    --------
    >>> with Progress("generate", 200, "rows") as progress:
    ...     for _ in range(2):
    ...         progress.advance(100)
    """

    def __init__(self, stage: str | None, total: int, unit: str = "steps", start: int = 0) -> None:
        speaks = os.environ.get("RANK", "0") == "0" and not _muted  # of torchrun's processes the first does
        self.stage = stage if speaks else None
        self.total = total
        self.unit = unit
        self.done = start
        self._start = start
        self._live = sys.stderr.isatty()
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def advance(self, n: int = 1, note: str = "") -> None:
        """Count ``n`` more steps; ``note`` (say, the losses) ends the line."""
        self.done += n
        due = time.monotonic() - self._shown >= (LIVE_SECONDS if self._live else QUIET_SECONDS)
        if due and self.done < self.total:  # the last step's line is that of the end
            self._show(note)

    def _show(self, note: str, over: bool = False) -> None:
        if self.stage is None:
            return
        self._shown = time.monotonic()
        seconds = max(self._shown - self._began, 1e-9)
        rate = (self.done - self._start) / seconds
        left = f"{(self.total - self.done) / rate:.0f} s left" if rate > 0 else "? s left"
        end = f"done in {seconds:.1f} s" if over else left
        line = f"{self.stage}: {self.done}/{self.total} {self.unit}, {rate:.1f}/s, {end}"
        if note:
            line += f", {note}"
        for run in _runs:
            if self.stage == run.begun[-1].replace(" ", " repeat ") and self.done:  # not another part of the stage
                run.heard(self.done / self.total)
            share, rest = run.state()
            line += f"; run: {share:.0%}, {span(rest)} left"
        self._write(line if self._live else f"{line}\n")

    def say(self, line: str) -> None:
        """Write a line that stays, in the place of a live one."""
        self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[2K{text}" if self._live else text)
        sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and (self._live or time.monotonic() - self._began >= QUIET_SECONDS):
            self._show("", over=True)
        if self._live and self.stage is not None:
            print(file=sys.stderr)
