"""What covers faces in training pairs: drawn glasses, and hands, hair, microphones or anything in front of a face.

Everything is drawn where it lies on the face, by the distance of each pixel from its outlines, and covers source and
truth alike: what an edit must leave as it is. Places are in the studio's frame of a face, which spans [-1, 1]; there
63 mm, a usual distance between pupils, are 0.42.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.framing.square import EYE_DISTANCE, EYE_HEIGHT, MOUTH_HEIGHT

_EYE = (EYE_DISTANCE, 2.0 * EYE_HEIGHT - 1.0)  # of the eye on the right
_MOUTH_Y = 2.0 * MOUTH_HEIGHT - 1.0
_EAR_X = 0.44

# Half the width of a lens, from and to; its height over its width, from and to; the power of its superellipse, from and
# to; how much narrower it is below; how far its outer end is raised; how far its lower end leans outwards.
_SHAPES = torch.tensor([
    (0.125, 0.17, 0.92, 1.00, 2.0, 2.2, 0.00, 0.00, 0.00),  # round
    (0.150, 0.19, 0.60, 0.80, 2.0, 2.4, 0.00, 0.00, 0.00),  # oval
    (0.160, 0.20, 0.55, 0.75, 3.5, 6.0, 0.04, 0.02, 0.00),  # rounded rectangle
    (0.160, 0.20, 0.70, 0.88, 2.6, 3.5, 0.14, 0.05, 0.02),  # wider above
    (0.170, 0.21, 0.84, 0.98, 2.2, 2.7, 0.20, -0.03, 0.16),  # aviator
    (0.160, 0.20, 0.60, 0.75, 2.2, 2.7, 0.10, 0.20, 0.00),  # cat's eye
])  # fmt: skip

# Red, green and blue, and how far each may differ; how mottled, glossy and opaque; the rim's thickness, from and to.
_MATERIALS = torch.tensor([
    (0.05, 0.05, 0.06, 0.05, 0.0, 0.25, 1.00, 0.016, 0.042),  # dark plastic
    (0.12, 0.07, 0.05, 0.05, 0.0, 0.25, 1.00, 0.014, 0.036),  # brown plastic
    (0.42, 0.22, 0.09, 0.06, 0.9, 0.25, 1.00, 0.018, 0.042),  # tortoise
    (0.45, 0.40, 0.45, 0.45, 0.0, 0.25, 1.00, 0.014, 0.040),  # coloured plastic
    (0.85, 0.80, 0.78, 0.12, 0.0, 0.40, 0.45, 0.018, 0.040),  # clear plastic
    (0.60, 0.60, 0.62, 0.15, 0.0, 0.50, 1.00, 0.006, 0.013),  # silver
    (0.70, 0.55, 0.30, 0.10, 0.0, 0.50, 1.00, 0.006, 0.013),  # gold
    (0.12, 0.12, 0.13, 0.06, 0.0, 0.30, 1.00, 0.007, 0.014),  # dark metal
])  # fmt: skip


class _Draw:
    """Random numbers, one per picture, shaped to meet [count, side, side]."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count, self.generator = count, generator

    def between(self, low: Tensor | float, high: Tensor | float) -> Tensor:
        """[count, 1, 1], even."""
        return low + (high - low) * torch.rand(self.count, 1, 1, generator=self.generator)

    def chance(self, share: float) -> Tensor:
        """Booleans [count, 1, 1]."""
        return self.between(0.0, 1.0) < share

    def colour(self, around: Tensor, spread: Tensor | float) -> Tensor:
        """[count, 3, 1, 1] in [0, 1], near `around` [count or 1, 3]."""
        differences = 2.0 * torch.rand(self.count, 3, generator=self.generator) - 1.0
        return (around + spread * differences).clamp(0.0, 1.0)[..., None, None]

    def row(self, table: Tensor) -> Tensor:
        """A row of a table for each picture: [columns, count, 1, 1]."""
        chosen = torch.randint(len(table), (self.count,), generator=self.generator)
        return table[chosen].T[..., None, None]

    def mottle(self, places: Tensor, cells: int) -> Tensor:
        """Smooth noise in [0, 1) over the frame: [count, side, side]."""
        coarse = torch.rand(self.count, 1, cells, cells, generator=self.generator)
        return F.grid_sample(coarse, places, padding_mode="reflection", align_corners=False)[:, 0]


