"""The verb on named expressions: list, show, save, and hand over to engines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from fexgan.errors import InputError
from fexgan.verbs.flags import MixtureText


@dataclass(frozen=True)
class Expressions:
    """List named expressions, or save one; also as the 52 ARKit face units that engines and rigs take.

    $ fexgan expressions
    $ fexgan expressions wry-smile.yaml --save joy:0.4+disgust:0.25 --note "does not quite believe it"
    $ fexgan expressions mine wry-smile.yaml --units mine.csv
    $ fexgan expressions wry-smile startled:0.5 --units two.json
    """

    files: Annotated[Positional[tuple[Path, ...]], arg(metavar="[FILE|DIR|NAME ...]")] = ()
    """YAML or JSON files, folders of them, and names of bundled expressions or mixtures; all bundled ones where none is
    given."""
    save: MixtureText = None
    """Write this mixture to the one FILE that is given."""
    note: str = ""
    """What the saved expression is for."""
    units: Annotated[Path | None, arg(metavar="FILE")] = None
    """Write the expressions as weights of face units, to a JSON or CSV file."""

    def run(self) -> None:
        from rich.markup import escape
        from rich.table import Table

        from fexgan import expressions
        from fexgan.media import free_name
        from fexgan.terminal import console, say_wrote
        from fexgan.units import arkit_weights, write_units

        if self.note and self.save is None:
            raise InputError("--note goes into an expression that is saved; add --save, or leave it out")
        if self.save is not None:
            if len(self.files) != 1:
                raise InputError(f"{len(self.files)} files to save one mixture to; name one, such as wry-smile.yaml")
            _, mixture = expressions.named_mixture(self.save)
            arkit_weights(mixture)  # refuses variants that nobody knows
            expressions.write_expression(self.files[0], mixture, self.note)
            say_wrote(self.files[0])
        found = expressions.read_expressions(self.files)
        if self.units is not None:
            taken: set[str] = set()
            write_units(self.units, {free_name(one.name, taken): one.mixture for one in found})
            say_wrote(self.units)
        if self.save is None and self.units is None:
            table = Table("expression", "mixture", "note")
            for one in found:
                table.add_row(*map(escape, (one.name, str(one.mixture), one.note)))
            console.print(table)
