from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Image, Value
from drawn import face, film
from PIL import Image as Pictures

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.media import encode_image, write_image
from fexgan.prepare import find_footage, hub, prepare

FRAMING = FramingConfig(image_size_px=32, sampled_frames=1)
NEAR = FramingConfig(image_size_px=48, face_fraction=0.9, sampled_frames=1)
FEATURES = Features(
    {"picture": Image(), "label": ClassLabel(names=["happy", "sad", "contempt"]), "subject": Value("string")}
)
COLUMNS = ("affect=label", "character=subject")


def _dataset() -> Dataset:
    """Two pictures that can be used; a label that is no affect, one that is untold, a broken picture and none."""
    jpeg = io.BytesIO()
    Pictures.fromarray(face(64)).save(jpeg, "JPEG")
    pictures = [jpeg.getvalue(), encode_image(face(64, skin=190)), encode_image(face(64)), encode_image(face(64))]
    cells = [{"bytes": encoded, "path": None} for encoded in (*pictures, b"no picture")] + [None]
    rows = {"picture": cells, "label": [0, 1, 2, -1, 0, 1], "subject": ["ada", "ben", "ada", "ada", "ada", "ada"]}
    return Dataset.from_dict(rows, FEATURES)


def _parquet(folder: Path) -> None:
    folder.mkdir()
    _dataset().to_parquet(folder / "train.parquet")


def _saved(folder: Path) -> None:
    _dataset().save_to_disk(str(folder))


@pytest.mark.parametrize("write", [_parquet, _saved])
def test_rows_become_takes_and_those_that_cannot_are_counted(tmp_path: Path, write) -> None:
    write(tmp_path / "faces")
    found = find_footage(Path(f"hf:{tmp_path}/faces"), columns=COLUMNS, unpack_to=tmp_path / "rows")
    report = prepare(found, tmp_path / "set", FRAMING, test_share=0)
    rows = pq.read_table(tmp_path / "set/data").to_pylist()
    split = rows[0]["source"].split("/")[0]
    told = [(report.characters[row["character"]], row["affect"], row["source"]) for row in rows]
    assert told == [("ada", 3, f"{split}/0000000.png"), ("ben", 5, f"{split}/0000001.png")]
    reasons = {item.reason for item in report.left_out}
    assert {"label 'contempt' names no affect that is known", "label '-1' names no affect that is known"} < reasons
    assert found.files == 6 == report.files_used + sum(item.files for item in report.left_out)
    assert "# faces\n" in (tmp_path / "set/README.md").read_text()


@pytest.mark.parametrize(("write", "known"), [(_parquet, 0), (_saved, 6)])
def test_how_many_rows_are_read_is_told(tmp_path: Path, write, known: int) -> None:
    write(tmp_path / "faces")
    told = []
    source = Path(f"hf:{tmp_path}/faces")
    find_footage(source, columns=COLUMNS, unpack_to=tmp_path / "rows", progress=lambda *given: told.append(given))
    assert told == [*(("fetch rows", done, known) for done in range(1, 7)), ("fetch rows", 6, 6)]


def test_an_imagefolder_tells_labels_by_folders_or_metadata(tmp_path: Path) -> None:
    for label in ("happy", "angry"):
        write_image(tmp_path / f"folders/{label}/a.jpg", face(64))
    write_image(tmp_path / "listed/a.png", face(64))
    line = {"file_name": "a.png", "emotion": "sad", "intensity": 0.25}
    (tmp_path / "listed/metadata.jsonl").write_text(json.dumps(line) + "\n")
    found = find_footage(Path(f"hf:{tmp_path}/folders"), columns=("affect=label",), unpack_to=tmp_path / "rows")
    assert {(entry.affect, entry.pictures[0].suffix) for entry in found.entries} == {("joy", ".jpg"), ("anger", ".jpg")}
    columns = ("affect=emotion", "strength=intensity")
    found = find_footage(Path(f"hf:{tmp_path}/listed"), columns=columns, unpack_to=tmp_path / "rows")
    assert [(entry.affect, entry.strengths) for entry in found.entries] == [("sadness", (0.25,))]


