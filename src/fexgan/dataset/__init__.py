"""Datasets of cropped faces, read from their shards: where they lie here, and fetched where they lie elsewhere."""

from fexgan.dataset.faces import (
    FaceDataset,
    check_framing,
    fingerprint_of,
    read_metadata,
    shard_paths,
    shard_schema,
    split_names,
    stream_batches,
)

__all__ = [
    "FaceDataset",
    "check_framing",
    "fingerprint_of",
    "read_metadata",
    "shard_paths",
    "shard_schema",
    "split_names",
    "stream_batches",
]
