"""Meshes of quads, and sheets and bars made of rings of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mesh:
    """`vertices` [n, 3] in dm and `quads` [m, 4]."""

    vertices: np.ndarray
    quads: np.ndarray


def grid(rows: np.ndarray, closed: bool, closed_rows: bool = False) -> Mesh:
    """A sheet over points [rows, around, 3]; `closed` joins each row's ends, `closed_rows` last and first row."""
    count, around, _ = rows.shape
    i, j = np.mgrid[: count if closed_rows else count - 1, : around if closed else around - 1].reshape(2, -1)
    after_i, after_j = (i + 1) % count, (j + 1) % around
    corners = ((i, j), (i, after_j), (after_i, after_j), (after_i, j))
    return Mesh(rows.reshape(-1, 3), np.stack([row * around + column for row, column in corners], axis=1))


def tube(
    path: np.ndarray, radius: float, up: tuple[float, float, float], closed: bool = False, points: int = 8
) -> Mesh:
    """A round bar of `radius` along a path [n, 3] that never runs along `up`."""
    along = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    across = np.cross(along, up)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(across, along)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)[:, None]
    rings = path[:, None] + radius * (across[:, None] * np.cos(turn) + other[:, None] * np.sin(turn))
    return grid(rings, closed=True, closed_rows=closed)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.quads + start for mesh, start in zip(meshes, starts, strict=False)]),
    )
