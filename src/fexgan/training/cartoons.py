"""Filmed faces drawn anew as cartoons, from their landmarks: thick brows, large eyes, a mouth of flat colours.

Drawn characters have brows like bars, eyes that are mostly white and mouths without lips, and a network that has seen
people alone leaves the old brow beside the new one. Here source and truth are drawn in one style, each after its own
landmarks, so that the lines move as the face does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from fexgan.media import Pixels
from fexgan.training.cartoon_style import PAPER, Style

Points = NDArray[np.float64]
"""[..., 2]: (x, y) in pixels of the face's square, pixel centres at whole numbers."""

# Parts of the 68 customary landmarks (iBUG's order). Brows and lids run from left to right in the picture.
JAW, BRIDGE = slice(0, 17), slice(27, 31)
FOREHEAD, BROWS = slice(17, 27), (slice(17, 22), slice(22, 27))
EYES = (slice(36, 42), slice(42, 48))
LIPS, OPENING, MOUTH = slice(48, 60), slice(60, 68), slice(48, 68)
# Lips without their corners, and where each ends at the opening, both corners of that included.
UPPER_LIP, LOWER_LIP = slice(49, 54), slice(55, 60)
UPPER_EDGE, LOWER_EDGE = [60, 61, 62, 63, 64], [60, 67, 66, 65, 64]
NOSTRILS = (31, 33, 35)
_BELOW_LIP, _CHIN_TIP = [59, 58, 57, 56, 55], slice(6, 11)

FINENESS = 2
"""How many times larger than they are wanted cartoons are drawn, unless told otherwise."""
_FOREHEAD = 0.14
"""How far above the brows flat skin goes, as a fraction of the picture's side; the same however brows move."""
_WHITE = (244, 244, 242)
_CLOSED = 0.012
"""Lips that part by less, as a fraction of the picture's side, are closed."""
_ARCS = np.array([(-1.0, 0.0), (-0.6, -1.0), (0.6, -1.0), (1.0, 0.0), (0.6, 1.0), (-0.6, 1.0)])
"""The six landmarks of an eye between lids that are arcs, about its middle, in halves of its width and height."""
_DEPTH = 0.35
"""How light the inside of a mouth is beside its lips, or beside its line where it has none: what nothing in a closed
mouth tells would be learned as the grey between all that may come."""
_INKED_BELOW = 70
"""Level of grey under which a drawing on paper is ink beside the face, hair mostly; the rest stays white."""


def draw_some(
    pictures: Pixels,
    landmarks: Points,
    at_rest: Points,
    share: float,
    generator: torch.Generator,
    fineness: int = FINENESS,
) -> NDArray[np.float32]:
    """Turn a share of pairs [batch, 2, side, side, 3] into cartoons, in place, and move their landmarks along.

    `landmarks` [batch, 2, 68, 2]; `at_rest` [batch, 68, 2]: those of the calm faces. `fineness`: see `draw_cartoons`.
    Returns how many times as strong as before the affects are that each pair shows now, [batch].
    """
    times = np.ones(len(pictures), np.float32)
    chosen = torch.rand(len(pictures), generator=generator) < share
    seed = int(torch.randint(2**31, (), generator=generator))
    for pair in torch.nonzero(chosen).flatten().tolist():
        style = Style.draw(np.random.default_rng((seed, pair)))
        landmarks[pair] = in_style(landmarks[pair], at_rest[pair], style)
        pictures[pair] = draw_cartoons(pictures[pair], landmarks[pair], style, fineness)
        times[pair] = style.expression
    return times


