"""A film of a run's sample sheets, from the first to the last: training seen getting somewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from fexgan.errors import InputError
from fexgan.media import Pixels, read_image
from fexgan.video import even_sides, write_clip

PREVIEWS = "previews"
PROGRESS_NAME = "progress.mp4"
SHEETS_PER_S = 4
LAST_HELD = 2 * SHEETS_PER_S
"""Frames for which the last sheet stands."""


def film_progress(run: Path) -> None:
    """Write `progress.mp4` into the folder of a run: its sample sheets in the order of their steps.

    Sheets of another size than the newest, as of another dataset, are left out, and so are damaged ones. Does nothing
    where there are none.
    """
    sheets = [path for path in (run / PREVIEWS).glob("*.png") if path.stem.isdecimal()]
    sheets.sort(key=lambda path: int(path.stem))
    newest = next(_read(reversed(sheets)), None)
    if newest is None:
        return
    shown = (pixels for pixels in _read(sheets) if pixels.shape == newest.shape)
    write_clip(run / PROGRESS_NAME, itertools.chain(shown, [newest] * (LAST_HELD - 1)), fps=SHEETS_PER_S)


def _read(sheets: Iterable[Path]) -> Iterator[Pixels]:
    """Those of the sheets that can be read, with even sides."""
    for path in sheets:
        try:
            yield even_sides(read_image(path))
        except InputError:
            continue
