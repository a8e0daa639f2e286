"""``ganaug init``: a pipeline for the user's own data, in the user's own repository."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from importlib.util import find_spec
from pathlib import Path

from ganaug.cli.options import SPLITTING, parameters
from ganaug.cli.scaffold import files, ignored, outs, project_files
from ganaug.cli.suggest import suggest
from ganaug.config import PrepareParams
from ganaug.errors import ConfigError, DataError
from ganaug.modalities.choose import builtin_sources
from ganaug.utils.files import atomic_path

CHECKPOINTS = ".ganaug/"  # in the root of the DVC project, see pipelines/train_gan.py


def run(arguments: argparse.Namespace) -> None:
    """Write the pipeline, all of it or, where files would be overwritten, none."""
    folder: Path = arguments.folder.resolve()
    git, project = _holder(folder, ".git"), _holder(folder, ".dvc")
    root = project or folder
    written = _written(arguments.data, folder)
    found = suggest(arguments.data, written, parameters(PrepareParams, arguments, SPLITTING))
    ours = files(found.parameters, None if arguments.data in builtin_sources() else written)
    wanted = {folder / name: text for name, text in ours.items()}
    wanted |= {root / name: text for name, text in project_files(git is not None, project is None).items()}
    _refuse_changes(wanted, arguments.force)
    for (place, name), lines in _lines(folder, root, git is not None).items():
        wanted[place / name] = _with_lines(place / name, lines)
    new = {path: text for path, text in wanted.items() if not path.is_file() or _read(path) != text}
    for path, text in new.items():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="surrogateescape")
    print("Written:", ", ".join(map(os.path.relpath, new)) or "nothing, all of it is there")
    print(*found.reasons, sep="\n")
    print("Next:", *(f"  {command}" for command in _next(arguments.folder)), sep="\n")


def _holder(folder: Path, name: str) -> Path | None:
    """Return the folder itself or the closest one above it that holds ``name``."""
    return next((place for place in (folder, *folder.parents) if (place / name).exists()), None)


def _written(data: str, folder: Path) -> str:
    """Return how params.yaml names the data: as it was typed, but relative to the folder of params.yaml.

    Links stay links: what they lead to may be a cache, whose names change.

    Raises
    ------
    DataError
        The pipeline would write into the data, or reads what it writes.
    """
    if data in builtin_sources():
        return data
    path = Path(os.path.realpath(data))  # unlike Path.resolve, bears a link to itself
    for out in outs():
        place = folder / out
        if path == place or path in place.parents or place in path.parents:
            raise DataError(
                f"{data} and {os.path.relpath(place)}, where the pipeline writes, lie in one another: move the data to "
                "a folder of its own, or give another folder to write the pipeline to"
            )
    if Path(data).is_absolute() or not path.exists():
        return Path(data).as_posix()
    plain = Path(os.path.normpath(Path.cwd() / data))
    if plain.exists() and plain.samefile(path):
        return Path(os.path.relpath(plain, folder)).as_posix()
    return (Path.cwd() / data).as_posix()  # link/.. is not where it seems


def _refuse_changes(wanted: Mapping[Path, str], force: bool) -> None:
    """Show how files that exist differ from those wanted, and raise `ConfigError` unless they may be overwritten."""
    changed = []
    for path, text in wanted.items():
        there = _read(path) if path.is_file() else text
        if there != text and not force:
            name = os.path.relpath(path)
            old, new = there.splitlines(keepends=True), text.splitlines(keepends=True)
            print("".join(unified_diff(old, new, name, f"{name} (ganaug init)")))
            changed.append(name)
    if changed:
        raise ConfigError(
            f"nothing written, as {', '.join(changed)} would change as shown; --force overwrites, or give another "
            "folder: ganaug init DIR --data ..."
        )


def _lines(folder: Path, root: Path, git: bool) -> dict[tuple[Path, str], Sequence[str]]:
    """Return the lines that ignore files need, by folder and name."""
    needed: dict[tuple[Path, str], Sequence[str]] = {}
    for name, lines in ignored().items():
        if git or name != ".gitignore":
            needed[root, name] = [CHECKPOINTS]
            needed[folder, name] = lines
    return needed


def _with_lines(path: Path, lines: Sequence[str]) -> str:
    """Return the text of an ignore file with those of the lines that it lacks."""
    there = _read(path) if path.is_file() else ""
    missing = [line for line in lines if line not in there.splitlines()]
    end = "" if there.endswith("\n") or not there else "\n"
    return there + end + "".join(f"{line}\n" for line in missing)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _next(folder: Path) -> list[str]:
    """Return what to type next."""
    change = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    install = [] if find_spec("dvc") else ["pip install 'ganaug[pipeline]'"]
    return [*install, " && ".join([*change, "dvc repro"]), "dvc metrics show   # and open reports/report.html"]
