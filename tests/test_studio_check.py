"""The reader that never saw our footage: its rule on given blendshapes, and footage scored by it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fexgan import bundled
from fexgan.affects import AFFECTS, EMOTIONS
from fexgan.errors import InputError
from fexgan.manifest import FrameTruth, Take, write_sidecar
from fexgan.studio.check import apex_frames, check, write_check
from fexgan.studio.emfacs import action_units, read_affect, rule
from fexgan.studio.landmarker import BlendshapeReader, landmarker_path
from fexgan.units import ARKIT_UNITS
from fexgan.video import write_clip

FACES = {
    "anger": {"browDown": 0.6, "eyeSquint": 0.4, "mouthPress": 0.5},
    "disgust": {"browDown": 0.5, "mouthUpperUp": 0.6, "noseSneer": 0.4},
    "fear": {"browInnerUp": 0.7, "mouthStretch": 0.5, "eyeWide": 0.4, "jawOpen": 0.2},
    "joy": {"mouthSmile": 0.8, "cheekSquint": 0.3},
    "neutral": {"browDown": 0.05, "jawOpen": 0.05},
    "sadness": {"browInnerUp": 0.6, "mouthFrown": 0.5, "mouthShrugLower": 0.3},
    "surprise": {"browInnerUp": 0.6, "browOuterUp": 0.7, "jawOpen": 0.5, "eyeWide": 0.3},
}


def blendshapes(units: dict[str, float], strength: float = 1.0) -> dict[str, float]:
    """All 52, the named ones on both sides."""
    return {unit: strength * units.get(unit.removesuffix("Left").removesuffix("Right"), 0.0) for unit in ARKIT_UNITS}


REST = blendshapes({})


def read_drawn(pixels: np.ndarray) -> dict[str, float] | None:
    """Blendshapes of a drawn face (conftest.draw_face): the mouth's place tells the affect, its height the strength."""
    red = (pixels[50:70, :, 0] > 110) & (pixels[50:70, :, 1] < 70)
    rows, columns = np.nonzero(red)
    affect = AFFECTS[round((columns.min() - 20) / 4)]
    return blendshapes(FACES[affect] if affect != "neutral" else {}, strength=float(np.ptp(rows) > 10))


@pytest.mark.parametrize("affect", AFFECTS)
def test_a_face_of_an_affects_action_units_reads_as_it(affect: str):
    assert read_affect(blendshapes(FACES[affect]), REST) == affect


@pytest.mark.parametrize("affect", EMOTIONS)
def test_what_a_face_does_at_rest_is_no_expression_of_its_own(affect: str):
    resting = blendshapes(FACES[affect])
    assert read_affect(resting, resting) == "neutral"
    smiling = resting | {unit: resting[unit] + 0.5 for unit in ("mouthSmileLeft", "mouthSmileRight")}
    assert read_affect(smiling, resting) == "joy"


@pytest.mark.parametrize("affect", EMOTIONS)
def test_traces_are_neutral(affect: str):
    assert read_affect(blendshapes(FACES[affect], strength=0.1), REST) == "neutral"


def test_units_below_the_neutral_face_are_no_action():
    assert not any(action_units(REST, blendshapes(FACES["anger"])).values())


def test_the_rule_names_known_blendshapes_and_a_reason_for_every_line():
    actions, affects = rule()["action_units"], rule()["affects"]
    assert all(action["facs"] and set(action["units"]) <= set(ARKIT_UNITS) for action in actions.values())
    assert tuple(affects) == EMOTIONS and all(clues["facs"] for clues in affects.values())
    used = [action for clues in affects.values() for part in rule()["weights"] for action in clues[part]]
    assert set(used) == set(actions)
    for clues in affects.values():
        listed = [action for part in rule()["weights"] for action in clues[part]]
        assert len(set(listed)) == len(listed)


def test_the_apex_is_strongest_with_open_eyes():
    truth = FrameTruth(strength={"joy": (0.2, 1.0, 1.0, 0.4)}, blink=(0.0, 0.9, 0.1, 0.0))
    assert apex_frames("joy", truth) == {2: "joy"}


def test_of_stills_each_affect_alone_in_all_its_variants_and_the_neutral_one():
    columns = {"joy": (0.4, 0.0, 1.0, 0.5, 1.0), "fear": (0.0, 0.0, 0.0, 0.9, 0.0)}
    assert apex_frames("stills", FrameTruth(strength=columns)) == {1: "neutral", 2: "joy", 4: "joy"}


