from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import face, film

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.media import write_image
from fexgan.prepare import find_footage, prepare

FRAMING = FramingConfig(image_size_px=32, sampled_frames=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        write_image(tmp_path / f"faces/{name}.png", face(64))
    film(tmp_path, "ada", "joy", "1")
    return tmp_path


def _write(folder: Path, *lines: str) -> Path:
    (folder / "list.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return folder / "list.csv"


def test_a_list_tells_of_pictures_and_clips_with_their_truth(folder: Path) -> None:
    path = _write(
        folder,
        "file,affect,character,strength",
        "faces/a.png,happy,ada,0.5",
        "faces/b.png,neutral,ada,",
        "faces/c.png,Sad,,",
        "ada/joy/1.mp4,joy,ada,",
    )
    prepare(find_footage(path), folder / "out/listed", FRAMING, test_share=0)
    rows = pq.read_table(folder / "out/listed/data").to_pylist()
    told = {(row["source"], row["affect"], row["take"], row["strength"]) for row in rows}
    assert {row[:3] for row in told} == {
        ("ada/joy/1.mp4", 3, "1"),
        ("faces/a.png", 3, "pictures"),
        ("faces/b.png", 4, "pictures"),
        ("faces/c.png", 5, "pictures"),
    }
    assert ("faces/a.png", 3, "pictures", 0.5) in told and ("faces/b.png", 4, "pictures", 1.0) in told
    assert ("ada/joy/1.mp4", 3, "1", 1.0) in told, "a clip's sidecar is read"
    assert {row["character"] for row in rows} == {0, 1}


def test_the_strength_of_a_clip_holds_in_every_frame_but_where_a_sidecar_tells_more(folder: Path) -> None:
    film(folder, "ada", "joy", "2", frames=3, sidecar=False)
    lines = ("ada/joy/1.mp4,joy,ada,0.3", "ada/joy/2.mp4,joy,ada,0.25")
    prepare(find_footage(_write(folder, "file,affect,character,strength", *lines)), folder / "out", FRAMING)
    told = {take: [] for take in "12"}
    for row in pq.read_table(folder / "out/data").to_pylist():
        told[row["take"]].append(row["strength"])
    assert told["2"] == [0.25] * 3 and min(told["1"]) == 0.0 and max(told["1"]) == 1.0


def test_the_pictures_of_a_take_lie_in_the_order_of_their_frames(folder: Path) -> None:
    lines = ("faces/a.png,joy,1,10", "faces/b.png,joy,1,9", "faces/c.png,joy,1,", "ada/joy/1.mp4,joy,2,3")
    found = find_footage(_write(folder, "file,affect,take,frame", *lines))
    assert [path.stem for path in found.entries[0].pictures] == ["c", "b", "a"]


def test_a_json_file_beside_a_listed_clip_that_is_no_sidecar_costs_nothing(folder: Path) -> None:
    (folder / "ada/joy/1.json").write_text('{"camera": "phone"}')
    found = find_footage(_write(folder, "file,affect", "ada/joy/1.mp4,joy"))
    assert [entry.sidecar_path for entry in found.entries] == [None] and not found.left_out


def test_a_file_is_the_same_however_it_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "by").symlink_to(folder)
    (folder / "faces/d.png").symlink_to(folder / "faces/c.png")
    path = _write(
        folder,
        "file,affect,take",
        "faces/a.png,joy,1",
        f"{folder}/faces/a.png,joy,1",
        "faces/../faces/a.png,joy,1",
        "by/faces/a.png,joy,1",
        f"{folder}/by/by/faces/b.png,joy,1",
        f"{folder}/faces/c.png,glee,1",
        "faces/d.png,joy,1",
        f"{folder.parent}/outside.png,joy,1",
    )
    monkeypatch.chdir(folder)
    for place in (path, folder / "by/list.csv", Path("list.csv")):
        found = find_footage(place)
        (entry,) = found.entries
        assert [path.relative_to(place.parent).as_posix() for path in entry.pictures] == [
            "faces/a.png",
            "faces/b.png",
            "faces/d.png",
        ]
        assert {(item.source, item.files, item.reason) for item in found.left_out} == {
            ("faces/a.png", 3, "is listed twice"),
            ("faces", 1, "label 'glee' names no affect that is known"),
            (".", 1, "a row names no file, or one outside the folder of the list"),
        }
        assert prepare(found, folder / "out", FRAMING).files_used == 3


def test_parquet_and_csv_lists_of_other_columns_are_one(folder: Path) -> None:
    path = _write(folder, "image,emotion,age", "faces/a.png,3,5", "faces/b.png,4,6")
    pq.write_table(pa.table({"image": ["faces/a.png", "faces/b.png"], "emotion": [3, 4]}), folder / "list.parquet")
    columns = ("file=image", "affect=emotion")
    first = find_footage(path, "fer2013", columns=columns)
    assert first == find_footage(folder / "list.parquet", "fer2013", columns=columns)
    assert [(entry.character, entry.affect) for entry in first.entries] == [("unknown", "joy"), ("unknown", "sadness")]


@pytest.mark.parametrize("delimiter", [", ", ";", "\t"])
def test_a_list_may_be_written_by_any_spreadsheet(folder: Path, delimiter: str) -> None:
    path = _write(folder, delimiter.join(("file", "affect", "take")), delimiter.join(("faces/a.png", "joy", "1;2,3")))
    quoted = path.read_text(encoding="utf-8").replace("1;2,3", '"1;2,3"')
    path.write_text(quoted, encoding="utf-8")
    (entry,) = find_footage(path).entries
    assert (entry.affect, entry.take, entry.pictures[0].name) == ("joy", "1;2,3", "a.png")


def test_a_row_without_a_label_has_none_that_could_be_known(folder: Path) -> None:
    found = find_footage(_write(folder, "file,affect", "faces/a.png,", "faces/b.png,joy"))
    assert [(item.source, item.reason) for item in found.left_out] == [("faces", "has no label")]
    assert not found.unknown_labels


def test_what_is_no_name_or_label_is_told_in_part(folder: Path) -> None:
    pixels = " ".join(["255"] * 2304)
    found = find_footage(_write(folder, "file,affect", f"{pixels},joy", f"faces/a.png,{pixels}"))
    assert all(len(item.source) + len(item.reason) < 150 for item in found.left_out) and found.files == 2


def test_rows_that_cannot_be_used_are_counted_with_their_reason(folder: Path) -> None:
    (folder.parent / "outside.png").touch()
    (folder / "loop.png").symlink_to("pool.png")
    (folder / "pool.png").symlink_to("loop.png")
    path = _write(
        folder,
        "file,affect,strength",
        "faces/a.png,joy,",
        "faces/a.png,fear,",
        "faces/gone.png,joy,",
        "../outside.png,joy,",
        "loop.png,joy,",
        f"{300 * 'x'}.png,joy,",
        ",joy,",
        "list.csv,joy,",
        "faces/b.png,contempt,",
        "faces/c.png,joy,1.5",
    )
    found = find_footage(path)
    reasons = {item.source: item.reason for item in found.left_out}
    assert reasons == {
        "faces/a.png": "is listed twice",
        "faces/gone.png": "is listed, but no such file is there",
        "loop.png": "is listed, but no such file is there",
        f"{80 * 'x'}...": "is listed, but no such file is there",
        ".": "a row names no file, or one outside the folder of the list",
        "list.csv": "is neither a clip nor a picture",
        "faces": "label 'contempt' names no affect that is known",
        "faces/c.png": "its strength '1.5' is no number in [0, 1]",
    }
    assert found.files == 10 == 1 + sum(item.files for item in found.left_out)


@pytest.mark.parametrize(
    ("lines", "columns", "message"),
    [
        (
            ["file,label", "a.png,joy"],
            (),
            "has no column 'affect'; its columns are file, label: name one with aff",
        ),
        (["file,affect", "a.png,joy"], ("character=who",), "has no column 'who'"),
        (["file,affect"], (), "has no rows"),
        ([""], (), "has no column 'file'; its columns are none"),
        (["file,affect"], ("fil=a",), "column 'fil' is unknown; give NAME=COLUMN with a name of file, affect"),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused(
    tmp_path: Path, lines: list[str], columns: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        find_footage(_write(tmp_path, *lines), columns=columns)


def test_a_broken_or_missing_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.parquet").write_text("no parquet")
    (tmp_path / "list.csv").write_bytes(b"file,affect\n\xff,joy\n")
    for name in ("list.parquet", "list.csv"):
        with pytest.raises(InputError, match=rf"{name} cannot be read"):
            find_footage(tmp_path / name)
    with pytest.raises(InputError, match=r"no list at .*gone\.csv"):
        find_footage(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="is no list, so it has no columns"):
        find_footage(tmp_path, columns=("file=image",))