def test_a_row_cannot_name_a_file_outside_its_dataset(tmp_path: Path) -> None:
    write_image(tmp_path / "private.png", face(64))
    (tmp_path / "faces").mkdir()
    cells = [{"bytes": None, "path": str(tmp_path / "private.png")}, {"bytes": encode_image(face(64)), "path": None}]
    rows = {"picture": cells, "label": [0, 0], "subject": ["ada", "ada"]}
    table = pa.Table.from_pydict(rows, schema=FEATURES.arrow_schema)
    pq.write_table(table, tmp_path / "faces/train.parquet")
    found = find_footage(Path(f"hf:{tmp_path}/faces"), columns=COLUMNS, unpack_to=tmp_path / "rows")
    assert len(found.entries[0].pictures) == 1 and found.left_out[0].files == 1


def test_a_prepared_dataset_read_back_keeps_every_frame_as_it_is(
    tmp_path: Path, run_command: Callable[..., int]
) -> None:
    for affect in ("joy", "fear"):
        film(tmp_path / "footage", "ada", affect, "1")
        film(tmp_path / "footage", "ben", affect, "2")
    prepare(tmp_path / "footage", tmp_path / "first", NEAR)
    found = find_footage(Path(f"hf:{tmp_path}/first"), unpack_to=tmp_path / "rows")
    prepare(found, tmp_path / "again", NEAR, split="character")
    first, again = (_frames(tmp_path / name) for name in ("first", "again"))
    assert len(first) == 16 and first == again
    assert run_command("prepare", f"hf:{tmp_path}/first", "--out", tmp_path / "other", "--size-px", 32) == 0
    other = _frames(tmp_path / "other")
    assert len(other) == 16 and not other & first, "framed otherwise, so cut anew"
    assert {path.name for path in tmp_path.iterdir()} == {"footage", "first", "again", "other", "rows"}


@pytest.mark.parametrize(
    "wrong", [("--out", "busy"), ("--out", "busy/mine.txt/set"), ("--out", "set", "--jobs", "many")]
)
def test_what_is_wrong_is_told_before_a_dataset_is_fetched(
    tmp_path: Path, run_command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy/mine.txt").touch()
    fetched: list[str] = []
    monkeypatch.setattr(hub, "_open", lambda source: fetched.append(source) or {"train": _dataset()})
    assert run_command("prepare", "hf:owner/name", "--columns", *COLUMNS, *wrong) == 2
    assert not fetched and [path.name for path in tmp_path.iterdir()] == ["busy"]


def test_a_dataset_of_the_hub_outlives_a_label_that_it_has_not(
    tmp_path: Path, run_command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "HUB", f"file://{tmp_path}/")
    fetched: list[str] = []
    monkeypatch.setattr(hub, "_open", lambda source: fetched.append(source) or {"train": _dataset()})
    command = ("prepare", "hf:owner/name", "--columns", *COLUMNS, "--out", "set", "--size-px", 32, "--leave-out")
    assert run_command(*command, "contmpt") == 2
    assert "nothing is labelled 'contmpt'" in (told := capsys.readouterr().err) and ".set.rows/name" in told
    assert run_command(*command, "contempt") == 0
    assert fetched == ["owner/name"] and [path.name for path in tmp_path.iterdir()] == ["set"]
    with pytest.raises(InputError, match="has no column 'who'"):
        find_footage(Path("hf:owner/name"), columns=("affect=who",), unpack_to=tmp_path / "rows")
    for columns in (COLUMNS, COLUMNS, COLUMNS[:1]):
        find_footage(Path("hf:owner/name"), columns=columns, unpack_to=tmp_path / "rows")
    assert len(fetched) == 4, "other columns are other rows"


@pytest.mark.parametrize("is_on_hub", [False, True])
def test_a_prepared_dataset_is_known_by_its_shards_and_keeps_the_order_of_its_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_on_hub: bool
) -> None:
    film(tmp_path / "footage", "ada", "joy", "1", frames=12)
    prepare(tmp_path / "footage", tmp_path / "own/set", NEAR, split="frame")
    (tmp_path / "own/set/README.md").unlink()
    if is_on_hub:
        load = hub._open
        monkeypatch.setattr(hub, "HUB", f"file://{tmp_path}/")
        monkeypatch.setattr(hub, "_open", lambda source: load(f"{tmp_path}/{source}"))
    source = "own/set" if is_on_hub else f"{tmp_path}/own/set"
    found = find_footage(Path(f"hf:{source}"), unpack_to=tmp_path / "rows")
    assert found.framing == NEAR
    prepare(found, tmp_path / "again", NEAR, test_share=0)
    first, again = (pq.read_table(tmp_path / name / "data").to_pylist() for name in ("own/set", "again"))
    assert [row["frame"] for row in first] != list(range(12)), "the split mixes them"
    first.sort(key=lambda row: row["frame"])
    assert [(row["image"], row["frame"]) for row in again] == [(row["image"], row["frame"]) for row in first]


