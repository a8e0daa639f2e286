"""The pipeline that ``ganaug init`` writes: this repository's own files, changed where another repository differs."""

from __future__ import annotations

import configparser
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ganaug
from ganaug.cli.edit import read_yaml, set_parameters, write_yaml
from ganaug.errors import GanaugError

LEFT = ("/exports", "/dvc_plots", ".ganaug/", "__pycache__/")  # what running leaves beside the stages' outs
OURS = "ganaug/"  # where a stage's deps are source code of this repository
HEAD = (
    "Written by `ganaug init`, yours from now on: change the stages and their scripts as you like, DVC notices.",
    "Every stage depends on ganaug_version in params.yaml: write a new release there, and all of them run again.",
)


def scaffold() -> Path:
    """Return the folder of the scaffold: in the wheel beside the code, else the checkout that the code is in."""
    package = Path(ganaug.__file__).parent
    folder = package / "scaffold" if (package / "scaffold").is_dir() else package.parent
    if not (folder / "dvc.yaml").is_file():
        raise GanaugError(f"{folder} lacks dvc.yaml, so this ganaug is not whole: install it again")
    return folder


def files(parameters: Mapping[str, Any], data: str | None) -> dict[str, str]:
    """Return the text of each file that belongs into the folder of the pipeline, by path.

    Parameters
    ----------
    parameters : mapping
        What to set in params.yaml, as ``{"prepare.source": "photos"}``.
    data : str or None
        The path that the prepare stage reads; None: built-in data.
    """
    folder = scaffold()
    scripts = sorted((folder / "pipelines").glob("*.py"))
    return {
        "dvc.yaml": _stages((folder / "dvc.yaml").read_text(encoding="utf-8"), data),
        "params.yaml": set_parameters((folder / "params.yaml").read_text(encoding="utf-8"), parameters),
        **{f"pipelines/{script.name}": script.read_text(encoding="utf-8") for script in scripts},
    }


def project_files(git: bool, new: bool) -> dict[str, str]:
    """Return the text of each file that belongs into the root of the DVC project, by path.

    Parameters
    ----------
    git : bool
        Whether the root is in a Git repository.
    new : bool
        Whether there is no DVC project yet.
    """
    folder = scaffold() / ".dvc"
    plots = {f".dvc/plots/{p.name}": p.read_text(encoding="utf-8") for p in sorted((folder / "plots").glob("*.json"))}
    if not new:
        return plots
    config = configparser.ConfigParser()
    config.read_string((folder / "config").read_text(encoding="utf-8"))
    if not git:
        config.set("core", "no_scm", "true")
    text = io.StringIO()
    config.write(text)
    return {".dvc/config": text.getvalue().rstrip("\n") + "\n", **plots}


def ignored() -> dict[str, list[str]]:
    """Return the lines that .gitignore and .dvcignore of a pipeline's folder need."""
    cached = [out for out, options in outs().items() if options.get("cache", True)]
    for_dvc = (scaffold() / ".dvcignore").read_text(encoding="utf-8").splitlines()
    return {
        ".gitignore": [*(f"/{out}" for out in cached), *LEFT],
        ".dvcignore": [line for line in for_dvc if not line.startswith("#")],
    }


def outs() -> dict[str, Mapping[str, Any]]:
    """Return where the stages write, each path up to what differs between repeats, with DVC's options for it."""
    document = read_yaml((scaffold() / "dvc.yaml").read_text(encoding="utf-8"))
    found: dict[str, Mapping[str, Any]] = {}
    for out in (out for stage in document["stages"].values() for out in stage["outs"]):
        path, options = (out, {}) if isinstance(out, str) else next(iter(out.items()))
        found[path.split("/${")[0]] = options
    return found


def _stages(text: str, data: str | None) -> str:
    """Drop deps on this repository's code; add the data, and the version of ganaug, to what stages depend on."""
    document = read_yaml(text)
    for stage in document["stages"].values():
        for dep in [dep for dep in stage["deps"] if dep.startswith(OURS)]:
            stage["deps"].remove(dep)
        if "params" in stage:
            stage["params"].insert(0, "ganaug_version")
        else:
            stage.insert(list(stage).index("deps") + 1, "params", ["ganaug_version"])
    if data is not None:
        document["stages"]["prepare"]["deps"].append(data.replace("${", "\\${"))
    head = [line.removeprefix("# ") for line in text[: text.index("stages:")].splitlines()]
    about = [line for line in head if "ganaug" not in line]  # the rest is about this repository's code
    document.yaml_set_start_comment("\n".join([*about, *HEAD]))
    return write_yaml(document, indented_lists=True)
