"""The whole pipeline, on the smoke settings: its stages, and DVC at the places where it decides.

That `dvc repro` runs it all from nothing is what CI does before the tests (.ci/run).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from bad_input.stages import run
from ruamel.yaml import YAML

from ganaug.config.names import ARMS
from ganaug.evaluation.downstream.arms import result_path

pytestmark = pytest.mark.slow  # all of it runs the pipeline
REPEATS = (0, 1)
SPLITS = ("train", "validation", "test", "pool")
OF_A_REPEAT = ("train_gan", "generate", "merge", "evaluate --baselines", "evaluate", "fidelity")
EVERY_STAGE = ["prepare", *(f"{name} --repeat {repeat}" for name in OF_A_REPEAT for repeat in REPEATS), "report"]


def environment(folder: Path) -> dict[str, str]:
    """One core, this interpreter for the stages, and the package as it is in ``folder``."""
    bin_first = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": bin_first, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}


def dvc(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run dvc in ``folder`` on one core, with this interpreter for the stages; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
    return done.stdout + done.stderr


def run_stages(folder: Path, stages: list[str]) -> str:
    """Run stages one after the other in one new process, which loads everything once; return what they printed."""
    script = "import sys; from pathlib import Path; from bad_input.stages import run; here = Path('pipelines')"
    code = f"{script}; sys.exit(max(run(stage, here) for stage in {stages}))"
    paths = os.pathsep.join(map(str, (folder, Path(__file__).parent)))
    about = {**environment(folder), "PYTHONPATH": paths, "LOKY_MAX_CPU_COUNT": "1"}  # so no helper beside train_gan
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=about, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def recorded_outs(folder: Path) -> dict[str, str]:
    """The hash of every out in dvc.lock."""
    lock = YAML(typ="safe", pure=True).load(folder / "dvc.lock")
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage.get("outs", [])}


def ids(path: Path) -> list[str]:
    return pq.read_table(path, columns=["id"])["id"].to_pylist()


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which `dvc repro` has run on the smoke settings."""
    folder = tmp_path_factory.mktemp("clone")
    ignore = shutil.ignore_patterns("__pycache__", "cache", "tmp")
    for name in ("ganaug", "pipelines", ".dvc"):
        shutil.copytree(repository / name, folder / name, ignore=ignore)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(repository / name, folder)
    shutil.copy(folder / "pipelines" / "smoke.yaml", folder / "params.yaml")
    edit(folder / "params.yaml", r"^  trials: 2$", "  trials: 1")
    edit(folder / "ganaug" / "augmenter.py", r"^TEACHER_STEPS = 500$", "TEACHER_STEPS = 2")
    edit(folder / "ganaug" / "evaluation" / "fidelity.py", r"^STEPS = 500\b", "STEPS = 2")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    output = run_stages(folder, EVERY_STAGE)
    assert "report.html" in output
    dvc(folder, "commit", "--force", "--quiet")  # as if DVC had run them
    return folder


@pytest.fixture
def clone(project: Path, tmp_path: Path) -> Path:
    """A copy of the project, to change."""
    return shutil.copytree(project, tmp_path / "clone", symlinks=True)


def test_every_stage_writes_what_it_promises(project: Path) -> None:
    outs = set(recorded_outs(project))
    assert {"reports/metrics.json", "reports/report.html", "reports/prepare.json"} <= outs
    for repeat in REPEATS:
        assert {f"models/gan/{repeat}", f"data/synthetic/{repeat}.parquet", f"data/augmented/{repeat}"} <= outs
        assert {f"eval/baselines/{repeat}", f"eval/augmented/{repeat}", f"eval/fidelity/{repeat}.json"} <= outs
        assert all(result_path(project / "eval", arm, repeat, "small_cnn").exists() for arm in ARMS)
    for out in outs:
        assert (project / out).exists()


def test_nothing_is_left_for_a_second_run(project: Path) -> None:
    before = recorded_outs(project)
    output = dvc(project, "repro")
    assert "Running stage" not in output
    assert "up to date" in output
    assert recorded_outs(project) == before


def test_the_same_seed_gives_the_same_bytes(project: Path) -> None:
    """In another process, whose hashes of strings differ."""
    before = recorded_outs(project)
    shutil.rmtree(project / ".ganaug", ignore_errors=True)
    for out in before:
        if "1" not in Path(out).with_suffix("").parts:  # of repeat 0, or of all
            shutil.rmtree(project / out) if (project / out).is_dir() else (project / out).unlink()
    run_stages(project, [stage for stage in EVERY_STAGE if "--repeat 1" not in stage])
    dvc(project, "commit", "--force", "--quiet")
    assert recorded_outs(project) == before


