"""The verb that shows what a dataset holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from fexgan.errors import InputError


@dataclass(frozen=True)
class Inspect:
    """Show what a dataset holds: frames by character and affect, strengths, size, copies, leaks, a sheet of samples.

    $ fexgan inspect out/dataset
    $ fexgan inspect out/dataset --out dataset.html
    """

    data: Annotated[Positional[Path], arg(metavar="DATA")]
    """Folder of a prepared dataset."""
    out: Path | None = None
    """Page to write besides, with the sheet: a name that ends in .html; or the sheet alone, one that ends in .png."""

    def run(self) -> None:
        from fexgan.inspection import inspect_dataset, write_inspection_page
        from fexgan.media import write_image
        from fexgan.prepare import check_place
        from fexgan.terminal import console, say_wrote, stage_progress

        if self.out is not None:
            if self.out.suffix.lower() not in (".html", ".png"):
                raise InputError(f"cannot write what was found as {self.out}; end its name in .html or .png")
            check_place(self.out)
        with stage_progress() as tell:
            inspection = inspect_dataset(self.data, tell)
        for section in inspection.sections():
            console.print(section.terminal())
        if self.out is None:
            return
        if self.out.suffix.lower() == ".html":
            write_inspection_page(self.out, inspection)
        else:
            write_image(self.out, inspection.sample_sheet())
        say_wrote(self.out)
