from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from drawn import film
from fsspec.implementations.memory import MemoryFile

from fexgan.config import FramingConfig
from fexgan.dataset import FaceDataset, shard_paths, split_names
from fexgan.dataset.remote import address_of
from fexgan.errors import InputError
from fexgan.prepare import prepare

FRAMING = FramingConfig(image_size_px=16, sampled_frames=1)
ELSEWHERE = Path("memory://faces/set")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small dataset, here and in the memory that fsspec holds."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    film(tmp_path / "cast", "ada", "joy", "1")
    film(tmp_path / "cast", "ada", "fear", "2")
    prepare(tmp_path / "cast", tmp_path / "set", FRAMING, split="frame")
    there = fsspec.filesystem("memory")
    there.put(f"{tmp_path}/set", "/faces/set", recursive=True)
    yield tmp_path / "set"
    there.rm("/faces", recursive=True)


def _fetched(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache/fexgan/datasets").rglob("*.parquet"))


def test_a_dataset_elsewhere_is_the_same_and_is_fetched_once(folder: Path, tmp_path: Path) -> None:
    here, there = FaceDataset.load(folder, "test"), FaceDataset.load(ELSEWHERE, "test")
    assert np.array_equal(here.pixels, there.pixels) and here.fingerprint == there.fingerprint
    assert split_names(ELSEWHERE) == ("train", "test")
    before = [(path, path.stat().st_mtime_ns) for path in _fetched(tmp_path)]
    FaceDataset.load(ELSEWHERE)
    assert len(before) == 2 and before == [(path, path.stat().st_mtime_ns) for path in _fetched(tmp_path)]


def test_what_changes_elsewhere_is_fetched_anew(folder: Path) -> None:
    before = FaceDataset.load(ELSEWHERE).fingerprint
    shutil.rmtree(folder)
    prepare(folder.parent / "cast", folder, FRAMING, split="frame", seed=5)
    fsspec.filesystem("memory").put(f"{folder}/data/", "/faces/set/data/", recursive=True)
    assert FaceDataset.load(ELSEWHERE).fingerprint == FaceDataset.load(folder).fingerprint != before


def test_a_shard_that_was_half_fetched_is_not_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([b"a part"])

    def read(file: object, size: int) -> bytes:
        for part in left:
            return part
        raise ConnectionResetError("reset\nby peer")

    with monkeypatch.context() as broken, pytest.raises(InputError, match=r"cannot be read: reset by peer; correct"):
        broken.setattr(MemoryFile, "read", read)
        FaceDataset.load(ELSEWHERE)
    assert not next(left, None)
    assert not _fetched(tmp_path)
    assert len(FaceDataset.load(ELSEWHERE)) + len(FaceDataset.load(ELSEWHERE, "test")) == 8


def test_what_a_killed_run_left_is_no_shard(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    whole = shard_paths(copy)
    (copy / "data" / ".train-00000-of-00001.42.partial.parquet").write_bytes(b"half")
    assert shard_paths(copy) == whole and FaceDataset.load(copy, "train").fingerprint


def test_addresses_are_told_from_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:/kept").mkdir(parents=True)
    for text in ("s3://b/x", "file:///b/x", "hf://datasets/owner/name"):
        assert address_of(Path(text)) == text
    for text in ("s3://kept", "C:/data", "out/set", "/abs/set"):
        assert address_of(Path(text)) is None


def test_an_address_that_cannot_be_read_is_told_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^memory://none is no dataset"):
        FaceDataset.load(Path("memory://none"))
    with pytest.raises(InputError, match=r"^dataset nix://x cannot be read: Protocol not known: nix; "):
        FaceDataset.load(Path("nix://x"))
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match=r"needs fsspec, which is missing; pip install 'fexgan-meta\[hub\]'"):
        FaceDataset.load(ELSEWHERE)
