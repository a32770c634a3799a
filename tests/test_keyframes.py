from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from fexgan.affects import NEUTRAL_INDEX, Mixture, affect_index, affect_vector
from fexgan.errors import InputError
from fexgan.expressions import named_mixture
from fexgan.keyframes import EASINGS, Keyframe, parse_keyframes, read_keyframes, targets_by_frame


def vectors_by_frame(text: str, fps: float) -> list[tuple[float, ...]]:
    return [target.vector for target in targets_by_frame(parse_keyframes(text), fps)]


def test_every_keyframe_is_shown_in_full_at_its_time():
    vectors = vectors_by_frame("0s neutral, 1s joy:0.8, 2.5s anger", fps=24)
    assert len(vectors) == 61
    assert vectors[0] == pytest.approx(affect_vector("neutral"))
    assert vectors[24] == pytest.approx(affect_vector("joy", 0.8))
    assert vectors[60] == pytest.approx(affect_vector("anger"))


@pytest.mark.parametrize("easing", EASINGS)
@pytest.mark.parametrize("time_s", [1.0, 1.01, 1.02, 1.03])
def test_the_last_frame_shows_the_last_keyframe_wherever_between_frames_it_lies(time_s: float, easing: str):
    vectors = vectors_by_frame(f"0s neutral, {time_s}s joy {easing}", fps=24)
    assert vectors[0] == pytest.approx(affect_vector("neutral"))
    assert vectors[-1] == pytest.approx(affect_vector("joy"))
    assert len(vectors) == round(time_s * 24) + 1


def test_a_clip_shorter_than_a_frame_shows_both_its_keyframes():
    assert vectors_by_frame("0s neutral, 0.01s joy", fps=24) == [affect_vector("neutral"), affect_vector("joy")]


def test_the_way_between_keyframes_is_monotone_and_starts_and_ends_at_rest():
    joy = [vector[affect_index("joy")] for vector in vectors_by_frame("0 neutral, 1 joy", fps=50)]
    steps = [later - earlier for earlier, later in pairwise(joy)]
    assert all(step > 0 for step in steps)
    assert steps[0] < max(steps) / 10 and steps[-1] < max(steps) / 10
    assert EASINGS["smooth"](0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("name", EASINGS)
def test_every_easing_leads_from_one_keyframe_to_the_next_and_never_back(name: str):
    shares = [EASINGS[name](step / 20) for step in range(21)]
    assert (shares[0], shares[-1]) == (pytest.approx(0.0), pytest.approx(1.0))
    assert shares == sorted(shares)


def test_an_easing_rests_where_it_says():
    first = {name: ease(0.05) for name, ease in EASINGS.items()}
    last = {name: 1.0 - ease(0.95) for name, ease in EASINGS.items()}
    assert first["linear"] == pytest.approx(0.05) and last["linear"] == pytest.approx(0.05)
    assert first["smooth"] < 0.01 and first["in"] < 0.01 and first["out"] > 0.05 and first["hold"] == 0.0
    assert last["smooth"] < 0.01 and last["out"] < 0.01 and last["in"] > 0.05 and last["hold"] == 1.0


def test_a_keyframe_says_how_it_is_reached():
    joy = [vector[affect_index("joy")] for vector in vectors_by_frame("0 neutral, 1 joy linear", fps=4)]
    assert joy == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    held = vectors_by_frame("0s joy, 1s joy + fear:0.5 hold", fps=4)
    assert held[3] == pytest.approx(affect_vector("joy"))
    assert parse_keyframes("0s joy + fear, 1s joy")[0].mixture.name == "joy+fear"


def test_a_file_lists_what_the_text_says(tmp_path: Path):
    text = "0s neutral, 0.8s surprise:1, 1.5s joy:0.7 out, 3s neutral"
    lines, scene = tmp_path / "scene.yaml", tmp_path / "scene.txt"
    lines.write_text("".join(f"- {part.strip()}\n" for part in text.split(",")))
    scene.write_text(text)
    listed = tmp_path / "scene.json"
    listed.write_text(json.dumps([part.strip() for part in text.split(",")]))
    assert (
        read_keyframes(str(listed))
        == read_keyframes(str(lines))
        == read_keyframes(str(scene))
        == read_keyframes(text)
        == parse_keyframes(text)
    )


@pytest.mark.parametrize("text", ["0s neutral, 500ms joy,", "0 s neutral, 500 ms joy", "0 neutral , 0.5 joy , "])
def test_times_are_in_seconds_or_milliseconds_and_a_comma_may_end_the_list(text: str):
    assert parse_keyframes(text) == parse_keyframes("0s neutral, 0.5s joy")


@pytest.mark.parametrize("content", ["- 0s: joy", "{", "- 0s joy\n- 0s fear", "7", "", "- 1"])
def test_a_wrong_file_is_named_in_one_line(tmp_path: Path, content: str):
    path = tmp_path / "scene.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"keyframes .*scene\.yaml") as error:
        read_keyframes(str(path))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="no keyframes at"):
        read_keyframes(str(tmp_path / "nowhere.yaml"))


