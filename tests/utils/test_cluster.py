"""Trainings on a Dask cluster end in the bytes of those on this machine, also where a worker is killed."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import get_active_backend

from ganaug.config import EvaluateParams
from ganaug.data.prepare import prepare
from ganaug.errors import ConfigError
from ganaug.evaluation.downstream.run import run_arms
from ganaug.utils.cluster import backend

ARMS = ("real", "class_weights", "random_over")


def test_a_backend_of_the_caller_is_kept() -> None:
    with parallel_config("threading", n_jobs=2), backend(1):
        assert type(get_active_backend()[0]).__name__ == "ThreadingBackend"
    with backend(1):
        assert type(get_active_backend()[0]).__name__ == "LokyBackend"
        assert Parallel()(delayed(os.getpid)() for _ in range(2)) == [os.getpid()] * 2  # one job: this very process


@pytest.mark.slow
@pytest.mark.parametrize(("name", "said"), [
    ("slurm", "GANAUG_BACKEND is 'slurm': it may be one of dask, ray, or not be set"),
    ("dask", "name its scheduler in DASK_SCHEDULER_ADDRESS"),
])  # fmt: skip
def test_what_is_wrong_with_a_cluster_is_said(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_BACKEND", name)
    if name == "dask":
        pytest.importorskip("distributed")
    with pytest.raises(ConfigError, match=said), backend(1):
        pass


@pytest.mark.slow
def test_a_cluster_of_which_a_worker_dies_writes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    monkeypatch.chdir(tmp_path)
    prepare("breast_cancer", repeats=(0,), per_class=20)
    params = EvaluateParams(classifiers=["random_forest"], trials=1, jobs=1)

    def run(out: str) -> dict[str, bytes]:
        written = run_arms("data/splits/0", ARMS, 0, params, out=out, cache_dir=f"{out}-cache")
        return {path.name: path.read_bytes() for path in written}

    here = run("here")
    with (
        dask.config.set({"distributed.worker.daemon": False}),
        distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
    ):
        first, second = (worker.pid for worker in cluster.workers.values())
        monkeypatch.setenv("GANAUG_BACKEND", "dask")
        with dask.config.set({"scheduler-address": cluster.scheduler_address}), ThreadPoolExecutor(1) as thread:
            killed = thread.submit(_kill_when_busy, first, tmp_path / "there-cache")
            there = run("there")
        assert killed.result() < len(ARMS)
        assert first != second
    assert there == here


def _kill_when_busy(pid: int, cache: Path) -> int:
    """Kill a process once the first training is done; return how many are done by then."""
    while not cache.exists() or not (done := list(cache.glob("*.json"))):
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return len(done)
