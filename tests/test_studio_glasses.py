"""Glasses: fitted to each face, clear of skin and lashes, and faint to look through."""

from __future__ import annotations

import numpy as np
import pytest

from fexgan.studio.anatomy import SIDES
from fexgan.studio.cast import LENS_SHAPES, Character, Glasses, Hair, character_to_dict
from fexgan.studio.crowd import random_character
from fexgan.studio.facial_hair import grow_lashes
from fexgan.studio.figure import Figure, Pose
from fexgan.studio.glasses import make_glasses
from fexgan.studio.recipes import recipes
from fexgan.studio.strands import Surface


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("shape", LENS_SHAPES)
def test_glasses_stand_before_eyes_and_lashes_and_clear_of_skin_in_every_affect(shape, index):
    figure = Figure(random_character(index, seed=7))
    frame, lenses = make_glasses(figure, Glasses(shape))
    for side, sign in SIDES.items():
        eye = figure.eye_centers[side]
        own = lenses.vertices[lenses.vertices[:, 0] * sign > 0]
        before = np.hypot(*(own - eye)[:, :2].T) < figure.eye_radii[side]
        assert before.sum() > 20, "the eye is seen through its lens"
        assert own[before, 2].min() > eye[2] + figure.eye_radii[side]
        assert own[before, 2].min() > grow_lashes(figure).at(figure.rest)[..., 2].max()
    skin = np.unique(figure.anatomy.body)
    for variants in recipes().values():
        for recipe in variants.values():
            surface = Surface(figure.pose(Pose(recipe.units)).vertices[skin], figure.normals[skin])
            assert surface.height(frame.vertices[frame.vertices[:, 2] > 0.9])[0].min() > 0


def test_temples_go_over_the_ears_and_down_behind_them():
    for index in range(4):
        figure = Figure(random_character(index, seed=7))
        frame, _ = make_glasses(figure, Glasses())
        ears = figure.rest[figure.anatomy.masks["ears"] > 0.5]
        over = frame.vertices[np.abs(frame.vertices[:, 2] - ears[:, 2].mean()) < 0.1]
        assert over[:, 1].min() > ears[:, 1].max() - 0.1
        ends = frame.vertices[frame.vertices[:, 2].argsort()[:8]]
        assert ends[:, 2].max() < ears[:, 2].min() + 0.1 and ends[:, 1].max() < ears[:, 1].max() - 0.1


def test_glasses_are_as_wide_as_the_head_that_wears_them():
    narrow, wide = (
        Figure(Character("rosa", seed=3, shape={f"head/head-scale-horiz-{way}": 1.0})) for way in ("decr", "incr")
    )
    widths = [np.ptp(make_glasses(figure, Glasses())[1].vertices[:, 0]) for figure in (narrow, wide)]
    assert widths[1] > widths[0] + 0.02


def test_sidecars_name_glasses_only_where_they_are_worn():
    assert "glasses" not in character_to_dict(Character("rosa"))
    assert character_to_dict(Character("rosa", glasses=Glasses("square")))["glasses"]["shape"] == "square"


def test_glasses_turn_with_the_head_and_are_seen_through(blender):
    from fexgan.studio.renderer import Renderer, RenderSettings

    renderer = Renderer(RenderSettings(64, 2))
    changes = []
    for pose in (Pose(), Pose(head_deg=(16, 0, 0))):
        pictures = []
        for glasses in (None, Glasses("square", (0.01, 0.01, 0.01))):
            figure = Figure(Character("rosa", seed=3, hair=Hair("bald"), glasses=glasses))
            renderer.seat(figure)
            pictures.append(renderer.shoot(figure.pose(pose)).astype(int))
        changes.append(np.abs(pictures[0] - pictures[1]).mean(axis=2))
    straight = changes[0]
    assert straight[24:44].mean() > 3 * straight[48:].mean(), "nothing but the glasses differs"
    assert np.median(straight[28:40, 16:48]) < 25, "lenses let the face through"
    columns = np.arange(64)
    centres = [(change[24:44].sum(axis=0) * columns).sum() / change[24:44].sum() for change in changes]
    assert centres[1] > centres[0] + 2
