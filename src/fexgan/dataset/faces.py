"""A prepared dataset, and the pairs of frames that training learns from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fexgan.affects import AFFECTS
from fexgan.config import FramingConfig, same_square
from fexgan.dataset.pixels import WAY_OUT, JoinedPixels, decode, gather
from fexgan.dataset.remote import SHARDS, address_of, fetched
from fexgan.errors import InputError
from fexgan.manifest import DATASET_KEY, DatasetRecord
from fexgan.media import Pixels, free_name

COLUMNS = ("character", "affect", "strength", "head_deg", "gaze_deg", "blink", "take", "frame")
ROWS_AT_ONCE = 256
POSE_CANDIDATES, POSE_STRENGTH_GAP = 48, 0.1
# Poses are compared in degrees of the head's turn. Eyes that turn by as much move fewer pixels; lids that close change
# as much as a large turn.
GAZE_WEIGHT, BLINK_WEIGHT_DEG = 0.4, 10.0
SAME_POSE_DEG = 0.01


@dataclass(frozen=True)
class PairRows:
    """Rows of the dataset, int64 [batch] each: the picture to start from, and the one to arrive at."""

    source_index: NDArray[np.int64]
    target_index: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FaceDataset:
    """One split of a dataset, decoded. Row i of every array tells of frame i.

    `pixels`: uint8 [n, side, side, 3], a memory map where they are many, indexed by rows alone where they are joined.
    `character`: int64 [n], index into `characters`. `affect`: int64 [n], index into `AFFECTS`. `strength`: float32 [n]
    in [0, 1], NaN where unknown.
    `head_deg`: float32 [n, 3], yaw, pitch and roll; `gaze_deg`: float32 [n, 2], yaw and pitch; `blink`: float32 [n],
    0 open to 1 closed; NaN where unknown. `take`: str [n]. `frame`: int64 [n], from 0 in each take. `fingerprint`:
    SHA-256 over the shards of all splits. `split_by`: how those were told apart, as `fexgan prepare --split` calls
    it; how the first's were where several are joined.
    """

    split: str
    split_by: str
    pixels: Pixels | JoinedPixels
    character: NDArray[np.int64]
    affect: NDArray[np.int64]
    strength: NDArray[np.float32]
    head_deg: NDArray[np.float32]
    gaze_deg: NDArray[np.float32]
    blink: NDArray[np.float32]
    take: NDArray[np.str_]
    frame: NDArray[np.int64]
    characters: tuple[str, ...]
    framing: FramingConfig
    fingerprint: str

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def labels(self) -> tuple[str, ...]:
        """What to call each character: by name, numbered where several people have one."""
        taken: set[str] = set()
        return tuple(free_name(name, taken) for name in self.characters)

    @property
    def image_size_px(self) -> int:
        """Side of the pictures."""
        return self.framing.image_size_px

    @classmethod
    def load(cls, folder: Path, split: str = "train") -> FaceDataset:
        """Read one split of a dataset folder that `fexgan prepare` wrote.

        Raises InputError for a folder that is none, a split that it lacks, and shards that cannot be read.
        """
        folder = Path(folder)
        shards = shard_paths(folder)
        wanted = [path for path in shards if path.name.startswith(f"{split}-")]
        if not wanted:
            way_out = f"choose from {', '.join(split_names(folder))}"
            if split == "test":  # which no flag asks for
                way_out = "prepare it anew with one, as in fexgan prepare --split character --test-share 0.2"
            raise InputError(f"dataset {folder} has no split {split!r}; {way_out}")
        table = _read_shards(wanted)
        record, characters = read_metadata(table.schema, folder)
        side, fingerprint = record.framing.image_size_px, _fingerprint(shards)
        pictures = decode(_pictures(wanted), side, folder)
        return cls(
            split=split,
            split_by=record.split,
            pixels=gather(pictures, (len(table), side, side, 3), f"{fingerprint}-{split}"),
            character=_labels(table["character"], len(characters), folder),
            affect=_labels(table["affect"], len(AFFECTS), folder),
            strength=table["strength"].to_numpy().astype(np.float32),
            head_deg=_angles(table["head_deg"], 3),
            gaze_deg=_angles(table["gaze_deg"], 2),
            blink=table["blink"].to_numpy().astype(np.float32),
            take=np.array(table["take"].to_pylist(), dtype=np.str_),
            frame=table["frame"].to_numpy().astype(np.int64),
            characters=characters,
            framing=record.framing,
            fingerprint=fingerprint,
        )

    @classmethod
    def join(cls, parts: Sequence[FaceDataset]) -> FaceDataset:
        """Several datasets as one: their characters are different people, also where they have the same name.

        Raises InputError where pictures differ in size, or faces in how they are framed.
        """
        first = parts[0]
        if len(parts) == 1:
            return first
        if not all(same_square(part.framing, first.framing) for part in parts):
            raise InputError("the datasets were not prepared with the same framing; prepare them all in one way")
        offsets = np.cumsum([0, *(len(part.characters) for part in parts)])
        columns = {name: [getattr(part, name) for part in parts] for name in COLUMNS}
        columns["character"] = [part.character + offset for part, offset in zip(parts, offsets, strict=False)]
        fingerprint = hashlib.sha256("".join(part.fingerprint for part in parts).encode()).hexdigest()
        return cls(
            split=first.split,
            split_by=first.split_by,
            pixels=JoinedPixels([part.pixels for part in parts]),
            **{name: np.concatenate(column) for name, column in columns.items()},
            characters=tuple(name for part in parts for name in part.characters),
            framing=first.framing,
            fingerprint=fingerprint,
        )

    def pairs(self, batch_size: int, seed: int, step: int) -> PairRows:
        """The pairs of one training step, fixed by `seed` and `step` alone, so that a resumed run needs no state.

        Half of the sources are any frame; the others any frame of any character, so that those who were filmed for a
        few frames only are learned as well. The target's affect is any that the source's character shows, all equally
        likely, and the target any frame of that character with that affect. Where head poses are known, it gives way to
        the frame, among some drawn at random, that is held most like the source, head, gaze and lids, and is about as
        strong as the first drawn or held exactly so: no network can know how a head will turn, and one that has to
        guess learns to blur.
        """
        order, starts, counts = self._groups
        draw = np.random.default_rng((seed, step))
        source = draw.integers(len(self), size=batch_size)
        people = draw.choice(np.flatnonzero(counts.sum(axis=1)), size=batch_size // 2)
        first, frames = starts[people, 0], counts[people].sum(axis=1)
        source[: len(people)] = order[first + (draw.random(len(people)) * frames).astype(np.int64)]
        character = self.character[source]
        shown = counts[character] > 0  # [batch, 7]
        rank = (draw.random(batch_size) * shown.sum(axis=1)).astype(np.int64)
        affect = np.argmax(shown.cumsum(axis=1) > rank[:, None], axis=1)
        count, start = counts[character, affect][:, None], starts[character, affect][:, None]
        member = (draw.random((batch_size, POSE_CANDIDATES)) * count).astype(np.int64)
        return PairRows(source, self._alike_in_pose(source, order[start + member]))

    def _alike_in_pose(self, source: NDArray[np.int64], candidates: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of each row of `candidates` [batch, k], the first or one that fits the pose better."""
        apart = np.linalg.norm(self._poses[candidates] - self._poses[source][:, None], axis=2)  # [batch, k]
        gap = np.abs(self.strength[candidates] - self.strength[candidates[:, :1]])
        exact = (apart < SAME_POSE_DEG) & (candidates != source[:, None])
        apart[~((gap <= POSE_STRENGTH_GAP) | exact) | np.isnan(apart)] = np.inf
        return candidates[np.arange(len(source)), apart.argmin(axis=1)]

    @cached_property
    def _poses(self) -> NDArray[np.float32]:
        """[n, 6], so that their distances are in degrees of a head's turn. Unknown gaze and lids count as at rest."""
        eyes = np.column_stack([GAZE_WEIGHT * self.gaze_deg, BLINK_WEIGHT_DEG * self.blink])
        return np.column_stack([self.head_deg, np.nan_to_num(eyes)])

    @cached_property
    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Rows sorted by character and affect, [n]; where each group starts and how long it is, [characters, 7]."""
        shape = len(self.characters), len(AFFECTS)
        group = self.character * len(AFFECTS) + self.affect
        counts = np.bincount(group, minlength=shape[0] * shape[1])
        starts = np.cumsum(counts) - counts
        return np.argsort(group, kind="stable"), starts.reshape(shape), counts.reshape(shape)


def split_names(folder: Path) -> tuple[str, ...]:
    """Which splits a dataset folder holds, `train` first. Raises InputError when it is no dataset."""
    names = {path.name.split("-")[0] for path in shard_paths(Path(folder))}
    return tuple(sorted(names, key=lambda name: (name != "train", name)))


def shard_paths(folder: Path) -> list[Path]:
    """The Parquet files of a dataset folder, sorted; fetched if it is an address. Raises InputError when it is none."""
    if (address := address_of(folder)) is not None:
        folder = fetched(address)
    if not folder.is_dir():
        raise InputError(f"no dataset folder at {folder}; {WAY_OUT}")
    shards = sorted(path for path in folder.glob(SHARDS) if not path.name.startswith("."))  # what a killed run left
    if not shards:
        raise InputError(f"{folder} is no dataset: it holds no data/*.parquet; {WAY_OUT}")
    return shards


def _read_shards(paths: Sequence[Path]) -> pa.Table:
    tables = []
    for path in paths:
        with _shard_errors(path):
            tables.append(pq.read_table(path, columns=list(COLUMNS)))
        if tables[-1].schema != tables[0].schema:
            raise InputError(f"{path} has other columns than {paths[0].name}; {WAY_OUT}")
    return pa.concat_tables(tables)


def shard_schema(path: Path) -> pa.Schema:
    """The columns of a shard, and what its metadata says of the dataset. Raises InputError."""
    with _shard_errors(path):
        return pq.read_schema(path)


def stream_batches(folder: Path, columns: Sequence[str]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield (split, some hundred rows) through a whole dataset, never holding more.

    Raises InputError for shards that cannot be read, and for labels that the first one's metadata does not name.
    """
    paths = shard_paths(Path(folder))
    _, characters = read_metadata(shard_schema(paths[0]), folder)
    counts = {"character": len(characters), "affect": len(AFFECTS)}
    for path in paths:
        with _shard_errors(path):
            for batch in pq.ParquetFile(path).iter_batches(ROWS_AT_ONCE, columns=list(columns)):
                for name in counts.keys() & set(columns):
                    _labels(batch.column(name), counts[name], folder)
                yield path.name.split("-")[0], batch


