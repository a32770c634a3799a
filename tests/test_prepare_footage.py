from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fexgan.errors import InputError
from fexgan.manifest import FrameTruth, Take, write_sidecar
from fexgan.prepare.footage import clean, scan_footage, stills_of_affects


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def _found(folder: Path, *names: str, **reading) -> set[tuple[str, str, str]]:
    _touch(folder, *names)
    return {
        (entry.character, entry.affect, path.name)
        for entry in scan_footage(folder, **reading).entries
        for path in entry.pictures or (entry.path,)
    }


def test_clips_are_found_with_their_sidecars_in_natural_order(tmp_path: Path) -> None:
    _touch(tmp_path, "bo/joy/1.mp4", "ada/joy/10.mp4", "ada/joy/2.mov", "ada/joy/2.json", "ada/anger+sadness/1.mp4")
    found = scan_footage(tmp_path).entries
    assert [(clip.character, clip.affect, clip.take) for clip in found] == [
        ("ada", "joy", "2"),
        ("ada", "joy", "10"),
        ("bo", "joy", "1"),
    ]
    assert [clip.sidecar_path for clip in found] == [tmp_path / "ada/joy/2.json", None, None]


def test_pictures_of_a_character_and_affect_are_one_take(tmp_path: Path) -> None:
    _touch(tmp_path, "ada/joy/f10.png", "ada/joy/f9.jpg", "ada/joy/notes.txt", "ada/joy/.hidden.png")
    (take,) = scan_footage(tmp_path).entries
    assert [path.name for path in take.pictures] == ["f9.jpg", "f10.png"]


def test_pictures_under_an_affect_are_told_apart_by_character(tmp_path: Path) -> None:
    _touch(tmp_path, "joy/ada_joy_002.png", "joy/ada_joy_001.png", "joy/bo7.png", "joy/bo.png", "fear/ada-1.jpg")
    found = {
        (take.character, take.affect): [path.name for path in take.pictures] for take in scan_footage(tmp_path).entries
    }
    assert found == {
        ("ada", "fear"): ["ada-1.jpg"],
        ("ada", "joy"): ["ada_joy_001.png", "ada_joy_002.png"],
        ("bo", "joy"): ["bo.png", "bo7.png"],
    }


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("joy/joy_001.png", "unknown"),
        ("happy/Happy12.png", "unknown"),
        ("happy/0001.png", "unknown"),
        ("joy/joy (3).png", "unknown"),
        ("joy/_.png", "unknown"),
        ("joy/ada (2).png", "ada"),
        ("joy/ada_joy_001 (2).png", "ada"),
        ("joy/ada_.png", "ada"),
        ("joy/joyce_1.png", "joyce"),
        ("joy/killjoy.png", "killjoy"),
        ("joy/person_2_joy_3.png", "person_2"),
        ("joy/img_0001.png", "unknown"),
        ("angry/Training_3908.jpg", "unknown"),
        ("joy/imogen_1.png", "imogen"),
        ("train/happy/1.png", "unknown"),
        ("Test/joy/ada_1.png", "unknown"),
    ],
)
def test_a_picture_shows_who_its_name_tells_and_nobody_where_it_tells_nobody(
    tmp_path: Path, name: str, character: str
) -> None:
    ((found, _, file),) = _found(tmp_path, name)
    assert (found, file) == (character, Path(name).name)


def test_clips_of_train_and_test_are_takes_of_their_own(tmp_path: Path) -> None:
    found = _found(tmp_path, "train/joy/1.mp4", "test/joy/1.mp4")
    assert found == {("train", "joy", "1.mp4"), ("test", "joy", "1.mp4")}


def test_file_names_that_tell_labels_leave_clips_their_sidecars(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("file_name: (?P<character>[a-z]+)_(?P<label>[a-z]+)_.*")
    _touch(tmp_path, "cast/clips/ada_joy_1.mp4", "cast/clips/ada_joy_1.json")
    (entry,) = scan_footage(tmp_path / "cast", str(tmp_path / "names.yaml")).entries
    assert (entry.character, entry.affect) == ("ada", "joy")
    assert entry.sidecar_path == tmp_path / "cast/clips/ada_joy_1.json"


def test_someone_may_be_called_joy(tmp_path: Path) -> None:
    _touch(tmp_path, "joy/anger/1.mp4")
    assert [(take.character, take.affect) for take in scan_footage(tmp_path).entries] == [("joy", "anger")]


def test_an_empty_folder_and_two_clips_of_one_take_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path, ".git/joy/1.mp4")
    with pytest.raises(InputError, match="no footage in"):
        scan_footage(tmp_path)
    _touch(tmp_path, "ada/joy/1.mp4", "ada/happy/1.mov")
    with pytest.raises(InputError, match="are the same take"):
        scan_footage(tmp_path)


