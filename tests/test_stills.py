"""Stills are read as filmed, with what they show, and split by character."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fexgan.affects import Mixture
from fexgan.errors import InputError
from fexgan.manifest import FrameTruth, Take, read_sidecar, write_sidecar
from fexgan.stills import StillSet
from fexgan.video import write_clip

SHOWN = ("neutral", "joy:0.4", "anger:0.5+sadness:0.5")
TRUTH = {"anger": (0.0, 0.0, 0.5), "joy": (0.0, 0.4, 0.0), "sadness": (0.0, 0.0, 0.5)}


def film_stills(
    folder: Path, character: str, level: int = 100, strength=TRUTH, pictures: int = 3, side: int = 16, **told
):
    clip = folder / character / "stills" / "1.mp4"
    write_clip(clip, [np.full((side, side, 3), level + 20 * index, np.uint8) for index in range(pictures)], crf=0)
    truth = FrameTruth(strength, extra=told)
    write_sidecar(clip.with_suffix(".json"), Take(character, "stills", "1", 24, 7, side, truth))
    return clip


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    for index, character in enumerate("abcde"):
        film_stills(tmp_path, character, 60 + 10 * index)
    return tmp_path


def test_stills_are_read_by_character_with_their_mixtures(footage):
    (footage / "a" / "joy").mkdir()
    stills = StillSet.load(footage)
    assert stills.characters == tuple("abcde") and stills.pixels.shape == (5, 3, 16, 16, 3)
    levels = 60 + 10 * np.arange(5)[:, None] + 20 * np.arange(3)
    assert np.abs(stills.pixels.mean(axis=(2, 3, 4)) - levels).max() <= 1
    assert np.allclose(stills.affects, [[Mixture.parse(text).vector() for text in SHOWN]] * 5)
    assert stills.affects.dtype == np.float32 and stills.neutral_index == 0


def test_variants_are_told_by_name_and_stay_with_their_characters(footage):
    film_stills(footage, "c", variants=[{}, {"joy": "laugh"}, {"anger": "shout", "sadness": "parted"}])
    weights = StillSet.load(footage).variant_weights(("anger.shout", "joy.laugh"))
    assert weights.shape == (5, 3, 2) and weights.sum() == 2
    assert np.array_equal(weights[2], [[0, 0], [0, 1], [1, 0]])
    for part in StillSet.load(footage).split(0.4, seed=3):
        shown = part.variant_weights(("anger.shout", "joy.laugh")).any(axis=(1, 2))
        assert [name for name, any_shown in zip(part.characters, shown, strict=True) if any_shown] in ([], ["c"])


def test_landmarks_are_told_where_all_sidecars_tell_them(footage):
    points = np.arange(3 * 68 * 2, dtype=float).reshape(3, 68, 2)
    assert StillSet.load(footage).landmarks is None
    for character in "abcde":
        film_stills(footage, character, landmarks_px=points.tolist())
    assert np.array_equal(StillSet.load(footage).landmarks, np.broadcast_to(points, (5, 3, 68, 2)))
    film_stills(footage, "b", landmarks_px=points[:, :9].tolist())
    with pytest.raises(InputError, match="68 points"):
        StillSet.load(footage)


def test_variants_of_the_wrong_form_are_refused(footage):
    film_stills(footage, "c", variants=["laugh", "laugh", "laugh"])
    with pytest.raises(InputError, match="variants"):
        StillSet.load(footage)


def test_a_split_keeps_characters_whole_and_follows_from_the_seed(footage):
    stills = StillSet.load(footage)
    train, test = stills.split(0.4, seed=3)
    assert (len(train), len(test)) == (3, 2)
    assert sorted(train.characters + test.characters) == list(stills.characters)
    for part in (train, test):
        for name, pixels in zip(part.characters, part.pixels, strict=True):
            assert np.array_equal(pixels, stills.pixels[stills.characters.index(name)])
        assert part.fingerprint == stills.fingerprint and len(part.affects) == len(part)
    assert stills.split(0.4, seed=3)[1].characters == test.characters
    assert len({stills.split(0.4, seed)[1].characters for seed in range(8)}) > 1
    assert [tuple(map(len, stills.split(share, 0))) for share in (0.0, 1.0)] == [(4, 1), (1, 4)]


def test_the_fingerprint_follows_pictures_and_truth(footage):
    first = StillSet.load(footage).fingerprint
    assert StillSet.load(footage).fingerprint == first
    film_stills(footage, "a", 61)
    assert StillSet.load(footage).fingerprint != first


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"pictures": 2}, "has 2 pictures, its sidecar tells of 3"),
        ({"side": 32}, "3 pictures of 32x32 px, .* 3 pictures of 16x16 px"),
        ({"strength": TRUTH | {"joy": (0.0, 0.7, 0.0)}}, "shows other mixtures"),
    ],
)
def test_characters_that_do_not_fit_the_others_are_refused_in_one_line(footage, values, words):
    film_stills(footage, "f", **values)
    with pytest.raises(InputError, match=words) as refusal:
        StillSet.load(footage)
    assert "\n" not in str(refusal.value)


def test_joined_sets_keep_everyone_and_what_only_all_tell(footage, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    points = np.arange(3 * 68 * 2, dtype=float).reshape(3, 68, 2).tolist()
    for name in "yz":
        film_stills(other, name, 200, landmarks_px=points)
    plain, told = StillSet.load(footage), StillSet.load(other)
    both = StillSet.join([told, plain])
    assert both.characters == (*"yz", *"abcde") and both.landmarks is None
    assert np.array_equal(both.pixels[:2], told.pixels) and np.array_equal(both.pixels[2:], plain.pixels)
    assert plain.fingerprint in both.fingerprint and told.fingerprint in both.fingerprint
    assert StillSet.join([told, told]).landmarks.shape == (4, 3, 68, 2)
    film_stills(other, "y", 200, side=32)
    film_stills(other, "z", 200, side=32)
    with pytest.raises(InputError, match="stills of y and of a differ"):
        StillSet.join([plain, StillSet.load(other)])


def test_folders_without_stills_are_refused(tmp_path):
    with pytest.raises(InputError, match="no stills"):
        StillSet.load(tmp_path / "none")
    clip = film_stills(tmp_path, "a", strength={"joy": (0.1, 0.4, 0.9)})
    with pytest.raises(InputError, match="1 character cannot be split"):
        StillSet.load(tmp_path).split(0.5, 0)
    with pytest.raises(InputError, match="no still is neutral"):
        _ = StillSet.load(tmp_path).neutral_index
    clip.with_suffix(".json").unlink()
    with pytest.raises(InputError, match="no sidecar"):
        StillSet.load(tmp_path)


def test_close_ups_tell_where_in_the_picture_they_were_filmed(tmp_path):
    sidecars = [film_stills(tmp_path, character).with_suffix(".json") for character in "abc"]
    for number, sidecar in enumerate(sidecars):
        told = replace(read_sidecar(sidecar), size_px=64, window_px=(4 * number, 8, 4 * number + 16, 24))
        write_sidecar(sidecar, told)
    stills = StillSet.load(tmp_path, close_ups=True)
    assert stills.windows.picture_px == 64
    assert stills.without({"b"}).windows.corners_px.tolist() == [[0, 8], [8, 8]]
    with pytest.raises(InputError, match="is a close-up, which shows no whole face"):
        StillSet.load(tmp_path)
    write_sidecar(sidecars[-1], replace(told, window_px=(0, 8, 20, 24)))
    with pytest.raises(InputError, match=r"16x16 px, its sidecar tells of 20x16"):
        StillSet.load(tmp_path, close_ups=True)
    write_sidecar(sidecars[-1], replace(told, size_px=68))
    with pytest.raises(InputError, match="pictures of one size"):
        StillSet.load(tmp_path, close_ups=True)
    film_stills(tmp_path, "d")
    with pytest.raises(InputError, match="whole pictures, not close-ups"):
        StillSet.load(tmp_path, close_ups=True)
