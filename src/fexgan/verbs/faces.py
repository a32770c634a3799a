"""The verbs that draw and name faces with a trained model.

Each is its flags and what it calls. What a verb needs is imported when it runs, so `--help` answers at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fexgan.affects import AFFECTS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.verbs.flags import BUNDLED, Folder, Images, Mixtures, MixtureText, Names

if TYPE_CHECKING:
    from PIL import Image

    from fexgan.media import Pixels


@dataclass(frozen=True)
class Generate:
    """Draw faces of nobody: one picture, a sheet, or a folder of pictures where --out has no suffix.

    $ fexgan generate --count 70 --out random.png
    $ fexgan generate --affect fear --count 100 --seed 7 --out faces
    """

    count: int = 70
    """How many, spread evenly over the affects."""
    affect: Mixtures = AFFECTS
    """Mixtures to show, such as joy:0.8 or fear+surprise."""
    seed: int = 0
    """Seed of the first face; each next face takes the next number."""
    out: Path = Path("random.png")
    """Picture or folder to write."""
    checkpoint: str = BUNDLED
    """Bundled name or folder of a checkpoint."""

    def run(self) -> None:
        from fexgan import figures, load

        rows = figures.random_faces(load(self.checkpoint), _mixtures(self.affect), self.count, self.seed)
        pictures = {f"{affect}-{index}": face for affect, row in rows.items() for index, face in enumerate(row)}
        _write_pictures(self.out, pictures, _only(pictures) or figures.random_sheet(rows))


@dataclass(frozen=True)
class Transform:
    """Give faces another affect: one picture, a sheet, or a folder of pictures where --out has no suffix.

    $ fexgan transform face.png --to joy:0.8 --out joy.png
    $ fexgan transform face.png --out sheet.png
    $ fexgan transform --data out/dataset --out transform.png
    """

    images: Images = ()
    """Pictures of one face each."""
    data: Folder = None
    """Prepared dataset instead: a neutral test frame of each character."""
    to: Mixtures = AFFECTS
    """Mixtures to show, such as joy:0.8 or fear:0.5+surprise:0.5."""
    source_affect: MixtureText = None
    """Mixture that the given pictures show; the classifier says it where not given."""
    out: Path = Path("transform.png")
    """Picture or folder to write."""
    checkpoint: str = BUNDLED
    """Bundled name or folder of a checkpoint."""

    def run(self) -> None:
        from fexgan import figures, load

        targets = _mixtures(self.to)
        sources, source_affect = _sources(self.images, self.data, self.source_affect)
        model = load(self.checkpoint)
        rows = figures.transformed(model, sources, targets, source_affect)
        pictures = {
            f"{name}-{target}": picture
            for name, row in rows.items()
            for target, picture in zip(targets, row, strict=True)
        }
        sheet = _only(pictures) or figures.transform_sheet(model, sources, targets, rows)
        _write_pictures(self.out, pictures, sheet)


@dataclass(frozen=True)
class Blend:
    """Mix affects on faces: a sheet of each mixture between its parents, or a folder of the mixtures alone.

    A mixture whose strengths sum to more than 1 is scaled to share 1: anger+sadness is half of each.

    $ fexgan blend face.png --mixtures anger+sadness joy:0.7+surprise:0.3 --out blend.png
    $ fexgan blend --data out/dataset --out blend.png
    """

    images: Images = ()
    """Pictures of one face each."""
    data: Folder = None
    """Prepared dataset instead: a neutral test frame of each character."""
    mixtures: Mixtures = ("anger+sadness", "joy+disgust", "fear+surprise")
    """Mixtures of two or more affects; the paper's three where not given."""
    source_affect: MixtureText = None
    """Mixture that the given pictures show; the classifier says it where not given."""
    out: Path = Path("blend.png")
    """Picture or folder to write."""
    checkpoint: str = BUNDLED
    """Bundled name or folder of a checkpoint."""

    def run(self) -> None:
        from fexgan import figures, load

        mixtures = _mixtures(self.mixtures)
        sources, source_affect = _sources(self.images, self.data, self.source_affect)
        rows = figures.blended(load(self.checkpoint), sources, mixtures, source_affect)
        pictures = {f"{name}-{blend.mixture.name}": blend.blended for name, row in rows.items() for blend in row}
        _write_pictures(self.out, pictures, figures.blend_sheet(rows))


