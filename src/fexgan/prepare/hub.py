"""A Hugging Face dataset as a list of files: its pictures laid out as they are encoded, a row at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fexgan.errors import InputError, library_refusals
from fexgan.media import READ_SUFFIXES
from fexgan.prepare.listing import OPTIONAL, REQUIRED

PREFIX = "hf:"
"""What the name or the folder of a Hugging Face dataset begins with where footage is asked for."""
LIST_NAME = "rows.parquet"
ROWS_AT_ONCE = 1024
SAVED = ("dataset_dict.json", "state.json")
"""What a folder holds that `save_to_disk` wrote."""

Row = dict[str, str | None]


def unpack(source: str, folder: Path, columns: Mapping[str, str]) -> Path:
    """Lay out all splits of a dataset in `folder`, each picture a file, and return the Parquet list of its rows.

    `source`: a folder, or a name on the hub. `columns`: name in a list -> column of the dataset, where they differ; the
    pictures are by themselves found where one column alone holds any. Class labels are told by their names.
    A picture that stands in `folder` already is left as it is, so that a run that was killed goes on.
    Raises InputError where `datasets` is missing, for a dataset that cannot be read, and one that lacks a column.
    """
    if folder.resolve().is_relative_to(Path(source).resolve()):
        raise InputError(f"the dataset would be written into {source}, which is read; write it somewhere else")
    schema = pa.schema([(name, pa.string()) for name in (*REQUIRED, *OPTIONAL)])
    with library_refusals(f"{PREFIX}{source}", "hub", "give hf:OWNER/NAME on the hub, or hf:FOLDER"):
        splits = _open(source)
        folder.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(folder / LIST_NAME, schema) as writer:
            for split, rows in splits.items():
                names = _columns(source, rows.features or {}, columns)
                pending: list[Row] = []
                for row in _rows(source, rows, names, folder, split):
                    pending.append(row)
                    if len(pending) == ROWS_AT_ONCE:
                        writer.write_table(pa.Table.from_pylist(pending, schema=schema))
                        pending = []
                writer.write_table(pa.Table.from_pylist(pending, schema=schema))
    return folder / LIST_NAME


def _open(source: str) -> Mapping[str, Any]:
    """Split -> its rows, which are read as they are asked for and never held together."""
    import datasets

    if not any((Path(source) / name).is_file() for name in SAVED):
        return datasets.load_dataset(source, streaming=True)
    saved = datasets.load_from_disk(source)
    return saved if isinstance(saved, dict) else {str(saved.split or "rows"): saved}


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
    return {name: column for name, column in names.items() if column in features}


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
    on_hub = holder.startswith(f"hf://datasets/{source}@")
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
