from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import (
    DatasetRecord,
    FramePose,
    FrameTruth,
    Take,
    affects_of_folder,
    is_sidecar,
    natural_key,
    read_sidecar,
    write_sidecar,
)

TRUTH = FrameTruth(
    strength={"joy": (0.0, 0.5, 1.0)},
    blink=(0.0, 0.25, 0.0),
    gaze_yaw_deg=(-2.0, 0.0, 1.5),
    gaze_pitch_deg=(0.0, 0.0, 0.0),
    head_yaw_deg=(3.0, 3.0, 3.0),
    head_pitch_deg=(0.0, 1.0, 2.0),
    head_roll_deg=(0.0, 0.0, -1.0),
    extra={"landmarks": [[1, 2], [1, 3], [1, 4]], "units": {"jawOpen": [0.0, 0.1, 0.2]}},
)
TAKE = Take("ada", "joy", "1", 24.0, 7, 160, TRUTH, {"age": 30}, {"peak": 0.9})


def test_a_sidecar_reads_back_with_columns_that_have_no_name_here(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "1.json", TAKE)
    assert read_sidecar(tmp_path / "1.json") == TAKE


def test_a_sidecar_tells_what_part_of_the_picture_was_filmed(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "1.json", replace(TAKE, window_px=(20, 40, 60, 70)))
    assert read_sidecar(tmp_path / "1.json").window_px == (20, 40, 60, 70)
    write_sidecar(tmp_path / "2.json", TAKE)
    assert "window_px" not in json.loads((tmp_path / "2.json").read_text())


def test_poses_are_told_frame_by_frame_and_each_part_only_where_it_is_known() -> None:
    assert TRUTH.poses()[1:] == (
        FramePose((3.0, 1.0, 0.0), (0.0, 0.0), 0.25),
        FramePose((3.0, 2.0, -1.0), (1.5, 0.0), 0.0),
    )
    assert FrameTruth({"joy": (1.0,)}, gaze_yaw_deg=(2.0,)).poses() == (FramePose(),)
    head_only = FrameTruth({"joy": (1.0,)}, head_yaw_deg=(1.0,), head_pitch_deg=(2.0,), head_roll_deg=(3.0,))
    assert head_only.poses() == (FramePose(head_deg=(1.0, 2.0, 3.0)),)


def test_frame_columns_are_rounded(tmp_path: Path) -> None:
    write_sidecar(
        tmp_path / "1.json", Take("ada", "joy", "1", 24, 7, 160, FrameTruth({"joy": (1 / 3,)}, blink=(2 / 3,)))
    )
    frames = json.loads((tmp_path / "1.json").read_text())["frames"]
    assert frames == {"strength": {"joy": [0.3333]}, "blink": [0.6667]}


def _without(field: str) -> dict:
    return {key: value for key, value in json.loads(_text()).items() if key != field}


