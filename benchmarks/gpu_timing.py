"""How gpu.py times, gives sections a limit of time, and prints tables."""

from __future__ import annotations

import os
import platform
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ganaug.gan.fabric import make_fabric

Row = dict[str, Any]


def machine() -> Row:
    """Return what is measured, by name."""
    try:
        asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        driver = "none"
    return {
        "card": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "torch": torch.__version__,
        "driver": driver,
        "python": platform.python_version(),
        "CPU": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "precision": make_fabric().strategy.precision.precision,
    }


class OutOfTime(Exception):  # noqa: N818 - no error: the rows so far count
    """A section has had its time."""


def limited(rows: Iterator[Row], seconds: int) -> Iterator[Row]:
    """Pass on rows until the time is up. What goes wrong is a last row."""

    def stop(*_: object) -> None:
        raise OutOfTime(f"after {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    began = time.perf_counter()
    try:
        yield from rows
    except Exception as error:
        yield failed(error)
    finally:
        signal.alarm(0)
    print(f"({time.perf_counter() - began:.0f} s)", flush=True)


def failed(error: Exception) -> Row:
    """Return a row that says what went wrong."""
    return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}


def tried(setting: Row, measure: Callable[[], Row]) -> Row:
    """Return a setting and what is measured of it, or why that failed; only the limit of time goes further."""
    try:
        return setting | measure()
    except OutOfTime:
        raise
    except Exception as error:
        return setting | failed(error)


def table(name: str, rows: list[Row]) -> str:
    """Return rows as a table in Markdown."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns, ["---"] * len(columns), *([shown(row.get(column, "")) for column in columns] for row in rows)]
    return f"\n## {name}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(value: object) -> str:
    """Return a value as a cell: numbers with three digits or all before the point."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value).replace("|", "/")


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def clock(run: Callable[[], object]) -> float:
    """Return the seconds of a call, with what it left the card to do."""
    synchronize()
    began = time.perf_counter()
    run()
    synchronize()
    return time.perf_counter() - began


def rates(seconds: float, **runs: Callable[[], object]) -> dict[str, float]:
    """Return how often a second each can be called: medians of three turns of so many seconds in all, warmed up."""
    for run in runs.values():
        clock(run)
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(3):
        for name, run in runs.items():
            took = [clock(run)]
            while sum(took) < seconds / 3:
                took.append(clock(run))
            found[name].append(len(took) / sum(took))
    return {name: statistics.median(each) for name, each in found.items()}
