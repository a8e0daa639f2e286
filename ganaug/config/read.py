"""params.yaml in: YAML 1.2, checked."""

from __future__ import annotations

from pathlib import Path

from ganaug import __version__
from ganaug.config.sections import Params
from ganaug.errors import ConfigError


def load_params(path: str | Path = "params.yaml", *, any_version: bool = False) -> Params:
    """Read and check a parameter file (YAML 1.2).

    Parameters
    ----------
    path : path-like, default="params.yaml"
        The file. What it leaves out takes its default.
    any_version : bool, default=False
        Whether to read a file that was made for another release of ganaug.

    Returns
    -------
    Params

    Raises
    ------
    ConfigError
        The file is missing or no YAML, is for another release, or a parameter in it is unknown, mistyped or out of
        range.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; run from the folder that holds it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line} is not YAML: {error.problem}") from None
    except (YAMLError, ValueError, RecursionError) as error:  # no date, no number, brackets without end
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    try:
        params = Params.model_validate(content)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not any_version and params.ganaug_version not in (None, __version__):
        raise ConfigError(
            f"{path}: ganaug_version is {params.ganaug_version!r}, but {__version__} is installed; install that one, "
            f"or write {__version__} there, and dvc repro runs every stage again"
        )
    return params