def _text() -> str:
    frames = {"strength": {"joy": [0.0, 1.0]}, "blink": [0.0, 0.0]}
    fields = {"format": 1, "character": "ada", "affect": "joy", "take": "1", "fps": 24, "seed": 7, "size_px": 160}
    return json.dumps({**fields, "frames": frames})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "wrong type"),
        (json.dumps(_without("frames")), "lacks the field 'frames'"),
        ('{"frames": {"blink": [0.0]}}', "lacks the field 'strength'"),
        ('{"frames": {"strength": {"joy": [1.0]}}, "window_px": [0, 0, 9, 9]}', "lacks the field 'size_px'"),
        (_text().replace('"format": 1', '"format": 2'), "format 2 is unknown"),
        (_text().replace('"fps": 24', '"fps": 0'), "fps 0.0 is out of range"),
        (_text().replace('"fps": 24', '"fps": "fast"'), "wrong type"),
        (_text().replace('"size_px": 160', '"size_px": 1e999'), "wrong type"),
        (_text().replace('"affect": "joy"', '"affect": "glee"'), "'glee' names no affect"),
        (_text().replace('{"joy"', '{"glee"'), "names 'glee'"),
        (_text().replace("[0.0, 1.0]", "[0.0, 1.5]"), r"leaves \[0, 1\]"),
        (_text().replace("[0.0, 1.0]", "[0.0, NaN]"), r"leaves \[0, 1\]"),
        (_text().replace("[0.0, 0.0]", "[0.0]"), "frames.blink has 1 values, others 2"),
        (_text().replace("[0.0, 0.0]", "[0.0, Infinity]"), "frames.blink holds a value that is not finite"),
        (_text().replace('{"joy": [0.0, 1.0]}', "{}"), "frames.strength is empty"),
        (_text().replace("[0.0, 1.0]", "[]"), "frames.strength.joy is empty; give one number per frame"),
        (_text().replace('"blink"', '"smile": [1], "blink"'), "frames.smile has 1 values"),
        (_text().replace('"seed"', '"window_px": [0, 0, 161, 10], "seed"'), "no part of a picture of 160 px"),
        (_text().replace('"seed"', '"window_px": [5, 0, 5, 10], "seed"'), "no part of a picture of 160 px"),
        (_text().replace('"seed"', '"window_px": [1, 2, 3], "seed"'), "wrong type"),
    ],
)
def test_a_wrong_sidecar_is_refused_in_one_line_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "1.json").write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        read_sidecar(tmp_path / "1.json")
    assert "1.json" in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("field", ["format", "character", "affect", "take", "fps", "seed", "size_px"])
def test_a_sidecar_need_not_tell_what_nobody_asks_it_for(tmp_path: Path, field: str) -> None:
    (tmp_path / "1.json").write_text(json.dumps(_without(field)))
    take = read_sidecar(tmp_path / "1.json")
    assert take.frames.strength == {"joy": (0.0, 1.0)} and take.format == 1
    write_sidecar(tmp_path / "2.json", take)
    assert read_sidecar(tmp_path / "2.json") == take


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (_text(), True),
        ("{}", False),
        ("[]", False),
        ('{"frames": []}', True),
        ('{"fra', True),
        ('{"frames": {"strength": ', True),
        ('{"a": 1, "frames" : 2, "b": {"frames": 3}}', True),
        ('{"a": {"frames": 3}}', False),
        ('{"a": {"frames": 3}', True),
        ('{"a": "frames"}', False),
        ('["frames"]', False),
        (r'{"a": "\"frames\""}', False),
    ],
)
def test_a_json_file_that_tells_of_no_frames_is_no_sidecar(tmp_path: Path, text: str, is_one: bool) -> None:
    (tmp_path / "1.json").write_text(text)
    assert is_sidecar(tmp_path / "1.json") is is_one


def test_what_a_sidecar_tells_of_frames_is_not_parsed_to_know_it_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, loads = [], json.loads
    monkeypatch.setattr(json, "loads", lambda text: parsed.append(text) or loads(text))
    (tmp_path / "1.json").write_text('{"performance": {"frames": 2}, "frames": {"strength": {"joy": [0.5, 1.0]}}}')
    assert is_sidecar(tmp_path / "1.json") and not any("strength" in text for text in parsed)


def test_a_mixture_folder_lists_its_affects() -> None:
    assert affects_of_folder("anger+sadness") == ("anger", "sadness")


@given(st.lists(st.text("ab019²_", max_size=6), unique=True))
def test_natural_order_is_total(names: list[str]) -> None:
    assert sorted(names, key=natural_key) == sorted(reversed(names), key=natural_key)
    assert len({natural_key(name) for name in names}) == len(names)


def test_a_dataset_record_reads_back_and_refuses_what_it_does_not_know() -> None:
    record = DatasetRecord(FramingConfig(image_size_px=64), "take", 0.3, 1)
    plain = json.loads(json.dumps(record.to_dict()))
    assert DatasetRecord.from_dict(plain) == record
    with pytest.raises(InputError, match="format 9"):
        DatasetRecord.from_dict(plain | {"format": 9})
    with pytest.raises(InputError, match="colour"):
        DatasetRecord.from_dict(plain | {"colour": "red"})
