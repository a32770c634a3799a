"""Glasses fitted to a figure's own face: two rims, a bridge, temples to the ears, and the lenses in the rims."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fexgan.studio.anatomy import SIDES
from fexgan.studio.cast import Glasses
from fexgan.studio.figure import Figure, Pose
from fexgan.studio.mesh import Mesh, grid, joined, tube
from fexgan.studio.recipes import recipes
from fexgan.studio.strands import Surface

AROUND, LENS_RINGS, TEMPLE_POINTS = 64, 6, 60
HALF_BRIDGE_DM = 0.115
WRAP_PER_DM, TILT = 0.35, 0.10
SKIN_CLEARANCE_DM, EYE_CLEARANCE_DM = 0.01, 0.16
FRONT_DM, FURTHEST_DM, DEPTH_STEP_DM = 0.9, 0.4, 0.01
TEMPLE_RADIUS_DM, TEMPLE_CLEARANCE_DM = 0.015, 0.035


class Cut(NamedTuple):
    """A shape of glasses."""

    half_height_dm: float
    reach: float
    """Where a lens ends, as a share of the head's half width."""
    squareness: float
    """Exponent of the outline's superellipse; 2 is round."""
    tube_dm: float
    """Radius of the rims."""


CUTS = {"round": Cut(0.21, 0.84, 2.2, 0.011), "square": Cut(0.165, 0.90, 3.4, 0.017)}


def make_glasses(figure: Figure, glasses: Glasses) -> tuple[Mesh, Mesh]:
    """Frame and lenses at rest, in head space; they are rigid with the head."""
    fit = _Fit(figure, CUTS[glasses.shape])
    thickness = fit.cut.tube_dm
    frame = [tube(fit.outline(sign), thickness, (0, 0, 1), closed=True) for sign in SIDES.values()]
    frame.append(tube(fit.bridge(), thickness * 1.1, (0, 0, 1)))
    frame += [tube(fit.temple(sign), TEMPLE_RADIUS_DM, (0, 1, 0)) for sign in SIDES.values()]
    return joined(frame), joined([_disc(fit, sign) for sign in SIDES.values()])


