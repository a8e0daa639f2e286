"""``ganaug init``: in every kind of folder, with DVC as the judge of what was written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from typing_commands import Type

from ganaug import __version__
from ganaug.cli.scaffold import outs
from ganaug.config import Params, load_params


def run(folder: Path, *words: object) -> str:
    """Run a program in a folder, with this interpreter for the stages; return what it printed."""
    bins = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": bins, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run([*map(str, words)], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dvc(folder: Path, *words: object) -> str:
    return run(folder, sys.executable, "-m", "dvc", *words)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def stages(folder: Path) -> dict[str, dict]:
    return YAML(typ="safe").load(folder / "dvc.yaml")["stages"]


def test_the_data_fills_in_the_parameters_and_comments_stay(here: Path, ganaug: Type, repository: Path) -> None:
    code, out, err = ganaug("init", "--data", "photos")
    assert (code, err) == (0, "")
    params = load_params()
    assert (params.prepare.source, params.prepare.size, params.prepare.channels) == ("photos", (8, 8), 1)
    assert (params.prepare.per_class, params.ganaug_version) == (None, __version__)
    assert (params.generate.per_class, params.merge.amount) == ("auto", 10.0)
    assert params.evaluate == Params().evaluate
    assert "30 images of 3 classes" in out
    comments = re.compile("#.*")
    before = comments.findall((repository / "params.yaml").read_text(encoding="utf-8"))
    assert comments.findall((here / "params.yaml").read_text(encoding="utf-8")) == before


def test_stages_depend_on_their_script_the_data_and_the_release_and_not_on_our_sources(
    here: Path, ganaug: Type, repository: Path
) -> None:
    ganaug("init", "--data", "photos")
    ours, theirs = stages(repository), stages(here)
    assert theirs.keys() == ours.keys()
    for name, stage in theirs.items():
        assert (here / stage["cmd"].split()[1]).is_file()
        assert stage["cmd"].split()[1] in stage["deps"]
        assert not [dep for dep in stage["deps"] if dep.startswith("ganaug")]
        assert stage["params"] == ["ganaug_version", *ours[name].get("params", [])]
        assert stage["outs"] == ours[name]["outs"]
    assert "photos" in theirs["prepare"]["deps"]


@pytest.mark.slow
def test_nothing_is_overwritten_without_force(here: Path, ganaug: Type) -> None:
    ganaug("init", "--data", "photos")
    before = files(here)
    assert ganaug("init", "--data", "photos").code == 0  # nothing would change
    assert files(here) == before
    script = here / "pipelines" / "merge.py"
    script.write_text("print('mine')\n")
    (here / "params.yaml").unlink()
    before = files(here)
    code, out, err = ganaug("init", "--data", "photos")
    assert (code, err.count("\n")) == (2, 1)
    assert "pipelines/merge.py would change" in err
    assert "--- pipelines/merge.py\n" in out
    assert "-print('mine')\n" in out
    assert files(here) == before
    assert ganaug("init", "--data", "photos", "--force").code == 0
    assert "mine" not in script.read_text()
    assert (here / "params.yaml").is_file()


def test_ignore_files_gain_lines_and_lose_none(here: Path, ganaug: Type) -> None:
    run(here, "git", "init", "-q")
    (here / ".gitignore").write_text("mine\n.ganaug/")
    (here / ".dvcignore").write_text("*.pyc\n")
    for _ in range(2):
        assert ganaug("init", "--data", "photos").code == 0
        lines = (here / ".gitignore").read_text().splitlines()
        assert lines[:2] == ["mine", ".ganaug/"]
        assert len(set(lines)) == len(lines)
        assert (here / ".dvcignore").read_text().splitlines()[0] == "*.pyc"
    paths = [f"{out}/x" for out, options in outs().items() if options.get("cache", True)]
    assert run(here, "git", "check-ignore", *paths).split() == paths
    assert run(here, "git", "ls-files", "--others", "--exclude-standard", "photos").count("\n") == 30


@pytest.mark.slow
def test_data_may_be_anything_that_can_be_read(here: Path, ganaug: Type) -> None:
    rows = [f"photos/{name}/{i}.png,{name}" for name in ("zero", "one") for i in range(10)]
    Path("rows.csv").write_text("\n".join(["file,kind", *rows]))
    assert ganaug("init", "a", "--data", "rows.csv", "--columns", "path=file,label=kind").code == 0
    assert load_params("a/params.yaml").prepare.columns["label"] == "kind"
    assert "- ../rows.csv\n" in Path("a/dvc.yaml").read_text()
    assert load_params("a/params.yaml").prepare.source == "../rows.csv"
    assert ganaug("init", "b", "--data", "digits").code == 0
    assert load_params("b/params.yaml").prepare.source == "digits"
    assert "digits" not in Path("b/dvc.yaml").read_text()
    images = np.random.default_rng(0).integers(0, 255, (40, 9, 12, 3), np.uint8)
    np.savez("rows.npz", X=images, y=np.arange(40) % 2, split=np.repeat(["train", "test"], 20))
    assert ganaug("init", "c", "--data", "rows.npz").code == 0
    params = load_params("c/params.yaml")
    assert (params.prepare.size, params.prepare.channels, params.generate.per_class) == ((9, 12), 3, "auto")


@pytest.mark.slow
@pytest.mark.parametrize("of", ["file", "folder", "class", "way"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_path_is_written_as_it_was_typed_whatever_links_there_are(
    of: str, absolute: bool, here: Path, ganaug: Type
) -> None:
    """A link stays a link: what it leads to may be in a cache, under a name of no meaning that changes."""
    store = here / "store"
    data = "way/photos" if of == "way" else "rows.csv" if of == "file" else "photos"
    if of == "way":
        store.mkdir()
        (here / "photos").rename(store / "photos")
        (here / "way").symlink_to(store, target_is_directory=True)
    elif of == "file":
        rows = [f"photos/{name}/{i}.png,{name}" for name in ("zero", "one") for i in range(10)]
        store.write_text("\n".join(["path,label", *rows]))
        (here / data).symlink_to(store)
    else:
        moved = here / ("photos/zero" if of == "class" else "photos")
        moved.rename(store)
        moved.symlink_to(store, target_is_directory=True)
    typed = str(here / data) if absolute else data
    for folder in (".", "deep/er"):
        assert ganaug("init", folder, "--data", typed).code == 0
        written = typed if absolute else os.path.relpath(data, folder)
        assert load_params(f"{folder}/params.yaml").prepare.source == written
        assert written in stages(here / folder)["prepare"]["deps"]
        assert "store" not in Path(folder, "dvc.yaml").read_text() + Path(folder, "params.yaml").read_text()


def test_what_lies_behind_a_link_is_found_again(here: Path, ganaug: Type) -> None:
    (here / "store/deep").mkdir(parents=True)
    (here / "photos").rename(here / "store/photos")
    (here / "way").symlink_to(here / "store/deep", target_is_directory=True)
    assert ganaug("init", "gan", "--data", "way/../photos").code == 0  # not photos here
    assert (here / "gan" / load_params("gan/params.yaml").prepare.source).samefile(here / "store/photos")


def test_classes_splits_and_what_was_passed_over_are_said(here: Path, ganaug: Type) -> None:
    (here / "photos").rename(here / "train")
    (here / "photos/photos-main/test").mkdir(parents=True)
    (here / "train").rename(here / "photos/photos-main/train")
    Image.new("L", (8, 8)).save(here / "photos/photos-main/test/0.png")
    (here / "photos/.DS_Store").touch()
    code, out, _ = ganaug("init", "--data", "photos")
    assert code == 0
    assert [line.split() for line in out.splitlines()[1:5]] == [
        ["class", "train"], ["one", "10"], ["two", "10"], ["zero", "10"]
    ]  # fmt: skip
    assert "Read from photos-main" in out
    assert "Split folders: train\n" in out
    assert "1: in a split folder without class folders (photos-main/test/0.png)" in out
    assert "1: hidden, or left by a system (.DS_Store)" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "nowhere"), "nowhere"),
        (("--data", "loop"), "'loop' is neither a file nor a folder"),
        (("--data", "."), "where the pipeline writes, lie in one another"),
        (("--data", "data"), "where the pipeline writes, lie in one another"),
        (("--data", "data/splits/0"), "where the pipeline writes, lie in one another"),
        (("--data", "few"), "too few"),
        (("--data", "photos", "--size", "8,900"), "--size"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_written(
    arguments: tuple[str, ...], message: str, here: Path, ganaug: Type
) -> None:
    for name in "ab":
        (here / "few" / name).mkdir(parents=True)
        (here / "few" / name / "0.png").write_bytes((here / "photos/zero/0.png").read_bytes())
    (here / "data/splits/0").mkdir(parents=True)
    (here / "loop").symlink_to("loop")
    before = files(here)
    code, out, err = ganaug("init", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert files(here) == before


def plain(folder: Path) -> Path:
    return folder


def in_git(folder: Path) -> Path:
    run(folder, "git", "init", "-q")
    return folder


def below_git(folder: Path) -> Path:
    run(folder, "git", "init", "-q")
    return folder / "work" / "gan"


def beside_the_data(folder: Path) -> Path:
    return folder / "gan"


def below_dvc(folder: Path) -> Path:
    run(folder, "git", "init", "-q")
    dvc(folder, "init", "-q")
    return folder / "gan"


@pytest.mark.slow
@pytest.mark.parametrize("place", [plain, in_git, below_git, below_dvc, beside_the_data])
def test_dvc_runs_what_was_written(place: Callable[[Path], Path], here: Path, ganaug: Type) -> None:
    folder = place(here)
    config = (here / ".dvc/config").read_text() if place is below_dvc else None
    code, out, _ = ganaug("init", os.path.relpath(folder), "--data", "photos")
    assert code == 0
    assert out.splitlines()[-2].strip() == (
        "dvc repro" if folder == here else f"cd {folder.relative_to(here)} && dvc repro"
    )
    dvc(folder, "repro", "-q", "prepare")
    assert (folder / "data/splits/2/train.parquet").is_file()
    assert len(list(here.rglob(".gitignore"))) <= 3  # .dvc, root, folder: DVC added none for outs
    if config is not None:
        assert (here / ".dvc/config").read_text() == config
        assert (here / ".dvc/plots/arms.json").is_file()


@pytest.mark.slow
def test_dvc_sees_a_changed_script_and_another_release(here: Path, ganaug: Type) -> None:
    ganaug("init", "--data", "photos")
    dvc(here, "repro", "-q", "prepare")
    assert json.loads(dvc(here, "status", "--json", "prepare")) == {}
    for path, old, new in (
        ("pipelines/prepare.py", "def main", "# mine\ndef main"),
        ("params.yaml", f"ganaug_version: {__version__}", "ganaug_version: 9.9.9"),
    ):
        (here / path).write_text((here / path).read_text().replace(old, new))
    (changes,) = json.loads(dvc(here, "status", "--json", "prepare"))["prepare"]
    assert changes["changed deps"] == {
        "pipelines/prepare.py": "modified",
        "params.yaml": {"ganaug_version": "modified"},
    }
