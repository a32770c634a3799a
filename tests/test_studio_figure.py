"""Faces as geometry: what units, recipes, gaze and hair do to a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from fexgan.affects import AFFECTS, EMOTIONS, Mixture
from fexgan.studio.anatomy import SIDES, anatomy, macro_weights
from fexgan.studio.cast import HAIR_STYLES, Beard, Character, Hair
from fexgan.studio.facial_hair import grow_beard, grow_brows, grow_lashes
from fexgan.studio.figure import Figure, Pose, head_rotation
from fexgan.studio.hair import grow_hair
from fexgan.studio.recipes import default_variant, mixed_units, recipes, variants_shown
from fexgan.studio.strands import Surface


@pytest.fixture(scope="module")
def figure() -> Figure:
    return Figure(Character("rosa", seed=3, beard=Beard(length_dm=0.1)))


def region(figure: Figure, x: float, y: float, z: float = 1.4) -> np.ndarray:
    """Skin vertices near a place on the base face, on both sides."""
    base = figure.anatomy.base
    skin = np.isin(np.arange(len(base)), figure.anatomy.head_triangles)
    near = np.hypot(np.abs(base[:, 0]) - x, base[:, 1] - y) < 0.12
    return np.flatnonzero(skin & near & (base[:, 2] > z - 0.5))


def movement(figure: Figure, affect: str, where: np.ndarray) -> np.ndarray:
    units, _ = mixed_units(Mixture.parse(affect))
    return (figure.pose(Pose(units)).vertices - figure.pose(Pose()).vertices)[where].mean(axis=0)


def test_a_pose_without_units_is_the_resting_face(figure):
    moved = np.linalg.norm(figure.pose(Pose()).vertices - figure.rest, axis=1)
    assert moved[~figure.anatomy.lids].max() == pytest.approx(0, abs=1e-12)


def test_every_recipe_names_units_that_exist_and_its_facs_reading(figure):
    assert set(recipes()) == set(AFFECTS)
    for affect, variants in recipes().items():
        assert len(variants) >= 3 or affect == "neutral"
        for name, recipe in variants.items():
            figure.pose(Pose(recipe.units))
            assert ("AU" in recipe.facs) == (affect != "neutral"), name


@pytest.mark.parametrize("affect", EMOTIONS)
def test_variants_of_an_affect_look_different_about_the_mouth(figure, affect):
    mouth = np.flatnonzero(figure.anatomy.masks["lips"] > 0.5)
    shapes = [figure.pose(Pose(recipe.units)).vertices[mouth] for recipe in recipes()[affect].values()]
    for index, shape in enumerate(shapes):
        assert all(np.linalg.norm(shape - other, axis=1).max() > 0.03 for other in shapes[:index])


def test_everyone_has_variants_of_their_own_and_all_of_them_are_drawn():
    own = [variants_shown(f"r7-{index:03d}", "anger", 7, varied=True) for index in range(60)]
    assert {order[0] for order in own} == set(recipes()["anger"])
    assert all(set(order) == set(recipes()["anger"]) for order in own)
    assert own[0] == variants_shown("r7-000", "anger", 7, varied=True)
    assert {variants_shown(f"r7-{index:03d}", "anger", 7, varied=False)[0] for index in range(9)} == {"squared"}


def test_a_mixture_is_made_of_the_variants_asked_for():
    pressed, _ = mixed_units(Mixture.parse("anger:0.5+joy:0.5"), {"anger": "pressed"})
    assert pressed["mouthPressLeft"] == pytest.approx(recipes()["anger"]["pressed"].units["mouthPressLeft"] / 2)
    assert mixed_units(Mixture.parse("anger"), {"joy": "laugh"}) == mixed_units(Mixture.parse("anger"))
    default = {"anger": default_variant("anger")}
    assert mixed_units(Mixture.parse("anger"), default) == mixed_units(Mixture.parse("anger"))


def test_affects_move_the_parts_of_the_face_that_facs_names(figure):
    inner_brow, outer_brow = region(figure, 0.15, 7.55), region(figure, 0.5, 7.55)
    mouth_corner, lower_lip = region(figure, 0.25, 6.6), region(figure, 0.0, 6.5)
    assert movement(figure, "anger", inner_brow)[1] < -0.02
    assert movement(figure, "surprise", inner_brow)[1] > 0.02
    assert movement(figure, "surprise", outer_brow)[1] > 0.02
    sad_inner, sad_outer = (movement(figure, "sadness", place)[1] for place in (inner_brow, outer_brow))
    assert sad_inner > 0.02 and sad_inner > sad_outer
    assert movement(figure, "joy", mouth_corner)[1] > 0.02
    assert movement(figure, "sadness", mouth_corner)[1] < -0.02
    assert movement(figure, "surprise", lower_lip)[1] < -0.1


def test_fine_lines_come_beside_the_eyes_of_smiles_and_at_the_root_of_wrinkled_noses_where_asked_for(figure):
    lined = Figure(replace(figure.character, lines=1.0))
    for affect, (x, y), elsewhere in (("joy", (0.53, 7.28), (0.0, 7.29)), ("disgust", (0.0, 7.29), (0.0, 7.9))):
        pose = Pose(mixed_units(Mixture.parse(affect))[0])
        added = lined.pose(pose).forehead - figure.pose(pose).forehead
        assert added[region(figure, x, y)].max() > 0.4
        assert np.abs(added[region(figure, *elsewhere)]).max() < 1e-9
    assert not lined.pose(Pose()).forehead.any()


def test_a_mirrored_pose_gives_mirrored_folds(figure):
    lined = Figure(replace(figure.character, lines=1.0))
    base = lined.anatomy.base
    distance, mirrored = cKDTree(base).query(base * [-1, 1, 1])
    assert distance.max() < 1e-3
    left = {
        "mouthSmile": 0.9,
        "noseSneer": 0.7,
        "mouthUpperUp": 0.5,
        "browDown": 0.8,
        "cheekSquint": 0.6,
        "browOuterUp": 1,
    }
    faces = [lined.pose(Pose({f"{unit}{side}": weight for unit, weight in left.items()})) for side in SIDES]
    rest = lined.pose(Pose())
    for name in ("folds", "forehead"):
        one, other, still = (getattr(face, name) for face in (*faces, rest))
        assert one == pytest.approx(other[mirrored], abs=2e-3)
        assert (one - still)[base[:, 0] < 0].max() == 0 and (one - still)[base[:, 0] > 0].max() > 0.2


def test_what_a_cast_says_of_asymmetry_overrules_the_seed_and_leaves_its_other_draws():
    drawn, own = (Figure(Character("rosa", seed=1, shape=shape)) for shape in ({}, {"asym/asym-eye-1-l": 1.0}))
    moved = np.abs(own.rest - drawn.rest).max(axis=1)
    assert moved[region(own, 0.3, 7.28)].max() > 0.001
    assert own.generator.random() == drawn.generator.random()


def test_strength_scales_every_unit_and_neutral_adds_none():
    full, half = (mixed_units(Mixture.parse(text))[0] for text in ("fear", "fear:0.5"))
    assert half == {unit: pytest.approx(weight / 2) for unit, weight in full.items()}
    assert mixed_units(Mixture.parse("neutral"))[0] == {}
    assert mixed_units(Mixture.parse("fear:0.5+neutral:0.5"))[0] == half


@pytest.mark.parametrize("other", EMOTIONS)
def test_a_mixture_never_drives_a_unit_past_what_its_affects_do_alone(other):
    if other == "anger":
        return
    mixed = mixed_units(Mixture.parse(f"anger+{other}"))[0]
    for unit, weight in mixed.items():
        alone = max(recipes()[affect][default_variant(affect)].units.get(unit, 0.0) for affect in ("anger", other))
        assert weight <= alone + 1e-9


def test_lids_stay_outside_the_eyeballs_in_a_full_blink(figure):
    vertices = figure.pose(Pose({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})).vertices
    for side in SIDES:
        offset = vertices - figure.eye_centers[side]
        near = figure.anatomy.lids & (offset[:, 2] > 0.05) & (np.linalg.norm(offset[:, :2], axis=1) < 0.08)
        assert near.any()
        assert np.linalg.norm(offset[near], axis=1).min() >= figure.eye_radii[side]


def test_the_head_turns_rigidly_and_the_shoulders_stay(figure):
    still, turned = figure.pose(Pose()), figure.pose(Pose(head_deg=(20, 0, 0)))
    rigid = np.flatnonzero(figure.anatomy.head_share > 0.999)[::50]
    fixed = figure.anatomy.head_share == 0
    distances = [
        np.linalg.norm(face.vertices[rigid][:, None] - face.vertices[rigid], axis=-1) for face in (still, turned)
    ]
    assert np.allclose(*distances, atol=1e-9)
    assert np.array_equal(turned.vertices[fixed], still.vertices[fixed])
    nose = region(figure, 0.0, 6.95)
    assert turned.vertices[nose, 0].mean() > still.vertices[nose, 0].mean()


def test_positive_angles_look_to_the_characters_left_and_up(figure):
    rotation = figure.pose(Pose(gaze_deg=(10, 5))).eye_rotations["Left"]
    x, y, _ = rotation @ np.array([0.0, 0.0, 1.0])
    assert x > 0.1 and y > 0.05


def test_head_rotations_are_rotations():
    rotation = head_rotation((12, -7, 4))
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) == pytest.approx(1)


def test_sex_age_and_origin_weights_share_out_one_face():
    weights = macro_weights(0.3, 50, {"asian": 0.4, "african": 0.6})
    shared = sum(weight for name, weight in weights.items() if "universal" not in name)
    assert shared == pytest.approx(1)
    assert all(name in anatomy().target_names() for name in weights)


def test_the_same_seed_builds_the_same_face_and_another_seed_another():
    faces = [Figure(Character("rosa", seed=seed)).rest for seed in (1, 1, 2)]
    assert np.array_equal(faces[0], faces[1])
    assert not np.allclose(faces[0], faces[2])


@pytest.mark.parametrize("style", [style for style in HAIR_STYLES if style != "bald"])
def test_hair_roots_on_the_scalp_and_stays_out_of_the_head(style):
    length = {"long": 3.0, "bob": 2.0, "bun": 2.0, "tied": 2.0}.get(style, 0.4)
    figure = Figure(Character("rosa", hair=Hair(style=style, length_dm=length)))
    strands = grow_hair(figure)
    head = np.unique(figure.anatomy.head_triangles)
    points = strands[::7, 2:].reshape(-1, 3)
    points = points[points[:, 1] > 6.9]
    height, _ = Surface(figure.rest[head], figure.normals[head]).height(points)
    assert np.mean(height < -0.05) < 0.005
    assert strands[:, 0, 1].min() > 6.2


def test_a_bald_head_has_no_hair_and_a_shaved_chin_no_beard():
    figure = Figure(Character("rosa", hair=Hair(style="bald")))
    assert grow_hair(figure) is None
    assert grow_beard(figure) is None


@pytest.mark.parametrize("grow", [grow_brows, grow_lashes, grow_beard])
def test_facial_hair_follows_the_skin_it_roots_in(figure, grow):
    groom = grow(figure)
    still = groom.at(figure.rest)
    moved = groom.at(figure.rest + np.array([0.0, 0.3, 0.0]))
    assert np.allclose(moved - still, [0.0, 0.3, 0.0])
    assert np.allclose(groom.weights.sum(axis=1), 1)


def test_brows_lie_on_the_skin_above_the_eyes(figure):
    roots = grow_brows(figure).at(figure.rest)[:, 0]
    for side, sign in SIDES.items():
        here = roots[roots[:, 0] * sign > 0]
        assert len(here) > 100
        assert 0.1 < (here[:, 1] - figure.eye_centers[side][1]).mean() < 0.45