@contextmanager
def _shard_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, pa.ArrowException):
        raise InputError(f"{path} cannot be read as a shard of a dataset; {WAY_OUT}") from None


def read_metadata(schema: pa.Schema, folder: Path) -> tuple[DatasetRecord, tuple[str, ...]]:
    """(how the dataset was made, names of its characters), from the schema of its shards. Raises InputError."""
    try:
        record = DatasetRecord.from_dict(json.loads(schema.metadata[DATASET_KEY.encode()]))
        features: dict[str, Any] = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        characters, affects = tuple(features["character"]["names"]), tuple(features["affect"]["names"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"dataset {folder} was not made by fexgan: its metadata is missing; {WAY_OUT}") from None
    if affects != AFFECTS:
        raise InputError(f"dataset {folder} has the affects {', '.join(affects)}; expected {', '.join(AFFECTS)}")
    return record, characters


def _pictures(paths: Sequence[Path]) -> Iterator[pa.StructArray]:
    for path in paths:
        with _shard_errors(path):
            for batch in pq.ParquetFile(path).iter_batches(ROWS_AT_ONCE, columns=["image"]):
                yield batch.column("image")


def _labels(column: pa.ChunkedArray | pa.Array, count: int, folder: Path) -> NDArray[np.int64]:
    labels = column.to_numpy().astype(np.int64)
    if np.any((labels < 0) | (labels >= count)):
        raise InputError(f"dataset {folder} has labels that its metadata does not name; {WAY_OUT}")
    return labels


def _angles(column: pa.ChunkedArray, count: int) -> NDArray[np.float32]:
    unknown = [math.nan] * count
    return np.array([angles or unknown for angles in column.to_pylist()], np.float32).reshape(-1, count)


def fingerprint_of(folder: Path) -> str:
    """SHA-256 over the shards of all splits of a dataset folder. Raises InputError when it is none."""
    return _fingerprint(shard_paths(Path(folder)))


def _fingerprint(shards: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in shards:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_framing(framing: FramingConfig, learned: FramingConfig, folder: Path, checkpoint: str) -> None:
    """Raise InputError unless faces of the dataset `folder`, framed by `framing`, are as large, and where they are, in
    what `checkpoint` learned from, framed by `learned`."""
    if not same_square(framing, learned):
        raise InputError(
            f"dataset {folder} is framed otherwise than checkpoint {checkpoint}; prepare it with --size-px "
            f"{learned.image_size_px} --face-fraction {learned.face_fraction:g}"
        )
