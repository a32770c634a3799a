from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import av
import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from drawn import face, film, film_stills
from PIL import Image

from fexgan.affects import AFFECTS
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import FrameTruth, Take, read_sidecar, write_sidecar
from fexgan.media import decode_image, read_image, write_image
from fexgan.prepare import PrepareReport, kept_when_killed, look, prepare, shards, takes
from fexgan.prepare.card import read_card
from fexgan.prepare.look import Look, _sample
from fexgan.video import decode_clip, write_clip
from fexgan.workers import KilledError

FRAMING = FramingConfig(image_size_px=32, sampled_frames=2)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two characters, three affects, three takes of four frames; a mixture; two broken files; a take without a face."""
    folder = tmp_path_factory.mktemp("cast")
    for character in ("ada", "bo"):
        for affect in ("fear", "joy", "neutral"):
            for take in "123":
                film(folder, character, affect, take)
    film(folder, "ada", "anger+sadness", "1")
    film(folder, "ada", "anger+sadness", "2")
    (folder / "bo/joy/broken.mp4").write_text("not a clip")
    film(folder, "bo", "joy", "short").with_suffix(".json").write_text('{"frames": {}}')
    write_clip(folder / "bo/sadness/wall.mp4", [np.full((64, 96, 3), 128, np.uint8)] * 4, fps=24)
    return folder


@pytest.fixture(scope="module")
def report(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> PrepareReport:
    return prepare(footage, tmp_path_factory.mktemp("prepared") / "set", FRAMING)


@pytest.fixture(scope="module")
def loaded(report: PrepareReport, tmp_path_factory: pytest.TempPathFactory) -> datasets.DatasetDict:
    return datasets.load_dataset(str(report.folder), cache_dir=str(tmp_path_factory.mktemp("cache")))


def test_the_datasets_library_loads_the_folder_as_it_stands(loaded: datasets.DatasetDict) -> None:
    columns = loaded["train"].features
    assert set(loaded) == {"train", "test"}
    assert isinstance(columns["image"], datasets.Image)
    assert columns["affect"].names == list(AFFECTS) and columns["character"].names == ["ada", "bo"]
    assert columns["strength"].dtype == "float32"
    assert loaded["test"][0]["image"].size == (32, 32)


def test_every_frame_of_every_usable_take_is_there_once(loaded: datasets.DatasetDict) -> None:
    rows = [(row["source"], row["frame"]) for part in loaded.values() for row in part.remove_columns("image")]
    assert len(rows) == len(set(rows)) == (2 * 3 * 3 + 1) * 4


def test_a_row_tells_who_what_how_strong_and_when(loaded: datasets.DatasetDict) -> None:
    table = [row for part in loaded.values() for row in part.remove_columns("image")]
    row = next(row for row in table if row["source"] == "bo/joy/2.mp4" and row["frame"] == 3)
    assert (row["character"], AFFECTS[row["affect"]], row["take"], row["strength"]) == (1, "joy", "2", 1.0)
    assert row["time_s"] == pytest.approx(3 / 24)
    assert {row["strength"] for row in table if AFFECTS[row["affect"]] == "neutral"} == {1.0}
    assert {row["strength"] for row in table if AFFECTS[row["affect"]] == "sadness"} == {None}


def test_a_row_tells_how_the_face_is_held_where_the_sidecar_does(tmp_path: Path) -> None:
    clips = [film(tmp_path / "cast", "ada", "joy", take, frames=2) for take in "12"]
    told = FrameTruth(
        {"joy": (0.5, 1.0)}, blink=(0.25, 0.75), head_yaw_deg=(1, 2), head_pitch_deg=(3, 4), head_roll_deg=(5, 6)
    )
    for clip in clips:
        write_sidecar(clip.with_suffix(".json"), Take("ada", "joy", clip.stem, 24, 7, 96, told))
    prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    rows = pq.read_table(tmp_path / "set/data/train-00000-of-00001.parquet").to_pylist()
    assert [row["head_deg"] for row in rows] == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert [row["blink"] for row in rows] == [0.25, 0.75] and {row["gaze_deg"] for row in rows} == {None}


def test_no_take_is_on_both_sides(loaded: datasets.DatasetDict) -> None:
    assert set(loaded["train"]["source"]).isdisjoint(loaded["test"]["source"])


def test_what_is_left_out_is_listed_with_its_reason_and_no_path_of_this_machine(
    report: PrepareReport, footage: Path
) -> None:
    card = (report.folder / "README.md").read_text()
    assert "- `ada/anger+sadness` (2 files): shows a mixture" in card
    assert "- `bo/joy/broken.mp4` (1 file): cannot be read as a clip" in card
    assert "- `bo/joy/short.mp4` (1 file): sidecar bo/joy/short.json lacks the field 'strength'" in card
    assert len(report.left_out) == 3
    assert str(footage.parent) not in card


def test_takes_without_a_face_are_listed(report: PrepareReport) -> None:
    assert report.without_face == ("bo/sadness/wall.mp4",)
    assert "- `bo/sadness/wall.mp4`" in (report.folder / "README.md").read_text()


def test_only_faces_leaves_out_clips_and_pictures_without_one(footage: Path, tmp_path: Path) -> None:
    shutil.copytree(footage / "ada", tmp_path / "cast/ada")
    shutil.copytree(footage / "bo/sadness", tmp_path / "cast/bo/sadness")
    for name, picture in {
        "1": face(96), "2": np.full((64, 96, 3), 128, np.uint8), "3": face(128)
    }.items():  # fmt: skip
        write_image(tmp_path / f"cast/ada/surprise/{name}.png", picture)
    middle = prepare(tmp_path / "cast", tmp_path / "all", FRAMING)
    assert middle.without_face == ("ada/surprise/2.png", "bo/sadness/wall.mp4")
    only = prepare(tmp_path / "cast", tmp_path / "faces", FRAMING, only_faces=True)
    reasons = {one.source: one.reason for one in only.left_out}
    assert {source for source, reason in reasons.items() if reason == look.NO_FACE} == set(middle.without_face)
    assert only.without_face == () and only.characters == ("ada",)
    assert only.files_used + sum(one.files for one in only.left_out) == only.footage.files
    kept = [
        row["source"]
        for shard in (tmp_path / "faces/data").glob("*.parquet")
        for row in pq.read_table(shard).to_pylist()
    ]
    assert {source for source in kept if "surprise" in source} == {"ada/surprise/1.png", "ada/surprise/3.png"}


def test_only_faces_looks_at_each_picture_of_somebody_by_itself(tmp_path: Path) -> None:
    for name, picture in {"1": face(96, x=0.35), "2": np.full((96, 96, 3), 128, np.uint8), "3": face(96)}.items():
        write_image(tmp_path / f"cast/ada/joy/{name}.png", picture)
    write_image(tmp_path / "cast/ada/fear/1.png", np.full((96, 96, 3), 128, np.uint8))
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING, only_faces=True)
    assert {(one.source, one.reason) for one in report.left_out} == {
        ("ada/joy/2.png", look.NO_FACE),
        ("ada/fear", look.NO_FACE),
    }
    assert report.files_used == 2 and not report.without_face
    assert "A face was found everywhere." in (tmp_path / "set/README.md").read_text()


def test_the_card_counts_what_the_shards_hold(report: PrepareReport, loaded: datasets.DatasetDict) -> None:
    card = (report.folder / "README.md").read_text()
    assert (report.frames_in("train"), report.frames_in("test")) == (len(loaded["train"]), len(loaded["test"]))
    assert "| ada | 0 + 0 | 0 + 0 | 8 + 4 | 8 + 4 | 8 + 4 | 0 + 0 | 0 + 0 |" in card


def test_a_bar_in_a_name_does_not_end_its_cell_in_the_card(tmp_path: Path) -> None:
    film(tmp_path / "cast", "a|b", "joy", "1", frames=2)
    prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    card = (tmp_path / "set/README.md").read_text()
    assert "| a\\|b | 0 + 0 | 0 + 0 | 0 + 0 | 2 + 0 |" in card


def test_shards_and_card_tell_how_the_dataset_was_made(report: PrepareReport) -> None:
    header = yaml.safe_load((report.folder / "README.md").read_text().split("---")[1])
    metadata = pq.read_schema(next((report.folder / "data").iterdir())).metadata
    assert header["fexgan"]["framing"]["image_size_px"] == 32
    assert yaml.safe_load(metadata[b"fexgan"]) == header["fexgan"] == report.record.to_dict()


def test_the_contact_sheet_shows_the_strongest_frames(report: PrepareReport, loaded: datasets.DatasetDict) -> None:
    apex = next(
        np.asarray(row["image"])
        for part in loaded.values()
        for row in part
        if (row["source"], row["frame"]) == ("bo/joy/1.mp4", 3)
    )
    canvas = read_image(report.folder / "contact_sheet.png")
    cell = np.asarray(Image.fromarray(apex).resize((128, 128), Image.Resampling.LANCZOS))
    corners = zip(*np.nonzero(np.all(canvas[:-127, :-127] == cell[0, 0], axis=-1)), strict=True)
    assert any(np.array_equal(canvas[y : y + 128, x : x + 128], cell) for y, x in corners)


def test_equal_footage_makes_equal_bytes(report: PrepareReport, footage: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(footage, tmp_path / "elsewhere" / footage.name)
    again = prepare(moved, tmp_path / "again", FRAMING)
    names = sorted(path.relative_to(again.folder) for path in again.folder.rglob("*") if path.is_file())
    assert len(names) == 4
    for name in names:
        assert (again.folder / name).read_bytes() == (report.folder / name).read_bytes()


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_interrupted_run_goes_on_and_comes_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for take in "1234":
        film(tmp_path / "cast", "ada", "joy", take)
    whole = prepare(tmp_path / "cast", tmp_path / "whole" / "set", FRAMING).folder
    rendered: list[str] = []
    render = Look.frames

    def watch(look: Look, size_px: int):
        rendered.append(look.entry.take)
        if rendered == ["1", "2", "3"]:
            raise KeyboardInterrupt
        return render(look, size_px)

    monkeypatch.setattr(Look, "frames", watch)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert not (tmp_path / "set").exists()
    rendered.append("again")
    prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert rendered == ["1", "2", "3", "again", "3", "4"]
    assert _bytes(tmp_path / "set") == _bytes(whole)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("error", "kept"), [(KilledError(), True), (KeyboardInterrupt(), True), (InputError(), False)])
def test_work_is_kept_where_the_same_command_can_go_on(tmp_path: Path, error: BaseException, kept: bool) -> None:
    with pytest.raises(type(error)), kept_when_killed(tmp_path / "set", "parts") as folder:
        folder.mkdir()
        raise error
    assert folder.exists() == kept


def test_several_processes_come_to_the_same_bytes(report: PrepareReport, footage: Path, tmp_path: Path) -> None:
    for jobs in (2, "ray"):
        assert _bytes(prepare(footage, tmp_path / f"set-{jobs}", FRAMING, jobs=jobs).folder) == _bytes(report.folder)


def test_a_dataset_is_replaced_and_nothing_else_is(footage: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    small = tmp_path / "cast"
    film(small, "ada", "joy", "1")
    prepare(footage, out, FRAMING)
    assert prepare(small, out, FRAMING).characters == ("ada",)
    assert [path.name for path in tmp_path.glob("*set*")] == ["set"]

    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else than a dataset of fexgan"):
        prepare(small, out, FRAMING)
    assert (out / "notes.txt").read_text() == "mine"


def test_what_file_managers_leave_in_a_folder_is_not_in_the_way(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", ".DS_Store"):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / name).touch()
        prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    (tmp_path / "set/.git").mkdir()
    with pytest.raises(InputError, match="holds something else"):
        prepare(tmp_path / "cast", tmp_path / "set", FRAMING)


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write .*set: .*file is no folder that can be written to"):
        prepare(tmp_path / "no footage", tmp_path / "file/set", FRAMING)
    with pytest.raises(InputError, match="jobs 'many' is unknown"):
        prepare(tmp_path / "no footage", tmp_path / "set", FRAMING, jobs="many")


def test_a_dataset_is_written_where_a_link_leads_to_and_never_below_ones_feet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    (tmp_path / "large disk/set").mkdir(parents=True)
    (tmp_path / "set").symlink_to(tmp_path / "large disk/set")
    for _ in range(2):
        prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert (tmp_path / "set").is_symlink() and read_card(tmp_path / "large disk/set") is not None
    assert {path.name for path in tmp_path.iterdir()} == {"cast", "set", "large disk"}
    monkeypatch.chdir(tmp_path / "set/data")
    for out in ("..", tmp_path / "set"):
        with pytest.raises(InputError, match="is the folder that you are in"):
            prepare(tmp_path / "cast", Path(out), FRAMING)


@pytest.mark.parametrize("content", ["", "# A page", "---\ntitle: mine\n---\n", "---\n[\n---\n"])
def test_a_folder_with_a_strange_readme_is_not_replaced(tmp_path: Path, content: str) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text(content)
    with pytest.raises(InputError, match="holds something else"):
        prepare(tmp_path / "cast", tmp_path / "mine", FRAMING)


def test_dashes_in_a_name_are_no_end_of_the_cards_header(tmp_path: Path) -> None:
    film(tmp_path / "cast---2024", "ada", "joy", "1")
    report = prepare(tmp_path / "cast---2024", tmp_path / "set", FRAMING)
    assert read_card(tmp_path / "set") == report.record
    assert prepare(tmp_path / "cast---2024", tmp_path / "set", FRAMING).record == report.record


def test_a_place_inside_the_footage_or_a_file_is_refused(footage: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="lies in the footage"):
        prepare(footage, footage / "set", FRAMING)
    with pytest.raises(InputError, match="is a file"):
        prepare(footage, tmp_path / "file", FRAMING)


def test_footage_with_nothing_usable_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "cast/ada/joy").mkdir(parents=True)
    (tmp_path / "cast/ada/joy/1.mp4").write_text("broken")
    (tmp_path / "cast/ada/joy/1.png").write_text("broken")
    with pytest.raises(
        InputError, match=r"nothing in .*cast can be used; for example ada/joy/1\.mp4: cannot be read as a clip"
    ):
        prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert [path.name for path in tmp_path.iterdir()] == ["cast"]


def test_footage_that_is_not_understood_is_refused_with_what_holds_for_most_and_a_way_out(tmp_path: Path) -> None:
    for name in ("A/notes.txt", "AF01/AF01HAS.JPG", "AF01/AF01SAS.JPG"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"; for example AF01: label 'AF01' names no .*; give as labels .* kdef, rafd"):
        prepare(tmp_path, tmp_path.with_name("set"), FRAMING)


def test_a_sidecar_that_does_not_fit_its_clip_leaves_it_out(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    long, other = film(tmp_path / "cast", "ada", "joy", "2", frames=6), film(tmp_path / "cast", "ada", "fear", "1")
    shutil.copy(long.with_suffix(".json"), long.with_name("1.json"))
    shutil.copy(long.with_suffix(".json"), other.with_suffix(".json"))
    close = film(tmp_path / "cast", "ada", "joy", "3").with_suffix(".json")
    write_sidecar(close, replace(read_sidecar(close), window_px=(0, 0, 32, 32)))
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert [(item.source, item.reason) for item in report.left_out] == [
        ("ada/fear/1.mp4", "its sidecar tells the strength of joy, not of fear"),
        ("ada/joy/1.mp4", "its sidecar describes 6 frames, the clip has 4"),
        ("ada/joy/3.mp4", "its sidecar tells that it is a close-up, which shows no whole face"),
    ]


def test_the_sidecar_that_the_page_shows_tells_the_strength_of_each_frame(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs/data.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    film(tmp_path / "cast", "ada", "joy", "1", sidecar=False).with_suffix(".json").write_text(example)
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    rows = pq.read_table(tmp_path / "set/data").to_pylist()
    told = json.loads(example)["frames"]
    assert [row["strength"] for row in rows] == pytest.approx(told["strength"]["joy"])
    assert [row["blink"] for row in rows] == pytest.approx(told["blink"]) and not report.left_out


def test_a_clip_whose_frames_change_their_size_is_left_out(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    joined = b""
    for side in (64, 96):
        with av.open(str(tmp_path / "part.ts"), "w") as container:
            stream = container.add_stream("mpeg2video", rate=24)
            stream.width, stream.height, stream.pix_fmt = side, side, "yuv420p"
            for _ in range(3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(face(side), format="rgb24")))
            container.mux(stream.encode(None))
        joined += (tmp_path / "part.ts").read_bytes()
    (tmp_path / "cast/ada/joy/2.mp4").write_bytes(joined)
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert [(item.source, item.reason) for item in report.left_out] == [
        ("ada/joy/2.mp4", "its frames change their size")
    ]


def test_pictures_of_one_size_share_a_square_and_others_are_framed_one_by_one(tmp_path: Path) -> None:
    for number, x in enumerate((0.45, 0.55)):
        write_image(tmp_path / f"cast/ada/joy/{number}.png", face(96, x=x))
        write_image(tmp_path / f"cast/neutral/bo_{number}.png", face(96 + 96 * number))
    (tmp_path / "cast/ada/joy/2.jpg").write_text("broken")
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING, test_share=0)
    rows = pq.read_table(tmp_path / "set/data").to_pylist()
    assert [(row["source"], row["strength"], row["time_s"]) for row in rows] == [
        ("ada/joy/0.png", None, None),
        ("ada/joy/1.png", None, None),
        ("neutral/bo_0.png", 1.0, None),
        ("neutral/bo_1.png", 1.0, None),
    ]
    assert report.left_out[0].source == "ada/joy/2.jpg" and len(report.left_out) == 1
    pictures = [decode_image(row["image"]["bytes"]).astype(float) for row in rows]
    assert np.abs(pictures[0] - pictures[1]).mean() > 10, "a face that moves must move in a square that does not"
    assert np.abs(pictures[2] - pictures[3]).mean() < 8, "one face at two sizes must look alike"


def test_pictures_of_nobody_who_is_known_are_framed_one_by_one_and_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = [face(160, x=x, height=0.3) for x in (0.4, 0.6)]
    for number, picture in enumerate((*faces, np.full((160, 160, 3), 128, np.uint8)), start=1):
        write_image(tmp_path / f"cast/joy/{number}.png", picture)
    read: list[str] = []
    monkeypatch.setattr(look, "read_image", lambda path: read.append(path.name) or read_image(path))
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING, test_share=0)
    assert report.characters == ("unknown",) and report.without_face == ("joy/3.png",)
    assert sorted(read) == [f"{number}.png" for number in (1, 1, 2, 2, 3, 3)], "once to look, once to cut"
    card = (tmp_path / "set/README.md").read_text()
    assert "everywhere" not in card and "\n\n- `joy/3.png`\n" in card
    rows = pq.read_table(tmp_path / "set/data").to_pylist()
    pictures = [decode_image(row["image"]["bytes"]).astype(float) for row in rows]
    assert np.abs(pictures[0] - pictures[1]).mean() < 8, "each face is in the middle of its own square"


def test_pictures_of_nobody_are_cut_in_runs_and_come_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        write_image(tmp_path / f"cast/joy/{number}.png", face(96, x=0.45 + 0.02 * number))
        write_image(tmp_path / f"cast/fear/ada_{number}.png", face(96, x=0.45 + 0.02 * number))
    (tmp_path / "cast/joy/2.png").write_text("broken")
    whole = prepare(tmp_path / "cast", tmp_path / "whole", FRAMING, "frame")
    monkeypatch.setattr(takes, "PICTURES_AT_ONCE", 2)
    seen: list[tuple[str, int, int]] = []
    runs = prepare(tmp_path / "cast", tmp_path / "runs", FRAMING, "frame", progress=lambda *told: seen.append(told))
    assert [told for told in seen if told[0] == "cut faces"][-1] == ("cut faces", 4, 4)
    assert _bytes(tmp_path / "runs") == _bytes(tmp_path / "whole")
    assert runs.files_used == whole.files_used == 9 and runs.take_count == 2


def test_the_stills_of_one_clip_are_looked_at_once_and_used_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = film_stills(tmp_path / "cast", ["ada", "bo"], ["neutral", "joy", "fear"])
    read: list[str] = []
    look_at = takes.look_at
    monkeypatch.setattr(takes, "look_at", lambda entry, *more: read.append(entry.character) or look_at(entry, *more))
    shutil.copy(cast / "ada/stills/1.json", tmp_path / "three.json")
    write_clip(cast / "bo/stills/1.mp4", [np.full((96, 96, 3), 128, np.uint8)] * 3, fps=24)
    report = prepare(cast, tmp_path / "set", FRAMING)
    assert read == ["ada", "bo"] and report.take_count == 6 and report.without_face == ("bo/stills/1.mp4",)
    write_clip(cast / "bo/stills/1.mp4", [face(96)] * 2, fps=24)  # the still of fear is missing
    report = prepare(cast, tmp_path / "set", FRAMING)
    assert report.take_count == 3 and report.files_used == 1
    assert [(item.source, item.files) for item in report.left_out] == [("bo/stills/1.mp4", 1)]


def test_by_time_a_take_gives_a_block_and_its_guards_go_to_neither_side(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1", frames=12)
    film(tmp_path / "cast", "ada", "joy", "2", frames=3)
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING, "time-block", 0.25, guard_frames=2)
    rows = pq.read_table(tmp_path / "set/data").to_pylist()
    assert (report.frames_in("test"), report.guard_count) == (3, 15 - len(rows))
    assert report.record.guard_frames == 2 and 2 <= report.guard_count <= 4
    card = (tmp_path / "set/README.md").read_text()
    assert f"Guard: 2 frames on either side, {report.guard_count} frames in all" in card
    with pytest.raises(InputError, match="the longest has 12 frames; give fewer guard frames"):
        prepare(tmp_path / "cast", tmp_path / "other", FRAMING, "time-block", 0.25, guard_frames=9)


def test_the_card_tells_of_test_frames_with_a_twin_in_train(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    shutil.copy(tmp_path / "cast/ada/joy/1.mp4", tmp_path / "cast/ada/joy/2.mp4")
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING)
    assert (report.leak.twin_count, report.leak.test_frames) == (4, 4)
    card = (tmp_path / "set/README.md").read_text()
    assert "Leak check: 4 of 4 test frames (100.0 %) have a near twin in train" in card
    assert "mp4` frame 0 and `ada/joy/" in card


def test_large_datasets_are_cut_into_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "ROWS_PER_SHARD", 4)
    monkeypatch.setattr(shards, "ROWS_PER_GROUP", 2)
    film(tmp_path / "cast", "ada", "joy", "1", frames=9)
    prepare(tmp_path / "cast", tmp_path / "set", FRAMING, test_share=0)
    paths = sorted((tmp_path / "set/data").iterdir())
    assert [path.name for path in paths] == [f"train-0000{index}-of-00003.parquet" for index in range(3)]
    assert [row["frame"] for path in paths for row in pq.read_table(path).to_pylist()] == list(range(9))


def test_a_long_clip_is_decoded_once_and_a_short_one_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "cast", "ada", "joy", "long", frames=260)  # x264's key frames are 250 frames apart
    film(tmp_path / "cast", "ada", "joy", "short", frames=9)
    decoded: list[str] = []
    monkeypatch.setattr(look, "decode_clip", lambda path: decoded.append(path.stem) or decode_clip(path))
    report = prepare(tmp_path / "cast", tmp_path / "set", FRAMING, test_share=0)
    assert decoded == ["long", "short", "short"]
    assert report.frame_counts["train", "ada", "joy"] == 269 and not report.without_face


def test_progress_of_each_stage_goes_to_its_last(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    film(tmp_path / "cast", "ada", "joy", "2")
    seen: list[tuple[str, int, int]] = []
    prepare(tmp_path / "cast", tmp_path / "set", FRAMING, progress=lambda *told: seen.append(told))
    assert seen[:2] == [("cut faces", 1, 2), ("cut faces", 2, 2)]
    assert seen[2:] == [("write frames", done, 8) for done in range(1, 9)] + [("look for twins", 4, 4)]


@pytest.mark.parametrize("total", [1, 2, 3, 10, 37])
def test_samples_are_spread_over_the_whole_take(total: int) -> None:
    frames = (np.full((2, 2, 3), index, np.uint8) for index in range(total))
    count, samples = _sample(frames, 3)
    indices = [int(sample[0, 0, 0]) for sample in samples]
    assert count == total and len(indices) == min(3, total) == len(set(indices))
    assert indices[0] == 0 and indices[-1] >= 0.6 * (total - 1)
