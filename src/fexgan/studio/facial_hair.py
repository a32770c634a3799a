"""Brows, lashes and beards: strands that root in moving skin."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from fexgan.studio.anatomy import SIDES, smoothstep, unit_vectors
from fexgan.studio.figure import Figure
from fexgan.studio.strands import Groom, interpolate, scatter

UP, DOWN, FORWARD, LEFT = np.eye(3)[1], -np.eye(3)[1], np.eye(3)[2], np.eye(3)[0]
BROW_HAIRS = 340
BROW_HEIGHT_DM = 0.14
LASH_HAIRS = {2: 60, 1: 24}
LASH_LENGTH_DM = {2: 0.062, 1: 0.032}
BEARD_HAIRS_PER_DM = 16000


def grow_brows(figure: Figure) -> Groom:
    """Both brows: hairs rise at the inner end and lie flat towards the temple."""
    generator, character = figure.generator, figure.character
    facing = figure.anatomy.head_triangles[figure.normals[figure.anatomy.head_triangles].mean(axis=1)[:, 2] > 0.2]
    corners, weights, along, sign = [], [], [], []
    for side, direction in SIDES.items():
        x, y = figure.eye_centers[side][0] * direction, figure.eye_centers[side][1]
        position = generator.random(BROW_HAIRS)
        arch = 0.05 * np.sin(np.clip(position * 1.25, 0, 1.4) * 2.0) - 0.16 * np.clip(position - 0.6, 0, 1)
        thickness = (0.030 + 0.018 * character.masculinity) * character.brow_thickness
        thickness *= np.interp(position, [0, 0.18, 0.55, 1], [0.35, 1, 0.75, 0.15])
        height = y + BROW_HEIGHT_DM + arch + thickness * np.clip(generator.standard_normal(BROW_HAIRS) * 0.6, -1, 1)
        hit = _project(figure.rest, facing, np.column_stack([(x - 0.16 + 0.42 * position) * direction, height]))
        corners.append(hit[0][hit[2]])
        weights.append(hit[1][hit[2]])
        along.append(position[hit[2]])
        sign.append(np.full(hit[2].sum(), direction))
    corners, weights = np.concatenate(corners), np.concatenate(weights)
    along, sign = np.concatenate(along), np.concatenate(sign)
    normals = unit_vectors(interpolate(figure.normals, corners, weights))
    outward = LEFT * (sign * np.interp(along, [0, 0.2, 1], [0.15, 0.8, 1]))[:, None]
    upward = UP * np.interp(along, [0, 0.2, 0.6, 1], [1, 0.55, 0.1, -0.25])[:, None]
    heading = unit_vectors(outward + upward + 0.14 * generator.standard_normal(normals.shape))
    heading -= 0.8 * normals * (heading * normals).sum(axis=1, keepdims=True)
    t = np.linspace(0, 1, 5)[None, :, None]
    length = (0.062 * generator.uniform(0.7, 1.3, len(along)))[:, None, None]
    offsets = heading[:, None] * t * length + normals[:, None] * (0.002 + 0.010 * np.sin(2.6 * t))
    return Groom(corners, weights, offsets)


def grow_lashes(figure: Figure) -> Groom:
    """Lashes that root on the lid's own vertices, so that they follow a blink."""
    generator = figure.generator
    head = np.unique(figure.anatomy.head_triangles)
    nearest_skin = cKDTree(figure.rest[head])
    corners, weights, offsets = [], [], []
    t = np.linspace(0, 1, 5)[None, :, None]
    for side, outward_sign in SIDES.items():
        centre = figure.eye_centers[side]
        for row, count in LASH_HAIRS.items():
            cards = figure.anatomy.lashes(side, row)
            distance = np.linalg.norm(figure.rest[cards] - centre, axis=1)
            _, near = nearest_skin.query(figure.rest[cards[distance < np.percentile(distance, 55)]])
            margin = np.unique(head[near])
            margin = margin[np.argsort(figure.rest[margin, 0])]
            x = figure.rest[margin, 0]
            wanted = generator.uniform(x.min(), x.max(), count)
            left = np.clip(np.searchsorted(x, wanted) - 1, 0, len(margin) - 2)
            share = np.clip((wanted - x[left]) / (x[left + 1] - x[left] + 1e-9), 0, 1)
            between = np.column_stack([margin[left], margin[left + 1], margin[left]])
            at = np.column_stack([1 - share, share, np.zeros(count)])
            root = interpolate(figure.rest, between, at)
            up = UP * (1.0 if row == 2 else -1.0)
            fan = 0.5 * outward_sign * smoothstep(-0.12, 0.18, (root[:, 0] - centre[0]) * outward_sign)
            heading = 0.9 * unit_vectors(root - centre) + 0.35 * FORWARD + 0.25 * up + LEFT * fan[:, None]
            heading = unit_vectors(heading + 0.08 * generator.standard_normal(heading.shape))
            feminine = 1.15 - 0.35 * figure.character.masculinity
            length = (LASH_LENGTH_DM[row] * feminine * generator.uniform(0.7, 1.2, count))[:, None, None]
            corners.append(between)
            weights.append(at)
            offsets.append(heading[:, None] * t * length + up * t**2 * length * 0.45)
    return Groom(np.concatenate(corners), np.concatenate(weights), np.concatenate(offsets))


