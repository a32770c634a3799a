"""Strands of hair: where they root, how they are kept out of the head, how many follow few.

A strand is a polyline of points in head space; sets of them are arrays [strands, points, 3] in decimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

LARGEST_TIP_DISTANCE_DM = 0.4


@dataclass(frozen=True)
class Groom:
    """Strands tied to the skin: each roots in a triangle and keeps its shape relative to the root.

    `corners` [n, 3] vertex numbers, `weights` [n, 3] barycentric, `offsets` [n, points, 3] from the root.
    """

    corners: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def at(self, vertices: np.ndarray, rotation: np.ndarray | None = None) -> np.ndarray:
        """Strands [n, points, 3] on posed `vertices`, their shapes turned by the head's `rotation`."""
        roots = interpolate(vertices, self.corners, self.weights)
        offsets = self.offsets if rotation is None else self.offsets @ rotation.T
        return roots[:, None] + offsets


def interpolate(values: np.ndarray, corners: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Per-vertex `values` [n, k] at barycentric points: [points, k]."""
    return (values[corners] * weights[..., None]).sum(axis=1)


def scatter(
    vertices: np.ndarray, triangles: np.ndarray, density: np.ndarray, count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """`count` random points on a mesh, by area times `density` [triangles]: corners and weights, [count, 3] each."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * density
    chosen = generator.choice(len(triangles), count, p=area / area.sum())
    uv = generator.random((count, 2))
    folded = uv.sum(axis=1) > 1
    uv[folded] = 1 - uv[folded]
    return triangles[chosen], np.column_stack([1 - uv.sum(axis=1), uv])


class Surface:
    """The head as something strands must stay out of."""

    def __init__(self, vertices: np.ndarray, normals: np.ndarray) -> None:
        self._tree = cKDTree(vertices)
        self._vertices, self._normals = vertices, normals

    def lift(self, points: np.ndarray, clearance: float | np.ndarray) -> np.ndarray:
        """`points` [n, 3], those nearer to the surface than `clearance` (or within it) moved out to it."""
        distance, nearest = self._tree.query(points)
        normals = self._normals[nearest]
        height = ((points - self._vertices[nearest]) * normals).sum(axis=1)
        low = (height < clearance) & (distance < 0.5)
        return points + np.where(low, clearance - height, 0.0)[:, None] * normals

    def height(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Signed height above the surface [n] and the normal there [n, 3]."""
        _, nearest = self._tree.query(points)
        normals = self._normals[nearest]
        return ((points - self._vertices[nearest]) * normals).sum(axis=1), normals


def follow_guides(
    guides: np.ndarray, roots: np.ndarray, clumping: float, spread: float, generator: np.random.Generator
) -> np.ndarray:
    """Many strands that take their shape from few: [len(roots), points, 3].

    Each strand blends its three nearest `guides` [g, points, 3], save those that part from the nearest, and is drawn
    towards the nearest one along its length by `clumping` (0 to 1): that gives locks. `spread` in dm loosens the tips.
    """
    distance, near = cKDTree(guides[:, 0]).query(roots, k=3)
    tips = guides[near, -1]
    apart = np.linalg.norm(tips - tips[:, :1], axis=-1)
    closeness = np.exp(-((apart / LARGEST_TIP_DISTANCE_DM) ** 2)) / (distance + 1e-3)
    shares = closeness / closeness.sum(axis=1, keepdims=True)
    shapes = guides - guides[:, :1]
    blended = (shapes[near] * shares[..., None, None]).sum(axis=1)
    along = np.linspace(0, 1, guides.shape[1])[None, :, None]
    own = roots[:, None] + blended
    lock = guides[near[:, 0]]
    strands = own + (lock - own) * clumping * along**1.3
    loose = generator.standard_normal((len(roots), 1, 3)) * spread
    length = 1 + 0.12 * generator.standard_normal((len(roots), 1, 1))
    return roots[:, None] + (strands - roots[:, None]) * length + loose * along
