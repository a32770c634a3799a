"""Labelled grids of pictures: every figure and contact sheet of the product is laid out here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fexgan.media import Pixels

BACKGROUND = (250, 250, 248)
EMPTY_CELL = (238, 238, 235)
LABEL_INK = (70, 74, 82)
TITLE_INK = (24, 27, 33)

MARGIN_PX = 14
GAP_PX = 3
SMALLEST_LABEL_PX = 9


def sheet(
    rows: Sequence[Sequence[Pixels | None]],
    column_labels: Sequence[str] = (),
    row_labels: Sequence[str] = (),
    cell_px: int = 128,
    title: str | None = None,
) -> Image.Image:
    """An RGB picture of a grid: `rows` of pixels (None leaves a cell empty), labels above and at the left.

    `cell_px`: longest side that a cell may have. A smaller picture is enlarged by the largest whole factor that fits,
    a larger one is shrunk; cells take the size of the largest result, so none has an idle rim.
    Missing labels leave no space. Rows may be of different length.
    """
    pictures = [[None if pixels is None else _fitted(pixels, cell_px) for pixels in row] for row in rows]
    shown = [picture for row in pictures for picture in row if picture is not None]
    cell_width = max((picture.width for picture in shown), default=cell_px)
    cell_height = max((picture.height for picture in shown), default=cell_px)
    column_count = max((len(row) for row in pictures), default=0)

    label_px = int(np.clip(cell_width / 8, 11, 20))
    title_px = round(label_px * 1.4)
    row_font = ImageFont.load_default(label_px)
    left = MARGIN_PX + (max(_text_width(label, row_font) for label in row_labels) + label_px // 2 if row_labels else 0)
    title_bottom = MARGIN_PX + (round(title_px * 1.9) if title else 0)
    top = title_bottom + (round(label_px * 1.5) if any(column_labels) else 0)
    title_font = ImageFont.load_default(title_px)
    width = left + column_count * (cell_width + GAP_PX) - GAP_PX + MARGIN_PX
    if title:
        width = max(width, _text_width(title, title_font) + 2 * MARGIN_PX)
    height = top + len(pictures) * (cell_height + GAP_PX) - GAP_PX + MARGIN_PX

    canvas = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    if title:
        draw.text((MARGIN_PX, MARGIN_PX), title, TITLE_INK, title_font)
    for column, label in enumerate(column_labels):
        centre = left + column * (cell_width + GAP_PX) + cell_width / 2
        text, font = _text_that_fits(label, cell_width, label_px)
        draw.text((centre, top - label_px * 0.45), text, LABEL_INK, font, anchor="ms")
    for index, row in enumerate(pictures):
        y = top + index * (cell_height + GAP_PX)
        if index < len(row_labels):
            draw.text((left - label_px // 2, y + cell_height / 2), row_labels[index], LABEL_INK, row_font, anchor="rm")
        for column, picture in enumerate(row):
            x = left + column * (cell_width + GAP_PX)
            if picture is None or picture.size != (cell_width, cell_height):
                draw.rectangle((x, y, x + cell_width - 1, y + cell_height - 1), EMPTY_CELL)
            if picture is not None:
                canvas.paste(picture, (x + (cell_width - picture.width) // 2, y + (cell_height - picture.height) // 2))
    return canvas


def _fitted(pixels: Pixels, cell_px: int) -> Image.Image:
    picture = Image.fromarray(pixels)
    longest = max(picture.size)
    scale = cell_px // longest if longest <= cell_px else cell_px / longest
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _text_width(text: str, font: ImageFont.FreeTypeFont) -> int:
    return round(font.getlength(text))


def _text_that_fits(text: str, width: int, size_px: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text in the largest font up to `size_px` that fits `width`; shortened where even the smallest does not."""
    for size in range(size_px, SMALLEST_LABEL_PX - 1, -1):
        font = ImageFont.load_default(size)
        if _text_width(text, font) <= width:
            return text, font
    while text and _text_width(text + "…", font) > width:
        text = text[:-1]
    return text + "…", font
