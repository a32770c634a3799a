"""Cartoons follow the landmarks they are drawn from, in one style for source and truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fexgan.training.cartoon_style import Style
from fexgan.training.cartoons import BROWS, EYES, JAW, LIPS, MOUTH, OPENING, draw_cartoons, in_style

SIDE = 128


def face() -> np.ndarray:
    """Landmarks [68, 2] of a calm face with a closed mouth."""
    points = np.zeros((68, 2))
    angles = np.linspace(np.pi, 0.0, 17)
    points[JAW] = np.stack([64 + 45 * np.cos(angles), 50 + 60 * np.sin(angles)], axis=1)
    for brow, left in zip(BROWS, (30, 74), strict=True):
        points[brow] = np.stack([np.linspace(left, left + 24, 5), np.full(5, 40)], axis=1)
    points[27:31] = np.stack([np.full(4, 64), np.linspace(50, 70, 4)], axis=1)
    points[31:36] = np.stack([np.linspace(56, 72, 5), np.full(5, 76)], axis=1)
    for eye, left in zip(EYES, (34, 78), strict=True):
        points[eye] = [
            (left, 52), (left + 5, 48), (left + 11, 48), (left + 16, 52), (left + 11, 55), (left + 5, 55)
        ]  # fmt: skip
    around = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    points[LIPS] = np.stack([64 - 16 * np.cos(around), 90 - 5 * np.sin(around)], axis=1)
    inner = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    points[OPENING] = np.stack([64 - 12 * np.cos(inner), 90 - 0.4 * np.sin(inner)], axis=1)
    return points


@pytest.fixture
def style() -> Style:
    return dataclasses.replace(
        Style.draw(np.random.default_rng(0)),
        skin=(230, 180, 140), ink=(60, 30, 20), brow=(10, 10, 10), brow_width=0.04, brow_taper=0.0, expression=1.0,
        mouth_scale=(1.0, 1.0), mouth_bow=0.0, lip_scale=(1.0, 1.0), eye_scale=(1.0, 1.0), round_eyes=False, dots=False,
        iris_size=0.5, iris_rim=0.0, lashes=0.006, lower_lid=False, lips=None, mouth_line=(60, 30, 20), teeth=0.0,
        nose="nostrils", chin=False, on_paper=False,
    )  # fmt: skip


def drawn(*landmarks: np.ndarray, style: Style) -> np.ndarray:
    photograph = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    return draw_cartoons(np.stack([photograph] * len(landmarks)), np.stack(landmarks), style)


def test_brows_move_as_their_landmarks_do_and_leave_flat_skin_behind(style):
    raised = face()
    raised[17:27, 1] -= 10
    calm, surprised = drawn(face(), raised, style=style)
    assert calm[40, 42].max() < 40 and surprised[30, 42].max() < 40
    assert surprised[40, 42] == pytest.approx(style.skin, abs=3) and calm[30, 42] == pytest.approx(style.skin, abs=3)


def test_an_eye_stays_where_lids_slide_over_it(style):
    opened = face()
    for eye in EYES:
        opened[eye, 1] = 52 + 1.5 * (opened[eye, 1] - 52)
    calm, wide = drawn(face(), opened, style=style)
    assert np.array_equal(calm[51:53, 41:44], wide[51:53, 41:44])
    assert not np.array_equal(calm[47, 41:44], wide[47, 41:44])


def test_no_gleam_comes_out_from_below_a_lid(style):
    opened = face()
    for eye in EYES:
        opened[eye, 1] = 52 + 2.5 * (opened[eye, 1] - 52)
    looks = {"iris": (0, 0, 0), "iris_size": 0.9, "pupil": 0.3, "lower_lid": False}
    without, shining = (dataclasses.replace(style, gleam=gleam, **looks) for gleam in (False, True))
    for narrow in (face(), face() + np.array([0.0, 2.5]) * np.isin(np.arange(68), [37, 38, 43, 44])[:, None]):
        plain, gleaming = (drawn(narrow, opened, style=one).astype(int) for one in (without, shining))
        brighter = [(after - before).clip(min=0).sum() for before, after in zip(plain, gleaming, strict=True)]
        assert brighter[1] == pytest.approx(brighter[0], rel=0.1, abs=100)
    assert brighter[0] > 0


def test_a_mouth_opens_dark_between_its_lips(style):
    dropped = face()
    dropped[OPENING, 1] += np.where(dropped[OPENING, 1] > 90.1, 12, 0)
    closed, opened = drawn(face(), dropped, style=style)
    assert (opened[95, 64] < np.array(style.ink) / 2).all()  # darker than the line around it
    assert closed[97, 64] == pytest.approx(style.skin, abs=3)


def test_the_inside_of_a_mouth_is_told_by_what_a_closed_one_shows(style):
    dropped = face()
    dropped[OPENING, 1] += np.where(dropped[OPENING, 1] > 90.1, 12, 0)
    red, blue = (
        drawn(dropped, style=dataclasses.replace(style, lips=lips))[0, 95, 64].astype(int)
        for lips in ((200, 20, 20), (20, 20, 200))
    )
    assert red[0] > red[2] + 30 and blue[2] > blue[0] + 30


def test_a_mouth_that_is_a_line_has_a_colour_of_its_own_and_opens_in_it(style):
    dropped = face()
    dropped[OPENING, 1] += np.where(dropped[OPENING, 1] > 90.1, 12, 0)
    red = dataclasses.replace(style, mouth_line=(200, 20, 20), line=0.02)
    closed, opened = drawn(face(), dropped, style=red).astype(int)
    assert closed[90, 64] == pytest.approx(red.mouth_line, abs=40)
    assert opened[96, 64, 0] > opened[96, 64, 2] + 30


def test_round_eyes_are_level_arcs_that_open_as_filmed_ones_do(style):
    narrow, wide = face(), face()
    for eye in EYES:
        narrow[eye.start, 1] += 3  # a corner that hangs
        wide[eye, 1] = 52 + 2.5 * (wide[eye, 1] - 52)
    before = np.stack([narrow, wide])
    after = in_style(before, face(), dataclasses.replace(style, round_eyes=True))
    for eye in EYES:
        assert np.ptp(after[:, eye], axis=1) == pytest.approx(np.ptp(before[:, eye], axis=1))
        assert after[:, eye.start, 1] == pytest.approx(after[:, eye.start + 3, 1])
        assert after[:, eye, 0].mean(axis=1) == pytest.approx(before[:, [eye.start, eye.start + 3], 0].mean(axis=1))


def test_irises_of_large_eyes_may_lie_in_white_all_around():
    staring = 0
    for seed in range(200):
        style = Style.draw(np.random.default_rng(seed))
        filmed_height, filmed_width = 1.0 / 3.0, 1.0
        height, width = filmed_height * style.eye_scale[1], filmed_width * style.eye_scale[0]
        staring += style.iris_size * width < height
    assert 60 < staring < 160


def test_eyes_may_be_dots_without_white(style):
    plain, dotted = (drawn(face(), style=dataclasses.replace(style, dots=dots))[0] for dots in (False, True))
    whites = slice(49, 54), slice(36, 49)
    assert plain[whites].max() > 200
    assert dotted[51, 40:45] == pytest.approx(np.broadcast_to(style.ink, (5, 3)), abs=3)


def test_on_paper_all_is_ink_or_white(style):
    on_paper = dataclasses.replace(style, on_paper=True)
    photograph = np.zeros((SIDE, SIDE, 3), np.uint8)
    photograph[:, SIDE // 2 :] = 160
    picture = draw_cartoons(photograph[None], face()[None], on_paper)[0]
    assert picture[5, 5] == pytest.approx(style.ink, abs=1) and picture[5, -5].min() > 240


def test_what_is_beside_the_face_stays_as_it_was_filmed(style):
    picture = drawn(face(), style=dataclasses.replace(style, skin=None))[0]
    photograph = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    softened = np.abs(picture.astype(int) - photograph)[:, :8].mean()  # drawing larger and shrinking blurs a little
    assert softened < 30 < np.abs(picture.astype(int) - photograph)[60:70, 45:55].mean()


def test_eyes_grow_about_their_middle_and_brows_give_way(style):
    large = dataclasses.replace(style, eye_scale=(1.5, 2.0))
    before = np.stack([face(), face()])
    after = in_style(before, face(), large)
    for eye, brow in zip(EYES, BROWS, strict=True):
        assert after[:, eye].mean(axis=1) == pytest.approx(before[:, eye].mean(axis=1))
        assert np.ptp(after[:, eye], axis=1) == pytest.approx(np.ptp(before[:, eye], axis=1) * (1.5, 2.0))
        assert (after[:, brow, 1] < before[:, brow, 1]).all()


def test_features_go_farther_than_filmed_from_where_they_rest_but_lids_do_not(style):
    lively = dataclasses.replace(style, expression=1.5)
    smiling = face()
    smiling[[48, 54], 1] -= 6
    smiling[EYES[0], 1] += 1
    calm, joyful = in_style(np.stack([face(), smiling]), face(), lively)
    assert np.array_equal(calm, face())
    assert joyful[[48, 54], 1] == pytest.approx(face()[[48, 54], 1] - 9)
    assert joyful[EYES[0], 1] == pytest.approx(smiling[EYES[0], 1])


def test_mouths_grow_about_their_middle_and_their_ends_hang_in_every_picture(style):
    wide, hanging = (
        dataclasses.replace(style, **changes) for changes in ({"mouth_scale": (1.2, 0.8)}, {"mouth_bow": 0.5})
    )
    smiling = face()
    smiling[[48, 54], 1] -= 6
    pair = np.stack([face(), smiling])
    sizes = np.ptp(in_style(pair, face(), wide)[:, MOUTH], axis=1)
    assert sizes == pytest.approx(np.ptp(pair[:, MOUTH], axis=1) * (1.2, 0.8))
    lower = in_style(pair, face(), hanging)[..., 1] - pair[..., 1]
    assert lower[:, [48, 54]] == pytest.approx(8.0) and lower[:, [51, 57]] == pytest.approx(0.0, abs=0.1)
    assert lower[:, :48] == pytest.approx(0.0)


def test_lips_are_as_thick_as_the_style_has_them_and_their_opening_stays(style):
    pair = np.stack([face(), face()])
    after = in_style(pair, face(), dataclasses.replace(style, lip_scale=(0.5, 0.25)))
    assert after[:, OPENING] == pytest.approx(pair[:, OPENING]) and after[:, 48] == pytest.approx(pair[:, 48])
    assert 90 - after[:, 51, 1] == pytest.approx(0.5 * (90 - pair[:, 51, 1]), abs=0.5)
    assert after[:, 57, 1] - 90 == pytest.approx(0.25 * (pair[:, 57, 1] - 90), abs=0.5)


def test_irises_may_have_a_darker_rim(style):
    coloured = dataclasses.replace(style, iris=(40, 90, 60), iris_size=0.7, pupil=0.3, gleam=False)
    plain, rimmed = (drawn(face(), style=dataclasses.replace(coloured, iris_rim=rim))[0] for rim in (0.0, 0.3))
    changed = np.abs(rimmed.astype(int) - plain).max(axis=2)
    assert changed.max() > 40 and (rimmed >= plain).all()
    assert changed[51, 42] < 5  # the pupil


def test_a_line_below_the_mouth_tells_where_the_chin_begins(style):
    plain, marked = (
        drawn(face(), style=dataclasses.replace(style, chin=chin))[0].astype(int) for chin in (False, True)
    )
    rows, columns = np.nonzero((marked - plain).min(axis=2) < -60)
    assert rows.min() > 97 and rows.max() < 108 and 50 < columns.min() < 64 < columns.max() < 78


def test_styles_differ_and_repeat():
    styles = [Style.draw(np.random.default_rng(seed)) for seed in range(30)]
    assert styles[3] == Style.draw(np.random.default_rng(3))
    assert len(set(styles)) == 30 and {style.nose for style in styles} == {"line", "nostrils", "shade"}
