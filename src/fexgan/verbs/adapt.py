"""The verb that teaches a checkpoint a new character."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from fexgan.verbs.flags import EDITING


@dataclass(frozen=True)
class Adapt:
    """Teach a checkpoint that draws a new character, from one picture or more, beside the characters that it knows.

    $ fexgan adapt open-cast --character me.jpg --data out/dataset out/people --out out/me
    $ fexgan transform me.jpg --to joy --checkpoint out/me --out joy.png
    """

    checkpoint: Annotated[Positional[str], arg(metavar="CHECKPOINT")]
    """Bundled name or folder of a checkpoint that draws."""
    character: Annotated[Path, arg(metavar="DIR|PICTURE")]
    """Picture of the new face, or a folder of them; its name becomes the character's."""
    data: Annotated[tuple[Path, ...], arg(metavar="DATASET ...")]
    """Prepared datasets of the characters that are not to be forgotten."""
    out: Annotated[Path, arg(metavar="RUN")]
    """Folder of the run: pictures, dataset, checkpoint, adapt.md and adapt.png."""
    steps: int = 300
    """Training steps."""
    editor: str = EDITING
    """Checkpoint that edits: it shows the new face with every affect to learn from."""

    def run(self) -> None:
        from fexgan.adapting import adapt
        from fexgan.terminal import console, say, say_wrote

        adaptation = adapt(self.checkpoint, self.character, self.data, self.out, self.editor, self.steps, console)
        console.print(adaptation.section().terminal())
        for path in adaptation.write(self.out):
            say_wrote(path)
        say(f"newest checkpoint: {adaptation.checkpoint}")
