"""The film of a run shows its sample sheets in the order of their steps, the last one longest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fexgan.media import write_image
from fexgan.training.progress import LAST_HELD, PREVIEWS, PROGRESS_NAME, film_progress
from fexgan.video import decode_clip


def _sheets(run: Path, **sheets: tuple[int, int]) -> None:
    """By step: (side, grey)."""
    for step, (side, grey) in sheets.items():
        write_image(run / PREVIEWS / f"{step.removeprefix('at')}.png", np.full((side, side, 3), grey, np.uint8))


def _film(run: Path) -> list[np.ndarray]:
    film_progress(run)
    return [frame.pixels() for frame in decode_clip(run / PROGRESS_NAME)]


def test_sheets_follow_each_other_and_the_last_one_stands(tmp_path: Path) -> None:
    _sheets(tmp_path, at000100=(64, 40), at999500=(64, 120), at1000000=(64, 200))
    greys = [round(float(pixels.mean()), -1) for pixels in _film(tmp_path)]
    assert greys == [40, 120, *[200] * LAST_HELD]


def test_odd_sides_are_made_even_and_sheets_of_another_size_left_out(tmp_path: Path) -> None:
    _sheets(tmp_path, at000100=(32, 40), at000200=(65, 120), at000300=(65, 200))
    frames = _film(tmp_path)
    assert {pixels.shape for pixels in frames} == {(66, 66, 3)} and len(frames) == 1 + LAST_HELD


def test_sheets_that_a_disk_has_damaged_are_left_out(tmp_path: Path) -> None:
    _sheets(tmp_path, at000100=(64, 40), at000200=(64, 80), at000300=(64, 120), at000400=(64, 160))
    for step in ("000200", "000400"):
        path = tmp_path / PREVIEWS / f"{step}.png"
        path.write_bytes(path.read_bytes()[:40])
    greys = [round(float(pixels.mean()), -1) for pixels in _film(tmp_path)]
    assert greys == [40, *[120] * LAST_HELD]


def test_a_run_without_sheets_has_no_film(tmp_path: Path) -> None:
    film_progress(tmp_path)
    assert not list(tmp_path.iterdir())
