"""Takes cut out and encoded, each kept as a part on disk, so that processes share the work and a killed run goes on."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fexgan.media import atomic_path, encode_image
from fexgan.prepare.look import Look
from fexgan.prepare.twins import thumbnail

ROWS_AT_ONCE = 64
"""Frames held in memory at a time."""
_PART = pa.schema([("encoded", pa.binary()), ("time_s", pa.float64()), ("thumbnail", pa.binary())])

Rendered = tuple[bytes, float | None, NDArray[np.float16]]
"""A frame as PNG, its time in seconds, its thumbnail for the leak check."""


def render(look: Look, size_px: int, folder: Path) -> Path:
    """The part of a take in `folder`; one that stands there from an earlier run is taken as it is.

    Raises UnusableError where the take cannot be read, InputError where the part cannot be written.
    """
    part = folder / f"{_fingerprint(look, size_px)}.parquet"
    if part.exists():
        return part
    with atomic_path(part) as temporary, pq.ParquetWriter(temporary, _PART, compression="none") as writer:
        frames = look.frames(size_px)
        while rows := [
            {"encoded": encode_image(pixels), "time_s": time_s, "thumbnail": thumbnail(pixels).tobytes()}
            for pixels, time_s in itertools.islice(frames, ROWS_AT_ONCE)
        ]:
            writer.write_table(pa.Table.from_pylist(rows, schema=_PART))
    return part


def frame_count(part: Path) -> int:
    """How many frames a part holds."""
    return pq.read_metadata(part).num_rows


def read_part(part: Path) -> Iterator[Rendered]:
    """Yield the frames of a part in order."""
    with pq.ParquetFile(part) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for row in batch.to_pylist():
                yield row["encoded"], row["time_s"], np.frombuffer(row["thumbnail"], np.float16)


def _fingerprint(look: Look, size_px: int) -> str:
    """What a part depends on: the files as they are now, and how they are cut."""
    files = [look.entry.path] if not look.entry.pictures else look.entry.pictures
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    depends_on = states, look.entry.frames, look.squares, size_px
    return hashlib.sha256(repr(depends_on).encode("utf-8", "surrogateescape")).hexdigest()
