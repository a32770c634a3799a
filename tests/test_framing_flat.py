"""Drawings in flat colours are known, and painted on in their own."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fexgan.framing import Edit, FaceSquare, FlatColours, carry_back, cut, flat_colours
from fexgan.picture import LoadedPicture

SIZE = 32
RNG = np.random.default_rng(0)

INK = FlatColours(1.0, np.array([[-1, -1, -1], [1, 1, 1]], np.float32))
SIX = FlatColours(1.0, RNG.uniform(-1, 1, (6, 3)).astype(np.float32))


def edit(mask: float = 0, shade: float = 0, paint: np.ndarray | float = 0) -> Edit:
    flow, one = np.zeros((2, SIZE, SIZE), np.float32), np.ones((1, SIZE, SIZE), np.float32)
    return Edit(flow, mask * one, shade * one, np.array(np.broadcast_to(paint, (3, SIZE, SIZE)), np.float32))


@pytest.mark.parametrize("scale", [1, 3])
def test_in_ink_paint_is_black_or_white_with_hard_edges_and_nothing_is_shaded(scale: int) -> None:
    slope = np.linspace(-1, 1, SIZE, dtype=np.float32)
    smooth, shaded = edit(mask=1, paint=np.broadcast_to(slope, (3, SIZE, SIZE))), edit(shade=-0.5)
    side = SIZE * scale
    white = LoadedPicture(np.full((side, side, 3), 255, np.uint8))
    square, middle = FaceSquare((side - 1) / 2, (side - 1) / 2, side, 0), np.s_[side // 4 : 3 * side // 4]

    def between(flat: FlatColours | None) -> float:
        painted = carry_back(white, square, replace(smooth, flat=flat)).levels[middle, middle]
        return float(((painted > 60) & (painted < 195)).mean())

    assert between(INK) < 0.15 and between(INK) < between(replace(INK, share=0.2)) < between(None) > 0.8
    assert np.array_equal(carry_back(white, square, replace(shaded, flat=INK)).levels, white.levels)
    assert not np.array_equal(carry_back(white, square, shaded).levels, white.levels)


def test_flat_colours_are_all_that_mouths_are_painted_in_and_eyes_are_painted_freely() -> None:
    change = edit(mask=1, paint=RNG.uniform(-0.9, 0.9, (3, SIZE, SIZE)).astype(np.float32))
    side = 4 * SIZE
    grey, square = LoadedPicture(np.full((side, side, 3), 128, np.uint8)), FaceSquare(side / 2, side / 2, side, 0)
    free, flat = (carry_back(grey, square, replace(change, flat=one)).levels.astype(int) for one in (None, SIX))
    mouth, eyes = np.s_[int(0.6 * side) : int(0.9 * side), side // 4 : -side // 4], np.s_[: int(0.45 * side)]
    levels = np.rint((SIX.colours + 1) * 127.5)

    def odd(painted: np.ndarray) -> float:
        return float((np.abs(painted[mouth][..., None, :] - levels).max(axis=-1).min(axis=-1) > 20).mean())

    assert odd(flat) < 0.25 < odd(free), "what lies between two colours is an edge"
    assert np.array_equal(flat[eyes], free[eyes])


def drawn_face() -> Image.Image:
    """A face in flat colours, 300 px, that fills its square."""
    picture = Image.new("RGB", (300, 300), (90, 160, 220))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((30, 10, 270, 290), fill=(240, 200, 160), outline=(20, 20, 20), width=4)
    for x in (105, 195):
        draw.ellipse((x - 24, 100, x + 24, 130), fill=(255, 255, 255), outline=(20, 20, 20), width=3)
        draw.ellipse((x - 9, 106, x + 9, 124), fill=(40, 30, 120))
    draw.ellipse((110, 205, 190, 235), fill=(190, 60, 70))
    return picture


def flat_of(image: Image.Image) -> FlatColours | None:
    picture, square = LoadedPicture(np.array(image)), FaceSquare(149.5, 149.5, 300, 0)
    return flat_colours(picture, square, cut(picture, square, 128).astype(np.float32) / 127.5 - 1)


def test_colours_of_a_drawing_are_its_own_and_lips_are_among_them_irises_are_not() -> None:
    flat = flat_of(drawn_face())
    assert flat is not None and flat.share == 1.0 and not flat.is_ink
    levels = (flat.colours + 1) * 127.5

    def nearest(*colour: int) -> float:
        return float(np.abs(levels - colour).max(axis=1).min())

    assert max(nearest(240, 200, 160), nearest(190, 60, 70), nearest(255, 255, 255), nearest(20, 20, 20)) < 20
    assert nearest(40, 30, 120) > 40 and len(levels) <= 6


def test_what_has_grain_or_slopes_is_no_drawing_and_compression_leaves_one_a_drawing() -> None:
    drawing = np.asarray(drawn_face()).astype(float)
    grainy = Image.fromarray((drawing + RNG.normal(0, 8, drawing.shape)).clip(0, 255).astype(np.uint8))
    light = np.sin(np.linspace(0.1, 3.0, 300))
    light = (light[:, None] * light)[..., None]  # as on a ball
    sloping = Image.fromarray((drawing * light).astype(np.uint8))
    assert flat_of(grainy) is None and flat_of(sloping) is None
    dark = drawing.copy()
    dark[:, :150] = 0  # half a face in the dark, the rest of it lit unevenly
    assert flat_of(Image.fromarray((dark * light).astype(np.uint8))) is None
    assert flat_of(Image.fromarray((drawing * 0.1).astype(np.uint8))) is None, "all is even in the dark"
    packed = io.BytesIO()
    drawn_face().save(packed, "JPEG", quality=90)
    compressed = flat_of(Image.open(packed))
    assert compressed is not None and compressed.share > 0.5
