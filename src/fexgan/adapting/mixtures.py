"""Teaching a checkpoint that draws what a mixture looks like, from a handful of pictures of it.

A decoder that has seen single affects alone guesses what lies between them. A few filmed or drawn examples, of any of
its characters, are learned beside their data, and then serve all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from fexgan.adapting.characters import (
    begin_run,
    check_run,
    key_of,
    old_characters,
    open_painter,
    picture_files,
    settings_of,
)
from fexgan.affects import Mixture
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.evaluation.evaluate import rebuilt_likeness
from fexgan.evaluation.reconstruction import mean_likeness, ssim
from fexgan.figures import neutral_faces
from fexgan.loading import load
from fexgan.media import Pixels, read_image, write_image, write_text_atomically
from fexgan.sheets import sheet
from fexgan.synthesis import Model, share_strength
from fexgan.tables import Section, counted
from fexgan.tensors import pixels_to_images
from fexgan.training.examples import NOBODY, Examples
from fexgan.training.loop import train

SHOWN_CHARACTERS = 8


@dataclass(frozen=True)
class MixtureStanding:
    """How well a checkpoint shows the mixture, and what it knows of the old characters."""

    ssim: float
    """Of the examples and the mixture as drawn for them, mean."""
    difference: float
    """Likewise, in levels of 255."""
    old_ssim: float
    """Of the old characters' test frames, rebuilt, in the mean over characters."""
    drawn: list[Image.Image]
    """The mixture on characters of the data."""


@dataclass(frozen=True)
class MixtureAdaptation:
    """A mixture that was taught, and how the checkpoint stood before and after."""

    checkpoint: Path
    mixture: Mixture
    examples: int
    steps: int
    sources: dict[str, Pixels]
    """The neutral faces of characters of the data, on which the sheet shows the mixture."""
    before: MixtureStanding
    after: MixtureStanding

    def section(self) -> Section:
        """The figures as a table."""
        stood = [
            (f"{one.ssim:.3f}", f"{one.difference:.2f}", f"{one.old_ssim:.3f}") for one in (self.before, self.after)
        ]
        names = ("examples, SSIM", "examples, off by", "old characters, SSIM")
        return Section(
            f"{self.mixture}, taught from {counted(self.examples, 'example')} in {counted(self.steps, 'step')}",
            "Likeness of the examples and what is drawn for them, off by in levels of 255; likeness of the old "
            "characters' test frames when rebuilt.",
            ["what", "before", "after"],
            [list(row) for row in zip(names, *stood, strict=True)],
            ("adapt.png",),
        )

    def write(self, out: Path) -> list[Path]:
        """Write `adapt.md` and the sheet `adapt.png` into the folder `out`; return their paths."""
        rows = [
            list(self.sources.values()),
            *([np.asarray(face) for face in one.drawn] for one in (self.before, self.after)),
        ]
        write_image(out / "adapt.png", sheet(rows, list(self.sources), ["source", "before", "after"]))
        write_text_atomically(out / "adapt.md", self.section().markdown() + "\n")
        return [out / "adapt.md", out / "adapt.png"]


def adapt_mixture(
    checkpoint: str,
    mixture: Mixture,
    pictures: Path,
    data: Sequence[Path],
    out: Path,
    steps: int,
    console: Console | None = None,
) -> MixtureAdaptation:
    """Teach `checkpoint` what `mixture` looks like, from the folder `pictures`.

    A picture whose name begins with a character's of `data`, as in `ada-2.png`, is learned as that character's, drawn
    from any other frame of theirs; others are learned as they are. Strengths that sum to more than 1 share it, as in
    blends. `data`, `out`, and what is raised: as `adapt` has it.
    """
    model = open_painter(checkpoint)
    config = settings_of(model, steps)
    mixture = share_strength(mixture)
    known, old = old_characters(checkpoint, config.framing, data)
    paths = picture_files(pictures, f"a few that show {mixture}")
    taught, key = f"mixture {mixture}", key_of(paths, model.checkpoint.weights_sha256, repr(config.framing))
    check_run(out, taught, key)
    examples = _examples(model, mixture, paths, known)
    names = [None if character == NOBODY else known[character] for character in examples.character]
    before = _standing(model, mixture, examples, names, old)
    begin_run(out, taught, key)
    summary = train(data, out, config, start_from=checkpoint, console=console, examples=examples)
    if summary.stopped:
        raise KeyboardInterrupt
    after = _standing(load(str(summary.checkpoint)), mixture, examples, names, old)
    count = len(examples.pixels)
    return MixtureAdaptation(summary.checkpoint, mixture, count, summary.step, _shown(old), before, after)


def _examples(model: Model, mixture: Mixture, paths: Sequence[Path], characters: Sequence[str]) -> Examples:
    """The pictures as the model frames faces. Raises InputError that names a picture without one."""
    faces, shown = [], []
    for path in paths:
        try:
            faces.append(model.frame(read_image(path)))
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        shown.append(whom_it_shows(path.stem, characters))
    affects = np.array([mixture.vector()] * len(faces), np.float32)
    return Examples(np.stack(faces), affects, np.array(shown, np.int64))


def whom_it_shows(stem: str, characters: Sequence[str]) -> int:
    """The character whose name a file's name is, alone or before what is no letter or digit, the longest name and the
    first of equals; else `NOBODY`."""
    fitting = [
        index
        for index, character in enumerate(characters)
        if stem.startswith(character) and not stem[len(character) :][:1].isalnum()
    ]
    return max(fitting, key=lambda index: len(characters[index]), default=NOBODY)


def _shown(old: FaceDataset) -> dict[str, Pixels]:
    return dict(list(neutral_faces(old).items())[:SHOWN_CHARACTERS])


def _standing(
    model: Model, mixture: Mixture, examples: Examples, names: Sequence[str | None], old: FaceDataset
) -> MixtureStanding:
    """`names`: whom each example shows. Those whom the test frames show too are drawn from a neutral one, others from
    their example."""
    neutral = neutral_faces(old)
    faces = [
        (neutral[name], "neutral") if name in neutral else (pixels, mixture)
        for pixels, name in zip(examples.pixels, names, strict=True)
    ]
    sitters = [model.open(pixels, source_affect=shown) for pixels, shown in faces]
    drawn = np.stack([np.asarray(sitter.close_up(mixture)) for sitter in sitters])
    likeness = ssim(pixels_to_images(drawn), pixels_to_images(examples.pixels))
    return MixtureStanding(
        ssim=likeness.mean().item(),
        difference=float(np.abs(drawn.astype(np.float32) - examples.pixels).mean()),
        old_ssim=mean_likeness(list(rebuilt_likeness(model.networks, old).values())).ssim,
        drawn=[model.transform(face, mixture, "neutral") for face in _shown(old).values()],
    )