def wear_glasses(pairs: Tensor, places: Tensor, generator: torch.Generator) -> Tensor:
    """`pairs` [count, 2, 3, side, side] in [0, 1] with a pair of glasses on each; `places` [count, side, side, 2]."""
    draw = _Draw(len(pairs), generator)
    pixel = _pixel(places)
    low, high, flattest, tallest, softest, hardest, taper, lift, lean = draw.row(_SHAPES)
    *colour, spread, mottled, gloss, opacity, thin, thick = draw.row(_MATERIALS)

    width = draw.between(low, high)
    height, power = width * draw.between(flattest, tallest), draw.between(softest, hardest)
    rim, gap = draw.between(thin, thick), draw.between(0.06, 0.12)
    middle_x, middle_y = width + gap / 2, _EYE[1] + draw.between(-0.02, 0.05)
    roll, turn = draw.between(-0.06, 0.06), draw.between(-0.25, 0.25)

    x, y = places[..., 0] - draw.between(-0.015, 0.015), places[..., 1] - middle_y
    x, y = x + roll * y, y - roll * x
    x = x * (1.0 + turn * x)  # one side is nearer
    out = x.abs()

    # A lens, from its middle outwards, and how far each pixel lies outside of it.
    across, down = out - middle_x, y + lift * (out - middle_x)
    drop = (down / height).clamp(-1.2, 1.2)
    across = (across - lean * down) / (1.0 - taper * drop)
    distance, downwards = _superellipse(across, down, width, height, power)

    upper = torch.sigmoid(-8.0 * drop - 1.0)
    below = torch.where(draw.chance(0.2), draw.between(0.0, 0.4), torch.ones(()))  # half rims
    above = torch.where(draw.chance(0.3), draw.between(1.2, 1.8), torch.ones(()))
    browline = draw.chance(0.15)  # thick and of another colour above, where it passes for brows
    above = torch.where(browline, draw.between(1.5, 3.0), above)
    rim_here = rim * torch.lerp(below, above, upper)
    edge = _stroke(distance, rim_here, pixel)
    arched = draw.between(0.01, 0.045) * (1.0 - (out / gap * 2).square()).clamp(min=0.0)
    arch = draw.between(-0.5, 0.1) * height - arched
    bridge_wide = draw.between(0.7, 1.3) * rim
    bridge = _stroke(y - arch, bridge_wide, pixel) * _fill(distance, pixel) * _fill(middle_x - width / 2 - out, pixel)
    bar = _stroke(y + 0.75 * height, rim, pixel) * _fill(distance, pixel) * _fill(middle_x - out, pixel)
    bridge = torch.maximum(bridge, torch.where(draw.chance(0.15), bar, torch.zeros(())))
    hinge = (middle_x + 0.9 * width, -draw.between(0.2, 0.6) * height)
    along = (out - hinge[0]).clamp(min=0.0)
    temple = _stroke(y - hinge[1] - draw.between(-0.15, 0.25) * along, draw.between(0.7, 1.3) * rim, pixel)
    seen = torch.sigmoid((_EAR_X + draw.between(-0.06, 0.04) - out) * 60.0)
    temple = temple * seen * _fill(out - hinge[0], pixel) * _fill(distance, pixel)
    frame = torch.maximum(torch.maximum(edge, bridge), temple) * opacity

    # The shadow falls as if every outline lay a little lower.
    fallen = distance - draw.between(0.015, 0.05) * downwards
    shadow = draw.between(0.0, 0.35) * torch.exp(-(fallen / (0.5 * rim + 0.02)).square())
    lens = _fill(-distance, pixel)
    pairs = pairs * (1.0 - (shadow * (1.0 - 0.5 * lens)))[:, None, None]

    tint = torch.where(draw.chance(0.35), draw.between(0.05, 0.4), draw.between(0.0, 0.05))
    tint = torch.where(draw.chance(0.08), draw.between(0.5, 0.95), tint)  # sunglasses
    tint = (tint * (1.0 - draw.between(0.0, 0.7) * (0.5 + 0.5 * drop))).clamp(0.0, 1.0)
    pairs = _lay(pairs, draw.colour(torch.full((1, 3), 0.15), 0.15), lens * tint)
    slope, reach = draw.between(-1.2, 1.2), x.sign() * across
    streak = torch.exp(-((reach + slope * down - draw.between(-0.12, 0.12)) / draw.between(0.01, 0.07)).square())
    shine = torch.where(draw.chance(0.4), draw.between(0.1, 0.55), torch.zeros(()))
    pairs = _lay(pairs, draw.colour(torch.full((1, 3), 0.9), 0.1), lens * streak * shine)

    painted = draw.colour(torch.cat(colour, dim=-1)[:, 0], spread[:, 0]).expand(-1, -1, *x.shape[1:])
    lower = draw.colour(torch.full((1, 3), 0.6), 0.4)
    painted = torch.where(browline[:, None], torch.lerp(lower, painted, (2.0 * upper).clamp(max=1.0)[:, None]), painted)
    spots = (mottled * 2.0 * (0.55 - draw.mottle(places, 24))).clamp(-0.5, 1.0)
    light = gloss * torch.exp(-((distance / rim_here.clamp(min=pixel) + 0.15) * 5.0).square()) * (0.4 + 0.6 * upper)
    painted = painted * (1.0 - spots[:, None]) + 0.6 * light[:, None]
    return _lay(pairs, painted.clamp(0.0, 1.0), frame)