def test_only_faces_leaves_out_pictures_of_a_prepared_dataset_and_cuts_none(tmp_path: Path) -> None:
    near = FramingConfig(image_size_px=64)
    for number, picture in enumerate((face(160, height=0.3), np.full((96, 96, 3), 128, np.uint8)), start=1):
        write_image(tmp_path / f"footage/ada/joy/{number}.png", picture)
    prepare(tmp_path / "footage", tmp_path / "own", near, test_share=0)
    found = find_footage(Path(f"hf:{tmp_path}/own"), unpack_to=tmp_path / "rows")
    report = prepare(found, tmp_path / "again", near, test_share=0, only_faces=True)
    own, again = (pq.read_table(tmp_path / name / "data").to_pylist() for name in ("own", "again"))
    assert [row["image"] for row in again] == [own[0]["image"]] and len(report.left_out) == 1
    assert "What came framed so stayed as it was." in (tmp_path / "again/README.md").read_text()


def _frames(folder: Path) -> set[tuple[object, ...]]:
    keys = ("character", "affect", "take", "strength")
    rows = pq.read_table(folder / "data").to_pylist()
    return {(row["image"]["bytes"], *(row[key] for key in keys)) for row in rows}


def test_a_run_that_goes_on_writes_anew_only_what_is_not_whole(tmp_path: Path) -> None:
    _parquet(tmp_path / "faces")
    arguments = Path(f"hf:{tmp_path}/faces"), "", (), COLUMNS, tmp_path / "rows"
    find_footage(*arguments)
    whole, part = sorted((tmp_path / "rows").rglob("*.png"))[:2]
    before = whole.stat().st_mtime_ns
    part.write_bytes(b"a part")
    find_footage(*arguments)
    assert part.read_bytes() == encode_image(face(64, skin=190)) and whole.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((), "has no column 'affect'; its columns are picture, label, subject: name one with affect=COLUMN"),
        (("affect=label", "character=who"), "has no column 'who'"),
        (("affect=label", "file=subject"), "has no pictures in 'subject'"),
    ],
)
def test_columns_that_do_not_fit_are_named(tmp_path: Path, columns: tuple[str, ...], message: str) -> None:
    _parquet(tmp_path / "faces")
    with pytest.raises(InputError, match=message):
        find_footage(Path(f"hf:{tmp_path}/faces"), columns=columns, unpack_to=tmp_path / "rows")


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces/train.parquet").write_bytes(b"no parquet")
    for name in ("faces", "gone"):
        with pytest.raises(InputError, match=rf"hf:{tmp_path}/{name} cannot be read: .+; give hf:OWNER/NAME") as error:
            find_footage(Path(f"hf:{tmp_path}/{name}"), unpack_to=tmp_path / "rows")
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="hf: names no dataset; give hf:OWNER/NAME"):
        find_footage(Path("hf:"), unpack_to=tmp_path / "rows")
    with pytest.raises(InputError, match="write it somewhere else"):
        find_footage(Path(f"hf:{tmp_path}/faces"), unpack_to=tmp_path / "faces/.set.rows")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"needs datasets, which is missing; pip install 'fexgan-meta\[hub\]'"):
        find_footage(Path(f"hf:{tmp_path}/faces"), unpack_to=tmp_path / "rows")
