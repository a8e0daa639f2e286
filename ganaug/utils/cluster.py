"""Where trainings that do not wait for one another run: on this machine's cores, or on a cluster through joblib."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from joblib import parallel_config
from joblib.parallel import DEFAULT_BACKEND, get_active_backend

from ganaug.errors import ConfigError

BACKEND = "GANAUG_BACKEND"  # an environment variable, no parameter: where a training runs does not change its bytes
ON_CLUSTERS = ("dask", "ray")


@contextmanager
def backend(jobs: int) -> Iterator[None]:
    """Set the backend of every `joblib.Parallel` within: so many processes, or what the surroundings ask for.

    Parameters
    ----------
    jobs : int
        Processes on this machine. A cluster uses all it has.

    Raises
    ------
    ConfigError
        The environment variable ``GANAUG_BACKEND`` names what is not known, not installed, or does not answer.

    Notes
    -----
    The surroundings are a `joblib.parallel_config` of the caller, or else ``GANAUG_BACKEND``: ``dask``, whose scheduler
    the environment variable ``DASK_SCHEDULER_ADDRESS`` names, or ``ray``, with ``RAY_ADDRESS``.
    """
    chosen, name = type(get_active_backend()[0]).__name__, os.environ.get(BACKEND, "")
    if chosen.lower() != f"{DEFAULT_BACKEND}backend":  # LokyBackend
        yield
    elif not name:
        with parallel_config(DEFAULT_BACKEND, n_jobs=jobs, inner_max_num_threads=1):
            yield
    elif name not in ON_CLUSTERS:
        raise ConfigError(f"{BACKEND} is {name!r}: it may be one of {', '.join(ON_CLUSTERS)}, or not be set.")
    else:
        with {"dask": _dask, "ray": _ray}[name]():
            yield


@contextmanager
def _dask() -> Iterator[None]:
    """Use the scheduler that Dask's own settings name; without one, none is started in silence."""
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise ConfigError(f"{BACKEND} is 'dask', which is not installed: pip install 'dask[distributed]'.") from error
    address = dask.config.get("scheduler-address", None)
    if address is None:
        raise ConfigError(f"{BACKEND} is 'dask': name its scheduler in DASK_SCHEDULER_ADDRESS, as tcp://host:8786.")
    try:
        client = Client(address, set_as_default=False)
    except OSError as error:
        raise ConfigError(f"No Dask scheduler answers at {address} (DASK_SCHEDULER_ADDRESS): {error}") from error
    with client, parallel_config("dask", client=client):
        yield


@contextmanager
def _ray() -> Iterator[None]:
    try:
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise ConfigError(f"{BACKEND} is 'ray', which is not installed: pip install 'ray[default]'.") from error
    register_ray()
    with parallel_config("ray"):
        yield
