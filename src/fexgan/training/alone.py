"""One run at a time in a folder: two would write over each other's log and clear away each other's checkpoints."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from fexgan.errors import InputError
from fexgan.media import writable_folder

LOCK = "running.lock"


@contextlib.contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Hold the folder `out` of a training while it runs, for the process that writes into it and those beside it.

    It is made where it is missing, and is gone again where nothing was written into it, as by a training that was
    refused. However a process ends, its hold ends with it. Raises InputError while another training holds the folder,
    and where nothing can be written into it.
    """
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        writable_folder(out)
        with _held(out):
            yield
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):  # what holds anything stays
                folder.rmdir()


@contextlib.contextmanager
def _held(out: Path) -> Iterator[None]:
    if os.environ.get("RANK", "0") != "0":  # the first of several processes holds it for all
        yield
        return
    lock = FileLock(out / LOCK, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(f"another training is writing into {out}; let it end or choose another folder") from None
    try:
        yield
    finally:
        (out / LOCK).unlink(missing_ok=True)
        lock.release()
