from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from fexgan.affects import AFFECTS, Mixture
from fexgan.errors import InputError
from fexgan.keyframes import parse_keyframes
from fexgan.studio.arkit import ARKIT_UNITS, RECORDED_UNITS
from fexgan.studio.capture import read_capture
from fexgan.studio.recipes import mixed_units
from fexgan.units import arkit_weights, recording, write_units


def test_there_are_the_52_units_and_every_recipe_uses_only_those():
    assert len(set(ARKIT_UNITS)) == 52
    played = {unit for affect in AFFECTS for unit in mixed_units(Mixture(((affect, 1.0),)))[0]}
    assert {unit for unit in played if not unit.startswith("expression/")} <= set(ARKIT_UNITS)


@pytest.mark.parametrize("affect", AFFECTS)
def test_weights_stay_in_range_and_grow_with_strength(affect: str):
    rows = [arkit_weights(Mixture(((affect, strength),))) for strength in (0.0, 0.3, 0.7, 1.0)]
    assert all(tuple(row) == ARKIT_UNITS and all(0.0 <= weight <= 1.0 for weight in row.values()) for row in rows)
    assert all(earlier[unit] <= later[unit] for earlier, later in pairwise(rows) for unit in earlier)
    assert not any(rows[0].values()) and (affect == "neutral") == (not any(rows[3].values()))


def test_strengths_that_sum_to_more_than_one_share_it():
    assert arkit_weights(Mixture.parse("joy+fear")) == arkit_weights(Mixture.parse("joy:0.5+fear:0.5"))


def test_a_smile_smiles():
    joy = arkit_weights(Mixture.parse("joy:0.5"))
    assert joy["mouthSmileLeft"] == joy["mouthSmileRight"] > 0.3 and joy["mouthFrownLeft"] == 0.0


def test_a_variant_moves_other_units_and_an_unknown_one_is_refused():
    joy, laugh = (arkit_weights(Mixture.parse(text)) for text in ("joy", "joy.laugh"))
    assert laugh["jawOpen"] > joy["jawOpen"]
    with pytest.raises(InputError, match=r"'joy\.grin' is unknown; choose from .*laugh"):
        arkit_weights(Mixture.parse("joy.grin"))


def test_json_and_csv_hold_the_same(tmp_path: Path):
    mixtures = {"wry": Mixture.parse("joy:0.4+disgust:0.25"), "fear": Mixture.parse("fear")}
    write_units(tmp_path / "units.json", mixtures)
    write_units(tmp_path / "units.csv", mixtures)
    written = json.loads((tmp_path / "units.json").read_text())
    with (tmp_path / "units.csv").open() as file:
        for row in csv.DictReader(file):
            assert {unit: float(row[unit]) for unit in ARKIT_UNITS} == written[row["expression"]]
    with pytest.raises(InputError, match=r"\.json or \.csv"):
        write_units(tmp_path / "units.fbx", mixtures)


@pytest.mark.parametrize("fps", [24, 60])
def test_a_recording_is_read_again_as_what_the_keyframes_say(tmp_path: Path, fps: float):
    (tmp_path / "track.csv").write_text(
        recording(parse_keyframes("0s neutral, 1s sadness, 2s joy.laugh:0.5 hold"), fps)
    )
    capture = read_capture(tmp_path / "track.csv", fps)
    assert len(capture) == 2 * fps + 1
    assert [note for note in capture.notes if "recorded at" not in note] == []
    sad, laughing = (arkit_weights(Mixture.parse(text)) for text in ("sadness", "joy.laugh:0.5"))
    frames = [dict(zip(ARKIT_UNITS, row, strict=True)) for row in capture.weights.tolist()]
    assert frames[0] == pytest.approx(dict.fromkeys(ARKIT_UNITS, 0.0))
    assert frames[int(fps) // 2] == pytest.approx({unit: weight / 2 for unit, weight in sad.items()}, abs=1e-5)
    assert frames[int(fps)] == pytest.approx(sad, abs=1e-5) == frames[-2]
    assert frames[-1] == pytest.approx(laughing, abs=1e-5)
    _, lean = mixed_units(Mixture.parse("sadness"))
    assert any(lean) and capture.head_deg[int(fps)].tolist() == pytest.approx(lean, abs=1e-3)


def test_recorded_eyes_turn_where_their_units_say(tmp_path: Path):
    (tmp_path / "track.csv").write_text(recording(parse_keyframes("0s neutral, 1s sadness"), 30))
    with (tmp_path / "track.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    down = float(last["EyeLookDownLeft"])
    assert down > 0 and float(last["LeftEyePitch"]) == pytest.approx(math.radians(30 * down), abs=1e-5)
    assert last["LeftEyePitch"] == last["RightEyePitch"] and float(last["LeftEyeYaw"]) == 0.0
    assert last["BlendShapeCount"] == "61" == str(len(last) - 2)


def test_columns_stand_where_the_app_writes_them():
    places = {unit: place for place, unit in enumerate(RECORDED_UNITS)}
    assert sorted(places) == list(ARKIT_UNITS)
    # Places of Live Link Face's columns, which readers take by number as well.
    known = {"eyeBlinkLeft": 0, "eyeWideRight": 13, "jawOpen": 17, "mouthSmileLeft": 23, "mouthStretchRight": 30}
    known |= {"mouthRollLower": 31, "mouthPressLeft": 35, "browDownLeft": 41, "browInnerUp": 43, "cheekPuff": 46}
    assert {unit: places[unit] for unit in known} == known and places["tongueOut"] == 51


def test_what_cannot_be_recorded_is_one_line():
    with pytest.raises(InputError, match=r"23 frames a second; choose from 24"):
        recording(parse_keyframes("0s neutral, 1s joy"), 23)
    with pytest.raises(InputError, match=r"'joy\.grin' is unknown"):
        recording(parse_keyframes("0s neutral, 1s joy.grin"), 60)


def test_no_renderer_and_no_networks_are_needed():
    program = (
        "import sys, fexgan.units as units\nfrom fexgan.affects import Mixture\n"
        "units.arkit_weights(Mixture.parse('joy'))\nprint([name for name in ('bpy', 'torch') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
