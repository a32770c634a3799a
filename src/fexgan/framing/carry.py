"""An edit made on the small square, brought to the picture at the picture's own size and sharpness."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.framing.flat import FlatColours
from fexgan.framing.square import FaceSquare, box_around
from fexgan.picture import Box, Levels, LoadedPicture

Floats = NDArray[np.float32]

FEATHER = 1 / 16
"""Share of the side over which an edit fades towards each border of the square, to exactly nothing there."""

_LEAST_OFFSET_PX = 1 / 64  # OpenCV samples between pixels in steps of 1/32, so less than this moves nothing
_IN_STEPS = np.float32(1.5 * 2**18)  # as float32, the numbers around it lie 1/32 apart
_LEAST_MASK = _LEAST_GAIN = 2**-17  # less than half a level of 16 bits
_FINEST = 4
_DETAILS_FROM, _DETAILS_FULL_FROM = 1.25, 1.5  # times the square; between them details come in, for faces in clips grow
_DETAILS_EDGE_PX = 2  # pixels of the square over which details give way to what is around them
_PIXELS_AT_ONCE = 2**16
_CUBIC_REACH_PX = 3
_SHARPENING, _SHARPENED_PX = 0.8, 1.0
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Details:
    """A part of a square in which mask and paint are known several times as finely; float32."""

    window_px: Box
    """Left, top, right and bottom, in pixels of the square."""
    mask: Floats
    """[1, rows, columns]"""
    paint: Floats
    """[3, rows, columns]"""
    share: float = 1.0
    """How much they show of what they change, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Edit:
    """What a network changes in a square of n x n pixels; all float32.

    A pixel p of the square becomes mask(p) paint(p) + (1 - mask(p)) (1 + tint (exp(shade(p)) - 1)) source(p + flow(p)),
    black being 0.
    """

    flow: Floats
    """[2, n, n]: how far right and how far down to sample the source, in fractions of the side."""
    mask: Floats
    """[1, n, n]: how much of the paint shows, in [0, 1]."""
    shade: Floats
    """[1, n, n]: logarithm of the light that falls on what is sampled."""
    paint: Floats
    """[3, n, n]: RGB in [-1, 1]."""
    details: Details | None = None
    """Mask and paint of the part that shows most when it is enlarged."""
    tint: Floats = field(default_factory=lambda: np.ones(3, np.float32))
    """[3]: how much of the shade red, green and blue take, 1 on average, which is what grey pictures take."""
    flat: FlatColours | None = None
    """What the paint is made of on a drawing in flat colours."""


def carry_back(picture: LoadedPicture, square: FaceSquare, edit: Edit) -> LoadedPicture:
    """`picture` with an edit that was made on what `square` shows of it.

    The flow is turned and scaled with the square and samples the picture at its own resolution. Pixels outside the
    square, and those that the edit leaves in place, unlit and unpainted, are equal to the source bit by bit;
    transparency too.
    Beside the result, memory is bounded whatever the size.
    """
    fields, paint = _refine(edit, square)
    active = _active_part(fields)
    if active is None:
        return picture
    levels = picture.levels.copy()
    to_fine = _picture_to_fine(square, fields.shape[0])
    reach_px = math.ceil(float(np.abs(fields[..., :2]).max())) + _CUBIC_REACH_PX
    for box in _strips(box_around(square.to_picture(active), picture.width, picture.height)):
        left, top, right, bottom = box
        places = _places(box, to_fine)
        here = _sample(fields, places)  # [rows, columns, 4]
        moved = _move(picture, box, here[..., :2], reach_px)
        levels[top:bottom, left:right] = _blend(moved, here[..., 2:3], here[..., 3:], edit.tint, paint, places)
    return picture.with_levels(levels)


