"""A film of a run's sample sheets, from the first to the last: training seen getting somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fexgan.media import Pixels, read_image
from fexgan.video import even_sides, write_clip

PREVIEWS = "previews"
PROGRESS_NAME = "progress.mp4"
SHEETS_PER_S = 4
LAST_HELD = 2 * SHEETS_PER_S
"""Frames for which the last sheet stands."""


def film_progress(run: Path) -> None:
    """Write `progress.mp4` into the folder of a run: its sample sheets in the order of their steps.

    Sheets of another size than the newest, as of another dataset, are left out. Does nothing where there are none.
    Raises InputError for a sheet that cannot be read.
    """
    sheets = [path for path in (run / PREVIEWS).glob("*.png") if path.stem.isdecimal()]
    sheets.sort(key=lambda path: int(path.stem))
    if sheets:
        write_clip(run / PROGRESS_NAME, _frames(sheets), fps=SHEETS_PER_S)


def _frames(sheets: list[Path]) -> Iterator[Pixels]:
    newest = even_sides(read_image(sheets[-1]))
    for path in sheets[:-1]:
        pixels = even_sides(read_image(path))
        if pixels.shape == newest.shape:
            yield pixels
    yield from [newest] * LAST_HELD
