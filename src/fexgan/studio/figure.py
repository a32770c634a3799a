"""One character as geometry: the face at rest, its colours, and the face in a pose.

Everything is in head space (see anatomy): decimetres, x to the character's left, y up, z forward. The renderer turns
it into pictures and knows nothing of anatomy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fexgan.studio.anatomy import (
    EYE_LINE,
    SIDES,
    anatomy,
    beard_region,
    bump,
    hairline,
    macro_weights,
    smoothstep,
    vertex_normals,
)
from fexgan.studio.arkit import FULL_GAZE_DEG
from fexgan.studio.cast import Character

ASYMMETRIES = ("eye-1", "cheek-1", "mouth-1", "nose-2", "brown-1", "jaw-2")
LARGEST_ASYMMETRY = 0.3
UPPER_TEETH_DROP_DM, LOWER_TEETH_DROP_DM = 0.06, 0.04
LID_CLEARANCE = 1.05
BROW_SHADE_HEIGHT_DM = 0.16
EYE_CORNER_DM = (0.44, 7.285)
# The base mesh's lips droop at the corners: a resting face would read as sad.
RESTING_SHAPE = {"mouth/mouth-angles-up": 0.35}


@dataclass(frozen=True)
class Pose:
    """What the face does in one frame.

    `units`: ARKit face units (`jawOpen`) and MPFB expression units (`expression/neck-platysma`), weight 0 to about 1.7.
    `gaze_deg`: yaw to the character's left and pitch up. `head_deg`: yaw, pitch, roll of the head.
    """

    units: Mapping[str, float] = field(default_factory=dict)
    gaze_deg: tuple[float, float] = (0.0, 0.0)
    head_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class PosedFace:
    """Geometry of one frame: skin and mouth `vertices` [n, 3], the head's turn, and where skin folds.

    `rotation` [3, 3] and `pivot` [3] carry what is rigid with the head. `folds` [n] is the depth of the soft folds and
    `forehead` [n] that of the fine lines, most of them the forehead's, both 0 to about 1. `eye_rotations` turn each
    eyeball about its centre.
    """

    vertices: np.ndarray
    rotation: np.ndarray
    pivot: np.ndarray
    folds: np.ndarray
    forehead: np.ndarray
    eye_rotations: dict[str, np.ndarray]


class Figure:
    """A character's face at rest, ready to be posed.

    `rest` [n, 3] are its vertices, `normals` [n, 3] theirs; `skin_color` and `roughness` per vertex; eyeballs by side.
    """

    def __init__(self, character: Character) -> None:
        self.character = character
        self.anatomy = anatomy()
        self.generator = np.random.default_rng(character.seed)
        self.rest = self._shape()
        self.normals = vertex_normals(self.rest, self.anatomy.triangles)
        self.eye_centers = {side: self.rest[eye].mean(axis=0) for side, eye in self.anatomy.eyes.items()}
        self.eye_radii = {
            side: float(np.abs(self.rest[eye] - self.eye_centers[side]).max(axis=0)[:2].mean())
            for side, eye in self.anatomy.eyes.items()
        }
        self.neck = self.rest[self.anatomy.neck_joint].mean(axis=0)
        self.pivot = self.neck + np.array([0.0, 0.35, 0.0])
        self.beard_region = self._beard_region()
        self.scalp = self._scalp()
        self.skin_color = self._skin_color()
        self.roughness = 0.52 - 0.16 * self.anatomy.masks["lips"]
        self._wrinkledness = 0.35 + 0.65 * float(smoothstep(20, 70, character.age_years))

    def _shape(self) -> np.ndarray:
        character, parts = self.character, self.anatomy.parts
        shape = self.anatomy.morph(
            self.anatomy.base, macro_weights(character.masculinity, character.age_years, character.origins)
        )
        details = RESTING_SHAPE | {
            name.replace("*", side): weight for name, weight in character.shape.items() for side in "lr"
        }
        for name in ASYMMETRIES:
            side = self.generator.choice(list("lr"))
            drawn = self.generator.uniform(0, LARGEST_ASYMMETRY)
            details.setdefault(f"asym/asym-{name}-{side}", drawn)  # what the cast file names is the character's own
        shape = self.anatomy.morph(shape, details)
        eyes = np.mean([shape[eye].mean(axis=0) for eye in self.anatomy.eyes.values()], axis=0)
        shape += EYE_LINE - eyes
        shape[np.unique(parts["upper_teeth"]), 1] -= UPPER_TEETH_DROP_DM
        shape[np.unique(parts["lower_teeth"]), 1] -= LOWER_TEETH_DROP_DM
        return shape

    def _scalp(self) -> np.ndarray:
        """How densely hair grows at each vertex, [n] in [0, 1]."""
        base, hair = self.anatomy.base, self.character.hair
        if hair.style == "bald":
            return np.zeros(len(base))
        recession = hair.recession_dm * smoothstep(-0.1, 0.75, base[:, 2] - 0.45)
        return smoothstep(-0.02, 0.10, hairline(base) - recession) * (self.anatomy.masks["ears"] < 0.3)

    def _beard_region(self) -> np.ndarray:
        region = beard_region(self.anatomy)
        if self.character.beard.goatee:
            region = region * smoothstep(0.45, 0.3, np.abs(self.anatomy.base[:, 0]))
        return region

    def _skin_color(self) -> np.ndarray:
        """Linear RGB [n, 3]: base tone, blush, darker sockets, lips, shaved hair, and hair's shade on the scalp."""
        character, base, masks = self.character, self.anatomy.base, self.anatomy.masks
        blush = 0.8 * bump(base, (0.48, 6.95, 1.3), 0.25) + 0.9 * bump(base, (0, 6.95, 1.72), 0.16)
        blush = np.clip(blush + 0.5 * bump(base, (0, 6.25, 1.4), 0.15) + 0.8 * masks["ears"], 0, 1) * character.blush
        color = np.array(character.skin) * (1 - 0.45 * blush[:, None] * np.array([0.08, 0.55, 0.5]))
        color *= 1 - 0.35 * bump(base, (0.30, 7.30, 1.35), 0.20)[:, None] * np.array([0.35, 0.45, 0.4])
        hair = np.array(character.hair.color)
        brow_shade = self._brow_shade()[:, None] * 0.22
        color = color * (1 - brow_shade) + hair * brow_shade
        for share, tone in (
            (masks["lips"] * 0.85, np.array(character.lips)),
            (masks["inside_mouth"], np.array([0.25, 0.06, 0.05])),
            (0.7 * self.beard_region * character.beard.stubble, hair * 0.6 + 0.02),
            (smoothstep(0.4, 1.0, self.scalp) * 0.95, hair * 0.5),
        ):
            color = color * (1 - share[:, None]) + tone * share[:, None]
        return color

    def _brow_shade(self) -> np.ndarray:
        """Soft shadow under the brow hairs, [n] in [0, 1]: hides skin between them."""
        shade = np.zeros(len(self.rest))
        for side, sign in SIDES.items():
            outward = (self.rest[:, 0] - self.eye_centers[side][0]) * sign
            height = self.rest[:, 1] - self.eye_centers[side][1] - BROW_SHADE_HEIGHT_DM
            along = smoothstep(-0.22, -0.12, outward) * smoothstep(0.30, 0.15, outward)
            shade += along * np.exp(-((height / 0.05) ** 2)) * (self.rest[:, 2] > EYE_LINE[2] - 0.3)
        return np.clip(shade, 0, 1)

    def pose(self, pose: Pose) -> PosedFace:
        """The face with its units, gaze and head turn applied. Raises KeyError for an unknown unit."""
        units = with_gaze(pose)
        named = {name if "/" in name else f"unit/{name}": weight for name, weight in units.items()}
        vertices = self.anatomy.morph(self.rest, named)
        for side in SIDES:
            self._lift_lids(vertices, side)
        rotation = head_rotation(pose.head_deg)
        offset = vertices - self.pivot
        vertices = vertices + self.anatomy.head_share[:, None] * (offset @ rotation.T - offset)
        yaw, pitch = pose.gaze_deg
        gaze = rotation @ head_rotation((yaw, -pitch, 0.0))
        return PosedFace(
            vertices=vertices,
            rotation=rotation,
            pivot=self.pivot,
            folds=self._folds(units),
            forehead=self._forehead(units),
            eye_rotations=dict.fromkeys(SIDES, gaze),
        )

    def _lift_lids(self, vertices: np.ndarray, side: str) -> None:
        """Push lid vertices out of the eyeball, in place: blinks and squints cut through it otherwise."""
        offset = vertices - self.eye_centers[side]
        distance = np.linalg.norm(offset, axis=1)
        surface = self.eye_radii[side] * LID_CLEARANCE
        inside = (distance < surface) & (distance > surface * 0.52) & (offset[:, 2] > 0) & self.anatomy.lids
        vertices[inside] = self.eye_centers[side] + offset[inside] * (surface / distance[inside])[:, None]

    def _forehead(self, units: Mapping[str, float]) -> np.ndarray:
        x, y, z = np.abs(self.anatomy.base[:, 0]), self.anatomy.base[:, 1], self.anatomy.base[:, 2]
        raised = 0.6 * units.get("browInnerUp", 0) + 0.3 * self._by_side(units, "browOuterUp")
        region = smoothstep(7.5, 7.65, y) * smoothstep(8.0, 7.85, y) * smoothstep(0.75, 0.45, x)
        lines = self._wrinkledness * raised * region * smoothstep(0.8, 1.1, z)
        return lines + self._fine_lines(units) if self.character.lines else lines

    def _fine_lines(self, units: Mapping[str, float]) -> np.ndarray:
        """Crow's feet where the cheeks rise, lines across the nose's root where it wrinkles, as depth per vertex."""
        x, y, z = np.abs(self.anatomy.base[:, 0]), self.anatomy.base[:, 1], self.anatomy.base[:, 2]
        out, up = x - EYE_CORNER_DM[0], y - EYE_CORNER_DM[1]
        reach, slant = np.hypot(out, up), np.abs(np.arctan2(up, out))
        feet = smoothstep(0.02, 0.06, reach) * smoothstep(0.24, 0.10, reach) * smoothstep(1.0, 0.6, slant) * (z > 0.9)
        root = smoothstep(0.14, 0.08, x) * smoothstep(7.16, 7.22, y) * smoothstep(7.42, 7.36, y) * (z > 1.2)
        depth = self.character.lines * (0.6 + 0.7 * self._wrinkledness)
        return depth * (self._by_side(units, "cheekSquint") * feet + 0.8 * self._by_side(units, "noseSneer") * root)

    def _folds(self, units: Mapping[str, float]) -> np.ndarray:
        """Nasolabial folds, frown lines and the nose's root, as depth per vertex."""
        x, y, z = np.abs(self.anatomy.base[:, 0]), self.anatomy.base[:, 1], self.anatomy.base[:, 2]
        lifted = 0.8 * self._by_side(units, "mouthSmile") + 0.7 * self._by_side(units, "noseSneer")
        lifted += 0.3 * self._by_side(units, "mouthUpperUp") + 0.25 * self._wrinkledness
        down = np.clip((6.95 - y) / 0.45, 0, 1)
        nasolabial = np.exp(-(((x - 0.20 - 0.30 * down**0.8) / 0.045) ** 2))
        nasolabial *= smoothstep(7.0, 6.9, y) * smoothstep(6.42, 6.6, y) * smoothstep(1.0, 1.2, z)
        frown = np.exp(-(((x - 0.075) / 0.03) ** 2)) * smoothstep(7.28, 7.4, y) * smoothstep(7.68, 7.55, y) * (z > 1)
        return self._wrinkledness * (1.2 * lifted * nasolabial + self._by_side(units, "browDown") * frown)

    def _by_side(self, units: Mapping[str, float], unit: str) -> np.ndarray:
        """The weight of a unit on the side that each vertex lies on, [n]; in the middle that of both, halved."""
        left, right = (units.get(f"{unit}{side}", 0.0) for side in SIDES)
        x = self.anatomy.base[:, 0]
        return np.where(x == 0, (left + right) / 2, np.where(x > 0, left, right))


