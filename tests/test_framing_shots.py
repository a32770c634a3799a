from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from drawn import cartoon, face

from fexgan.framing import find_shots, glance
from fexgan.framing.shots import GLANCE_PX
from fexgan.media import Pixels
from fexgan.picture import LoadedPicture

SIDE = 160
ONE = face(SIDE)
OTHER = cartoon(SIDE, 0.5, 0.5, 0.6)
BLACK = np.zeros_like(ONE)


def starts(frames: Sequence[Pixels], fps: float = 25) -> list[int]:
    shots = find_shots([glance(LoadedPicture(frame)) for frame in frames], fps)
    assert [frame for shot in shots for frame in shot] == list(range(len(frames)))
    return [shot.start for shot in shots]


def noisy(frames: Sequence[Pixels], deviation: float) -> list[Pixels]:
    generator = np.random.default_rng(0)
    return [(frame + generator.normal(0, deviation, frame.shape)).clip(0, 255).astype(np.uint8) for frame in frames]


def brighter(levels: int) -> Pixels:
    return np.minimum(ONE.astype(int) + levels, 255).astype(np.uint8)


def test_every_cut_is_found_where_it_is():
    assert starts([ONE] * 12 + [BLACK] * 6 + [OTHER] * 12 + [ONE] * 6) == [0, 12, 18, 30]
    assert starts(noisy([ONE] * 9 + [OTHER] * 9, 25)) == [0, 9]
    assert starts([ONE] * 3 + [OTHER] * 3 + [BLACK] * 3, fps=10) == [0, 3, 6]
    moving = [face(SIDE, x=0.3 + 0.04 * index) for index in range(9)]
    assert starts(moving + [OTHER] + [np.roll(OTHER, 8 * index, axis=1) for index in range(9)]) == [0, 9]


def test_a_closer_view_of_the_same_face_is_a_cut():
    assert starts([face(SIDE, height=0.4)] * 8 + [face(SIDE, height=0.8)] * 8) == [0, 8]


@pytest.mark.parametrize(
    "frames",
    [
        [ONE] * 20,
        noisy([ONE] * 20, 60),
        [face(SIDE, x=0.1 + 0.08 * index) for index in range(11)],
        [np.roll(OTHER, 13 * max(0, index - 6), axis=1) for index in range(20)],
        [np.roll(OTHER, (0, 30, 12, 41)[index % 4], axis=1) for index in range(20)],
        [np.roll(OTHER, (0, 30, 12, 41)[index // 2 % 4], axis=1) for index in range(24)],
        [ONE] * 8 + [brighter(120)] + [ONE] * 8,
        [ONE] * 8 + [np.full_like(ONE, 255)] * 2 + [ONE] * 8,
        [(ONE * (1 - share) + OTHER * share).astype(np.uint8) for share in np.linspace(0, 1, 20)],
        [(ONE * share).astype(np.uint8) for share in np.linspace(0, 1, 16)],
        [ONE],
        [ONE, ONE],
    ],
    ids=["still", "noise", "walk", "pan", "shake", "shake, frames doubled", "flash", "white flash",
         "dissolve", "fade", "one frame", "two frames"],
)  # fmt: skip
def test_motion_noise_flashes_and_dissolves_are_no_cuts(frames: Sequence[Pixels]):
    assert starts(frames) == [0]


def test_what_returns_later_than_a_flash_was_a_shot():
    assert starts([ONE] * 8 + [OTHER] * 4 + [ONE] * 8) == [0, 8, 12]


def test_a_glance_shows_the_whole_frame():
    wide = np.hstack([np.zeros((90, 80, 3), np.uint8), np.full((90, 80, 3), 255, np.uint8)])
    view = glance(LoadedPicture(wide))
    assert view.shape == (GLANCE_PX, GLANCE_PX, 3)
    assert not view[:, : GLANCE_PX // 2].any() and (view[:, GLANCE_PX // 2 :] == 255).all()