def in_style(landmarks: Points, at_rest: Points, style: Style) -> Points:
    """The landmarks of a pair, [2, 68, 2], with eyes, mouth and liveliness of the style.

    Features go farther from `at_rest` [68, 2], the calm face's, but lids, which would pass each other; brows give way
    to higher eyes.
    """
    changed = at_rest + style.expression * (landmarks - at_rest)
    for eye, brow in zip(EYES, BROWS, strict=True):
        centre = landmarks[:, eye].mean(axis=(0, 1))
        changed[:, eye] = centre + (landmarks[:, eye] - centre) * style.eye_scale
        higher = np.ptp(landmarks[:, eye, 1], axis=1).mean() * (style.eye_scale[1] - 1.0) / 2.0
        changed[:, brow, 1] -= higher
        if style.round_eyes:
            changed[:, eye] = _rounded(changed[:, eye])
    middle, half_width = at_rest[MOUTH].mean(axis=0), np.ptp(at_rest[MOUTH, 0]) / 2.0
    hanging = style.mouth_bow * half_width * np.abs((at_rest[MOUTH, 0] - middle[0]) / half_width).clip(max=1.0) ** 2
    changed[:, MOUTH] = middle + (changed[:, MOUTH] - middle) * style.mouth_scale
    changed[:, MOUTH, 1] += style.mouth_scale[0] * hanging
    for points in changed:
        _thin_lips(points, style.lip_scale)
    return changed


def _rounded(outlines: Points) -> Points:
    """Eyes [count, 6, 2] as wide, as high and where they were, but level, with lids that are arcs."""
    lowest, highest = outlines.min(axis=1, keepdims=True), outlines.max(axis=1, keepdims=True)
    return (lowest + highest) / 2.0 + _ARCS * (highest - lowest) / 2.0


def _thin_lips(points: Points, scale: tuple[float, float]) -> None:
    """Make the upper lip of a face's landmarks [68, 2] so many times as thick, and the lower one, in place."""
    for lip, edge, times in zip((UPPER_LIP, LOWER_LIP), (UPPER_EDGE, LOWER_EDGE), scale, strict=True):
        inside = np.interp(points[lip, 0], *points[edge].T)
        points[lip, 1] = inside + times * (points[lip, 1] - inside)


def draw_cartoons(pictures: Pixels, landmarks: Points, style: Style, fineness: int = FINENESS) -> Pixels:
    """Pictures of one character, uint8 [count, side, side, 3], with their faces drawn; what is beside them stays.

    `landmarks` [count, 68, 2]. Eyeballs are the same in all pictures, and stand where they do on average. `fineness`:
    faces are drawn so many times larger and then shrunk, for smooth outlines.
    """
    side = pictures.shape[1]
    fine_px = fineness * side
    marks = fineness * (landmarks + 0.5) - 0.5
    skin = style.skin or _skin_of(pictures[0], landmarks[0])
    eyeballs = [_Eyeball.between(marks[:, eye], fine_px, style) for eye in EYES]
    hairline = marks[:, FOREHEAD].mean(axis=0) - np.array([0.0, _FOREHEAD * fine_px])
    drawn = []
    for picture, points in zip(pictures, marks, strict=True):
        canvas = _Canvas(cv2.resize(picture, (fine_px, fine_px), interpolation=cv2.INTER_LINEAR), style)
        if style.on_paper:
            canvas.surroundings()
        canvas.face(np.concatenate([points[JAW], hairline[::-1]]), skin)
        canvas.nose(points, skin)
        if style.chin:
            canvas.chin(points)
        for eye, brow, eyeball in zip(EYES, BROWS, eyeballs, strict=True):
            canvas.eye(points[eye], eyeball)
            canvas.brow(points[brow], outer_first=brow is BROWS[0])
        canvas.mouth(points)
        drawn.append(cv2.resize(canvas.pixels, (side, side), interpolation=cv2.INTER_AREA))
    return np.stack(drawn)