def _refine(edit: Edit, square: FaceSquare) -> tuple[Floats, Floats]:
    """Offsets in pixels of the picture, mask and gain of light, [m, m, 4], feathered, and paint [m, m, 3] in [0, 1], on
    a finer grid. The gain is exp(shade) - 1.

    The cubic kernel makes a smooth field of the few values; from the fine grid on, linear is as good and fast.
    """
    n = edit.mask.shape[-1]
    times = min(_FINEST, max(1, math.ceil(square.side_px / n)))
    fine = n * times

    def enlarge(planes: Floats) -> Floats:
        return cv2.resize(np.ascontiguousarray(planes.transpose(1, 2, 0)), (fine, fine), interpolation=cv2.INTER_CUBIC)

    offsets = np.tensordot(square.turn().astype(np.float32), edit.flow, axes=1)
    fields = enlarge(np.concatenate([offsets, edit.mask, np.expm1(edit.shade)]))
    np.clip(fields[..., 2], 0, 1, out=fields[..., 2])
    paint = enlarge(_sharpened(edit.paint, square.side_px / n, edit.flat))
    if edit.details is not None and details_pay(square, n):
        come_in = (square.side_px / n - _DETAILS_FROM) / (_DETAILS_FULL_FROM - _DETAILS_FROM)
        share = min(1.0, come_in) * (1.0 if edit.flat is None else 1 - edit.flat.share)
        _lay_in(edit.details, share, fields[..., 2:3], paint, times)
    if edit.flat is not None:  # on the fine grid, where smooth slopes become smooth edges
        edit.flat.draw(fields[..., 2], fields[..., 3], paint)
    # The outermost row and column of the grid are exactly 0, so nothing is left where the grid ends.
    steps = np.minimum(np.arange(fine), np.arange(fine)[::-1]) / (FEATHER * fine)
    ramp = np.clip(steps, 0, 1)
    ramp = (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
    fields *= cv2.merge([np.minimum(ramp[:, None], ramp)] * fields.shape[2])
    return fields, paint.clip(-1, 1) * 0.5 + 0.5


def _lay_in(details: Details, share: float, mask: Floats, paint: Floats, times: int) -> None:
    """Put `share` of details into mask [m, m, 1] and paint [m, m, 3], `times` as fine as the square, in place."""
    left, top, right, bottom = (times * side for side in details.window_px)
    planes = np.concatenate([details.mask, details.paint]).transpose(1, 2, 0)
    size = (right - left, bottom - top)
    planes = cv2.resize(np.ascontiguousarray(planes), size, interpolation=cv2.INTER_AREA)
    across, down = (np.minimum(np.arange(side), np.arange(side)[::-1]) / (_DETAILS_EDGE_PX * times) for side in size)
    shares = details.share * share * np.minimum(across, down[:, None]).clip(0, 1).astype(np.float32)[..., None]
    for whole, finer in ((mask, planes[..., :1]), (paint, planes[..., 1:])):
        part = whole[top:bottom, left:right]
        part += shares * (finer - part)


def details_pay(square: FaceSquare, size_px: int) -> bool:
    """Whether a picture shows more of a square than a network that sees it at `size_px` can paint."""
    return square.side_px > _DETAILS_FROM * size_px


def _sharpened(paint: Floats, enlargement: float, flat: FlatColours | None) -> Floats:
    """Paint [3, n, n] that stays crisp when it is enlarged, an unsharp mask; in full from twice the size on. What takes
    flat colours is smoothed instead: each bump in it would become an edge."""
    planes = np.ascontiguousarray(paint.transpose(1, 2, 0))
    blurred = cv2.GaussianBlur(planes, (0, 0), _SHARPENED_PX).transpose(2, 0, 1)
    sharpening = _SHARPENING if flat is None else _SHARPENING * (1 - 2 * flat.rows(paint.shape[1]))  # [n, 1]
    return paint + sharpening * min(max(enlargement - 1.0, 0.0), 1.0) * (paint - blurred)


def _active_part(fields: Floats) -> NDArray[np.float64] | None:
    """Corners [4, 2] of the part of the square where anything happens, in fractions of the side; None for nowhere."""
    least = np.array((_LEAST_OFFSET_PX, _LEAST_OFFSET_PX, _LEAST_MASK, _LEAST_GAIN), np.float32)
    # In long rows, for NumPy is slow on fours.
    active = np.abs(fields).reshape(len(fields), -1) > np.tile(least, len(fields))
    rows = np.flatnonzero(active.any(axis=1))
    columns = np.flatnonzero(active.any(axis=0).reshape(-1, len(least)).any(axis=1))
    if not len(rows):
        return None
    # A value reaches as far as the centres of its neighbours.
    left, right = (columns[0] - 0.5) / len(active), (columns[-1] + 1.5) / len(active)
    top, bottom = (rows[0] - 0.5) / len(active), (rows[-1] + 1.5) / len(active)
    return np.array([(left, top), (right, top), (left, bottom), (right, bottom)])


def _picture_to_fine(square: FaceSquare, fine: int) -> NDArray[np.float64]:
    """[2, 3]: from pixels of the picture to pixels of a grid of fine x fine over the square."""
    turn = square.turn().T * (fine / square.side_px**2)
    shift = (fine - 1) / 2 - turn @ (square.centre_x, square.centre_y)
    return np.column_stack([turn, shift])


def _strips(box: Box) -> Iterator[Box]:
    left, top, right, bottom = box
    rows = max(1, _PIXELS_AT_ONCE // max(1, right - left))
    for start in range(top, bottom if right > left else top, rows):
        yield left, start, right, min(start + rows, bottom)


def _places(box: Box, to_fine: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """How far right and how far down, each [rows, columns], the pixels of `box` lie on the fine grid.

    Each follows from its own row and column alone, so strips make no difference.
    """
    left, top, right, bottom = box
    across = np.outer(to_fine[:, 0], np.arange(left, right)) + to_fine[:, 2:]
    down = np.outer(to_fine[:, 1], np.arange(top, bottom))
    across, down = across.astype(np.float32), down.astype(np.float32)
    return across[0] + down[0][:, None], across[1] + down[1][:, None]


def _sample(grid: Floats, places: tuple[Floats, Floats]) -> Floats:
    """`grid` [m, m, channels] at `places`; 0 beyond it."""
    return cv2.remap(grid, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _move(picture: LoadedPicture, box: Box, offsets: Floats, reach_px: int) -> Levels:
    """The pixels of `box`, each taken `offsets` [rows, columns, 2] pixels away, by cubic interpolation.

    Nothing is taken from farther away than `reach_px`.
    """
    left, top, right, bottom = box
    from_left, from_top = max(0, left - reach_px), max(0, top - reach_px)
    window = np.s_[from_top : bottom + reach_px, from_left : right + reach_px]
    columns = np.arange(left - from_left, right - from_left, dtype=np.float32)
    rows = np.arange(top - from_top, bottom - from_top, dtype=np.float32)
    # Rounded to steps at once, or rounding would depend on where the window begins.
    across, down = offsets[..., 0] + (columns + _IN_STEPS), offsets[..., 1] + (rows + _IN_STEPS)[:, None]
    across -= _IN_STEPS
    down -= _IN_STEPS

    def sample(planes: NDArray) -> NDArray:
        moved = cv2.remap(planes, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return moved if moved.ndim == 3 else moved[..., None]

    source = picture.levels[window]
    if picture.alpha is None:
        return sample(source)
    # What hides in transparent pixels must not be dragged into view: colours count by their opacity.
    opacity = picture.alpha[window][..., None].astype(np.float32)
    moved = sample(np.dstack([source * opacity, opacity]))
    visible = moved[..., -1:] >= 1
    colours = moved[..., :-1] / np.where(visible, moved[..., -1:], 1)
    levels = np.rint(colours).clip(0, np.iinfo(source.dtype).max).astype(source.dtype)
    return np.where(visible, levels, picture.levels[top:bottom, left:right])


def _blend(
    moved: Levels, mask: Floats, gain: Floats, tint: Floats, paint: Floats, places: tuple[Floats, Floats]
) -> Levels:
    """`moved` lit by `gain`, of which each colour takes its `tint`, with the paint over it where the mask lets it show;
    gain and mask are [rows, columns, 1]."""
    shows = (mask[..., 0] > _LEAST_MASK) | (np.abs(gain[..., 0]) > _LEAST_GAIN)
    rows, columns = (np.flatnonzero(shows.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return moved
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    across, down = places
    colours = _sample(paint, (across[part], down[part]))
    if moved.shape[2] == 1:
        colours = (colours @ _LUMA)[..., None]
    highest = np.iinfo(moved.dtype).max
    under = moved[part] * (1 + gain[part] * (tint if moved.shape[2] == len(tint) else 1))
    colours *= highest
    colours -= under
    colours *= mask[part]
    colours += under
    moved[part] = np.rint(colours, out=colours).clip(0, highest, out=colours)
    return moved
