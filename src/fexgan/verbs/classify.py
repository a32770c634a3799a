"""The verb that names what faces show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from fexgan.affects import NEUTRAL
from fexgan.errors import InputError
from fexgan.verbs.flags import CheckpointName, Images
from fexgan.verbs.sources import open_model


@dataclass(frozen=True)
class Classify:
    """Name the affect of each picture, its strength and the three largest shares, or in a file all seven; folders too.

    $ fexgan classify face.png other.jpg
    $ fexgan classify face.png --json
    $ fexgan classify holiday --out affects.csv
    """

    images: Images
    """Pictures, and folders of them."""
    json: bool = False
    """Print JSON instead of a table."""
    out: Annotated[Path | None, arg(metavar="FILE")] = None
    """Write a CSV or JSON file instead, as its suffix says."""
    checkpoint: CheckpointName = None
    """Bundled name or folder; where not given, portrait if that is bundled, else open-cast."""

    def run(self) -> None:
        from rich.markup import escape
        from rich.table import Column, Table

        from fexgan import naming
        from fexgan.retouch import user_files
        from fexgan.terminal import console, say_wrote

        if not self.images:
            raise InputError("no picture to classify; name one or more")
        if self.out is not None:
            if self.json:
                raise InputError(f"--json prints, --out {self.out} writes a file; leave one of them out")
            naming.check_table(self.out)
        readings = naming.read_faces(open_model(self.checkpoint, self.images, None), user_files(self.images))
        if self.out is not None:
            naming.write_table(self.out, readings)
            say_wrote(self.out)
            return
        if self.json:
            print(naming.to_json(readings))
            return
        table = Table(Column("picture", overflow="fold"), "affect", "strength", "shares of what is read")
        for name, reading in readings.items():
            shares = sorted(reading.shares.items(), key=lambda pair: -pair[1])[:3]
            largest = ", ".join(f"{affect} {100 * share:.0f} %" for affect, share in shares)
            strength = "-" if reading.affect == NEUTRAL else f"{reading.strength:.2f}"
            table.add_row(escape(name), reading.affect, strength, largest)
        console.print(table)