def grow_beard(figure: Figure) -> Groom | None:
    """Beard strands, longest at the chin; None where the character has none."""
    beard, generator = figure.character.beard, figure.generator
    if not beard.length_dm:
        return None
    triangles = figure.anatomy.head_triangles
    density = figure.beard_region[triangles].mean(axis=1)
    density[density < 0.15] = 0
    count = int(np.clip(BEARD_HAIRS_PER_DM * beard.length_dm, 2500, 6000) * (0.4 if beard.goatee else 1))
    corners, weights = scatter(figure.rest, triangles, density, count, generator)
    normals = unit_vectors(interpolate(figure.normals, corners, weights))
    region = figure.beard_region[corners].mean(axis=1)
    low = smoothstep(6.75, 6.25, figure.anatomy.base[corners].mean(axis=1)[:, 1])
    length = beard.length_dm * generator.uniform(0.6, 1.15, count) * (0.15 + 0.6 * region) * (0.45 + 0.55 * low)
    heading = unit_vectors(0.45 * normals + 0.9 * DOWN + 0.25 * generator.standard_normal((count, 3)))
    t = np.linspace(0, 1, 6)[None, :, None]
    size = length[:, None, None]
    offsets = heading[:, None] * t * size + normals[:, None] * 0.012 * np.sin(3 * t) + DOWN * t**2 * size * 0.3
    offsets += generator.standard_normal((count, 1, 3)) * np.sin(7 * t) * t * size * 0.08
    return Groom(corners, weights, offsets)


def _project(vertices: np.ndarray, triangles: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, ...]:
    """Points (x, y) [n, 2] carried back along z onto the foremost triangle.

    Returns corners [n, 3], barycentric weights [n, 3] and whether each point hit anything [n].
    """
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    near = (a[:, 1] > at[:, 1].min() - 0.5) & (a[:, 1] < at[:, 1].max() + 0.5)
    triangles, a, b, c = triangles[near], a[near], b[near], c[near]
    edge1, edge2 = (b - a)[:, :2], (c - a)[:, :2]
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    offset = at[:, None] - a[None, :, :2]
    u = (offset[..., 0] * edge2[:, 1] - offset[..., 1] * edge2[:, 0]) / (area + 1e-12)
    v = (edge1[:, 0] * offset[..., 1] - edge1[:, 1] * offset[..., 0]) / (area + 1e-12)
    inside = (u >= 0) & (v >= 0) & (u + v <= 1)
    depth = a[:, 2] + u * (b - a)[:, 2] + v * (c - a)[:, 2]
    chosen = np.where(inside, depth, -np.inf).argmax(axis=1)
    rows = np.arange(len(at))
    u, v = u[rows, chosen], v[rows, chosen]
    return triangles[chosen], np.column_stack([1 - u - v, u, v]), inside[rows, chosen]
