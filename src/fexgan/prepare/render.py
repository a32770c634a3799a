"""Takes cut out and encoded, each kept as a part on disk, so that processes share the work and a killed run goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from joblib import delayed
from numpy.typing import NDArray

from fexgan.media import atomic_path, encode_image
from fexgan.prepare.plan import Shot
from fexgan.prepare.twins import thumbnail
from fexgan.workers import Jobs, share

ROWS_AT_ONCE = 64
"""Frames held in memory at a time."""
_PART = pa.schema([("encoded", pa.binary()), ("time_s", pa.float64()), ("thumbnail", pa.binary())])

Rendered = tuple[bytes, float | None, NDArray[np.float16]]
"""A frame as PNG, its time in seconds, its thumbnail for the leak check."""


def render_takes(
    shots: Sequence[Shot], size_px: int, folder: Path, jobs: Jobs, progress: Callable[[int, int], None]
) -> list[Path]:
    """The part of each shot in `folder`. Those that stand there from an earlier run are taken as they are.

    `jobs`: processes that work side by side. `progress(done, total)` counts frames.
    Raises InputError.
    """
    wanted = [folder / f"{_fingerprint(shot, size_px)}.parquet" for shot in shots]
    work = (delayed(_render)(shot, size_px, part) for shot, part in zip(shots, wanted, strict=True))
    total, done = sum(len(shot) for shot in shots), 0
    for shot, _ in zip(shots, share(work, jobs), strict=True):
        done += len(shot)
        progress(done, total)
    return wanted


def read_part(part: Path) -> Iterator[Rendered]:
    """Yield the frames of a part in order."""
    with pq.ParquetFile(part) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for row in batch.to_pylist():
                yield row["encoded"], row["time_s"], np.frombuffer(row["thumbnail"], np.float16)


def _render(shot: Shot, size_px: int, part: Path) -> None:
    if part.exists():
        return
    with atomic_path(part) as temporary, pq.ParquetWriter(temporary, _PART, compression="none") as writer:
        rows: list[dict[str, Any]] = []
        for index, (pixels, time_s) in enumerate(shot.frames(size_px), start=1):
            rows.append({"encoded": encode_image(pixels), "time_s": time_s, "thumbnail": thumbnail(pixels).tobytes()})
            if len(rows) == ROWS_AT_ONCE or index == len(shot):
                writer.write_table(pa.Table.from_pylist(rows, schema=_PART))
                rows = []


def _fingerprint(shot: Shot, size_px: int) -> str:
    """What a part depends on: the files as they are now, and how they are cut."""
    files = [shot.entry.path] if not shot.entry.pictures else shot.entry.pictures
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    depends_on = states, shot.entry.frames, shot.squares, size_px
    return hashlib.sha256(repr(depends_on).encode("utf-8", "surrogateescape")).hexdigest()
