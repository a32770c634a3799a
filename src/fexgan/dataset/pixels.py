"""The pictures of a dataset, decoded: in memory where they fit, else in a file that is mapped into it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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


class JoinedPixels:
    """The pictures of several arrays one after another, indexed by rows as one array would be, and never copied into
    one: a dataset that is named eight times takes no more room than once."""

    def __init__(self, parts: Sequence[Pixels]) -> None:
        self.parts = tuple(parts)
        self._starts = np.cumsum([0, *map(len, parts)])
        self.shape = (int(self._starts[-1]), *parts[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | slice | NDArray[np.int64]) -> Pixels:
        wanted = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows)
        part_of = np.searchsorted(self._starts, wanted, side="right") - 1
        if wanted.ndim == 0:
            return self.parts[part_of][wanted - self._starts[part_of]]  # an IndexError beyond the last
        pixels = np.empty((len(wanted), *self.shape[1:]), np.uint8)
        for index in np.unique(part_of):  # not all of them: adapting names one dataset hundreds of times
            own = part_of == index
            pixels[own] = self.parts[index][wanted[own] - self._starts[index]]
        return pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


def cache_folder() -> Path:
    """Where files lie that can be made again: below `XDG_CACHE_HOME`, or `.cache` of the user's home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fexgan"


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
