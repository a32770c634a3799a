"""Datasets elsewhere: their shards, fetched once through fsspec into the cache folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fexgan.dataset.pixels import WAY_OUT, cache_folder
from fexgan.errors import InputError, library_refusals
from fexgan.media import atomic_path

SHARDS = "data/*-*-of-*.parquet"
CHUNK_BYTES = 1 << 20
_URL = re.compile(r"([a-z][a-z0-9+]+):/+(.+)")  # of one letter are the drives of Windows


def address_of(folder: Path) -> str | None:
    """The address, `s3://bucket/faces`, that a path stands for, which has lost slashes of it; None for a local path."""
    match = _URL.fullmatch(folder.as_posix())
    if match is None or folder.exists():
        return None
    return f"{match[1]}://{'/' if match[1] == 'file' else ''}{match[2]}"  # a file's address has no host


def fetched(address: str) -> Path:
    """A local folder with the shards of the dataset at an address, as they are there now.

    Shards that were fetched before and have not changed are taken as they are; one is there whole or not at all.
    Raises InputError where fsspec or what it needs is missing, and for an address that cannot be read.
    """
    with _refusals(address):
        import fsspec

        files, root = fsspec.core.url_to_fs(address)
        shards = sorted(files.glob(f"{root}/{SHARDS}"))
        state = repr([(shard, files.ukey(shard)) for shard in shards])
    if not shards:
        raise InputError(f"{address} is no dataset: it holds no {SHARDS}; {WAY_OUT}")
    folder = cache_folder() / "datasets" / hashlib.sha256(f"{address} {state}".encode()).hexdigest()[:16]
    for shard in shards:
        local = folder / "data" / shard.rpartition("/")[2]
        if not local.is_file():
            with atomic_path(local) as temporary, temporary.open("wb") as file:
                for chunk in _chunks(files, shard, address):
                    file.write(chunk)
    return folder


def _chunks(files: Any, shard: str, address: str) -> Iterator[bytes]:
    with _refusals(address), files.open(shard, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _refusals(address: str) -> AbstractContextManager[None]:
    return library_refusals(address, "hub", "correct the address, or fetch it")