def head_rotation(head_deg: tuple[float, float, float]) -> np.ndarray:
    """Rotation [3, 3] for yaw (to the character's left), pitch (down) and roll, in degrees."""
    yaw, pitch, roll = np.radians(head_deg)
    cos, sin = np.cos, np.sin
    about_y = np.array([[cos(yaw), 0, sin(yaw)], [0, 1, 0], [-sin(yaw), 0, cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, cos(pitch), -sin(pitch)], [0, sin(pitch), cos(pitch)]])
    about_z = np.array([[cos(roll), -sin(roll), 0], [sin(roll), cos(roll), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def with_gaze(pose: Pose) -> dict[str, float]:
    """The pose's units with the lids' and sockets' share of the gaze added."""
    units = dict(pose.units)
    yaw, pitch = (angle / FULL_GAZE_DEG for angle in pose.gaze_deg)
    for name, weight in (
        ("eyeLookOutLeft", yaw), ("eyeLookInRight", yaw), ("eyeLookInLeft", -yaw), ("eyeLookOutRight", -yaw),
        ("eyeLookUpLeft", pitch), ("eyeLookUpRight", pitch), ("eyeLookDownLeft", -pitch), ("eyeLookDownRight", -pitch),
    ):  # fmt: skip
        if weight > 0:
            units[name] = units.get(name, 0.0) + weight
    return units
