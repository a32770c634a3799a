from __future__ import annotations

from itertools import pairwise

import pytest

from fexgan.affects import NEUTRAL_INDEX, affect_index, affect_vector
from fexgan.errors import InputError
from fexgan.keyframes import affect_vectors, ease, parse_keyframes


def test_every_keyframe_is_shown_in_full_at_its_time():
    vectors = affect_vectors(parse_keyframes("0s neutral, 1s joy:0.8, 2.5s anger"), fps=24)
    assert len(vectors) == 61
    assert vectors[0] == pytest.approx(affect_vector("neutral"))
    assert vectors[24] == pytest.approx(affect_vector("joy", 0.8))
    assert vectors[60] == pytest.approx(affect_vector("anger"))


def test_the_way_between_keyframes_is_monotone_and_starts_and_ends_at_rest():
    joy = [vector[affect_index("joy")] for vector in affect_vectors(parse_keyframes("0 neutral, 1 joy"), fps=50)]
    steps = [later - earlier for earlier, later in pairwise(joy)]
    assert all(step > 0 for step in steps)
    assert steps[0] < max(steps) / 10 and steps[-1] < max(steps) / 10
    assert ease(0.5) == pytest.approx(0.5)


def test_an_interpolated_vector_keeps_neutral_as_the_rest_of_one():
    for vector in affect_vectors(parse_keyframes("0s neutral, 1s surprise, 2s neutral"), fps=10):
        assert vector[NEUTRAL_INDEX] == pytest.approx(1.0 - vector[affect_index("surprise")])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0s joy", "too few"),
        ("0.5s joy, 1s neutral", "first keyframe"),
        ("0s joy, 2s neutral, 1s fear", "in order"),
        ("0s joy, 0s fear", "in order"),
        ("0s joy, 1e9s neutral", "at most 600 s"),
        ("0s joy, soon neutral", "not a time and a mixture"),
        ("0s joy, nan neutral", "not a time and a mixture"),
        ("0s, 1s joy", "not a time and a mixture"),
        ("0s joy, 1s happy", "'happy' is unknown"),
    ],
)
def test_wrong_keyframes_are_refused_in_one_line(text: str, complaint: str):
    with pytest.raises(InputError, match=complaint) as error:
        affect_vectors(parse_keyframes(text), fps=24)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_frame_rate_that_cannot_be_played_is_refused(fps: float):
    with pytest.raises(InputError, match="frames a second"):
        affect_vectors(parse_keyframes("0s neutral, 1s joy"), fps)
