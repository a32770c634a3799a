"""The eye's globe with the cornea's bulge, and what its paint needs to know."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fexgan.studio.anatomy import smoothstep

AROUND, DOWN = 48, 32
BULGE = 0.045
CORNEA_DEG = (29.0, 5.0)


class Eyeball(NamedTuple):
    """A globe of radius 1 about the origin whose pole, -y, is the gaze."""

    vertices: np.ndarray
    """[n, 3]"""
    quads: np.ndarray
    """[m, 4]: indices of vertices"""
    angle_deg: np.ndarray
    """[n]: between the gaze and each vertex"""
    place: np.ndarray
    """[n, 3]: where the iris' pattern is looked up, flat along the gaze"""


def make_eyeball() -> Eyeball:
    """Rings of vertices from the pole backwards."""
    polar = np.linspace(0, np.pi, DOWN + 1)[:, None]
    turn = np.arange(AROUND)[None] * 2 * np.pi / AROUND
    axis = np.broadcast_to(-np.cos(polar), (DOWN + 1, AROUND))
    sphere = np.stack([np.sin(polar) * np.cos(turn), axis, np.sin(polar) * np.sin(turn)], axis=-1).reshape(-1, 3)
    angle = np.degrees(np.broadcast_to(polar, (DOWN + 1, AROUND))).ravel()
    bulged = sphere * (1 + BULGE * smoothstep(*CORNEA_DEG, angle))[:, None]
    ring, step = np.mgrid[:DOWN, :AROUND].reshape(2, -1)
    after = (step + 1) % AROUND
    corners = ((ring, step), (ring, after), (ring + 1, after), (ring + 1, step))
    quads = np.stack([row * AROUND + column for row, column in corners], axis=1)
    return Eyeball(bulged, quads, angle, sphere * np.array([1, 0.15, 1]))
