"""Random characters and stills: balance, repeatability, and pictures that differ by their expression alone."""

from __future__ import annotations

from collections import Counter

import pytest

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.studio.anatomy import anatomy
from fexgan.studio.cast import open_cast_file, read_cast
from fexgan.studio.crowd import SHAPES, random_cast, random_character
from fexgan.studio.film import Shoot
from fexgan.studio.stills import STILL_SETS, pose_stills, still_count


def test_a_random_cast_is_balanced_over_sex_origin_and_age():
    cast = random_cast(120, seed=7)
    assert sum(character.masculinity < 0.5 for character in cast) == 60
    main = Counter(max(character.origins, key=character.origins.get) for character in cast)
    assert set(main.values()) == {40}
    ages = [character.age_years for character in cast]
    assert min(ages) < 24 and max(ages) > 66
    assert 20 <= sum(age > 56 for age in ages) <= 40
    assert len({character.hair.style for character in cast}) >= 7


def test_a_random_character_depends_on_seed_and_number_alone():
    assert random_cast(5, seed=7)[3] == random_cast(9, seed=7)[3] == random_character(3, seed=7)
    assert random_character(3, seed=7) != random_character(3, seed=8)


def test_random_characters_never_share_a_name_with_the_open_cast():
    known = {character.name for character in read_cast(open_cast_file())}
    names = [character.name for character in random_cast(50, seed=1)]
    assert len(set(names)) == 50 and not known & set(names)


def test_every_shape_that_may_be_drawn_exists():
    known = set(anatomy().target_names())
    assert all(name.replace("*", side) in known for name in SHAPES for side in "lr")


@pytest.mark.parametrize(
    ("set_name", "count"),
    [("truth", 1 + 6 * 5 + 6 * 2), ("crowd", 1 + 6 * 3 + 3), ("turned", 1 + 6 * 3 + 3), ("people", 7)],
)
def test_stills_share_one_pose_and_tell_the_strength_of_every_affect(set_name, count):
    poses, truth = pose_stills("rosa", set_name, seed=0)
    assert len(poses) == len(truth) == len(STILL_SETS[set_name]) == count
    assert len({(pose.head_deg, pose.gaze_deg) for pose in poses}) == 1
    assert set(truth.strength) == set(EMOTIONS)
    assert poses[0].units == {} and all(column[0] == 0 for column in truth.strength.values())
    for row, text in enumerate(truth.extra["mixture"]):
        strengths = {affect: column[row] for affect, column in truth.strength.items()}
        assert Mixture.of(strengths).vector() == Mixture.parse(text).vector()


def test_in_poses_neutral_and_every_emotion_share_a_pose_and_no_two_poses_are_alike():
    poses, truth = pose_stills("rosa", "poses", seed=0)
    assert len(poses) == len(truth) == still_count("poses", varied=False) == 420
    assert len({(pose.head_deg, pose.gaze_deg) for pose in poses}) == 60
    named = [text.partition(":")[0] for text in truth.extra["mixture"]]
    for first in range(0, len(poses), 7):
        assert len({(pose.head_deg, pose.gaze_deg) for pose in poses[first : first + 7]}) == 1
        assert set(named[first : first + 7]) == set(AFFECTS)
    told = zip(truth.head_yaw_deg, truth.head_pitch_deg, truth.head_roll_deg, strict=True)
    assert [pose.head_deg for pose in poses] == list(told)
    assert [pose.gaze_deg for pose in poses] == list(zip(truth.gaze_yaw_deg, truth.gaze_pitch_deg, strict=True))
    shown = Counter(truth.extra["mixture"])
    assert shown.pop(NEUTRAL) == 60 and len(shown) == 6 * 5 and set(shown.values()) == {10, 20}


def test_a_varied_character_of_the_crowd_shows_two_forms_of_every_emotion():
    poses, truth = pose_stills("rosa", "crowd", seed=0, varied=True)
    assert len(poses) == still_count("crowd", varied=True)
    for emotion in EMOTIONS:
        whole = [row for row, text in enumerate(truth.extra["mixture"]) if text == emotion]
        assert len({truth.extra["variants"][row][emotion] for row in whole}) == len(whole) == 2
        assert poses[whole[0]].units != poses[whole[1]].units
        assert all(truth.strength[emotion][row] == 1 for row in whole)


def test_characters_hold_their_heads_differently():
    assert pose_stills("rosa", "crowd", 0)[0][0].head_deg != pose_stills("noor", "crowd", 0)[0][0].head_deg


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"stills": "portrait"}, "set of stills 'portrait' is unknown; choose from truth"), ({"random": -1}, "-1")],
)
def test_wrong_crowds_and_stills_are_refused(settings, told):
    with pytest.raises(InputError, match=told):
        Shoot(**settings)
