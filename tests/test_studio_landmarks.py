"""The truth of geometry: where landmarks lie on the face and in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from fexgan import bundled
from fexgan.faces import FaceFinder
from fexgan.manifest import FrameTruth
from fexgan.studio.anatomy import SIDES, anatomy
from fexgan.studio.camera import AIM_M, FRAME_HEIGHT_M, TO_BLENDER, project
from fexgan.studio.cast import open_cast_file, read_cast
from fexgan.studio.figure import Figure, Pose
from fexgan.studio.landmarks import landmark_vertices, with_geometry, with_units
from fexgan.studio.performance import perform, plan_performance
from fexgan.studio.staging import Staging, draw_staging
from fexgan.video import read_clip

# iBUG's points from the left as seen: eyes, mouth corners, lips.
EYES = (slice(36, 42), slice(42, 48))
CORNERS, UPPER_LIP, LOWER_LIP, CHIN = [48, 54], [51, 62], [57, 66], 8
SIZE_PX = 144


@pytest.fixture(scope="module")
def figure() -> Figure:
    return Figure(read_cast(open_cast_file())[0])


def truth_of(figure: Figure, pose: Pose, staging: Staging | None = None) -> FrameTruth:
    return with_geometry(FrameTruth(strength={"joy": (1.0,)}), figure, [pose], staging or Staging(), SIZE_PX)


def points(figure: Figure, staging: Staging | None = None, **units: float) -> np.ndarray:
    return np.array(truth_of(figure, Pose(units), staging).extra["landmarks_px"][0])


def head_space(metres: np.ndarray) -> np.ndarray:
    return np.linalg.solve(TO_BLENDER, metres)


@pytest.mark.parametrize("staging", [Staging(), *(draw_staging(label, False, True, False) for label in "ab")])
def test_what_the_camera_looks_at_is_the_middle_and_the_frame_keeps_its_height(staging: Staging):
    assert project(head_space(AIM_M), staging, 100) == pytest.approx([49.5, 49.5])
    top = project(head_space(AIM_M + np.array([0, 0, FRAME_HEIGHT_M / 2])), Staging(), 100)
    assert top == pytest.approx([49.5, -0.5])
    left = project(head_space(AIM_M - np.array([FRAME_HEIGHT_M / 2, 0, 0])), staging, 100)
    assert left[0] == pytest.approx(-0.5, abs=0.6) and left[1] == pytest.approx(49.5)


def test_landmarks_are_68_different_vertices_alike_on_both_sides():
    vertices = anatomy().base[landmark_vertices()]
    assert len(np.unique(vertices, axis=0)) == 68
    mirrored = vertices * [-1, 1, 1]
    assert all(np.abs(vertices - point).sum(axis=1).min() < 1e-6 for point in mirrored)


def test_landmarks_stay_where_they_belong_as_the_face_moves(figure: Figure):
    rest, open_ = points(figure), points(figure, jawOpen=0.5)
    smiling = points(figure, mouthSmileLeft=1, mouthSmileRight=1)
    assert (open_[LOWER_LIP, 1] > rest[LOWER_LIP, 1] + 4).all() and open_[CHIN, 1] > rest[CHIN, 1] + 4
    assert np.abs(open_[UPPER_LIP, :] - rest[UPPER_LIP, :]).max() < 2
    assert (smiling[CORNERS, 1] < rest[CORNERS, 1] - 1).all()
    assert np.ptp(smiling[CORNERS, 0]) > np.ptp(rest[CORNERS, 0]) + 1
    for eye, side in zip(EYES, reversed(SIDES), strict=True):
        centre = project(figure.eye_centers[side], Staging(), SIZE_PX)
        assert rest[eye].mean(axis=0) == pytest.approx(centre, abs=2.5)


def test_the_box_holds_the_landmarks_and_no_more(figure: Figure):
    truth = truth_of(figure, Pose(head_deg=(20.0, 5.0, 8.0)))
    left, top, width, height = truth.extra["face_box_px"][0]
    seen = np.array(truth.extra["landmarks_px"][0])
    assert seen.min(axis=0) == pytest.approx([left, top], abs=0.02)
    assert seen.max(axis=0) == pytest.approx([left + width, top + height], abs=0.02)


def test_units_are_those_played_with_the_gazes_share():
    pose = Pose({"jawOpen": 0.3, "mouthPucker": 0.0}, gaze_deg=(15.0, 0.0))
    units = with_units(FrameTruth(strength={"joy": (1.0,)}), [pose]).extra["units"]
    assert units == {"eyeLookInRight": [0.5], "eyeLookOutLeft": [0.5], "jawOpen": [0.3]}


def test_a_face_finder_sees_the_landmarks_of_the_bundled_footage_there(figure: Figure):
    name = figure.character.name
    poses, truth = perform(plan_performance(name, "neutral", 1, 36, 24, 0))
    truth = with_geometry(truth, figure, poses, Staging(), SIZE_PX)
    frames = [pixels for pixels, _ in read_clip(bundled.footage_path() / name / "neutral" / "1.mp4")]
    finder = FaceFinder()
    for index in (0, 12, 24, 35):
        (face,) = finder.find_all(frames[index])
        known = np.array(truth.extra["landmarks_px"][index])
        expected = [*(known[eye].mean(axis=0) for eye in EYES), known[30], *known[CORNERS]]
        assert np.abs(face.landmarks - expected).max() < 4.5, "3 % of the frame"
