"""The neck as a surface of rings: what collars, hoods and rolled necks are shaped around, and how they turn with it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from fexgan.studio.anatomy import smoothstep
from fexgan.studio.figure import Figure

LEAN = 0.25
AXIS_DEPTH_DM, AXIS_LEAN = 0.20, 0.25
RINGS, RING_POINTS, WIDEST_DM = 30, 96, 1.4
FOOT_BELOW_JOINT_DM = 0.12
NEIGHBOURS = 4


class Neck:
    """Rings about the axis of a figure's neck, on planes that rise towards its back.

    Angles are seen from above: 0 is the character's left, pi / 2 the front. A `height` is where a ring's plane meets
    the axis, in dm of head space: `foot` where the neck grows out of the shoulders, `chin` the chin's lowest point.
    """

    def __init__(self, figure: Figure) -> None:
        anatomy, rest = figure.anatomy, figure.rest
        self._joint = figure.neck
        self._body = np.unique(anatomy.body)
        self._tree = cKDTree(rest[self._body])
        self._share = anatomy.head_share[self._body]
        chin = self._body[(self._share > 0.95) & (rest[self._body, 2] > 1.1)]
        self.foot = float(self._joint[1]) - FOOT_BELOW_JOINT_DM
        self.chin = float(rest[chin, 1].min())
        inside = anatomy.masks["inside_mouth"][anatomy.triangles].mean(axis=1) > 0.1
        near = np.abs(rest[anatomy.triangles].mean(axis=1)[:, 0]) < 1.6
        self._heights = np.linspace(self.foot - 0.5, self.chin - 0.05, RINGS)
        triangles = anatomy.triangles[~inside & near]
        radii = np.stack([self._ring(rest, triangles, height) for height in self._heights])
        slant = np.sqrt(1 + np.gradient(radii, self._heights, axis=0) ** 2)
        # The first angle comes again at the end, to interpolate all around.
        self._tables = [np.concatenate([table, table[:, :1]], axis=1) for table in (radii, slant)]

    def at(self, angle: np.ndarray, height: np.ndarray, clearance_dm: np.ndarray | float) -> np.ndarray:
        """Points [..., 3] that stand `clearance_dm` off the neck's skin, square to it, at angles and heights [...]."""
        step = (height - self._heights[0]) / (self._heights[1] - self._heights[0])
        turn = (angle + np.pi) / (2 * np.pi) * RING_POINTS
        places = np.stack(np.broadcast_arrays(step, turn % RING_POINTS))
        radius, slant = (map_coordinates(table, places, order=1, mode="nearest") for table in self._tables)
        radius = radius + clearance_dm * slant
        depth = radius * np.sin(angle)
        return self._axis(height) + np.stack(np.broadcast_arrays(radius * np.cos(angle), -LEAN * depth, depth), axis=-1)

    def below(self, angle: np.ndarray, height: np.ndarray, length_dm: np.ndarray, clearance_dm: float) -> np.ndarray:
        """Points [n, 3] that lie `length_dm` [n] along the skin below `height` [n], at angles [n]."""
        drop = np.linspace(0, 0.6, 25)[:, None]
        path = self.at(np.broadcast_to(angle, (len(drop), len(angle))), height - drop, clearance_dm)
        walked = np.concatenate(
            [np.zeros((1, len(angle))), np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=-1), axis=0)]
        )
        fall = [np.interp(wanted, walked[:, column], drop[:, 0]) for column, wanted in enumerate(length_dm)]
        return self.at(angle, height - np.array(fall), clearance_dm)

    def angles(self, points: np.ndarray) -> np.ndarray:
        """Angles about the axis of `points` [n, 3]."""
        axis = self._axis(points[:, 1])
        return np.arctan2(points[:, 2] - axis[:, 2], points[:, 0] - axis[:, 0])

    def levels(self, points: np.ndarray) -> np.ndarray:
        """Heights of the planes through `points` [n, 3]."""
        return points[:, 1] + LEAN * (points[:, 2] - self._axis(points[:, 1])[:, 2])

    def head_share(self, points: np.ndarray) -> np.ndarray:
        """How much of the head's turn cloth at `points` [n, 3] follows, [n]: as the skin beneath, none at the foot."""
        distance, near = self._tree.query(points, k=NEIGHBOURS)
        closeness = 1 / (distance + 0.02)
        share = (self._share[near] * closeness).sum(axis=1) / closeness.sum(axis=1)
        return share * smoothstep(self.foot - 0.05, self.foot + 0.15, self.levels(points))

    def _axis(self, height: np.ndarray | float) -> np.ndarray:
        height = np.asarray(height, float)
        depth = self._joint[2] + AXIS_DEPTH_DM + AXIS_LEAN * (height - self._joint[1])
        return np.stack([np.full_like(height, self._joint[0]), height, depth], axis=-1)

    def _ring(self, rest: np.ndarray, triangles: np.ndarray, height: float) -> np.ndarray:
        """Radius of the skin by angle, smoothed around, [RING_POINTS]."""
        axis = self._axis(height)
        points = _crossings(rest, triangles, rest[:, 1] + LEAN * (rest[:, 2] - axis[2]) - height) - axis
        angle, reach = np.arctan2(points[:, 2], points[:, 0]), np.hypot(points[:, 0], points[:, 2])
        slot = np.round((angle + np.pi) / (2 * np.pi) * RING_POINTS).astype(int) % RING_POINTS
        radius = np.zeros(RING_POINTS)
        np.maximum.at(radius, slot, np.minimum(reach, WIDEST_DM))
        slots = np.arange(RING_POINTS)
        radius = np.interp(slots, slots[radius > 0], radius[radius > 0], period=RING_POINTS)
        return smoothed_around(radius)


def smoothed_around(values: np.ndarray, window: int = 9) -> np.ndarray:
    """Values of a ring [n, ...] averaged with their neighbours around it."""
    weights = np.hanning(window + 2)[1:-1]
    turns = range(-(window // 2), window // 2 + 1)
    return (
        sum(weight * np.roll(values, turn, axis=0) for weight, turn in zip(weights, turns, strict=True)) / weights.sum()
    )


def _crossings(vertices: np.ndarray, triangles: np.ndarray, level: np.ndarray, samples: int = 9) -> np.ndarray:
    """Points [n, 3] where triangles cross level 0, several along each cut."""
    above = level[triangles] > 0
    # A cut triangle has one corner alone on its side; it is put first.
    alone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    cut = above.any(axis=1) & ~above.all(axis=1)
    corners = np.take_along_axis(triangles[cut], (alone[cut, None] + np.arange(3)) % 3, axis=1)
    height, place = level[corners], vertices[corners]
    share = (height[:, :1] / (height[:, :1] - height[:, 1:]))[..., None]
    start, end = np.moveaxis(place[:, :1] + (place[:, 1:] - place[:, :1]) * share, 1, 0)
    along = np.linspace(0, 1, samples)[:, None, None]
    return (start * (1 - along) + end * along).reshape(-1, 3)
