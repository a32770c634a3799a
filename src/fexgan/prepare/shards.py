"""Rows of a dataset as Parquet shards that the Hugging Face `datasets` library loads with their true column types."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fexgan.affects import AFFECTS
from fexgan.manifest import DATASET_KEY, DatasetRecord

SHARD_FOLDER = "data"
ROWS_PER_SHARD = 4096
ROWS_PER_GROUP = 256


def features(characters: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The columns in the notation of `datasets.Features`."""
    return {
        "image": {"_type": "Image"},
        "character": {"names": list(characters), "_type": "ClassLabel"},
        "affect": {"names": list(AFFECTS), "_type": "ClassLabel"},
        "strength": {"dtype": "float32", "_type": "Value"},
        "head_deg": {"feature": {"dtype": "float32", "_type": "Value"}, "length": 3, "_type": "List"},
        "gaze_deg": {"feature": {"dtype": "float32", "_type": "Value"}, "length": 2, "_type": "List"},
        "blink": {"dtype": "float32", "_type": "Value"},
        "take": {"dtype": "string", "_type": "Value"},
        "frame": {"dtype": "int32", "_type": "Value"},
        "time_s": {"dtype": "float32", "_type": "Value"},
        "source": {"dtype": "string", "_type": "Value"},
    }


def schema(characters: Sequence[str], record: DatasetRecord) -> pa.Schema:
    """The Arrow schema, whose metadata tells `datasets` the column types and this package how the rows were made."""
    columns = [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("character", pa.int64()),
        ("affect", pa.int64()),
        ("strength", pa.float32()),
        ("head_deg", pa.list_(pa.float32(), 3)),
        ("gaze_deg", pa.list_(pa.float32(), 2)),
        ("blink", pa.float32()),
        ("take", pa.string()),
        ("frame", pa.int32()),
        ("time_s", pa.float32()),
        ("source", pa.string()),
    ]
    metadata = {
        "huggingface": json.dumps({"info": {"features": features(characters)}}),
        DATASET_KEY: json.dumps(record.to_dict()),
    }
    return pa.schema(columns, metadata=metadata)


class ShardWriter:
    """Writes the rows of one split to `<folder>/<split>-00000-of-0000N.parquet`; `row_count` must be known before."""

    def __init__(self, folder: Path, split: str, row_count: int, schema: pa.Schema) -> None:
        self._folder, self._split, self._schema = folder, split, schema
        self._shard_count = math.ceil(row_count / ROWS_PER_SHARD)
        self._rows: list[dict[str, Any]] = []
        self._written = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) == ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._close_shard()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._writer is None:
            name = f"{self._split}-{self._written // ROWS_PER_SHARD:05d}-of-{self._shard_count:05d}.parquet"
            self._writer = pq.ParquetWriter(self._folder / name, self._schema)
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._written += len(self._rows)
        self._rows = []
        if self._written % ROWS_PER_SHARD == 0:
            self._close_shard()

    def _close_shard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
