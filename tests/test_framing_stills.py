from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn import film_stills

from fexgan.errors import InputError
from fexgan.faces import Face, FaceBox
from fexgan.framing.square import BOX_HEIGHT, EYE_HEIGHT, MOUTH_HEIGHT, STUDIO_FRAMING, FaceSquare, face_square
from fexgan.framing.stills import cut_squares, face_squares
from fexgan.stills import StillSet


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> StillSet:
    return StillSet.load(film_stills(tmp_path_factory.mktemp("crowd"), ("ada", "bo", "cy"), ("neutral", "joy")))


def test_a_square_is_cut_as_an_edit_cuts_it():
    pixels = np.zeros((1, 1, 40, 60, 3), np.uint8)
    pixels[0, 0, 10:30, 20:40] = np.random.default_rng(0).integers(0, 255, (20, 20, 3))
    maps = np.array([[[20 / 60, 0.0, 0.0], [0.0, 20 / 40, 0.0]]])  # the middle 20 x 20 px
    assert np.array_equal(cut_squares(pixels, maps, 20)[0], pixels[0, :, 10:30, 20:40])


def test_the_square_follows_the_face(stills: StillSet):
    shifted = replace(stills, pixels=np.roll(stills.pixels, 6, axis=3))  # 6 of 96 px to the right
    moved = face_squares(shifted, STUDIO_FRAMING) - face_squares(stills, STUDIO_FRAMING)
    assert np.abs(moved[:, 0, 2] - 12 / 96).max() < 0.05 and np.abs(moved[:, 1, 2]).max() < 0.05
    closer = face_squares(stills, replace(STUDIO_FRAMING, face_fraction=2 * BOX_HEIGHT))
    np.testing.assert_allclose(closer[:, :, :2], face_squares(stills, STUDIO_FRAMING)[:, :, :2] / 2)


def test_a_face_that_is_not_found_lies_where_the_others_do_and_none_at_all_is_refused(stills: StillSet):
    pixels = stills.pixels.copy()
    pixels[1] = 128
    squares = face_squares(replace(stills, pixels=pixels), STUDIO_FRAMING)
    np.testing.assert_allclose(squares[1], squares[[0, 2]].mean(axis=0))
    with pytest.raises(InputError, match="no face is found in any of 3 characters"):
        face_squares(replace(stills, pixels=np.full_like(pixels, 128)), STUDIO_FRAMING)


def test_a_turned_face_gets_the_square_that_an_edit_cuts(stills: StillSet, monkeypatch: pytest.MonkeyPatch):
    placed = FaceSquare(40.0, 50.0, 60.0, 0.4)
    eyes, mouth = [(0.395, EYE_HEIGHT), (0.605, EYE_HEIGHT)], [(0.42, MOUTH_HEIGHT), (0.58, MOUTH_HEIGHT)]
    found = Face(FaceBox(0, 0, 1, 1), placed.to_picture(np.array([*eyes, (0.5, 0.6), *mouth])))
    monkeypatch.setattr("fexgan.framing.stills.find_faces", lambda *_, **__: [found])
    ends = np.array([(-1, -1, 1), (1, -1, 1), (-1, 1, 1)])
    square = face_square(found.landmarks, STUDIO_FRAMING)
    seen = (ends @ face_squares(stills, STUDIO_FRAMING)[0].T + 1) / 2 * 96 - 0.5
    assert seen == pytest.approx(square.to_picture((ends[:, :2] + 1) / 2), abs=1e-4)
    assert square.roll_rad == pytest.approx(0.4, abs=1e-6)
