from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fexgan.sheets import BACKGROUND, sheet

RED = np.full((8, 8, 3), (255, 0, 0), np.uint8)
BLUE = np.full((8, 8, 3), (0, 0, 255), np.uint8)


def _area(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    return int(np.all(np.asarray(picture) == colour, axis=-1).sum())


def _corner(picture: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int]:
    ys, xs = np.nonzero(np.all(np.asarray(picture) == colour, axis=-1))
    return int(xs.min()), int(ys.min())


def test_a_picture_of_the_cell_size_is_shown_pixel_for_pixel() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    canvas = np.asarray(sheet([[noise]], cell_px=16))
    windows = np.lib.stride_tricks.sliding_window_view(canvas, (16, 16, 3))
    assert np.any(np.all(windows == noise, axis=(3, 4, 5)))


@pytest.mark.parametrize(("cell_px", "side"), [(8, 8), (23, 16), (24, 24), (4, 4)])
def test_pictures_grow_by_whole_factors_and_shrink_to_fit(cell_px: int, side: int) -> None:
    assert _area(sheet([[RED]], cell_px=cell_px), (255, 0, 0)) == side * side


def test_rows_and_columns_stand_in_their_order() -> None:
    left, top = _corner(sheet([[RED, BLUE]], cell_px=8), (255, 0, 0))
    assert _corner(sheet([[RED, BLUE]], cell_px=8), (0, 0, 255)) == (left + 8 + 3, top)
    assert _corner(sheet([[RED], [BLUE]], cell_px=8), (0, 0, 255)) == (left, top + 8 + 3)


def test_an_empty_cell_keeps_its_place() -> None:
    assert _corner(sheet([[None, BLUE]], cell_px=8), (0, 0, 255)) == _corner(
        sheet([[RED, BLUE]], cell_px=8), (0, 0, 255)
    )


def test_labels_and_title_take_room_only_where_given() -> None:
    bare = sheet([[RED]], cell_px=64)
    assert sheet([[RED]], ["joy"], cell_px=64).height > bare.height
    assert sheet([[RED]], [], ["ada"], cell_px=64).width > bare.width
    assert sheet([[RED]], title="Faces", cell_px=64).height > bare.height
    assert sheet([[RED]], [""], cell_px=64).size == bare.size


def test_no_label_is_drawn_over_a_picture_or_cut_off() -> None:
    labelled = sheet(
        [[RED, RED]], ["a very long label that cannot fit", "joy"], ["someone with a long name"], 64, "Title"
    )
    assert _area(labelled, (255, 0, 0)) == 2 * 64 * 64
    narrow = sheet([[RED]], ["a very long label that cannot fit"], cell_px=64)
    for canvas in (np.asarray(labelled), np.asarray(narrow)):
        for edge in (canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1]):
            assert np.all(edge == BACKGROUND)


def test_pictures_that_are_not_square_keep_their_shape() -> None:
    assert _area(sheet([[np.full((4, 8, 3), (255, 0, 0), np.uint8)]], cell_px=16), (255, 0, 0)) == 16 * 8


def test_a_sheet_without_pictures_is_still_a_picture() -> None:
    assert min(sheet([[None]], ["joy"], ["ada"]).size) > 0