@pytest.mark.parametrize("name", ["ada/glee/1.mp4", "glee/ada.png", "ada/joy+joy/1.mp4", "ada/joy:0.5/1.mp4"])
def test_a_folder_that_names_no_affect_is_left_out(tmp_path: Path, name: str) -> None:
    _touch(tmp_path, name)
    found = scan_footage(tmp_path)
    assert not found.entries and "names no affect that is known" in found.left_out[0].reason


def test_a_wrong_footage_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"footage .*gone is not there; give a folder"):
        scan_footage(tmp_path / "gone")
    (tmp_path / "list.tsv").touch()
    with pytest.raises(InputError, match=r"list\.tsv is no folder; give a folder .*, or a \.csv or \.parquet list"):
        scan_footage(tmp_path / "list.tsv")


def test_a_dataset_given_as_footage_is_told_how_it_is_read(tmp_path: Path) -> None:
    _touch(tmp_path, "README.md", "data/train-00000-of-00001.parquet", "contact_sheet.png")
    with pytest.raises(InputError, match=r"holds tables and no footage; give hf:.* to read it"):
        scan_footage(tmp_path)
    _touch(tmp_path, "ada/joy/1.png")
    assert len(scan_footage(tmp_path).entries) == 1


def test_labels_of_folders_are_read_in_either_layout(tmp_path: Path) -> None:
    found = _found(tmp_path, "ada/Happy/1.mp4", "Sad/bo_Sad_1.jpg", "cy/angry/1.png", "cy/anger/2.png")
    assert found == {
        ("ada", "joy", "1.mp4"),
        ("bo", "sadness", "bo_Sad_1.jpg"),
        ("cy", "anger", "1.png"),
        ("cy", "anger", "2.png"),
    }


@pytest.mark.parametrize(
    ("dataset", "name", "character", "affect"),
    [
        ("fer2013", "train/angry/Training_1.jpg", "unknown", "anger"),
        ("raf-db", "test/4/test_0001_aligned.jpg", "unknown", "joy"),
        ("affectnet", "6/1.jpg", "unknown", "anger"),
        ("ck+", "fear/S010_004_00000017.png", "S010", "fear"),
        ("kdef", "KDEF/AF01/AF01SUHL.JPG", "F01", "surprise"),
        ("rafd", "Rafd090_05_Caucasian_male_fearful_frontal.jpg", "05", "fear"),
        ("ferg", "aia/aia_anger/aia_anger_12.png", "aia", "anger"),
    ],
)
def test_files_of_common_datasets_tell_who_and_what(
    tmp_path: Path, dataset: str, name: str, character: str, affect: str
) -> None:
    assert _found(tmp_path, name, labels=dataset) == {(character, affect, Path(name).name)}


def test_what_is_not_used_is_counted_with_its_reason(tmp_path: Path) -> None:
    _touch(
        tmp_path, "ada/joy/1.png", "ada/contempt/1.png", "ada/contempt/2.png", "ada/glee/1.mp4", "ada/joy+fear/1.mp4"
    )
    _touch(tmp_path, "ada/stills/1.mp4", "ada/joy/notes.txt", "clip.mp4", "ada/clip.mp4", "a/b/joy/1.png", "ada/me.png")
    _touch(tmp_path, "ada/joy/1.mp4", "ada/joy/1.json", ".hidden/x.png", "ada/joy+fear/1.mp4")
    _touch(tmp_path, "ada/performance/1.mp4", "ada/performance/1.json", "bo/performance/1.mp4")
    _touch(tmp_path, "ada/fear/1.mp4", "ada/fear/1.json", "ada/fear/2.json")
    (tmp_path / "ada/fear/1.json").write_text('{"pose": [1, 2]}')
    found = scan_footage(tmp_path, leave_out=["Contempt"])
    reasons = {item.source: (item.files, item.reason) for item in found.left_out}
    assert reasons["ada/contempt"] == (2, "label 'contempt' is left out by choice")
    assert reasons["ada/glee"] == (1, "label 'glee' names no affect that is known")
    assert reasons["ada/joy+fear"][1] == reasons["ada/stills"][1] == "shows a mixture, which has no single label"
    assert reasons["ada/joy/notes.txt"] == (1, "is neither a clip nor a picture")
    assert all("lies elsewhere than" in reasons[name][1] for name in ("clip.mp4", "ada/clip.mp4", "a/b/joy/1.png"))
    assert reasons["ada"] == (1, "label 'ada' names no affect that is known")
    assert reasons["ada/performance"][1] == "plays a recording, which names no affect: its sidecar tells no strength"
    assert reasons["bo/performance"][1] == "label 'performance' names no affect that is known"
    assert reasons["ada/fear/1.json"][1] == "lies beside a clip, but tells no frames of it, so it is no sidecar"
    assert reasons["ada/fear/2.json"][1] == "is neither a clip nor a picture"
    assert found.unknown_labels == Counter({"glee": 1, "ada": 1, "performance": 1})
    assert [entry.sidecar_path for entry in found.entries if entry.affect == "fear"] == [None]
    assert found.files == 17 == 3 + sum(item.files for item in found.left_out)


