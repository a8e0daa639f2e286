"""What users name as ``module:function``."""

from __future__ import annotations

import pkgutil
import sys
from pathlib import Path
from typing import Any

from ganaug.errors import ConfigError


def import_named(name: str, what: str) -> Any:
    """Import a user's function; its module may lie in the folder where the command runs.

    Parameters
    ----------
    name : str
        ``package.module:function``.
    what : str
        What it is for, to begin a message with.

    Raises
    ------
    ConfigError
        There is no such module or function.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{what} {name!r} cannot be imported: {error}") from error
