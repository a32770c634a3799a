"""Hair on the scalp: a few hundred guide strands grown by direction fields, thousands that follow them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fexgan.studio.anatomy import hairline, smoothstep, unit_vectors
from fexgan.studio.cast import Hair
from fexgan.studio.figure import Figure
from fexgan.studio.strands import Surface, follow_guides, interpolate, scatter

UP, FORWARD, LEFT = np.eye(3)[1], np.eye(3)[2], np.eye(3)[0]
FACE_HALF_WIDTH_DM = 0.66
FRINGE_HEIGHT_DM = 7.62
# In smaller pictures strands are thicker in proportion: those far narrower than a pixel are noise to a few light
# samples, and the denoiser makes a cloud of them.
AS_GROWN_PX = 400


@dataclass(frozen=True)
class Style:
    """How one hair style grows.

    `points` per strand; `lift` away from the skin at the root; `bend` towards the direction field per step (0 to 1);
    `layer_dm` thickness of the hair over the skull; `cling` pull down to that thickness; `disorder` of guides.
    """

    guides: int
    strands: int
    points: int
    lift: float
    bend: float
    layer_dm: float
    cling: float
    disorder: float
    clumping: float
    spread_dm: float
    radius_dm: float = 0.0035


STYLES = {
    "short": Style(900, 7000, 8, 0.40, 0.35, 0.16, 0.35, 0.08, 0.40, 0.02, 0.0048),
    "buzz": Style(2500, 9000, 4, 0.9, 0.10, 0.10, 0.0, 0.25, 0.10, 0.02),
    "long": Style(900, 11000, 20, 0.35, 0.32, 0.13, 0.5, 0.05, 0.55, 0.05),
    "bob": Style(900, 10000, 18, 0.35, 0.32, 0.15, 0.5, 0.04, 0.45, 0.04),
    "bun": Style(600, 8000, 12, 0.15, 0.70, 0.05, 0.5, 0.04, 0.35, 0.02),
    "tied": Style(600, 8000, 12, 0.15, 0.70, 0.05, 0.5, 0.04, 0.35, 0.02),
    "afro": Style(4000, 12000, 12, 1.0, 0.25, 0.60, 0.0, 0.45, 0.10, 0.04, 0.0045),
}


def grow_hair(figure: Figure) -> np.ndarray | None:
    """Strands [n, points, 3] of a figure's hair at rest, rigid with the head; None for a bald head."""
    hair = figure.character.hair
    if hair.style == "bald":
        return None
    style, generator = STYLES[hair.style], figure.generator
    head = np.unique(figure.anatomy.head_triangles)
    surface = Surface(figure.rest[head], figure.normals[head])
    density = figure.scalp[figure.anatomy.head_triangles].mean(axis=1)
    density[figure.rest[figure.anatomy.head_triangles].mean(axis=1)[:, 1] < 6.3] = 0
    triangles = figure.anatomy.head_triangles
    guide_roots = scatter(figure.rest, triangles, density, style.guides, generator)
    guides = _Growth(figure, hair, style, surface).grow(*guide_roots)
    roots = interpolate(figure.rest, *scatter(figure.rest, triangles, density, style.strands, generator))
    strands = follow_guides(guides, roots, style.clumping, style.spread_dm, generator)
    if hair.style in ("short", "afro"):
        strands = strands[~_hangs_in_front(strands)]
    if hair.style in ("long", "bob") and not hair.fringe:
        strands = strands[~_crosses_face(strands)]
    flat = strands[:, 1:].reshape(-1, 3)
    strands[:, 1:] = surface.lift(flat, 0.02).reshape(strands[:, 1:].shape)
    if hair.wave:
        strands = _waved(strands, hair.wave, generator)
    if hair.style in ("bun", "tied"):
        strands = np.concatenate([strands, _bun(_bun_centre(figure), style.points, generator)])
    return strands