def test_an_affect_can_be_left_out_whatever_it_is_called(tmp_path: Path) -> None:
    found = _found(tmp_path, "ada/happy/1.png", "ada/joy/2.png", "ada/fear/3.png", leave_out=["joy"])
    assert found == {("ada", "fear", "3.png")}


def test_a_label_that_nothing_has_cannot_be_left_out(tmp_path: Path) -> None:
    _touch(tmp_path, "ada/joy/1.png", "ada/contempt/1.png")
    with pytest.raises(
        InputError, match="nothing is labelled 'contmpt', so it cannot be left out; found: contempt, joy"
    ):
        scan_footage(tmp_path, leave_out=["contmpt"])


def test_links_out_of_the_footage_are_not_followed(tmp_path: Path) -> None:
    _touch(tmp_path, "outside/1.png", "cast/ada/joy/1.png")
    joy = tmp_path / "cast/ada/joy"
    (joy / "2.png").symlink_to(joy / "1.png")
    (joy / "3.png").symlink_to(tmp_path / "outside/1.png")
    (joy / "4.png").symlink_to(tmp_path / "nowhere")
    (joy / "5").symlink_to(tmp_path / "cast")
    found = scan_footage(tmp_path / "cast")
    assert [path.name for path in found.entries[0].pictures] == ["1.png", "2.png"]
    assert [item.source for item in found.left_out] == [f"ada/joy/{name}" for name in ("3.png", "4.png", "5")]
    assert found.files == 5


def test_names_become_one_line_of_whole_text(tmp_path: Path) -> None:
    name = b"a\nb\xff".decode("utf-8", "surrogateescape")
    _touch(tmp_path, f"{name}/joy/1.mp4")
    (entry,) = scan_footage(tmp_path).entries
    assert entry.character == r"a\x0ab\xff" == clean(name)
    assert clean("Zoë 人") == "Zoë 人"


def test_stills_are_a_take_of_each_affect_in_its_first_variant(tmp_path: Path) -> None:
    _touch(tmp_path, "ada/stills/1.mp4")
    truth = FrameTruth(
        strength={"joy": (0.0, 0.5, 1.0, 0.5, 1.0), "fear": (0.0, 0.0, 0.0, 0.5, 0.0)},
        extra={"variants": [{}, {"joy": "laugh"}, {"joy": "laugh"}, {}, {"joy": "grin"}]},
    )
    write_sidecar(tmp_path / "ada/stills/1.json", Take("ada", "stills", "1", 24.0, 0, 16, truth))
    footage = scan_footage(tmp_path)
    assert {(take.affect, take.frames) for take in footage.entries} == {("neutral", (0,)), ("joy", (1, 2))}
    assert footage.files == 1 and not footage.left_out


def test_stills_without_their_truth_are_left_out(tmp_path: Path) -> None:
    _touch(tmp_path, "ada/stills/1.mp4", "bo/stills/1.mp4", "bo/stills/1.json")
    footage = scan_footage(tmp_path)
    assert not footage.entries and footage.files == 2 == len(footage.left_out)


def test_the_case_of_an_affect_in_a_file_name_makes_nobody_new(tmp_path: Path) -> None:
    for name in ("Happy/ada_happy_1.jpg", "Sad/ada_SAD_2.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert {entry.character for entry in scan_footage(tmp_path).entries} == {"ada"}


def test_stills_whose_variants_are_no_list_are_refused() -> None:
    truth = FrameTruth(strength={"joy": (0.0, 1.0)}, extra={"variants": {"joy": "laugh"}})
    with pytest.raises(InputError, match=r"frames\.variants is no list of 2"):
        stills_of_affects(truth)
