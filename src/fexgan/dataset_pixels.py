"""The pictures of a dataset, decoded: in memory where they fit, else in a file that is mapped into it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from fexgan.errors import InputError
from fexgan.media import Pixels, atomic_path, decode_image

LARGEST_IN_MEMORY = 2_000_000_000
"""Bytes of decoded pictures from which on they are kept in a file: 40,000 of 128 px, 10,000 of 256 px."""
THREADS = 4
WAY_OUT = "make the dataset with: fexgan prepare"


def gather(blocks: Iterable[Pixels], shape: tuple[int, ...], name: str) -> Pixels:
    """Blocks of pictures as one array of `shape`, [n, side, side, 3], that is indexed alike wherever it is kept.

    Where it would be larger than `LARGEST_IN_MEMORY` it is a memory map of a file in the cache folder. `name` is of
    this content alone: a file that stands there from another run or process is taken as it is. What is assigned to
    the array never reaches the file. Raises InputError where it cannot be written.
    """
    size = int(np.prod(shape))
    if size <= LARGEST_IN_MEMORY:
        pixels, filled = np.empty(shape, np.uint8), 0
        for block in blocks:
            pixels[filled : filled + len(block)] = block
            filled += len(block)
        return pixels
    path = cache_folder() / f"{name}.pixels"
    if not path.is_file() or path.stat().st_size != size:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            for block in blocks:
                file.write(np.ascontiguousarray(block).data)
    return np.memmap(path, np.uint8, "c", shape=shape)


def cache_folder() -> Path:
    """Where files lie that can be made again: below `XDG_CACHE_HOME`, or `.cache` of the user's home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fexgan"


def in_blocks(parts: Sequence[Pixels], rows: int = 256) -> Iterator[Pixels]:
    """The pictures of several arrays in order, `rows` at most at a time."""
    for part in parts:
        for start in range(0, len(part), rows):
            yield part[start : start + rows]


def decode(batches: Iterable[pa.StructArray], side: int, folder: Path) -> Iterator[Pixels]:
    """Each batch of encoded pictures as pixels [n, side, side, 3], decoded by a few threads.

    Pillow lets go of the interpreter's lock while it decodes. Raises InputError for a picture that is none, or of
    another size; it is told by its number in `folder`.
    """
    first = 0

    def decoded(index: int, encoded: bytes | None) -> Pixels:
        pixels = decode_image(encoded or b"", f"picture {index} of dataset {folder}")
        if pixels.shape != (side, side, 3):
            size = f"{pixels.shape[1]}x{pixels.shape[0]}"
            raise InputError(f"picture {index} of dataset {folder} has {size} px, not {side}x{side}; {WAY_OUT}")
        return pixels

    with ThreadPoolExecutor(THREADS) as pool:
        for batch in batches:
            encoded = batch.field("bytes").to_pylist()
            yield np.stack(list(pool.map(decoded, range(first, first + len(encoded)), encoded)))
            first += len(encoded)