def radius_dm(hair: Hair, size_px: int) -> float:
    """How thick a head's strands are at their roots in a picture of `size_px`."""
    return STYLES[hair.style].radius_dm * max(1.0, AS_GROWN_PX / size_px)


class _Growth:
    """Grows guide strands step by step along the style's direction field, over the skull and off the face."""

    def __init__(self, figure: Figure, hair: Hair, style: Style, surface: Surface) -> None:
        self.figure, self.hair, self.style, self.surface = figure, hair, style, surface
        head = np.unique(figure.anatomy.head_triangles)
        self.centre = figure.rest[head][figure.anatomy.base[head, 1] > 7].mean(axis=0)

    def grow(self, corners: np.ndarray, weights: np.ndarray) -> np.ndarray:
        style, generator = self.style, self.figure.generator
        roots = interpolate(self.figure.rest, corners, weights)
        normals = unit_vectors(interpolate(self.figure.normals, corners, weights))
        base = interpolate(self.figure.anatomy.base, corners, weights)
        side = np.sign(roots[:, 0] - self.hair.parting_dm + 1e-6)
        step = self._lengths(base)[:, None] / (style.points - 1)
        fringe = self.hair.fringe & (base[:, 2] > 0.85) & (np.abs(base[:, 0]) < 0.62)
        noise = generator.standard_normal((len(roots), 3))
        points = [roots - 0.01 * normals]
        position, direction = roots, None
        for index in range(1, style.points):
            field = self._field(position, base, normals, side, fringe, index / style.points)
            if direction is None:
                along = field - normals * (field * normals).sum(axis=1, keepdims=True)
                direction = unit_vectors(unit_vectors(along) + style.lift * normals + 0.5 * style.disorder * noise)
            direction = unit_vectors(
                direction * (1 - style.bend) + unit_vectors(field + style.disorder * noise) * style.bend
            )
            if self.hair.style == "afro":
                direction = unit_vectors(direction + 0.5 * generator.standard_normal(direction.shape))
            position = self._step(position, direction, step, fringe, index / style.points)
            points.append(position)
        return np.stack(points, axis=1)

    def _lengths(self, base: np.ndarray) -> np.ndarray:
        length = self.hair.length_dm * np.clip(1 + 0.15 * self.figure.generator.standard_normal(len(base)), 0.5, 1.5)
        if self.hair.style in ("short", "afro"):  # finer at the hairline
            length = length * (0.45 + 0.55 * smoothstep(0.0, 0.25, hairline(base) - self.hair.recession_dm))
        if self.hair.style == "short":  # shorter towards the ears and neck
            length = length * (1 - 0.72 * smoothstep(8.2, 7.5, base[:, 1]))
        return length

    def _field(
        self,
        position: np.ndarray,
        base: np.ndarray,
        normals: np.ndarray,
        side: np.ndarray,
        fringe: np.ndarray,
        along: float,
    ) -> np.ndarray:
        """Where strands want to go, [n, 3]."""
        if self.hair.style in ("afro", "buzz"):
            return 0.9 * normals + 0.12 * UP
        if self.hair.style == "short":
            return np.broadcast_to(-0.7 * FORWARD + self.hair.sweep * 0.5 * LEFT + 0.05 * UP, position.shape)
        if self.hair.style in ("bun", "tied"):
            return unit_vectors(_bun_centre(self.figure) - position) * 1.6
        top = (smoothstep(7.9, 8.4, base[:, 1]) * (1 - smoothstep(0.0, 0.5, along)))[:, None]
        field = side[:, None] * LEFT * (0.9 * top + 0.12) - FORWARD * (0.55 * top + 0.15 * (1 - along))
        field = field - UP * (1.15 - 0.7 * top)
        ahead = FORWARD * (1.0 - 1.2 * along) - UP * (0.35 + 0.9 * along)
        return np.where(fringe[:, None], ahead, field)

    def _step(
        self, position: np.ndarray, direction: np.ndarray, step: np.ndarray, fringe: np.ndarray, along: float
    ) -> np.ndarray:
        style = self.style
        moved = position + direction * step
        if self.hair.style in ("bun", "tied"):
            arrived = np.linalg.norm(_bun_centre(self.figure) - position, axis=1) < 0.2
            moved[arrived] = position[arrived]
        if self.hair.fringe:
            cut = fringe & (moved[:, 1] < FRINGE_HEIGHT_DM + 0.03 * np.sin(40 * position[:, 0]))
            moved[cut] = position[cut] - 1e-3 * UP
        height, normals = self.surface.height(moved)
        near = (height < style.layer_dm * 4) & (moved[:, 1] > 7.0)
        low = height < min(style.layer_dm, 0.02 + 0.2 * along)
        target = np.minimum(style.layer_dm, 0.02 + 0.2 * along)
        moved[low] += ((target - height[low])[:, None]) * normals[low]
        high = near & (height > style.layer_dm) & (style.cling > 0)
        moved[high] -= ((height[high] - style.layer_dm) * style.cling)[:, None] * normals[high]
        if self.hair.style in ("long", "bob"):
            self._clear_face(moved, fringe)
        return moved

    def _clear_face(self, moved: np.ndarray, fringe: np.ndarray) -> None:
        """Keep hanging hair beside the face, in place."""
        relative = moved - self.centre
        before = (relative[:, 2] > 0.35) & (relative[:, 1] < 0.5) & ~fringe
        short = FACE_HALF_WIDTH_DM - np.abs(relative[:, 0])
        inside = before & (short > 0)
        moved[inside, 0] += np.sign(relative[inside, 0] + 1e-6) * short[inside] * 0.55
        moved[inside, 2] -= 0.02