def occlude(pairs: Tensor, places: Tensor, generator: torch.Generator) -> Tensor:
    """`pairs` [count, 2, 3, side, side] in [0, 1], each behind a thing, fingers, strands of hair or a microphone.

    `places` [count, side, side, 2].
    """
    kinds = (_thing, _fingers, _strands, _microphone)
    kind = torch.randint(len(kinds), (len(pairs),), generator=generator)
    pairs = pairs.clone()
    for index, paint in enumerate(kinds):
        rows = torch.nonzero(kind == index).flatten()
        if len(rows):
            colour, cover = paint(pairs[rows], places[rows], _Draw(len(rows), generator))
            pairs[rows] = _lay(pairs[rows], colour.clamp(0.0, 1.0), cover)
    return pairs


def _thing(pairs: Tensor, places: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
    """Colour [count, 3, side, side] and cover [count, side, side] of a turned ellipse or box, plain or mottled."""
    x, y = places.unbind(-1)
    along, across = _turned(x - draw.between(-0.8, 0.8), y - draw.between(-0.8, 0.8), draw.between(-math.pi, math.pi))
    along, across = along / draw.between(0.08, 0.38), across / draw.between(0.08, 0.38)
    boxed = torch.maximum(along.abs(), across.abs())
    reach = torch.where(draw.chance(0.5), boxed, torch.hypot(along, across))
    texture = 1.0 + draw.between(0.0, 1.0) * (draw.mottle(places, 16) - 0.5)
    colour = draw.colour(torch.full((1, 3), 0.5), 0.5)
    return colour * texture[:, None], torch.sigmoid(4.0 * (1.0 - reach) / draw.between(0.02, 0.22))


def _fingers(pairs: Tensor, places: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
    """Likewise one to four fingers that reach in from any side, of the colour of the nose."""
    x, y = places.unbind(-1)
    along, across = _turned(x - draw.between(-0.4, 0.4), y - draw.between(-0.2, 0.6), draw.between(-math.pi, math.pi))
    thick, count = draw.between(0.035, 0.055), draw.between(1.0, 5.0).floor()
    spacing = 2.0 * thick * draw.between(0.95, 1.3)
    depth = torch.full_like(along, -1.0)  # 1 on a finger's ridge, 0 at its outline, less beside it
    for finger in range(4):
        before = (draw.between(0.0, 0.1) - along).clamp(min=0.0)
        away = torch.hypot(before, across - (finger - 1.5) * spacing) / thick
        depth = torch.where(finger < count, torch.maximum(depth, 1.0 - away), depth)
    nose = (torch.hypot(x, y - (_EYE[1] + _MOUTH_Y) / 2) < 0.12).float()[:, None]
    skin = (pairs[:, 0] * nose).sum(dim=(2, 3)) / nose.sum(dim=(2, 3)).clamp(min=1.0)
    shade = draw.between(0.7, 1.2) * (0.55 + 0.45 * (1.0 - (1.0 - depth).square()).clamp(min=0.0).sqrt())
    return draw.colour(skin, 0.04) * shade[:, None], _fill(depth * thick, _pixel(places) + draw.between(0.0, 0.02))


def _strands(pairs: Tensor, places: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
    """Likewise strands of hair that hang down over the face, side by side and thinner towards their ends."""
    x, y = places.unbind(-1)
    top = y + 0.6
    start, slope, bend, end = (draw.between(*bounds) for bounds in ((-0.6, 0.6), (-0.6, 0.6), (-0.5, 0.5), (0.5, 1.4)))
    cover = torch.zeros_like(x)
    for _ in range(6):
        line = start + draw.between(-0.12, 0.12) + (slope + draw.between(-0.15, 0.15)) * top + bend * top.square()
        left = (1.0 - top / (end + draw.between(-0.2, 0.2))).clamp(min=0.0)
        thickness = draw.between(0.006, 0.035) * left.sqrt()
        cover = torch.maximum(cover, _stroke((x - line) / (1.0 + slope.square()).sqrt(), thickness, _pixel(places)))
    hair = torch.tensor([[0.45, 0.33, 0.22]]) * draw.between(0.0, 1.4)[:, :, 0]
    return draw.colour(hair, 0.05) * (0.6 + 0.8 * draw.mottle(places, 32))[:, None], cover


def _microphone(pairs: Tensor, places: Tensor, draw: _Draw) -> tuple[Tensor, Tensor]:
    """Likewise a ball of mesh on a stick, at the mouth or below."""
    x, y = places.unbind(-1)
    x, y = x - draw.between(-0.35, 0.35), y - _MOUTH_Y - draw.between(0.0, 0.4)
    along, across = _turned(x, y, math.pi / 2 + draw.between(-0.9, 0.9))
    radius = draw.between(0.08, 0.18)
    ball = 1.0 - torch.hypot(along, across) / radius
    stick = torch.minimum(draw.between(0.35, 0.6) * radius - across.abs(), along)
    mesh = torch.sin(along * draw.between(60.0, 160.0)) * torch.sin(across * draw.between(60.0, 160.0))
    rounded = 0.5 + ball.clamp(min=0.0) * (1.0 + 0.5 * mesh)
    shade = torch.where(ball > 0.0, rounded, 1.3 - (across / radius).square())
    inside = torch.maximum(ball * radius, stick)
    return draw.colour(torch.full((1, 3), 0.3), 0.3) * shade[:, None], _fill(inside, _pixel(places))


def _turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """How far places lie along a direction, and across it."""
    return x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()


def _superellipse(x: Tensor, y: Tensor, width: Tensor, height: Tensor, power: Tensor) -> tuple[Tensor, Tensor]:
    """How far outside of |x / width|^power + |y / height|^power = 1 a place lies, nearly, and its slope along y."""
    across, down = x.abs() / width, y.abs() / height
    size = (across**power + down**power).clamp(min=1e-6) ** (1.0 / power)
    sideways, downwards = (across / size) ** (power - 1.0) / width, (down / size) ** (power - 1.0) / height
    steepness = torch.hypot(sideways, downwards)
    return (size - 1.0) / steepness, y.sign() * downwards / steepness


def _pixel(places: Tensor) -> Tensor:
    """How far apart neighbouring pixels lie: [count, 1, 1]."""
    return (places[:, 0, 1] - places[:, 0, 0]).norm(dim=-1)[:, None, None]


def _fill(inside: Tensor, pixel: Tensor) -> Tensor:
    """How much of a pixel lies inside an outline at distance `inside`, positive within."""
    return (inside / pixel + 0.5).clamp(0.0, 1.0)


def _stroke(distance: Tensor, thickness: Tensor, pixel: Tensor) -> Tensor:
    """How much of a pixel a line covers, however thin."""
    return _fill(thickness / 2 - distance, pixel) - _fill(-thickness / 2 - distance, pixel)


def _lay(pairs: Tensor, colour: Tensor, cover: Tensor) -> Tensor:
    """`colour` [count, 3, side or 1, side or 1] over both pictures, where `cover` [count, side, side] is above 0."""
    return torch.lerp(pairs, colour[:, None], cover[:, None, None])
