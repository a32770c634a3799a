"""Footage of any kind by the path that a user gives: a folder, a list, or a Hugging Face dataset."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from fexgan.errors import InputError
from fexgan.prepare.footage import Footage, scan_footage
from fexgan.prepare.hub import PREFIX, Progress, framing_of, unpack
from fexgan.prepare.listing import LIST_SUFFIXES, OPTIONAL, REQUIRED, read_list
from fexgan.workers import KeptError


def find_footage(
    path: Path,
    labels: str = "",
    leave_out: Collection[str] = (),
    columns: Collection[str] = (),
    unpack_to: Path | None = None,
    progress: Progress | None = None,
) -> Footage:
    """The takes of a folder, of a list where `path` ends in .csv or .parquet, or of a Hugging Face dataset, `hf:NAME`.

    `columns`: texts `name=column`, for `read_list`. `unpack_to`: folder for the pictures of a Hugging Face dataset,
    which has to stay until they are prepared. `progress`: for `unpack`. Raises InputError as `read_list`, `unpack` and
    `scan_footage` do, and KeptError where a dataset was fetched from the hub and only what `read_list` checks is wrong.
    """
    mapping = dict(text.partition("=")[::2] for text in columns)
    allowed = (*REQUIRED, *OPTIONAL)
    for name, column in mapping.items():
        if name not in allowed or not column:
            raise InputError(f"column {name!r} is unknown; give NAME=COLUMN with a name of {', '.join(allowed)}")
    if unpack_to is not None and str(path).startswith(PREFIX):
        source = str(path).removeprefix(PREFIX)
        rows = unpack(source, unpack_to / Path(source).resolve().name, mapping, progress)
        try:
            found = read_list(rows, labels, leave_out)
        except InputError as error:
            if Path(source).exists():
                raise
            raise KeptError(f"{error} ({path} stays in {rows.parent}, and the next try goes on from there)") from None
        return replace(found, framing=framing_of(rows))
    if path.suffix.lower() in LIST_SUFFIXES and not path.is_dir():
        return read_list(path, labels, leave_out, mapping)
    if mapping:
        raise InputError(f"{path} is no list, so it has no columns; give a CSV or Parquet file, or no columns")
    return scan_footage(path, labels, leave_out)