def test_drawn_footage_reads_as_played_but_for_the_neutral_take_that_it_is_measured_against(tiny_footage: Path):
    result = check(tiny_footage, read_drawn)
    assert result.characters == ("ada", "bo")
    assert result.named == {(affect, affect): 4 - 2 * (affect == "neutral") for affect in AFFECTS}
    assert result.accuracy == 1.0 and not result.left_out
    assert check(tiny_footage, read_drawn, ["bo"]).named.total() == 13


def test_each_variant_is_counted_apart_as_the_sidecar_of_a_still_or_take_tells(tmp_path: Path):
    def record(affect: str, strength: dict[str, tuple[float, ...]], each: list[dict[str, str]], **told: dict):
        clip = tmp_path / "ada" / affect / "1.mp4"
        levels = 60 + 40 * np.arange(len(next(iter(strength.values()))))
        write_clip(clip, [np.full((16, 16, 3), level, np.uint8) for level in levels], fps=24, crf=0)
        truth = FrameTruth(strength, extra={"variants": each} if each else {})
        write_sidecar(clip.with_suffix(".json"), Take("ada", affect, "1", 24, 7, 16, truth, performance=told))

    def smiling_where_light(pixels: np.ndarray) -> dict[str, float]:
        return blendshapes(FACES["joy"] if 90 < pixels.mean() < 150 else {})

    shown = {"joy": (0.0, 1.0, 1.0, 0.0), "anger": (0.0, 0.0, 0.0, 1.0)}
    record("stills", shown, [{}, {"joy": "laugh"}, {"joy": "closed"}, {"anger": "shout"}])
    record("joy", {"joy": (0.0, 0.6)}, [], variants={"joy": "laugh"})
    result = check(tmp_path, smiling_where_light)
    assert result.variants == {
        ("joy", "laugh", True): 2, ("joy", "closed", True): 1, ("anger", "shout", False): 1,
    }  # fmt: skip
    assert "| anger.shout | 1 | 0 | 0 |\n| joy.closed | 1 | 1 | 100 |" in result.to_markdown()
    assert result.to_dict()["variants"]["joy.laugh"] == {"frames": 2, "right": 2}


def record_take(folder: Path, affect: str, record: dict, frames: int = 2) -> None:
    """A clip of `frames` grey pictures with this sidecar."""
    clip = folder / "ada" / affect / "1.mp4"
    write_clip(clip, [np.full((16, 16, 3), 100, np.uint8)] * frames, fps=24, crf=0)
    clip.with_suffix(".json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("frames", "performance", "told"),
    [
        ({"strength": {"joy": []}}, {}, "frames.strength.joy is empty; give one number per frame"),
        ({"strength": {"joy": [0.0, 1.0]}, "variants": {"joy": "laugh"}}, {}, "variants that are no list of objects"),
        ({"strength": {"joy": [0.0, 1.0]}, "variants": ["a", "b"]}, {}, "variants that are no list of objects"),
        ({"strength": {"joy": [0.0, 1.0]}, "variants": [{}, {"joy": ["laugh"]}]}, {}, "variants that are no texts"),
        ({"strength": {"joy": [0.0, 1.0]}}, {"variants": ["laugh"]}, "variants that are no list of objects"),
    ],
)
def test_a_sidecar_that_cannot_be_scored_is_told_in_one_line(
    tmp_path: Path, frames: dict, performance: dict, told: str
):
    record_take(tmp_path, "neutral", {"frames": {"strength": {"neutral": [1.0, 1.0]}}})
    record_take(tmp_path, "joy", {"affect": "joy", "frames": frames, "performance": performance})
    with pytest.raises(InputError, match=told) as error:
        check(tmp_path, lambda pixels: REST)
    assert "ada/joy/1.json" in str(error.value) and "\n" not in str(error.value)


def test_stills_that_show_none_but_the_neutral_face_are_what_others_are_measured_against(tmp_path: Path):
    assert apex_frames("stills", FrameTruth(strength={"neutral": (1.0, 1.0)})) == {0: "neutral"}
    record_take(tmp_path, "stills", {"affect": "stills", "frames": {"strength": {"neutral": [1.0, 1.0]}}})
    record_take(tmp_path, "joy", {"affect": "joy", "frames": {"strength": {"joy": [0.0, 1.0]}}})
    assert check(tmp_path, lambda pixels: REST).named == {("joy", "neutral"): 1}


