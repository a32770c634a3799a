"""Work that processes share: those of this machine, or of a Ray cluster (extra: ray)."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from joblib import Parallel, effective_n_jobs, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fexgan.errors import InputError

Jobs = int | str
"""How many processes work side by side: a number, -1 or `auto` for one per core, `ray` for a Ray cluster at hand or a
new one on this machine, or the address of one, `ray://HOST:PORT`."""

CLIENT_PORT, PATIENCE_S = 10001, 5.0
"""Where Ray's head listens for clients, and how long it may take to answer."""


class KeptError(InputError):
    """What was done up to this error stands, and the next try goes on from there."""


class KilledError(KeptError):
    """A worker was killed, by a user or for its memory: what others have done stands, and the same command goes on."""

    def __init__(self) -> None:
        super().__init__("a worker was killed; what it was at is lost, and the same command goes on")


def processes(jobs: Jobs, tasks: int) -> int:
    """How many of this machine's processes `tasks` keep busy; 0 where a cluster works. Raises InputError."""
    number = check_jobs(jobs)
    return 0 if number is None else max(1, min(effective_n_jobs(number), tasks))


def share(work: Iterable[Any], jobs: Jobs, ordered: bool = True) -> Iterator[Any]:
    """Yield what every call of `work`, each made by `joblib.delayed`, returns; a cluster hands all back at the end.

    Raises InputError where a worker was killed, and where Ray is missing or cannot be reached.
    """
    number = check_jobs(jobs)
    if number is None:
        with _ray(str(jobs)), parallel_config(backend="ray"):
            results = Parallel(n_jobs=-1)(work)
        yield from results
        return
    try:
        yield from Parallel(n_jobs=number, return_as="generator" if ordered else "generator_unordered")(work)
    except TerminatedWorkerError:
        raise KilledError from None


def check_jobs(jobs: Jobs) -> int | None:
    """Processes of this machine, None for those of a cluster. Raises InputError for what is neither, and where Ray is
    missing."""
    text = str(jobs)
    if text == "ray" or text.startswith("ray://"):
        if find_spec("ray") is None:
            raise InputError("working on a cluster needs ray, which is missing; pip install 'fexgan-meta[ray]'")
        return None
    if text == "auto":
        return -1
    if re.fullmatch(r"-?[1-9][0-9]*", text):
        return int(text)
    raise InputError(f"jobs {text!r} is unknown; give a number, auto, ray or ray://HOST:PORT")


def _knock(address: str) -> None:
    """Raise OSError at once where nothing listens at `ray://HOST:PORT`; Ray itself tries for half a minute."""
    if address.startswith("ray://"):
        place = urlsplit(address)
        socket.create_connection((place.hostname or "", place.port or CLIENT_PORT), timeout=PATIENCE_S).close()


@contextmanager
def _ray(address: str) -> Iterator[None]:
    """A connection to a cluster, which joblib then knows as its backend `ray`; one that stands already is used."""
    import ray
    from ray.util.joblib import register_ray

    cluster = os.environ.get("RAY_ADDRESS") if address == "ray" else address
    connected = ray.is_initialized()
    if not connected:
        quiet = {"include_dashboard": None if cluster else False, "log_to_driver": False}
        try:
            _knock(cluster or "")
            ray.init(address=cluster, logging_level=logging.ERROR, **quiet)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).split("\n")[0]
            place = cluster or address
            raise InputError(f"no Ray cluster answers at {place} ({reason}); start one, or give a number") from None
    try:
        register_ray()
        yield
    except ray.exceptions.RayActorError:
        raise KilledError from None
    finally:
        if not connected:
            ray.shutdown()
