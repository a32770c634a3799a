"""The face finder on pictures smaller than it likes."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import cartoon

from fexgan.bundled import footage_path, pictures_path
from fexgan.config import FramingConfig
from fexgan.faces import FaceFinder
from fexgan.framing.upright import steady_upright_square
from fexgan.media import read_image
from fexgan.video import read_clip


def test_tiny_blank_pictures_show_no_face_whatever_was_searched_before():
    pixels = read_image(pictures_path() / "hopper.jpg")
    for _ in range(8):
        finder = FaceFinder()
        assert len(finder.find_all(pixels)) == 1
        assert not any(finder.find_all(np.full((side, side, 3), 128, np.uint8)) for side in (32, 40, 64) * 4)


@pytest.mark.parametrize(("side_px", "x", "y", "height"), [(128, 0.35, 0.6, 0.4), (256, 0.65, 0.4, 0.3)])
def test_a_cartoon_face_is_framed_wherever_it_is(side_px: int, x: float, y: float, height: float):
    square, faces = steady_upright_square([cartoon(side_px, x, y, height)], FaceFinder(), FramingConfig())
    assert faces == 1 and height * side_px < square.side < 3 * height * side_px
    for start, centre in ((square.left, x), (square.top, y)):
        assert start < (centre - height / 2) * side_px and (centre + height / 2) * side_px < start + square.side


def test_the_darkest_face_of_the_open_cast_is_framed_in_all_it_acts():
    finder, near = FaceFinder(), FramingConfig(face_fraction=0.8)
    for clip in sorted((footage_path() / "kofi").glob("[!s]*/*.mp4"))[::3]:
        pixels = [frame for frame, _ in read_clip(clip)][::12]
        square, faces = steady_upright_square(pixels, finder, near)
        side = pixels[0].shape[0]
        assert faces == 1 and 0.6 * side < square.side < side, clip
        assert abs(square.left + square.side / 2 - side / 2) < 0.1 * side, clip
