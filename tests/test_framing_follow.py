from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from fexgan.errors import InputError
from fexgan.faces import Face, FaceBox
from fexgan.framing import choose_tracks, follow_faces, presence

POINTS = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)])


def seen(x: float, width: float = 100) -> Face:
    return Face(FaceBox(x, 0, width, 1.3 * width), POINTS * width + (x, 0))


def test_two_people_are_told_apart_whatever_their_order():
    frames = [[seen(4 * frame), seen(300 - 4 * frame, 90)] for frame in range(10)]
    mixed = [faces[:: 1 if index % 2 else -1] for index, faces in enumerate(frames)]
    large, small = follow_faces(mixed)
    assert [large.sightings[frame].box.left for frame in range(10)] == [4 * frame for frame in range(10)]
    assert all(face.box.width == 90 for face in small.sightings.values()) and len(small.sightings) == 10


def test_the_nearest_goes_on_and_who_is_far_begins_anew():
    tracks = follow_faces([[seen(0)], [seen(30), seen(10)], [], [seen(500)], [seen(12)]])
    assert sorted(list(track.sightings) for track in tracks) == [[0, 1, 4], [1], [3]]
    assert [face.box.left for face in tracks[0].sightings.values()] == [0, 10, 12]


def test_who_is_long_in_view_comes_first():
    (first, second) = follow_faces([[seen(0), seen(400, 150)]] + [[seen(0)]] * 5)
    assert first.last.box.width == 100 and second.last.box.width == 150


def test_an_edit_shows_fully_through_short_gaps_and_fades_in_long_ones():
    shown = presence([0, 5, 6, 60], frames=61, fps=20)
    assert (shown[:13] == 1).all() and (shown[19:48] == 0).all() and shown[60] == 1
    assert (np.diff(shown[12:19]) < 0).all() and (np.diff(shown[48:55]) > 0).all()


def test_an_edit_shows_as_its_nearest_sighting_says():
    rng = np.random.default_rng(0)
    for frames in (1, 2, 50, 400):
        sighted = rng.choice(frames, rng.integers(1, frames + 1), replace=False)
        away_s = np.array([min(abs(frame - seen) for seen in sighted) for frame in range(frames)]) / 30
        assert np.array_equal(presence(sighted.tolist(), frames, 30), np.clip((0.6 - away_s) / 0.3, 0, 1))


def test_a_long_clip_takes_memory_by_its_frames_alone():
    frames = 2000
    tracemalloc.start()
    presence(range(frames), frames, fps=30)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 200 * frames


def test_tracks_that_cannot_be_edited_are_left_out_unless_all_are():
    good, small = follow_faces([[seen(0), seen(300, 20)]])
    assert choose_tracks([[good, small]], None) == [[good]] and choose_tracks([[good, small]], 0) == [[good]]
    for shots, index, complaint in [
        ([[]], 0, "no face found in the clip"),
        ([[good], []], 1, "face 1 is not in the clip; the only one is 0"),
        ([[good, small]], 1, "20 px wide"),
        ([[small], []], None, "20 px wide"),
    ]:
        with pytest.raises(InputError, match=complaint):
            choose_tracks(shots, index)


def test_a_number_means_that_face_of_every_shot():
    first, second = (follow_faces([[seen(0), seen(300, 90)]]) for _ in range(2))
    (alone,), (small,) = follow_faces([[seen(0)]]), follow_faces([[seen(0, 20)]])
    shots = [first, [], [alone], [small], second]
    assert choose_tracks(shots, 0) == [first[:1], [], [alone], [], second[:1]]
    assert choose_tracks(shots, 1) == [first[1:], [], [], [], second[1:]]
    assert choose_tracks(shots, None) == [first, [], [alone], [], second]