@dataclass(frozen=True)
class _Eyeball:
    """What lids slide over: in pixels of the enlarged picture."""

    pupil: Points
    radius: float
    """Of the iris."""
    always_open: Pixels
    """255 where lids and lashes of no picture lie, [side, side]: a gleam that comes from below a lid would teach that
    opened eyes begin to gleam."""

    @classmethod
    def between(cls, outlines: Points, side: int, style: Style) -> _Eyeball:
        """The eyeball behind one eye's outlines in several pictures, [pictures, 6, 2]."""
        width = np.ptp(outlines[..., 0], axis=1).mean()
        always_open = np.minimum.reduce([_area(_lids(outline), side) for outline in outlines])
        lashes = np.ones((round(style.lashes * side) + 2,) * 2, np.uint8)
        return cls(outlines.mean(axis=(0, 1)), style.iris_size * width / 2.0, cv2.erode(always_open, lashes))


class _Canvas:
    """A picture being drawn on, larger than the face's square."""

    def __init__(self, pixels: Pixels, style: Style) -> None:
        self.pixels, self.style, self.side = pixels, style, pixels.shape[0]

    def surroundings(self) -> None:
        """All of the picture as ink on paper."""
        grey = cv2.GaussianBlur(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), (0, 0), 0.008 * self.side)
        self.pixels[:] = np.where(grey[..., None] < _INKED_BELOW, np.uint8(self.style.ink), np.uint8(PAPER))

    def face(self, outline: Points, skin: tuple[int, ...]) -> None:
        """Flat skin within an outline that begins with the jaw's, soft towards the hair."""
        cover = _area(_curve(outline, closed=True), self.side)
        self._lay(skin, cv2.GaussianBlur(cover, (0, 0), 0.01 * self.side))
        if self.style.outlined:
            self._line(_curve(outline[JAW]), self.style.line)

    def nose(self, points: Points, skin: tuple[int, ...]) -> None:
        nostrils = points[list(NOSTRILS)]
        if self.style.nose == "line":
            self._line(_curve(np.concatenate([points[BRIDGE], nostrils[1:]])), self.style.line)
        elif self.style.nose == "nostrils":
            for place in nostrils[[0, 2]]:
                self._disc(place, 0.012 * self.side, self.style.ink)
        else:
            shade = _area(_curve(np.concatenate([points[28:31], nostrils[::-1]]), closed=True), self.side)
            self._lay(tuple(int(0.75 * level) for level in skin), shade)

    def chin(self, points: Points) -> None:
        """A short line half way from the lower lip to the jaw."""
        self._line(_curve((points[_BELOW_LIP] + points[_CHIN_TIP]) / 2.0)[8:-8], self.style.line)

    def eye(self, outline: Points, eyeball: _Eyeball) -> None:
        """White with an iris that stays as lids slide over it."""
        style = self.style
        if style.dots:
            self._lay(style.ink, _area(_lids(outline), self.side))
            return
        ball = _Canvas(np.full_like(self.pixels, _WHITE), style)
        ball._disc(eyeball.pupil, eyeball.radius, style.iris)
        if style.iris_rim:
            lighter = tuple(level + (255 - level) // 3 for level in style.iris)
            ball._disc(eyeball.pupil, (1.0 - style.iris_rim) * eyeball.radius, lighter)
        ball._disc(eyeball.pupil, style.pupil * eyeball.radius, (10, 10, 12))
        if style.gleam:
            gleam = _Canvas(np.zeros_like(self.pixels), style)
            gleam._disc(eyeball.pupil - 0.35 * eyeball.radius, 0.25 * eyeball.radius, (255, 255, 255))
            ball._lay((255, 255, 255), np.minimum(gleam.pixels[..., 0], eyeball.always_open))
        self._lay(ball.pixels, _area(_lids(outline), self.side))
        self._line(_curve(outline[:4]), style.lashes)
        if style.lower_lid:
            self._line(_curve(outline[[3, 4, 5, 0]]), style.lashes / 2.0)

    def brow(self, points: Points, outer_first: bool) -> None:
        ridge = _curve(points)
        shares = np.linspace(1.0, 0.0, len(ridge)) if outer_first else np.linspace(0.0, 1.0, len(ridge))  # 1 outside
        half = 0.5 * self.style.brow_width * self.side * (1.0 - self.style.brow_taper * shares)
        down = np.stack([np.zeros_like(half), half], axis=1)
        self._lay(self.style.brow, _area(np.concatenate([ridge - down, (ridge + down)[::-1]]), self.side))

    def mouth(self, points: Points) -> None:
        style, opening = self.style, points[OPENING]
        upper, lower = points[UPPER_EDGE], points[LOWER_EDGE]
        if style.lips is not None:
            self._lay(style.lips, _area(_curve(points[LIPS], closed=True), self.side))
        if np.linalg.norm(upper - lower, axis=1).max() < _CLOSED * self.side:
            self._line(_curve((upper + lower) / 2.0), style.line, style.mouth_line)
            return
        inside = _area(_curve(opening, closed=True), self.side)
        self._lay(tuple(int(_DEPTH * level) for level in style.lips or style.mouth_line), inside)
        if style.teeth:
            below = upper + np.array([0.0, style.teeth * self.side])
            self._lay(_WHITE, np.minimum(inside, _area(np.concatenate([upper, below[::-1]]), self.side)))
        if style.lips is None:
            self._line(_curve(np.concatenate([upper, lower[-2::-1]])), style.line, style.mouth_line)

    def _lay(self, paint: Pixels | tuple[int, ...], cover: Pixels) -> None:
        """Put `paint`, a picture or one colour, on the picture by `cover` [side, side], 0 to 255."""
        left, top, width, height = cv2.boundingRect(cover)  # the rest, most of it, stays as it is
        part = (slice(top, top + height), slice(left, left + width))
        share = cover[part][..., None].astype(np.float32) / 255.0
        under = self.pixels[part]
        over = np.float32(paint[part] if isinstance(paint, np.ndarray) else paint)
        under[:] = np.rint(under + share * (over - under))

    def _line(self, points: Points, width: float, colour: tuple[int, ...] | None = None) -> None:
        """A line through points, in ink unless told otherwise; `width` as a fraction of the side."""
        thickness = max(1, round(width * self.side))
        corners = [np.rint(points).astype(np.int32)]
        cv2.polylines(self.pixels, corners, False, colour or self.style.ink, thickness, cv2.LINE_AA)

    def _disc(self, centre: Points, radius: float, colour: tuple[int, ...]) -> None:
        place = tuple(np.rint(centre).astype(int).tolist())
        cv2.circle(self.pixels, place, max(1, round(radius)), colour, cv2.FILLED, cv2.LINE_AA)


def _area(outline: Points, side: int) -> Pixels:
    """255 within an outline, [side, side]."""
    return cv2.fillPoly(np.zeros((side, side), np.uint8), [np.rint(outline).astype(np.int32)], 255)


def _lids(outline: Points) -> Points:
    """The upper lid of an eye's landmarks and the lower one, smooth."""
    return np.concatenate([_curve(outline[:4]), _curve(outline[[3, 4, 5, 0]])])


def _curve(points: Points, closed: bool = False) -> Points:
    """Points [n, 2] with their corners cut three times (Chaikin 1974); the ends of an open line stay."""
    for _ in range(3):
        following = np.roll(points, -1, axis=0) if closed else points[1:]
        first = points if closed else points[:-1]
        cut = np.stack([0.75 * first + 0.25 * following, 0.25 * first + 0.75 * following], axis=1).reshape(-1, 2)
        points = cut if closed else np.concatenate([points[:1], cut, points[-1:]])
    return points


def _skin_of(picture: Pixels, landmarks: Points) -> tuple[int, ...]:
    """The median colour of both cheeks."""
    reach = max(1, picture.shape[0] // 40)
    cheeks = []
    for jaw, nostril in ((2, 31), (14, 35)):
        middle = np.rint((landmarks[jaw] + landmarks[nostril]) / 2).astype(int)
        x, y = middle.clip(reach, picture.shape[0] - reach - 1)
        cheeks.append(picture[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3))
    return tuple(int(level) for level in np.median(np.concatenate(cheeks), axis=0))
