"""A CSV or Parquet list of files and labels, as footage."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fexgan.errors import InputError, shortened
from fexgan.manifest import is_sidecar
from fexgan.media import READ_SUFFIXES
from fexgan.prepare.footage import CLIPS, NOBODY, Footage, Sorter
from fexgan.prepare.labels import load_vocabulary

LIST_SUFFIXES = (".csv", ".parquet")
DELIMITERS = ",;\t"
"""What may stand between the cells of a CSV file; spreadsheets of half of Europe write semicolons."""
REQUIRED = ("file", "affect")
OPTIONAL = ("character", "take", "strength", "frame")


def read_list(
    path: Path, labels: str = "", leave_out: Collection[str] = (), columns: Mapping[str, str] | None = None
) -> Footage:
    """The takes that a list tells of: a row for each clip or picture, in the folder that holds the list or below.

    Its columns are `file` and `affect`, and where they are known `character`, `take`, `strength` in [0, 1], of a
    picture or of all frames of a clip without a sidecar, and `frame`, which orders the pictures of a take; `columns`
    tells which of them the list calls otherwise. `labels` and `leave_out` as for `scan_footage`.
    Raises InputError for a list that cannot be read, lacks a column, or tells of nothing.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no list at {path}; give a CSV or Parquet file with the columns {', '.join(REQUIRED)}")
    names = {name: name for name in (*REQUIRED, *OPTIONAL)} | dict(columns or {})
    sorter = Sorter(path.parent, load_vocabulary(labels), leave_out)
    seen: set[Path] = set()
    try:
        for row in _rows(path, names, set(columns or ())):
            _place(row, names, sorter, seen)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException):
        raise InputError(f"list {path} cannot be read; give a whole CSV file in UTF-8, or a Parquet file") from None
    found = sorter.footage()
    if not found.files:
        raise InputError(f"list {path} has no rows; give one for each clip or picture")
    return replace(found, listed=True)


def _rows(path: Path, names: Mapping[str, str], mapped: Collection[str]) -> Iterator[dict[str, Any]]:
    if path.suffix.lower() == ".parquet":
        file = pq.ParquetFile(path)
        present = file.schema_arrow.names
        _check_columns(path, present, names, mapped)
        for batch in file.iter_batches(columns=[name for name in names.values() if name in present]):
            yield from batch.to_pylist()
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline()
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=max(DELIMITERS, key=header.count), skipinitialspace=True)
            _check_columns(path, reader.fieldnames or (), names, mapped)
            yield from reader


def _check_columns(path: Path, present: Collection[str], names: Mapping[str, str], mapped: Collection[str]) -> None:
    for name in (*REQUIRED, *mapped):
        if names[name] not in present:
            listed = ", ".join(present) or "none"
            raise InputError(
                f"list {path} has no column {names[name]!r}; its columns are {listed}: name one with {name}=COLUMN"
            )


def _place(row: Mapping[str, Any], names: Mapping[str, str], sorter: Sorter, seen: set[Path]) -> None:
    def told(name: str) -> str:
        value = row.get(names[name])
        return "" if value is None else str(value).strip()

    file, root = told("file"), sorter.root
    path = _within(file, root) if file and "\0" not in file else None
    if path is None:
        return sorter.leave_out(root, "a row names no file, or one outside the folder of the list")
    if path in seen:
        return sorter.leave_out(path, "is listed twice")
    seen.add(path)
    if not os.path.isfile(path):  # also of a name that is too long, of which `is_file` raises
        return sorter.leave_out(root / shortened(str(path.relative_to(root))), "is listed, but no such file is there")
    is_clip = path.suffix.lower() in CLIPS
    if not is_clip and path.suffix.lower() not in READ_SUFFIXES:
        return sorter.leave_out(path, "is neither a clip nor a picture")
    try:
        strength = _strength(told("strength"))
    except ValueError:
        return sorter.leave_out(path, f"its strength {told('strength')!r} is no number in [0, 1]")
    beside = path.with_suffix(".json")
    sidecar = beside if is_clip and beside.is_file() and is_sidecar(beside) else None
    who, label, take, frame = (told(name) for name in ("character", "affect", "take", "frame"))
    return sorter.add(path, who or NOBODY, label, take, strength, sidecar, frame)


def _within(file: str, root: Path) -> Path | None:
    """A listed file as a path that begins with `root` and makes no detour, so that a file has one path however it is
    listed; a link keeps its name, which may tell more than what it leads to. None for a file that is not in `root`."""
    path = root / file
    # Not `resolve`, which raises where links lead to one another.
    place, whole, folder = (Path(os.path.realpath(one)) for one in (root, path, path.parent))
    if not whole.is_relative_to(place):
        return None
    return root / (folder / path.name if folder.is_relative_to(place) else whole).relative_to(place)


def _strength(text: str) -> float | None:
    """The number, None where none is told. Raises ValueError for what is no strength."""
    if text.lower() in ("", "nan"):
        return None
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise ValueError(text)
    return value