def test_sidecars_written_by_hand_need_not_say_what_folder_they_lie_in(tmp_path: Path):
    for affect in ("neutral", "joy"):
        record_take(tmp_path, affect, {"frames": {"strength": {affect: [0.5, 1.0]}}})
    result = check(tmp_path, lambda pixels: REST)
    assert result.named == {("joy", "neutral"): 1} and not result.left_out


def test_a_neutral_take_in_which_no_face_is_seen_is_told_as_that(tiny_footage: Path):
    calls = iter(range(1000))

    def blind_at_first(pixels: np.ndarray) -> dict[str, float] | None:
        return None if next(calls) < 8 else read_drawn(pixels)  # the neutral takes of the first: two of four frames

    result = check(tiny_footage, blind_at_first)
    assert result.characters == ("bo",)
    assert result.left_out == {"whose character shows no face in the neutral take or still": 14}


def test_a_character_named_twice_is_scored_once(tiny_footage: Path):
    assert check(tiny_footage, read_drawn, ["bo", "bo"]).named.total() == 13


def test_misses_and_unseen_faces_count_against_the_footage(tiny_footage: Path, tmp_path: Path):
    def mistaken(pixels: np.ndarray) -> dict[str, float] | None:
        seen = read_drawn(pixels)
        if seen and seen["mouthSmileLeft"]:
            return None
        return blendshapes(FACES["disgust"]) if seen and seen["mouthPressLeft"] else seen

    result = check(tiny_footage, mistaken)
    assert result.share("joy") == result.share("anger") == 0.0 and result.share("fear") == 1.0
    assert result.named["anger", "disgust"] == result.named["joy", "no face"] == 4
    page, data = (path.read_text(encoding="utf-8") for path in write_check(tmp_path, result))
    assert "| anger | 0 | 4 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in page and "no face" in page
    assert json.loads(data)["confusion"]["joy"] == {"no face": 4}
    assert json.loads(data)["accuracy"] == pytest.approx(18 / 26)


def test_what_cannot_be_scored_is_left_out_and_told(tiny_footage: Path, tmp_path: Path):
    shutil.copytree(tiny_footage / "ada", tmp_path / "ada")
    shutil.copytree(tiny_footage / "bo" / "joy", tmp_path / "bo" / "joy")
    (tmp_path / "ada" / "fear" / "2.json").unlink()
    result = check(tmp_path, read_drawn)
    assert result.characters == ("ada",) and result.frames("fear") == 1
    assert result.left_out == {"without a sidecar": 1, "of characters without a neutral take or still": 2}
    assert "left out: 1 clip without a sidecar" in result.to_markdown()


def test_nothing_to_score_is_told(tmp_path: Path, tiny_footage: Path):
    with pytest.raises(InputError, match=r"nothing in .* can be scored"):
        check(tmp_path, read_drawn)
    with pytest.raises(InputError, match="nowhere is not there; give a folder of footage"):
        check(tmp_path / "nowhere", read_drawn)
    (tmp_path / "clip.mp4").touch()
    with pytest.raises(InputError, match=r"clip\.mp4 is a file; give a folder of footage"):
        check(tmp_path / "clip.mp4", read_drawn)
    with pytest.raises(InputError, match=r"character 'zoe' is not in .*; choose from ada, bo"):
        check(tiny_footage, read_drawn, ["zoe"])


def test_a_missing_extra_or_model_tells_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run_command: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    model = tmp_path / "face_landmarker.task"
    assert run_command("film", "open-cast", "--check", str(tmp_path / "out"), "--landmarker", str(model)) == 2
    assert f"no face_landmarker.task at {model}" in capsys.readouterr().err
    model.write_bytes(b"no model")
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(InputError, match=r"pip install 'fexgan-meta\[landmarks\]'"):
        BlendshapeReader(model)
    monkeypatch.setattr("fexgan.studio.landmarker.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"fexgan-meta\[landmarks\]', or give its path with --landmarker"):
        landmarker_path()
    assert not (tmp_path / "out").exists()


def test_mediapipe_reads_a_smile_and_no_face_where_there_is_none(tmp_path: Path):
    with BlendshapeReader(landmarker_path()) as reader:
        assert reader.read(np.full((64, 64, 3), 128, np.uint8)) is None
        for take in ("neutral", "joy"):
            shutil.copytree(bundled.footage_path() / "ada" / take, tmp_path / "ada" / take)
        assert check(tmp_path, reader.read).share("joy") == 1.0
    broken = tmp_path / "broken.task"
    broken.write_bytes(b"no model")
    with pytest.raises(InputError, match="no model that MediaPipe can use"):
        BlendshapeReader(broken)
