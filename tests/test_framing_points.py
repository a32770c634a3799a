"""Where the points of a face are: level on upright faces that fill the picture, and the same in the mirror."""

from __future__ import annotations

import numpy as np
import pytest

from fexgan.bundled import pictures_path
from fexgan.faces import FaceFinder
from fexgan.framing import find_faces
from fexgan.media import read_image
from fexgan.picture import LoadedPicture

UPRIGHT = ("cartoon.png", "clay.jpg", "comic.png", "flat.png", "ink.png", "painted.jpg")


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def points(finder: FaceFinder, pixels: np.ndarray) -> np.ndarray:
    (face,) = find_faces(LoadedPicture(pixels), finder)
    return face.landmarks


@pytest.mark.parametrize("name", UPRIGHT)
def test_the_eyes_of_an_upright_face_are_level_though_it_fills_the_picture(finder, name):
    across, down = np.diff(points(finder, read_image(pictures_path() / name))[:2], axis=0)[0]
    assert abs(np.degrees(np.arctan2(down, across))) < 2.5


@pytest.mark.parametrize("name", (*UPRIGHT, "hopper.jpg", "collins.jpg"))
def test_a_mirrored_face_has_mirrored_points(finder, name):
    pixels = read_image(pictures_path() / name)
    seen, mirrored = points(finder, pixels), points(finder, np.ascontiguousarray(pixels[:, ::-1]))
    eyes_px = np.hypot(*(seen[1] - seen[0]))
    expected = (seen * (-1, 1) + (pixels.shape[1] - 1, 0))[[1, 0, 2, 4, 3]]
    assert np.abs(mirrored - expected).max() < 0.1 * eyes_px
