"""The face finder on pictures smaller than it likes."""

from __future__ import annotations

import numpy as np

from fexgan.bundled import pictures_path
from fexgan.media import read_image
from fexgan.prepare.faces import FaceFinder


def test_tiny_blank_pictures_show_no_face_whatever_was_searched_before():
    pixels = read_image(pictures_path() / "hopper.jpg")
    for _ in range(8):
        finder = FaceFinder()
        assert len(finder.find_all(pixels)) == 1
        assert not any(finder.find_all(np.full((side, side, 3), 128, np.uint8)) for side in (32, 40, 64) * 4)
