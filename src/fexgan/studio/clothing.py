"""Shirts cut from the body's own surface."""

from __future__ import annotations

import numpy as np

from fexgan.studio.anatomy import unit_vectors
from fexgan.studio.figure import Figure
from fexgan.studio.mesh import Mesh, grid
from fexgan.studio.neck import Neck

LOOSENESS_DM = 0.10
NECK_CLEARANCE_DM = 0.07
NECK_HALF_WIDTH_DM, NECK_HALF_DEPTH_DM = 0.80, 0.84
NECKLINE_LEAN = 0.35
COLLAR_POINTS, COLLAR_RING = 96, 10
COLLAR_THICKNESS_DM, COLLAR_HEIGHT_DM = 0.05, 0.13


def make_round_neck(figure: Figure) -> tuple[Mesh, Mesh]:
    """A shirt's cloth that ends in a wide round neck, and the band along it; they do not follow the head."""
    vertices, quads = _loose_body(figure)
    reach = _reach(vertices, figure.neck)
    centre = vertices[quads].mean(axis=1)
    near_neck = centre[:, 1] > figure.neck[1] - 1.0
    centre_reach = reach[quads].mean(axis=1)
    quads = quads[~(near_neck & ((centre_reach < 1) | (centre[:, 1] > figure.neck[1] + 0.5)))]
    edge = _neck_edge(vertices, quads, figure.neck)
    vertices[edge] = _onto_neckline(vertices[edge], figure.neck)
    return Mesh(vertices, quads), _collar(vertices[edge])


def make_close_neck(figure: Figure, neck: Neck) -> Mesh:
    """A shirt's cloth that ends at the neck's foot, for a collar or hood to stand on; it does not follow the head."""
    vertices, quads = _loose_body(figure)
    quads = quads[neck.levels(vertices[quads].mean(axis=1)) < neck.foot]
    edge = _neck_edge(vertices, quads, figure.neck)
    vertices[edge] = neck.at(neck.angles(vertices[edge]), np.full(len(edge), neck.foot), NECK_CLEARANCE_DM)
    return Mesh(vertices, quads)


def _loose_body(figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """The body's surface below the head as loose cloth: vertices and quads, neck included."""
    body = figure.anatomy.body
    quads = body[figure.anatomy.head_share[body].mean(axis=1) < 0.45]
    vertices = _smoothed(figure.rest + figure.normals * LOOSENESS_DM, quads, rounds=6)
    return _subdivided(*_subdivided(vertices, quads))


def _neck_edge(vertices: np.ndarray, quads: np.ndarray, neck: np.ndarray) -> np.ndarray:
    """Vertices where the cloth ends about the neck."""
    edge = _boundary(quads)
    return edge[(vertices[edge, 1] > neck[1] - 1.0) & (np.abs(vertices[edge, 0]) < 1.3)]


def _reach(points: np.ndarray, neck: np.ndarray) -> np.ndarray:
    """Distance from the neck's axis in units of the neckline's ellipse, [n]."""
    depth = points[:, 2] - _axis_depth(points, neck)
    return np.hypot(points[:, 0] / NECK_HALF_WIDTH_DM, depth / NECK_HALF_DEPTH_DM)


def _axis_depth(points: np.ndarray, neck: np.ndarray) -> np.ndarray:
    return neck[2] + 0.12 + NECKLINE_LEAN * (points[:, 1] - neck[1])


def _onto_neckline(points: np.ndarray, neck: np.ndarray) -> np.ndarray:
    """Edge points drawn onto the ellipse, their height onto the plane that fits them best."""
    reach = _reach(points, neck)
    axis = _axis_depth(points, neck)
    moved = points.copy()
    moved[:, 0] /= reach
    moved[:, 2] = axis + (points[:, 2] - axis) / reach
    angle = np.arctan2(moved[:, 2] - axis, moved[:, 0])
    terms = np.column_stack([np.ones_like(angle), np.sin(angle)])
    moved[:, 1] = terms @ np.linalg.lstsq(terms, points[:, 1], rcond=None)[0]
    return moved


def _collar(edge: np.ndarray) -> Mesh:
    """A rounded band standing on the neckline."""
    centre = edge.mean(axis=0)
    angle = np.arctan2(edge[:, 2] - centre[2], edge[:, 0] - centre[0])
    order = np.argsort(angle)
    wanted = np.linspace(-np.pi, np.pi, COLLAR_POINTS, endpoint=False)
    loop = np.column_stack([np.interp(wanted, angle[order], edge[order, axis], period=2 * np.pi) for axis in range(3)])
    window = np.hanning(13) / np.hanning(13).sum()
    loop = np.column_stack(
        [np.convolve(np.concatenate([line[-6:], line, line[:6]]), window, "valid") for line in loop.T]
    )
    outward = unit_vectors(loop - loop.mean(axis=0))
    lean = unit_vectors(np.array([0.0, 1.0, 0.5]))
    turn = np.linspace(0, 2 * np.pi, COLLAR_RING, endpoint=False)[None, :, None]
    rise = np.maximum(np.sin(turn), 0) * np.sin(turn)
    ring = loop[:, None] + outward[:, None] * (np.cos(turn) * COLLAR_THICKNESS_DM - rise * COLLAR_HEIGHT_DM * 0.35)
    ring = ring + lean * np.sin(turn) * COLLAR_HEIGHT_DM
    return grid(ring, closed=True, closed_rows=True)


def _edges(quads: np.ndarray) -> np.ndarray:
    """Every quad's four edges, [4 m, 2], each sorted."""
    return np.sort(np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)]), axis=1)


def _boundary(quads: np.ndarray) -> np.ndarray:
    """Vertices on edges that only one quad has."""
    edges, count = np.unique(_edges(quads), axis=0, return_counts=True)
    return np.unique(edges[count == 1])


def _smoothed(vertices: np.ndarray, quads: np.ndarray, rounds: int) -> np.ndarray:
    """Each vertex of `quads` moved half-way to the mean of its neighbours, `rounds` times."""
    edges = np.unique(_edges(quads), axis=0)
    for _ in range(rounds):
        total, count = np.zeros_like(vertices), np.zeros(len(vertices))
        for here, there in ((0, 1), (1, 0)):
            np.add.at(total, edges[:, here], vertices[edges[:, there]])
            np.add.at(count, edges[:, here], 1)
        moved = count > 0
        vertices = vertices.copy()
        vertices[moved] = 0.5 * vertices[moved] + 0.5 * total[moved] / count[moved, None]
    return vertices


def _subdivided(vertices: np.ndarray, quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every quad split into four, flat."""
    edges, inverse = np.unique(_edges(quads), axis=0, return_inverse=True)
    edge_points = len(vertices) + inverse.reshape(4, -1)
    face_points = len(vertices) + len(edges) + np.arange(len(quads))
    points = np.concatenate([vertices, vertices[edges].mean(axis=1), vertices[quads].mean(axis=1)])
    split = [np.stack([quads[:, k], edge_points[k], face_points, edge_points[(k - 1) % 4]], axis=1) for k in range(4)]
    return points, np.concatenate(split)