def _crosses_face(strands: np.ndarray) -> np.ndarray:
    """Whether any point of each strand hangs before eyes, nose or mouth, [n] bool."""
    x, y, z = np.abs(strands[..., 0]), strands[..., 1], strands[..., 2]
    return ((x < 0.5) & (y < 7.9) & (z > 0.9)).any(axis=1)


def _hangs_in_front(strands: np.ndarray) -> np.ndarray:
    """Whether each strand of short hair droops onto the forehead, [n] bool."""
    return (strands[:, 0, 2] > 0.7) & (strands[:, -1, 1] < strands[:, 0, 1] + 0.02)


def _waved(strands: np.ndarray, wave: float, generator: np.random.Generator) -> np.ndarray:
    """Strands swung sideways, more towards the tip; neighbours swing together."""
    along = np.linspace(0, 1, strands.shape[1])[None]
    phase = (3.0 * strands[:, :1, 0] + 2.0 * strands[:, :1, 2]) + 0.5 * generator.standard_normal((len(strands), 1))
    swing = 0.16 * wave * smoothstep(0.1, 0.5, along)
    waved = strands.copy()
    waved[..., 0] += swing * np.sin(16 * along + phase)
    waved[..., 2] += swing * np.cos(16 * along + phase)
    return waved


def _bun_centre(figure: Figure) -> np.ndarray:
    """Where tied hair gathers: above the crown for `bun`, at the nape for `tied`."""
    return np.array([0.0, 8.42, -0.30]) if figure.character.hair.style == "bun" else np.array([0.0, 6.9, -1.1])


def _bun(centre: np.ndarray, points: int, generator: np.random.Generator, count: int = 2200) -> np.ndarray:
    """Strands wound into a ball of 0.4 dm radius."""
    outward = unit_vectors(generator.standard_normal((count, 3)))
    around = unit_vectors(np.cross(outward, unit_vectors(generator.standard_normal((count, 3)) * 0.4 + LEFT)))
    radius = 0.40 * (0.82 + 0.18 * generator.random((count, 1, 1)))
    angle = np.linspace(0, 2.2, points)[None, :, None]
    return centre + radius * (outward[:, None] * np.cos(angle) + around[:, None] * np.sin(angle))
