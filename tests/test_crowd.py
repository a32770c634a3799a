"""The crowd and the people in the repository, and the bundled stills, are what their READMEs say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fexgan import bundled
from fexgan.affects import EMOTIONS
from fexgan.config import load_preset
from fexgan.manifest import read_sidecar
from fexgan.prepare.footage import scan_footage
from fexgan.stills import StillSet
from fexgan.studio.cast import character_to_dict
from fexgan.studio.check import check
from fexgan.studio.crowd import random_cast
from fexgan.studio.figure import with_gaze
from fexgan.studio.landmarker import BlendshapeReader, landmarker_path
from fexgan.studio.staging import draw_staging
from fexgan.studio.stills import pose_stills
from fexgan.video import count_clip_frames

CROWD = Path(__file__).parents[1] / "crowd"
TURNED = CROWD.with_name("crowd-turned")
MOUTHS = CROWD.with_name("crowd-mouths")
PEOPLE = Path(__file__).parents[1] / "people"


@pytest.fixture(scope="module")
def stills() -> StillSet:
    return StillSet.load(CROWD)


def test_every_character_shows_the_same_mixtures(stills):
    assert stills.pixels.shape == (150, 28, 192, 192, 3)
    emotions = np.delete(stills.affects[0], 4, axis=1)
    assert (emotions.max(axis=1) == 1).sum() == 12 and (np.count_nonzero(emotions, axis=1) == 2).sum() == 3


def test_every_variant_is_shown_by_a_third_of_the_characters_at_least(stills):
    names = load_preset("portrait").model.variants
    shown = stills.variant_weights(names).any(axis=1)
    assert shown.sum(axis=0).min() >= 50


def test_a_fifth_is_held_out(stills):
    assert [len(part) for part in stills.split(0.2, seed=0)] == [120, 30]


def test_a_still_differs_from_neutral_in_the_face_alone(stills):
    differences = np.abs(stills.pixels.astype(np.int16) - stills.pixels[:, :1]).mean(axis=(1, 4))
    borders = np.concatenate([differences[:, :6].reshape(150, -1), differences[:, :, :6].reshape(150, -1)], axis=1)
    assert borders.mean() < 0.5, "backdrop, hair and light stay"
    assert differences[:, 60:132, 60:132].mean(axis=(1, 2)).min() > 0.5, "every face moves"


def test_sidecars_tell_who_was_filmed_and_how():
    for character in random_cast(150, seed=7)[::30]:
        told = read_sidecar(CROWD / character.name / "stills" / "1.json")
        drawn = draw_staging(f"7/{character.name}/stills/1", light=True, camera=True, backdrop=True)
        assert told.character_parameters == as_read(character_to_dict(character))
        assert told.performance["staging"] == as_read(drawn.to_dict())


def test_the_crowd_plays_the_recipes_as_they_are_now():
    for character in random_cast(150, seed=7)[::30]:
        told = read_sidecar(CROWD / character.name / "stills" / "1.json").frames
        poses, truth = pose_stills(character.name, "crowd", seed=7, varied=True)
        assert told.extra["variants"] == truth.extra["variants"]
        for unit, weights in told.extra["units"].items():
            assert np.allclose(weights, [with_gaze(pose).get(unit, 0.0) for pose in poses], atol=1e-4), unit


def test_the_crowd_reads_as_what_it_plays_to_a_reader_that_never_saw_it():
    with BlendshapeReader(landmarker_path()) as reader:
        result = check(CROWD, reader.read, [f"r7-{number:03d}" for number in range(0, 150, 25)])
    assert result.frames("disgust") == 12 and result.accuracy >= 0.85
    assert min(result.share(emotion) for emotion in EMOTIONS) >= 0.7


def test_the_turned_crowd_looks_further_away_and_joins_the_other(stills):
    cast = random_cast(80, seed=11, wardrobe=True)
    turned = StillSet.load(TURNED)
    assert StillSet.join([stills, turned]).pixels.shape == (230, 28, 192, 192, 3)
    assert turned.characters == tuple(character.name for character in cast)
    yaws = []
    for character in cast:
        told = read_sidecar(TURNED / character.name / "stills" / "1.json")
        yaws.append(abs(told.frames.head_yaw_deg[0]))
        assert len({*told.frames.head_yaw_deg}) == 1, "one pose"
    assert 25 < max(yaws) <= 34 and np.mean(yaws) > 12
    assert told.character_parameters == as_read(character_to_dict(cast[-1]))
    drawn = draw_staging(f"11/{cast[-1].name}/stills/1", light=True, camera=True, backdrop=True)
    assert told.performance["staging"] == as_read(drawn.to_dict())


def test_the_mouths_are_those_of_the_crowd_four_times_as_large(stills):
    mouths = StillSet.load(MOUTHS, close_ups=True)
    assert mouths.pixels.shape[1:] == (28, 208, 256, 3) and mouths.windows.picture_px == 4 * 192
    assert mouths.characters == stills.characters[: len(mouths)] and len(mouths) >= 40
    assert len(set(mouths.characters) & set(stills.split(0.2, seed=0)[1].characters)) >= 4
    for index in range(0, len(mouths), 8):
        assert mouths.variants[index] == stills.variants[index]
        left, top = mouths.windows.corners_px[index]
        for still in (0, 3, 12):
            enlarged = cv2.resize(stills.pixels[index, still], (768, 768), interpolation=cv2.INTER_CUBIC)
            there = enlarged[top : top + 208, left : left + 256].astype(np.float32)
            blurred = [
                cv2.GaussianBlur(picture, (0, 0), 4) for picture in (there, mouths.pixels[index, still] * np.float32(1))
            ]
            assert np.abs(blurred[0] - blurred[1]).mean() < 4.0, "same pose, same light"
            moved = np.abs(blurred[0][:, 8:] - blurred[1][:, :-8]).mean()
            assert moved > 1.5 * np.abs(blurred[0] - blurred[1]).mean()


def test_people_are_others_than_the_crowd_in_the_light_of_the_cast():
    clips = sorted(PEOPLE.glob("*/stills/1.mp4"))
    cast = [*random_cast(150, seed=8), *random_cast(450, seed=9)]
    assert [clip.parent.parent.name for clip in clips] == [character.name for character in cast]
    plain = draw_staging("", light=False, camera=False, backdrop=False)
    for clip in clips[::60]:
        told = read_sidecar(clip.with_suffix(".json"))
        assert told.performance["staging"] == as_read(plain.to_dict())
        assert count_clip_frames(clip) == len(told.frames) == 7
    everyone = scan_footage(PEOPLE)
    assert len(everyone.entries) == 7 * 600 and [one.source for one in everyone.left_out] == ["README.md"]


def as_read(written: dict[str, Any]) -> dict[str, Any]:
    """What a dict is after it was written as JSON: tuples are lists."""
    return json.loads(json.dumps(written))


def test_the_bundled_truth_shows_every_emotion_at_five_strengths_and_six_mixtures_twice():
    truth = StillSet.load(bundled.stills_path())
    assert truth.pixels.shape == (10, 43, 144, 144, 3)
    emotions = np.delete(truth.affects[0], 4, axis=1)
    single = emotions[np.count_nonzero(emotions, axis=1) == 1]
    assert sorted(np.round(single.max(axis=1), 1)) == sorted([0.2, 0.4, 0.6, 0.8, 1.0] * 6)
    mixed = emotions[np.count_nonzero(emotions, axis=1) == 2]
    assert len(np.unique(mixed > 0, axis=0)) == 6 and len(mixed) == 12
    assert set(truth.characters) == {path.name for path in bundled.footage_path().iterdir() if path.is_dir()}
    assert sum(path.stat().st_size for path in bundled.stills_path().rglob("*") if path.is_file()) < 6e6
