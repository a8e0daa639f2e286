"""Benchmarks of many runs: several at a time, a thread each, logged as they end, so that an interrupted one goes on."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def run_all(
    function: Callable[..., Result], jobs: Sequence[tuple[Result, Sequence[Any]]], log: Path, workers: int
) -> list[Result]:
    """Call a function once for each job that the log does not hold yet, and return the results of all of them.

    Parameters
    ----------
    function : callable
        Of a module, so that another process can import it. What it returns is JSON, but for the job's key.
    jobs : sequence of (dict, sequence)
        The key under which a job's result is logged, and the function's arguments.
    log : Path
        JSON lines, one for each job done, of one benchmark at a time. Where some fail, the others still run, and then
        the benchmark ends.
    workers : int
        Jobs at a time.
    """
    with log.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another benchmark writes {log}: two would do everything twice")
        return _run_all(function, jobs, log, workers)


def _run_all(
    function: Callable[..., Result], jobs: Sequence[tuple[Result, Sequence[Any]]], log: Path, workers: int
) -> list[Result]:
    done = [json.loads(line) for line in log.read_text().splitlines()]
    todo = [(key, arguments) for key, arguments in jobs if not any(_is(r, key) for r in done)]
    failed: list[Result] = []
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent) as pool:
        running = {pool.submit(function, *arguments): key for key, arguments in todo}
        for future in as_completed(running):
            if future.exception() is not None:  # of one job, while others still end, and are kept
                failed.append(running[future])
                traceback.print_exception(future.exception())
                continue
            done.append(running[future] | future.result())
            with log.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
            print(done[-1], flush=True)
    if failed:
        sys.exit(f"failed: {failed}; the log holds what ended well")
    return [r for r in done if any(_is(r, key) for key, _ in jobs)]


def _is(result: Result, key: Result) -> bool:
    return all(result.get(name) == value for name, value in key.items())


def _end_with_parent() -> None:
    """Watch the parent from a worker: one that outlives a killed benchmark would slow the next."""
    threading.Thread(target=_wait_and_exit, daemon=True).start()


def _wait_and_exit() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