def test_repeats_differ(project: Path) -> None:
    outs = recorded_outs(project)
    assert outs["models/gan/0"] != outs["models/gan/1"]
    assert outs["data/synthetic/0.parquet"] != outs["data/synthetic/1.parquet"]
    train = [set(ids(project / f"data/splits/{repeat}/train.parquet")) for repeat in REPEATS]
    assert not train[0] & train[1]


@pytest.mark.parametrize("repeat", REPEATS)
def test_splits_share_no_row(project: Path, repeat: int) -> None:
    rows = {split: ids(project / f"data/splits/{repeat}/{split}.parquet") for split in SPLITS}
    assert all(rows[split] for split in ("train", "validation", "test"))
    together = [i for split in SPLITS for i in rows[split]]
    assert len(set(together)) == len(together)


def test_the_guards_look_at_every_repeat_and_find_nothing(project: Path) -> None:
    metrics = read(project / "reports" / "metrics.json")
    assert (metrics["leaks"], metrics["unproved"]) == ([], [])
    assert len(metrics["copying"]["repeats"]) == len(REPEATS)


@pytest.mark.parametrize("repeat", REPEATS)
def test_synthetic_rows_come_from_training_rows_only(project: Path, repeat: int) -> None:
    train = set(ids(project / f"data/splits/{repeat}/train.parquet"))
    synthetic = pq.read_table(project / f"data/synthetic/{repeat}.parquet", columns=["nearest_id", "synthetic"])
    assert set(synthetic["nearest_id"].to_pylist()) <= train
    assert all(synthetic["synthetic"].to_pylist())
    augmented = pq.read_table(project / f"data/augmented/{repeat}/train.parquet", columns=["id", "synthetic"])
    real = [
        i for i, fake in zip(augmented["id"].to_pylist(), augmented["synthetic"].to_pylist(), strict=True) if not fake
    ]
    assert set(real) == train
    assert 0 < len(real) < augmented.num_rows


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("split", ["validation", "test"])
def test_validation_and_test_rows_stay_as_they_were(project: Path, repeat: int, split: str) -> None:
    before = pq.read_table(project / f"data/splits/{repeat}/{split}.parquet", columns=["id", "label", "image"])
    after = pq.read_table(project / f"data/augmented/{repeat}/{split}.parquet", columns=["id", "label", "image"])
    assert after.equals(before)


def test_arms_get_the_same_steps_and_the_same_test_rows(project: Path) -> None:
    for repeat in REPEATS:
        arms = [read(result_path(project / "eval", arm, repeat, "small_cnn")) for arm in ARMS]
        assert len({(a["steps"], a["batch_size"], a["test_ids"]) for a in arms}) == 1


def test_the_classifier_of_fidelity_saw_the_training_rows_alone(project: Path) -> None:
    for repeat in REPEATS:
        found = read(project / f"eval/fidelity/{repeat}.json")
        assert found["trained_on"] == read(result_path(project / "eval", "real", repeat, "small_cnn"))["train_ids"]
        assert found["overall"]["rows"]["reference"] == found["overall"]["rows"]["real_vs_real"] > 100


def test_dvc_shows_metrics_plots_and_the_graph(project: Path) -> None:
    metrics = json.loads(dvc(project, "metrics", "show", "--json"))[""]["data"]["reports/metrics.json"]["data"]
    assert "classical_gan" in json.dumps(metrics)
    dvc(project, "plots", "show")
    page = (project / "dvc_plots" / "index.html").read_text(encoding="utf-8")
    assert "arms.csv" in page
    assert "training.csv" in page
    assert "train_gan@1" in dvc(project, "dag")


def test_the_commands_of_the_docs_run(clone: Path, repository: Path) -> None:
    """On one repeat, since DVC starts a process for each stage."""
    edit(clone / "params.yaml", r"^repeats:\n- 0\n- 1$", "repeats: [0]")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["add", "."], [*who, "commit", "-qm", "before"]):
        subprocess.run(["git", *command], cwd=clone, check=True)
    page = (repository / "docs" / "pipeline.md").read_text(encoding="utf-8")
    for line in re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[0].splitlines():
        output = dvc(clone, *line.removeprefix("dvc ").split())
        assert "metrics diff" not in line or "per_arm.synthetic" in output  # gan may do without synthetic rows
    assert read(clone / "reports" / "generate" / "0.json")["wanted"] == 200  # of merge.amount


