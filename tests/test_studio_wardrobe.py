"""What characters wear: cloth that keeps clear of skin."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fexgan.errors import InputError
from fexgan.studio.anatomy import vertex_normals
from fexgan.studio.cast import GARMENTS, PATTERNS, Character, Clothing, Hair, character_to_dict, read_cast
from fexgan.studio.crowd import random_cast
from fexgan.studio.figure import Figure, Pose
from fexgan.studio.film import Shoot, chosen_cast
from fexgan.studio.garments import Piece, dress
from fexgan.studio.strands import Surface

if TYPE_CHECKING:
    from fexgan.studio.renderer import Renderer

POSES = (
    Pose(),
    Pose({"jawOpen": 0.5}, head_deg=(-16, 8, 4)),
    Pose({"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}, head_deg=(16, -8, -4)),
)


def worn(kind: str, masculinity: float = 0.5, pattern: str = "plain") -> Character:
    return Character("rosa", seed=3, masculinity=masculinity, hair=Hair("bald"), clothing=Clothing(kind, pattern))


def about_the_neck(figure: Figure) -> Piece:
    [piece] = [piece for piece in dress(figure) if piece.at_neck]
    return piece


@pytest.mark.parametrize("masculinity", [0.0, 1.0])
@pytest.mark.parametrize("kind", ["shirt", "turtleneck", "hoodie"])
def test_what_lies_about_the_neck_stays_out_of_neck_and_chin_in_every_pose(kind, masculinity):
    figure = Figure(worn(kind, masculinity))
    neck = about_the_neck(figure)
    skin = np.unique(figure.anatomy.body)
    above_foot = neck.mesh.vertices[:, 1] > figure.neck[1] - 0.1
    assert above_foot.sum() > 500
    for pose in POSES:
        face = figure.pose(pose)
        surface = Surface(face.vertices[skin], vertex_normals(face.vertices, figure.anatomy.triangles)[skin])
        assert surface.height(neck.turned(face)[above_foot])[0].min() > 0


def test_a_rolled_neck_goes_all_around_and_a_collar_leaves_the_throat_open():
    rolled, open_throat = (Figure(worn(kind)) for kind in ("turtleneck", "shirt"))
    assert _widest_gap_deg(about_the_neck(rolled), rolled) < 5
    assert 20 < _widest_gap_deg(about_the_neck(open_throat), open_throat) < 120


def _widest_gap_deg(piece: Piece, figure: Figure) -> float:
    """The widest angle, seen from above, without cloth higher than the neck's foot."""
    offset = piece.mesh.vertices[piece.mesh.vertices[:, 1] > figure.neck[1] - 0.1] - figure.neck - (0, 0, 0.25)
    angles = np.sort(np.degrees(np.arctan2(offset[:, 2], offset[:, 0])))
    return float(np.diff(np.append(angles, angles[0] + 360)).max())


def test_the_shirt_stays_while_the_head_turns_and_what_is_about_the_neck_follows():
    figure = Figure(worn("turtleneck"))
    shirt, neck = dress(figure)
    assert shirt.head_share is None
    moved = np.linalg.norm(neck.turned(figure.pose(Pose(head_deg=(16, 0, 0)))) - neck.mesh.vertices, axis=1)
    lowest, highest = neck.mesh.vertices[:, 1].argsort()[[0, -1]]
    assert moved[lowest] < 0.005 and moved[highest] > 0.02


def test_sidecars_name_clothing_only_where_it_is_chosen():
    assert "clothing" not in character_to_dict(Character("rosa"))
    assert character_to_dict(worn("shirt", pattern="checks"))["clothing"]["pattern"] == "checks"


def test_a_wardrobe_changes_clothing_and_glasses_of_random_characters_and_nothing_else():
    plain, dressed = random_cast(60, seed=7), random_cast(60, seed=7, wardrobe=True)
    for bare, same in zip(plain, dressed, strict=True):
        assert replace(same, clothing=bare.clothing, glasses=bare.glasses) == bare
        assert bare.clothing == Clothing() and bare.glasses is None
    assert random_cast(3, seed=7, wardrobe=True) == dressed[:3]
    assert {character.clothing.kind for character in dressed} == set(GARMENTS)
    assert {character.clothing.pattern for character in dressed} == set(PATTERNS)
    assert 0.2 < np.mean([character.glasses is not None for character in dressed]) < 0.6


def test_what_is_drawn_is_what_a_cast_file_may_say(tmp_path):
    dressed = random_cast(12, seed=7, wardrobe=True)
    written = json.dumps({"characters": [character_to_dict(character) for character in dressed]})
    (tmp_path / "cast.yaml").write_text(written)
    assert read_cast(tmp_path / "cast.yaml") == dressed


def test_a_wardrobe_without_random_characters_is_refused():
    with pytest.raises(InputError, match="wardrobe dresses random characters"):
        Shoot(wardrobe=True)
    assert chosen_cast(Shoot(random=2, seed=7, wardrobe=True)) == random_cast(2, 7, wardrobe=True)


def test_every_garment_and_pattern_is_filmed(blender):
    from fexgan.studio.renderer import Renderer, RenderSettings

    renderer = Renderer(RenderSettings(32, 1))
    pictures = []
    for kind, pattern in zip(GARMENTS, ("plain", "checks", "stripes", "plain"), strict=True):
        pictures.append(_shot(renderer, worn(kind, pattern=pattern), Pose()))
    for index, picture in enumerate(pictures):
        for other in pictures[:index]:
            change = np.abs(picture - other).mean(axis=(1, 2))
            assert change[-4:].mean() > 3 and change[-4:].mean() > 3 * change[4:20].mean(), "cloth alone differs"


def test_strong_freckles_and_fine_lines_are_seen(blender):
    from fexgan.studio.renderer import Renderer, RenderSettings

    renderer = Renderer(RenderSettings(96, 4))
    smile = Pose({"cheekSquintLeft": 1.0, "cheekSquintRight": 1.0})
    bare, freckled, lined = (
        _shot(renderer, replace(worn("tee"), **looks), smile) for looks in ({}, {"freckles": 2.0}, {"lines": 1.0})
    )
    cheeks, corners = (slice(54, 64), slice(34, 62)), (slice(42, 54), slice(26, 34))
    assert (bare - freckled)[cheeks].mean() > 2, "freckles darken"
    changed = np.abs(bare - lined).mean(axis=2)
    assert changed[corners].mean() > 3 * changed[60:80, 30:66].mean()


def _shot(renderer: Renderer, character: Character, pose: Pose) -> np.ndarray:
    figure = Figure(character)
    renderer.seat(figure)
    return renderer.shoot(figure.pose(pose)).astype(int)
