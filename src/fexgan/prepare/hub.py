"""A Hugging Face dataset as a list of files: its pictures laid out as they are encoded, a row at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fexgan.config import FramingConfig
from fexgan.errors import InputError, library_refusals
from fexgan.manifest import DATASET_KEY, DatasetRecord
from fexgan.media import READ_SUFFIXES
from fexgan.prepare.listing import OPTIONAL, REQUIRED
from fexgan.prepare.shards import SHARD_FOLDER

PREFIX = "hf:"
"""What the name or the folder of a Hugging Face dataset begins with where footage is asked for."""
HUB = "hf://datasets/"
"""What the address of a dataset on the hub begins with, before its name."""
LIST_NAME = "rows.parquet"
SOURCE_KEY = "source"
"""Where that list tells in its metadata what it was made of."""
ROWS_AT_ONCE = 1024
STAGE = "fetch rows"
SAVED = ("dataset_dict.json", "state.json")
"""What a folder holds that `save_to_disk` wrote."""

Row = dict[str, str | None]
Progress = Callable[[str, int, int], None]


def unpack(source: str, folder: Path, columns: Mapping[str, str], progress: Progress | None = None) -> Path:
    """Lay out all splits of a dataset in `folder`, each picture a file, and return the Parquet list of its rows.

    `source`: a folder, or a name on the hub. `columns`: name in a list -> column of the dataset, where they differ; the
    pictures are by themselves found where one column alone holds any. Class labels are told by their names.
    `progress(stage, done, total)` is told of each row, total 0 where the dataset does not tell how many it has.
    A picture that stands in `folder` already is left as it is, so that a run that was killed goes on; so is all of a
    dataset on the hub that was fetched whole.
    Raises InputError where `datasets` is missing, for a dataset that cannot be read, and one that lacks a column.
    """
    if not source:
        raise InputError(f"{PREFIX} names no dataset; give hf:OWNER/NAME on the hub, or hf:FOLDER")
    if folder.resolve().is_relative_to(Path(source).resolve()):
        raise InputError(f"the dataset would be written into {source}, which is read; write it somewhere else")
    listed, told = folder / LIST_NAME, json.dumps([source, dict(columns)])
    if not Path(source).exists() and _told_by(listed) == told:
        return listed
    schema = pa.schema([(name, pa.string()) for name in (*REQUIRED, *OPTIONAL)])
    with library_refusals(f"{PREFIX}{source}", "hub", "give hf:OWNER/NAME on the hub, or hf:FOLDER"):
        splits = _open(source)
        schema = schema.with_metadata({SOURCE_KEY: told} | _made_by(source))
        folder.mkdir(parents=True, exist_ok=True)
        partial = listed.with_suffix(".partial")
        tell, done, total = progress or (lambda stage, done, total: None), 0, _row_count(splits)
        with pq.ParquetWriter(partial, schema) as writer:
            for split, rows in splits.items():
                names = _columns(source, rows.features or {}, columns)
                pending: list[Row] = []
                for row in _rows(source, rows, names, folder, split):
                    pending.append(row)
                    done += 1
                    tell(STAGE, done, total)
                    if len(pending) == ROWS_AT_ONCE:
                        writer.write_table(pa.Table.from_pylist(pending, schema=schema))
                        pending = []
                writer.write_table(pa.Table.from_pylist(pending, schema=schema))
        tell(STAGE, done, done)
        partial.replace(listed)
    return listed


def framing_of(listed: Path) -> FramingConfig | None:
    """How the pictures of a dataset that `unpack` laid out are framed; None where this package did not make it."""
    try:
        return DatasetRecord.from_dict(json.loads(pq.read_schema(listed).metadata[DATASET_KEY.encode()])).framing
    except (KeyError, TypeError, ValueError, InputError):
        return None


def _made_by(source: str) -> dict[str, bytes]:
    """What a dataset of this package tells in the metadata of its shards of how it was made, by key; else nothing."""
    import fsspec

    files, root = fsspec.core.url_to_fs(source if Path(source).exists() else f"{HUB}{source}")
    folder = f"{root}/{SHARD_FOLDER}"
    shards = sorted(path for path in files.find(folder) if path.endswith(".parquet")) if files.exists(folder) else []
    if not shards:
        return {}
    with files.open(shards[0], "rb") as file:
        metadata = pq.read_schema(file).metadata or {}
    return {DATASET_KEY: metadata[DATASET_KEY.encode()]} if DATASET_KEY.encode() in metadata else {}


def _told_by(listed: Path) -> str | None:
    """What a list of rows that is whole was made of, None where there is none."""
    if not listed.is_file():
        return None
    return (pq.read_schema(listed).metadata or {}).get(SOURCE_KEY.encode(), b"").decode()


def _open(source: str) -> Mapping[str, Any]:
    """Split -> its rows, which are read as they are asked for and never held together."""
    import datasets

    if not any((Path(source) / name).is_file() for name in SAVED):
        return datasets.load_dataset(source, streaming=True)
    saved = datasets.load_from_disk(source)
    return saved if isinstance(saved, dict) else {str(saved.split or "rows"): saved}


def _row_count(splits: Mapping[str, Any]) -> int:
    """Rows of all splits; 0 where one of them, which is read as it comes, does not tell."""
    told = {split: (rows.info.splits or {}).get(split) for split, rows in splits.items()}
    counts = [
        rows.num_rows if hasattr(rows, "num_rows") else getattr(told[split], "num_examples", 0) or 0
        for split, rows in splits.items()
    ]
    return sum(counts) if all(counts) else 0


def _columns(source: str, features: Mapping[str, Any], mapped: Mapping[str, str]) -> dict[str, str]:
    """Name in a list -> column of the dataset, for those that it has. Raises InputError for one that it should have."""
    from datasets import Image

    pictures = [column for column, feature in features.items() if isinstance(feature, Image)]
    listed = f"its columns are {', '.join(features) or 'none'}"
    names = {name: name for name in (*REQUIRED, *OPTIONAL)}
    names |= {"file": pictures[0] if len(pictures) == 1 else "file"} | dict(mapped)
    for name in (*REQUIRED, *mapped):
        if names[name] not in features:
            raise InputError(
                f"dataset {PREFIX}{source} has no column {names[name]!r}; {listed}: name one with {name}=COLUMN"
            )
    if names["file"] not in pictures:
        raise InputError(
            f"dataset {PREFIX}{source} has no pictures in {names['file']!r}; {listed}: name one with file=COLUMN"
        )
    others = features.keys() - set(pictures)  # a column of pictures may be called `frame`, and tells of no order
    return {name: column for name, column in names.items() if name in ("file", *mapped) or column in others}


def _rows(source: str, rows: Any, names: Mapping[str, str], folder: Path, split: str) -> Iterator[Row]:
    """What a list tells of each row of a split, its picture written to `folder`; no file where it has none."""
    from datasets import ClassLabel, Image

    def told(name: str, value: Any) -> str | None:
        label = rows.features[names[name]]
        if value is None or not isinstance(label, ClassLabel):
            return None if value is None else str(value)
        return label.int2str(value) if 0 <= value < label.num_classes else str(value)

    picture = names["file"]
    encoded = rows.select_columns(list(names.values())).cast_column(picture, Image(decode=False))
    (folder / split).mkdir(exist_ok=True)
    for index, row in enumerate(encoded):
        image = row[picture] or {}
        content = _content(image, source)
        file = f"{split}/{index:07d}{_suffix(image.get('path'))}"
        if content is not None and not _stands(folder / file, content):
            (folder / file).write_bytes(content)
        yield {name: told(name, row[names[name]]) for name in names} | {"file": None if content is None else file}


def _content(image: Mapping[str, Any], source: str) -> bytes | None:
    """A picture's bytes: the row's own, or those of the file it names, if that is the dataset's own; else None."""
    if image.get("bytes") is not None:
        return image["bytes"]
    path = image.get("path") or ""
    holder = path.rpartition("::")[2]  # the archive, of a file in one
    on_hub = holder.startswith(f"{HUB}{source}@")
    if not path or not (on_hub or Path(holder).resolve().is_relative_to(Path(source).resolve())):
        return None
    import fsspec

    with fsspec.open(path, "rb") as file:
        return file.read()


def _suffix(path: str | None) -> str:
    suffix = Path(path or "").suffix.lower()
    return suffix if suffix in READ_SUFFIXES else READ_SUFFIXES[0]


def _stands(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