class _Fit:
    """Where one face carries its glasses: clear of skin in every affect, resting over the ears."""

    def __init__(self, figure: Figure, cut: Cut) -> None:
        self.cut = cut
        anatomy, rest = figure.anatomy, figure.rest
        body = np.unique(anatomy.body)
        skin = body[(anatomy.masks["inside_mouth"][body] < 0.1) & (rest[body, 1] > 6.4)]
        bare = skin[anatomy.masks["ears"][skin] < 0.2]
        self._surface = Surface(rest[bare], figure.normals[bare])
        ears = rest[body[(anatomy.masks["ears"][body] > 0.5) & (rest[body, 0] > 0)]]
        self._ear_low, self._ear_high = ears.min(axis=0), ears.max(axis=0)
        eyes = np.array(list(figure.eye_centers.values()))
        self.eye_line = float(eyes[:, 1].mean())
        beside = rest[bare][(np.abs(rest[bare, 1] - self.eye_line) < 0.15) & (np.abs(rest[bare, 2] - 1.0) < 0.15)]
        self.outer = cut.reach * float(np.abs(beside[:, 0]).max())
        eye_front = float(eyes[:, 2].max()) + max(figure.eye_radii.values()) + EYE_CLEARANCE_DM
        self._depth = 0.0
        self._depth = self._clear_depth(figure, bare, eye_front)

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Points [..., 3] on the curved front of the glasses."""
        wrapped = WRAP_PER_DM * np.maximum(np.abs(x) - HALF_BRIDGE_DM, 0) ** 2
        return np.stack([x, y, self._depth - wrapped + TILT * (y - self.eye_line)], axis=-1)

    def outline(self, sign: float, size: float = 1.0) -> np.ndarray:
        """A rim, [AROUND, 3], shrunk about its middle to `size`."""
        turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        power = 2 / self.cut.squareness
        across, up = (np.sign(part) * np.abs(part) ** power for part in (np.cos(turn), np.sin(turn)))
        half_width = (self.outer - HALF_BRIDGE_DM) / 2
        x = sign * (HALF_BRIDGE_DM + half_width * (1 + size * across))
        return self.at(x, self.eye_line + size * self.cut.half_height_dm * up)

    def bridge(self) -> np.ndarray:
        """From rim to rim, arched over the nose."""
        x = np.linspace(-1, 1, 17) * (HALF_BRIDGE_DM + 0.01)
        arch = np.cos(np.linspace(-1, 1, 17) * np.pi / 2)
        return self.at(x, self.eye_line + 0.03 + 0.035 * arch) + arch[:, None] * (0, 0, 0.03)

    def temple(self, sign: float) -> np.ndarray:
        """From the rim's outer end past the temple, over the ear and down behind it."""
        hinge = self.at(np.array(self.outer - 0.005), np.array(self.eye_line + 0.06))
        over = self._ear_high[1] + 0.02
        ear_front, ear_back = self._ear_high[2], self._ear_low[2]
        side = self.outer / self.cut.reach
        corners = np.array(
            [
                hinge,
                hinge + np.array([0.04, 0.0, -0.02]),
                (max(side, hinge[0] + 0.05), hinge[1] * 0.6 + over * 0.4, hinge[2] - 0.5),
                (side, over, ear_front - 0.05),
                (side, over - 0.02, ear_back + 0.12),
                (side, over - 0.14, ear_back),
                (side, over - 0.32, ear_back - 0.05),
            ]
        )
        path = _bent(corners, TEMPLE_POINTS)
        # The first stretch, from rim to temple, stands free of the face.
        beside = (path[:, 2] < hinge[2] - 0.1)[:, None]
        path = _smoothed(np.where(beside, self._surface.lift(path, TEMPLE_CLEARANCE_DM), path))
        return path * (sign, 1, 1)

    def _clear_depth(self, figure: Figure, bare: np.ndarray, depth: float) -> float:
        """From `depth` on, the first at which rims and bridge are clear of the skin of every affect."""
        front = bare[figure.rest[bare, 2] > FRONT_DM]
        forms = [recipe.units for variants in recipes().values() for recipe in variants.values()]
        # Normals at rest: where a frown folds the mesh over itself, those of the pose point inwards.
        skins = [Surface(figure.pose(Pose(units)).vertices[front], figure.normals[front]) for units in forms]
        clearance = self.cut.tube_dm + SKIN_CLEARANCE_DM
        rims = np.concatenate([self.outline(1.0), self.outline(-1.0), self.bridge()])
        depths = np.arange(depth, depth + FURTHEST_DM, DEPTH_STEP_DM)
        moved = (rims + np.array([0, 0, depth]) for depth in depths)
        clear = (all(skin.height(there)[0].min() > clearance for skin in skins) for there in moved)
        return float(next((depth for depth, is_clear in zip(depths, clear, strict=True) if is_clear), depths[-1]))


def _disc(fit: _Fit, sign: float) -> Mesh:
    """A lens: rings from its middle to the rim."""
    return grid(np.stack([fit.outline(sign, size) for size in np.linspace(0.02, 0.99, LENS_RINGS)]), closed=True)


def _bent(corners: np.ndarray, points: int) -> np.ndarray:
    """A path of `points` even steps along `corners` [n, 3], rounded at them."""
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    steps = np.linspace(0, walked[-1], points)
    return _smoothed(np.stack([np.interp(steps, walked, corners[:, axis]) for axis in range(3)], axis=-1))


def _smoothed(path: np.ndarray, rounds: int = 6) -> np.ndarray:
    """Each point of a path [n, 3] but its ends moved half-way between its neighbours, `rounds` times."""
    for _ in range(rounds):
        path = np.concatenate([path[:1], 0.5 * path[1:-1] + 0.25 * (path[:-2] + path[2:]), path[-1:]])
    return path