def test_an_interpolated_vector_keeps_neutral_as_the_rest_of_one():
    for vector in vectors_by_frame("0s neutral, 1s surprise, 2s neutral", fps=10):
        assert vector[NEUTRAL_INDEX] == pytest.approx(1.0 - vector[affect_index("surprise")])


def test_a_variant_comes_and_goes_with_its_affect():
    frames = targets_by_frame(parse_keyframes("0s neutral, 1s joy.laugh linear, 2s joy:0.5 linear"), fps=4)
    laughing = [frame.variants["joy.laugh"] for frame in frames]
    assert laughing == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0])
    assert frames[2].vector == pytest.approx(affect_vector("joy", 0.5))


def test_a_keyframe_may_name_a_bundled_expression_but_no_file():
    named = parse_keyframes("0s neutral, 1s wry-smile, 2s wry-smile out, 3s wry-smile:0.5 + fear:0.2 in")
    assert named[1].mixture == named[2].mixture == named_mixture("wry-smile")[1]
    assert named[3].mixture == named_mixture("wry-smile:0.5+fear:0.2")[1]
    with pytest.raises(InputError, match="is unknown"):
        parse_keyframes("0s neutral, 1s ../expressions/wry-smile")


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
        ("0s neutral 1s joy", "holds two times; write ',' between two, as in '0s neutral, 1s joy'"),
        ("0s neutral 800ms joy out 2s fear", "write ',' between two, as in '0s neutral, 800ms joy out 2s fear'"),
        ("0s, 1s joy", "not a time and a mixture"),
        ("0s joy, 1s happy", "'happy' is unknown"),
        ("0s joy, 1s " + 300 * "a", "is unknown"),
        ("0s joy, 1s fear slowly", "easing 'slowly'"),
        ("0s joy; 1s neutral", "separated by ';'; write ','"),
        ("0s joy,, 1s neutral", "not a time and a mixture"),
        ("0s joy, 1s fear=0.5", "as in 'fear:0.5'"),
    ],
)
def test_wrong_keyframes_are_refused_in_one_line(text: str, complaint: str):
    with pytest.raises(InputError, match=complaint) as error:
        targets_by_frame(parse_keyframes(text), fps=24)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [((float("nan"),), "at nan s"), ((float("inf"),), "at inf s"), ((1.0, "bounce"), "easing 'bounce' .* at 1 s")],
)
@pytest.mark.parametrize("first", [True, False])
def test_keyframes_made_in_python_are_checked_like_those_of_a_text(wrong: tuple, complaint: str, first: bool):
    joy, time_s, easing = Mixture.parse("joy"), wrong[0], wrong[1:]
    frames = [Keyframe(0.0, joy), Keyframe(time_s, joy, *easing)]
    with pytest.raises(InputError, match=complaint):
        targets_by_frame(frames[::-1] if first else frames, fps=24)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_frame_rate_that_cannot_be_played_is_refused(fps: float):
    with pytest.raises(InputError, match="frames a second"):
        targets_by_frame(parse_keyframes("0s neutral, 1s joy"), fps)
