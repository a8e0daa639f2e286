"""The work of several repeats is done side by side, and ends in the bytes of what is done alone."""

from __future__ import annotations

import json
import os
import shutil
from contextvars import copy_context
from pathlib import Path

import pytest

from ganaug.config import Params
from ganaug.data.merge import merge
from ganaug.data.prepare import prepare
from ganaug.errors import ConfigError, DataError, option
from ganaug.modalities.image.modality import ImageModality
from ganaug.repeats import beside
from ganaug.repeats.arms import Augmented, Baselines
from ganaug.repeats.beside import Work, run
from ganaug.repeats.comparison import Comparison
from ganaug.repeats.generation import Generation
from ganaug.repeats.training import Training

GAN = {"steps": 4, "width": 8, "batch_size": 8, "device": "cpu"}
ARMS = {"arms": ["real", "gan"], "trials": 2, "steps": 4, "batch_size": 8, "device": "cpu"}
QUICK = {
    "train_gan": GAN, "generate": {"filters": [], "device": "cpu"}, "evaluate": ARMS, "fidelity": {"device": "cpu"}
}  # fmt: skip


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Parameters of a run of two repeats, of which prepare has been run in the working directory."""
    monkeypatch.chdir(tmp_path)
    prepare("digits", repeats=(0, 1), per_class=5)
    return Params.model_validate({"repeats": [0, 1], "prepare": {"source": "digits"}, **QUICK})


def written(work: Work) -> dict[str, bytes]:
    found = [file for path in work.writes for file in ([path] if path.is_file() else path.rglob("*"))]
    return {str(file): file.read_bytes() for file in found if file.is_file()}


@pytest.mark.slow
def test_a_stage_also_does_the_work_of_other_repeats_to_the_same_bytes(params, monkeypatch):
    monkeypatch.setattr("ganaug.utils.run.cpu_count", lambda: 2)  # by which classifiers go
    for kind in (Training, Baselines):
        monkeypatch.setattr(beside, "cpu_count", lambda: 1)
        works = [kind(repeat, params, Path(".alone")) for repeat in params.repeats]
        for work in works:
            run(work)
        alone = [written(work) for work in works]
        assert all(alone)
        assert not [path for path in Path(".alone/beside", kind.stage).iterdir() if path.is_dir()]  # nothing beside
        for path in (path for work in works for path in work.writes):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        monkeypatch.setattr(beside, "cpu_count", lambda: 2)
        first, second = (kind(repeat, params, Path(".beside")) for repeat in params.repeats)
        run(first)
        assert written(first) == alone[0]
        assert second.waits
        assert not second.has_to_run
        with monkeypatch.context() as done:
            done.setattr(kind, "run", lambda *_: pytest.fail("it is done"))
            with monkeypatch.context() as several:
                several.setenv("TORCHELASTIC_RUN_ID", "test")
                with pytest.raises(pytest.fail.Exception):  # another host does not have it
                    run(second)
            run(second)
        assert written(second) == alone[1]
        assert not second.done.exists()
        assert not second.has_to_run  # it is in its place


class Threads(Comparison):
    """Writes how many threads libraries compute on, one that is loaded late among them."""

    def run(self, root: Path, at_once: int = 1) -> None:
        import scipy.linalg  # noqa: F401
        import sklearn.neighbors  # noqa: F401
        from threadpoolctl import threadpool_info

        (root / self.writes[0]).parent.mkdir(parents=True, exist_ok=True)
        (root / self.writes[0]).write_text(json.dumps([pool["num_threads"] for pool in threadpool_info()]))


@pytest.mark.slow
def test_no_library_takes_a_second_thread_on_a_cpu(params, monkeypatch):
    for path in (path for repeat in params.repeats for path in Threads(repeat, params).reads):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.setattr(beside, "cpu_count", lambda: 2)
    before = dict(os.environ)
    first, second = (Threads(repeat, params, Path(".beside")) for repeat in params.repeats)
    run(first)
    assert second.waits  # a process beside did it
    run(second)
    for work in (first, second):
        assert set(json.loads(work.writes[0].read_text())) == {1}
    assert dict(os.environ) == before


@pytest.mark.slow
def test_work_is_written_below_the_folder_that_is_asked_for(params):
    run(Training(0, params.model_copy(update={"repeats": (0,)})))
    for kind in (Generation, Augmented, Comparison):
        if kind is Augmented:
            merge("data/splits/0", "data/synthetic/0.parquet", "data/augmented/0", policy="ratio", amount=1.0)
        work, elsewhere = kind(0, params), Path("elsewhere", kind.stage)
        work.run(elsewhere)
        assert not any(path.exists() for path in work.writes)
        for path in work.writes:
            beside._put(elsewhere / path, path)
        assert written(work)


def test_no_core_waits_for_a_last_repeat(params, monkeypatch):
    prepare("digits", repeats=(0, 1, 2), per_class=5)
    monkeypatch.setattr(beside, "cpu_count", lambda: 2)
    three = params.model_copy(update={"repeats": (0, 1, 2)})
    helpers = beside._start_others(Training(0, three, Path(".store")))
    assert len(helpers) == 2  # three GANs on two cores
    for helper in helpers:
        helper.terminate()
        helper.join()


def test_messages_name_parameters_as_in_the_stage(params, monkeypatch):
    named = []
    monkeypatch.setattr(beside.signal, "signal", lambda *_: None)
    monkeypatch.setattr(beside.sys, "platform", "other")
    monkeypatch.setattr(Training, "run", lambda *_: named.append(option("train_gan.generator")))
    copy_context().run(beside._run_all, [Training(0, params, Path(".store"))], os.getppid(), 1)
    assert named == ["train_gan.generator"]


@pytest.mark.parametrize(("kind", "section", "changed"), [
    (Training, "train_gan", {"learning_rate": 0.001}),
    (Generation, "generate", {"max_candidates": 3.0}),
    (Generation, "merge", {"amount": 3.0}),
    (Baselines, "evaluate", {"seed": 1}),
    (Augmented, "evaluate", {"steps": 5}),
    (Comparison, "fidelity", {"seed": 1}),
])  # fmt: skip
def test_other_parameters_repeats_and_rows_are_other_work(kind, section, changed, params):
    files = [path if path.suffix else path / "some" for repeat in params.repeats for path in kind(repeat, params).reads]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    other = params.model_copy(update={section: getattr(params, section).model_copy(update=changed)})
    work = kind(0, params)
    assert work.done == kind(0, params).done
    assert work.done != kind(0, other).done
    assert work.done != kind(1, params).done
    files[0].write_bytes(b"other")
    assert work.done != kind(0, params).done


@pytest.mark.parametrize(("kind", "section", "changed"), [
    (Comparison, "fidelity", {"extractor": "own:features"}),
    (Augmented, "evaluate", {"classifiers": ("small_cnn", "own:classifier")}),
    (Baselines, "evaluate", {"arms": ("real", "own")}),
])  # fmt: skip
def test_where_the_users_own_code_runs_nothing_is_kept(kind, section, changed, params, monkeypatch):
    own = params.model_copy(update={section: getattr(params, section).model_copy(update=changed)})
    monkeypatch.setattr(beside, "_start_others", lambda _: pytest.fail("its code may change"))
    monkeypatch.setattr(kind, "run", lambda *_: None)
    monkeypatch.setattr(kind, "ready", True)
    monkeypatch.setattr(kind, "waits", True)
    monkeypatch.setattr(beside, "_put", lambda *_: pytest.fail("its code may have changed"))
    run(kind(0, own, Path(".store")))


@pytest.mark.parametrize(
    ("cores", "jobs", "alone"), [(2, "auto", False), (3, "auto", True), (8, 1, False), (2, 2, True)]
)
def test_where_one_repeat_fills_the_cores_it_has_them_all(params, monkeypatch, cores, jobs, alone):
    monkeypatch.setattr("ganaug.utils.run.cpu_count", lambda: cores)  # of two repeats
    own = params.model_copy(update={"evaluate": params.evaluate.model_copy(update={"jobs": jobs})})
    assert Baselines(0, own).alone is alone


def test_on_a_cluster_each_stage_takes_all_of_it(params, monkeypatch):
    monkeypatch.setattr("ganaug.utils.run.cpu_count", lambda: 2)
    assert not Baselines(0, params).alone
    monkeypatch.setenv("GANAUG_BACKEND", "dask")
    assert Baselines(0, params).alone


def test_what_failed_beside_is_left_to_its_own_stage(params, monkeypatch):
    monkeypatch.setattr(beside.signal, "signal", lambda *_: None)
    monkeypatch.setattr(beside.sys, "platform", "other")
    works = [Comparison(repeat, params, Path(".store")) for repeat in params.repeats]  # of which there are no samples
    copy_context().run(beside._run_all, works[:1], os.getppid(), 1)
    assert not [path for path in Path(".store").rglob("*") if path.parent.name == Comparison.stage]
    with pytest.raises(DataError, match=r"there is no file data/synthetic/0\.parquet"):
        run(works[0])


def test_cells_of_what_has_no_style_are_refused_before_training(params, monkeypatch):
    fills = params.model_copy(update={"merge": params.merge.model_copy(update={"policy": "cells"}), "repeats": (0,)})
    monkeypatch.setattr(Training, "fit", lambda _: pytest.fail("hours later"))
    monkeypatch.setattr(ImageModality, "styled", False)
    with pytest.raises(ConfigError, match=r"merge\.policy is 'cells', .* and images have none here: choose another"):
        run(Training(0, fills, Path(".store")))


def test_what_is_missing_is_said(params):
    Path("data/splits/0/train.parquet").unlink()
    with pytest.raises(DataError, match=r"there is no file data/splits/0/train\.parquet"):
        run(Training(0, params.model_copy(update={"repeats": (0,)}), Path(".store")))