def test_experiments_wait_in_a_queue_and_a_remote_holds_them(
    project: Path, clone: Path, repository: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["add", "."], [*who, "commit", "-qm", "before"]):
        subprocess.run(["git", *command], cwd=clone, check=True)
    page = (repository / "docs" / "pipeline.md").read_text(encoding="utf-8")
    for line in re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)[1].splitlines():
        dvc(clone, *line.replace("/mnt/share/ganaug", str(tmp_path / "remote")).removeprefix("dvc ").split())
    deadline = time.monotonic() + 600
    while (status := dvc(clone, "queue", "status")).count("Success") < 2:
        assert "Failed" not in status
        assert time.monotonic() < deadline, status
        time.sleep(1)
    for command in (["add", "."], [*who, "commit", "-qm", "remote"], ["clone", "-q", str(clone), str(other)]):
        subprocess.run(["git", *command], cwd=clone, check=True)
    dvc(other, "pull", "prepare")
    assert "Stage 'prepare' didn't change, skipping" in dvc(other, "repro", "prepare")
    train = Path("data/splits/0/train.parquet")
    assert (other / train).read_bytes() == (project / train).read_bytes()


def test_fewer_arms_are_fine(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = clone / "params.yaml"
    before, after = params.read_text(encoding="utf-8").split("  - real\n  - classical\n", 1)
    params.write_text(before + "  - gan\n" + after.split("  - synthetic\n", 1)[1], encoding="utf-8")
    for half in ("baselines", "augmented"):
        shutil.rmtree(clone / "eval" / half)
    monkeypatch.chdir(clone)
    for stage in EVERY_STAGE[EVERY_STAGE.index("evaluate --baselines --repeat 0") :]:
        assert run(stage, clone / "pipelines") == 0
    assert list(read(clone / "reports" / "metrics.json")["per_arm"]) == ["gan"]
    assert not list((clone / "eval" / "baselines" / "0").iterdir())


@pytest.fixture(scope="module")
def trained(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A copy of the project in which training takes longer and writes checkpoints at every look, and its model."""
    folder = shutil.copytree(project, tmp_path_factory.mktemp("longer") / "clone", symlinks=True)
    edit(folder / "params.yaml", r"^  steps: 60$", "  steps: 240")
    edit(folder / "ganaug" / "gan" / "loop.py", r"^SECONDS = 20\.0", "SECONDS = 0.0")
    run_stages(folder, ["train_gan --repeat 0"])
    model = folder / "models" / "gan" / "0"
    expected = files(model)
    shutil.rmtree(model)
    shutil.rmtree(folder / ".ganaug")
    return folder, expected


@pytest.mark.parametrize(
    ("command", "cores"),
    [("pipelines/train_gan.py --repeat 0", "2"), ("-m dvc repro --force --single-item train_gan@0", "1")],
)
def test_a_stage_killed_again_and_again_ends_with_the_same_bytes(
    trained: tuple[Path, dict[str, bytes]], tmp_path: Path, command: str, cores: str
) -> None:
    """SIGKILL to the whole process group, each time after training has got further; with another GAN beside, or not."""
    clone = shutil.copytree(trained[0], tmp_path / "clone", symlinks=True)
    checkpoints = clone / ".ganaug" / "checkpoints"
    kills = 0
    while True:
        seen = stamps(checkpoints)
        child = subprocess.Popen(
            [sys.executable, *command.split()],
            cwd=clone,
            env={**environment(clone), "LOKY_MAX_CPU_COUNT": cores},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while kills < 2 and child.poll() is None and len(stamps(checkpoints) - seen) < 1:
            time.sleep(0.01)
        if kills == 2 or child.poll() is not None:
            break
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        kills += 1
    assert child.wait() == 0
    assert kills == 2
    assert files(clone / "models" / "gan" / "0") == trained[1]
    assert "model.safetensors" in trained[1]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stamps(folder: Path) -> set[int]:
    """When the checkpoints in a folder were written."""
    return {path.stat().st_mtime_ns for path in folder.glob("*.safetensors")} if folder.exists() else set()


def edit(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(text, encoding="utf-8")


def test_a_misspelt_parameter_stops_the_pipeline_with_a_sentence(clone: Path) -> None:
    params = clone / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("per_class: 10", "per_clas: 10"), encoding="utf-8")
    output = dvc(clone, "repro", code=255)
    assert "prepare.per_clas is no parameter (did you mean 'per_class'?)" in output
    assert "Traceback" not in output
