"""The head every character is made from: MakeHuman's CC0 base mesh, its shape targets and the 52 ARKit face units.

Head space, used by every module of the studio but the renderer: x to the character's left, y up, z forward, in
decimetres; the middle between the eyes lies at `EYE_LINE`. Masks and regions are functions of the undeformed base.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

EYE_LINE = np.array([0.0, 7.28, 1.25])
SIDES = {"Left": 1.0, "Right": -1.0}


class Anatomy:
    """The packed mesh (tools/pack_anatomy.py): `base` [n, 3] in dm, quads [m, 4], `masks` [n] in [0, 1]."""

    def __init__(self) -> None:
        with files("fexgan.studio").joinpath("data/anatomy.npz").open("rb") as stream:
            self._arrays = dict(np.load(stream))
        self.base = self._arrays["vertices"] / 1e4
        self.body = self._arrays["body"].astype(np.int64)
        self.parts = {name: self._arrays[name].astype(np.int64) for name in ("upper_teeth", "lower_teeth", "tongue")}
        self.head_share = self._arrays["head_share"].astype(np.float64)
        self.neck_joint = self._arrays["neck_joint"].astype(np.int64)
        self.eyes = {side: self._arrays[f"{side[0].lower()}_eye"].astype(np.int64) for side in SIDES}
        self.masks = {
            name: self._arrays[f"mask/{name}"] / 255.0 for name in ("lips", "ears", "eyelids", "inside_mouth")
        }
        triangles = np.concatenate([self.body[:, [0, 1, 2]], self.body[:, [0, 2, 3]]])
        self.triangles = triangles
        centre = self.base[triangles].mean(axis=1)
        self.head_triangles = triangles[(centre[:, 1] > 5.6) & (np.abs(centre[:, 0]) < 1.3)]
        self.lids = self._find_lids()

    def target_names(self) -> list[str]:
        """Every shape target, as `nose/nose-hump-incr`, `unit/jawOpen`, `expression/neck-platysma`, `macro/...`."""
        return sorted(name.removesuffix(":moves") for name in self._arrays if name.endswith(":moves"))

    def morph(self, vertices: np.ndarray, weights: Mapping[str, float]) -> np.ndarray:
        """`vertices` [n, 3] moved by each named target times its weight; a new array. Raises KeyError for a name."""
        moved = vertices.copy()
        for name, weight in weights.items():
            if weight:
                moved[self._arrays[f"{name}:vertices"]] += weight * 1e-3 * self._arrays[f"{name}:moves"]
        return moved

    def lashes(self, side: str, row: int) -> np.ndarray:
        """Vertex numbers of the lash cards of one eye, row 1 (lower) or 2 (upper)."""
        return self._arrays[f"{side[0].lower()}_eyelashes_{row}"].astype(np.int64)

    def _find_lids(self) -> np.ndarray:
        """[n] bool: skin that the lid units move, eyeballs left out; what must stay outside the eyeball."""
        lids = np.zeros(len(self.base), bool)
        for unit in ("eyeBlink", "eyeWide", "eyeSquint"):
            for side in SIDES:
                name = f"unit/{unit}{side}"
                moves = np.linalg.norm(self._arrays[f"{name}:moves"] * 1e-3, axis=1)
                lids[self._arrays[f"{name}:vertices"][moves > 0.004]] = True
        for eye in self.eyes.values():
            lids[eye] = False
        return lids


@cache
def anatomy() -> Anatomy:
    """The one shared copy; reading it takes a few tenths of a second."""
    return Anatomy()


def macro_weights(masculinity: float, age_years: float, origins: Mapping[str, float]) -> dict[str, float]:
    """Targets that set sex, age and origin: MakeHuman's macro shapes for ages 25 to 90, blended linearly.

    `masculinity` 0 to 1, `age_years` 20 to 90, `origins` shares of african, asian, caucasian that sum to 1.
    """
    old = float(np.clip((age_years - 25) / 65, 0, 1))
    weights: dict[str, float] = {}
    for sex, sex_share in (("female", 1 - masculinity), ("male", masculinity)):
        for age, age_share in (("young", 1 - old), ("old", old)):
            weights[f"macro/universal-{sex}-{age}-averagemuscle-averageweight"] = sex_share * age_share
            for origin, origin_share in origins.items():
                weights[f"macro/{origin}-{sex}-{age}"] = sex_share * age_share * origin_share
    return weights


def smoothstep(start: float, end: float, values: np.ndarray | float) -> np.ndarray:
    """0 before `start`, 1 after `end` (or the reverse when start > end), a cubic between."""
    t = np.clip((np.asarray(values, float) - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def bump(points: np.ndarray, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """A soft spot mirrored on both sides of the face: exp(-(distance / radius)^2) over points [n, 3]."""
    mirrored = np.column_stack([np.abs(points[:, 0]), points[:, 1:]])
    return np.exp(-((mirrored - centre) ** 2).sum(axis=1) / radius**2)


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Each vector of [..., 3] scaled to length 1."""
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted normals [n, 3] of a mesh with `triangles` [m, 3]."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    face_normals = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], face_normals)
    return unit_vectors(normals)


def hairline(points: np.ndarray) -> np.ndarray:
    """Height above the hairline in dm, [n], negative below it, over base points [n, 3]."""
    angle = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] - 0.45))
    edge = np.interp(
        angle,
        [0, 25, 45, 60, 72, 82, 92, 105, 120, 140, 180],
        [8.0, 8.02, 7.95, 7.78, 7.55, 7.25, 7.45, 7.45, 7.0, 6.65, 6.45],
    )
    return points[:, 1] - edge


def beard_region(anatomy: Anatomy) -> np.ndarray:
    """Where a full beard grows, [n] in [0, 1] per vertex: jaw, chin, upper lip, not lips nor cheeks."""
    x, y, z = np.abs(anatomy.base[:, 0]), anatomy.base[:, 1], anatomy.base[:, 2]
    upper_edge = smoothstep(6.98, 6.72, y - 0.22 * np.clip(x - 0.3, 0, 1))
    jaw = upper_edge * smoothstep(5.75, 6.1, y) * smoothstep(0.35, 0.75, z)
    cheek = np.exp(-((x - 0.3) ** 2 + (y - 6.95) ** 2 + (z - 1.5) ** 2) / 0.2**2)
    return np.clip(jaw - 0.6 * cheek, 0, 1) * (1 - anatomy.masks["lips"]) * (anatomy.masks["inside_mouth"] < 0.2)