@dataclass(frozen=True)
class Animate:
    """Move faces smoothly from keyframe to keyframe, as an MP4; several faces play side by side.

    $ fexgan animate face.png --out joy.mp4
    $ fexgan animate --data out/dataset --keyframes "0s neutral, 0.8s surprise, 1.5s joy:0.7, 3s neutral" --out cast.mp4
    """

    images: Images = ()
    """Pictures of one face each."""
    data: Folder = None
    """Prepared dataset instead: a neutral test frame of each character."""
    characters: Names = ()
    """Only these characters of the dataset; all where none is named."""
    keyframes: str = "0s neutral, 1s joy, 2s neutral"
    """Times and mixtures, separated by commas."""
    fps: float = 24
    """Frames a second."""
    cell_px: int = 256
    """Side of each face in the clip: even, 16 to 1024."""
    source_affect: MixtureText = None
    """Mixture that the given pictures show; the classifier says it where not given."""
    out: Path = Path("joy.mp4")
    """Clip to write."""
    checkpoint: str = BUNDLED
    """Bundled name or folder of a checkpoint."""

    def run(self) -> None:
        from fexgan import figures, load
        from fexgan.keyframes import parse_keyframes
        from fexgan.media import write_clip
        from fexgan.terminal import say_wrote

        if self.cell_px % 2 or not 16 <= self.cell_px <= 1024:
            raise InputError(f"a face of {self.cell_px} px does not fit a clip; give an even number from 16 to 1024")
        keyframes = parse_keyframes(self.keyframes)
        sources, source_affect = _sources(self.images, self.data, self.source_affect, self.characters)
        faces = list(sources.values())
        frames = figures.clip_frames(load(self.checkpoint), faces, keyframes, self.fps, self.cell_px, source_affect)
        write_clip(self.out, frames, self.fps)
        say_wrote(self.out)


@dataclass(frozen=True)
class Classify:
    """Name the affect of each picture, with the probability of all seven.

    $ fexgan classify face.png other.jpg
    $ fexgan classify face.png --json
    """

    images: Images
    """Pictures of one face each."""
    json: bool = False
    """Print JSON instead of a table."""
    checkpoint: str = BUNDLED
    """Bundled name or folder of a checkpoint."""

    def run(self) -> None:
        from rich.table import Table

        from fexgan import load
        from fexgan.media import read_image
        from fexgan.terminal import console

        if not self.images:
            raise InputError("no picture to classify; name one or more")
        model = load(self.checkpoint)
        probabilities = {str(path): model.classify(read_image(path)) for path in self.images}
        if self.json:
            print(json.dumps(probabilities, indent=1))
            return
        table = Table("picture", "affect", *AFFECTS)
        for name, affects in probabilities.items():
            table.add_row(name, max(affects, key=affects.__getitem__), *(f"{100 * p:.0f} %" for p in affects.values()))
        console.print(table)


def _mixtures(texts: Sequence[str]) -> list[Mixture]:
    if not texts:
        raise InputError(f"no affect is named; choose from {', '.join(AFFECTS)}, or mix them as in joy:0.8")
    return [Mixture.parse(text) for text in texts]


def _sources(
    images: Sequence[Path], data: Path | None, source_affect: str | None, characters: Sequence[str] = ()
) -> tuple[Mapping[str, Pixels], Mixture | None]:
    """The faces to start from, by name, and the affect they show where that is known."""
    if bool(images) == (data is not None):
        raise InputError("give either pictures or --data with a prepared dataset")
    if data is None:
        from fexgan.media import read_image

        pictures = {}
        for path in images:
            taken = sum(other.stem == path.stem for other in images[: len(pictures)])
            pictures[f"{path.stem}-{taken + 1}" if taken else path.stem] = read_image(path)
        return pictures, None if source_affect is None else Mixture.parse(source_affect)
    from fexgan.dataset import FaceDataset
    from fexgan.figures import neutral_faces

    faces = neutral_faces(FaceDataset.load(data, "test"))
    for name in characters:
        if name not in faces:
            raise InputError(f"character {name!r} is not in the dataset; choose from {', '.join(faces)}")
    return {name: faces[name] for name in characters or faces}, Mixture.parse(source_affect or NEUTRAL)


def _only(pictures: Mapping[str, Image.Image]) -> Image.Image | None:
    """The one picture, None where there are more."""
    return next(iter(pictures.values())) if len(pictures) == 1 else None


def _write_pictures(out: Path, pictures: Mapping[str, Image.Image], sheet: Image.Image) -> None:
    """Write `pictures` by name into the folder `out` where that has no suffix, else `sheet` to the file `out`."""
    from fexgan.media import write_image
    from fexgan.terminal import say, say_wrote

    if out.suffix:
        write_image(out, sheet)
        say_wrote(out)
        return
    for name, picture in pictures.items():
        write_image(out / f"{name.replace(':', '-')}.png", picture)  # not every file system takes a colon
    say(f"wrote {len(pictures)} pictures to {out}")
