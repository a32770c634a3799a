"""The verb that teaches a checkpoint a new character, or a mixture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from fexgan.errors import InputError
from fexgan.verbs.flags import EDITING, Folder, MixtureText


@dataclass(frozen=True)
class Adapt:
    """Teach a checkpoint that draws a new character, or what a mixture looks like, beside what it knows.

    A character is learned from one picture or more, a mixture from a few of any character.

    $ fexgan adapt open-cast --character me.jpg --data out/dataset out/people --out out/me
    $ fexgan transform me.jpg --to joy --checkpoint out/me --out joy.png
    $ fexgan adapt open-cast --mixture anger+sadness --examples bitter --data out/dataset out/people --out out/bitter
    """

    checkpoint: Annotated[Positional[str], arg(metavar="CHECKPOINT")]
    """Bundled name or folder of a checkpoint that draws."""
    data: Annotated[tuple[Path, ...], arg(metavar="DATASET ...")]
    """Prepared datasets of the characters that are not to be forgotten."""
    out: Annotated[Path, arg(metavar="RUN")]
    """Folder of the run: checkpoint, adapt.md and adapt.png, and what was learned of a character."""
    character: Annotated[Path | None, arg(metavar="DIR|PICTURE")] = None
    """Picture of the new face, or a folder of them; its name becomes the character's."""
    mixture: MixtureText = None
    """The mixture that the examples show, such as anger+sadness."""
    examples: Folder = None
    """Folder of pictures of it. One whose name begins with a character's of the data, as in ada-2.png, is theirs."""
    steps: int = 300
    """Training steps."""
    editor: str = EDITING
    """Checkpoint that edits: it shows the new face with every affect to learn from."""

    def run(self) -> None:
        from fexgan.adapting import adapt
        from fexgan.adapting.mixtures import adapt_mixture
        from fexgan.expressions import named_mixture
        from fexgan.terminal import console, say, say_wrote

        if (self.character is None) == (self.mixture is None):
            raise InputError("one thing is taught at a time; give either --character, or --mixture with --examples")
        if (self.mixture is None) != (self.examples is None):
            raise InputError("a mixture is taught by examples; give --mixture and --examples together")
        if self.mixture is None:
            taught = adapt(self.checkpoint, self.character, self.data, self.out, self.editor, self.steps, console)
        else:
            _, mixture = named_mixture(self.mixture)
            taught = adapt_mixture(self.checkpoint, mixture, self.examples, self.data, self.out, self.steps, console)
        console.print(taught.section().terminal())
        for path in taught.write(self.out):
            say_wrote(path)
        say(f"newest checkpoint: {taught.checkpoint}")
