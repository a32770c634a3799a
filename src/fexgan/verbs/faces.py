"""The verbs that draw and edit faces with a trained model.

Each is its flags and what it calls. What a verb needs is imported when it runs, so `--help` answers at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fexgan.affects import AFFECTS, PAPER_MIXTURES, Mixture, affect_index
from fexgan.errors import InputError
from fexgan.verbs.flags import (
    BUNDLED,
    CheckpointName,
    FaceNumber,
    Folder,
    Images,
    Mixtures,
    MixtureText,
    PointTexts,
    Variants,
    given_of,
)
from fexgan.verbs.sources import (
    given_files,
    is_folder,
    named_mixtures,
    only,
    open_model,
    opened_faces,
    points_of,
    retouched,
    titled,
    told_source,
    write_pictures,
)

if TYPE_CHECKING:
    from fexgan.editing import Portrait
    from fexgan.synthesis import Model, Sitter


@dataclass(frozen=True)
class Generate:
    """Draw faces of nobody: one picture, a sheet, or a folder of pictures where --out has no suffix.

    $ fexgan generate --count 70 --out random.png
    $ fexgan generate --affect fear --count 100 --seed 7 --out faces
    $ fexgan generate --edit-with portrait --out sharper.png
    $ fexgan generate --dataset out/nobody --per-affect 1000 --strengths uniform
    """

    count: int = 70
    """How many, spread evenly over the affects."""
    affect: Mixtures = AFFECTS
    """Mixtures to show, such as joy:0.8 or fear+surprise."""
    seed: int = 0
    """Seed of the first face; each next face takes the next number."""
    out: Path = Path("random.png")
    """Picture or folder to write."""
    dataset: Folder = None
    """Folder to write a labelled dataset into instead: each seed a person, once with each affect."""
    per_affect: int = 1000
    """Pictures of each affect in the dataset."""
    strengths: Literal["full", "uniform"] = "full"
    """Strengths in the dataset: all 1, or drawn evenly from [0, 1]."""
    edit_with: CheckpointName = None
    """Checkpoint that gives the faces their affects, such as portrait; they are then drawn neutral."""
    checkpoint: str = BUNDLED
    """Bundled name or folder of a checkpoint."""

    def run(self) -> None:
        from fexgan import figures, load
        from fexgan.synthesis import require

        self._refuse_unused()
        model = load(self.checkpoint)
        require(model.networks, "draw", "draw faces of nobody")
        if self.dataset is not None:
            self._write_dataset(model)
            return
        editor = load(self.edit_with) if self.edit_with else None
        if editor is not None:
            require(editor.networks, "edit", "edit faces")
        rows = figures.random_faces(model, named_mixtures(self.affect), self.count, self.seed, editor)
        pictures = {f"{affect}-{index}": face for affect, row in rows.items() for index, face in enumerate(row)}
        write_pictures(self.out, pictures, only(pictures) or figures.random_sheet(rows))

    def _refuse_unused(self) -> None:
        """Raise InputError where a flag was given that says nothing of what is written."""
        of_pictures, of_datasets = ("count", "out", "edit_with"), ("per_affect", "strengths")
        written, unused = ("pictures", of_datasets) if self.dataset is None else ("a dataset", of_pictures)
        for flag, value in given_of(self, unused).items():
            raise InputError(f"{flag} {value} says nothing of {written}; leave it out")

    def _write_dataset(self, model: Model) -> None:
        from fexgan.generating import generate_dataset
        from fexgan.tables import counted
        from fexgan.terminal import say

        for affect in self.affect:
            affect_index(affect)
        affects = [affect for affect in AFFECTS if affect in self.affect]
        generate_dataset(model, self.checkpoint, self.dataset, affects, self.per_affect, self.strengths, self.seed)
        say(f"wrote {counted(self.per_affect * len(affects), 'labelled picture')} to {self.dataset}")


@dataclass(frozen=True)
class Transform:
    """Give faces another affect: one picture or clip, a sheet, or a folder of results where --out has no suffix.

    A checkpoint that edits takes anyone's pictures, clips and folders of both, and each result keeps its kind and size.

    $ fexgan transform face.png --to joy:0.8 --out joy.png
    $ fexgan transform face.png --out sheet.png
    $ fexgan transform holiday --sheet --out sheets
    $ fexgan transform face.png --to joy.laugh:0.8 --out laugh.png
    $ fexgan transform face.png --to wry-smile mine.yaml --out smiles
    $ fexgan transform holiday clip.mp4 --to joy --face all --out smiling
    $ fexgan transform robot.png --points 210,240 300,238 255,330 --to joy --out joy.png
    $ fexgan transform --data out/dataset --out transform.png
    """

    images: Images = ()
    """Pictures, and with a checkpoint that edits also clips and folders."""
    data: Folder = None
    """Prepared dataset instead: a neutral test frame of each character."""
    to: Mixtures = AFFECTS
    """Mixtures to show, such as joy:0.8, joy.laugh or fear:0.5+surprise:0.5, and expressions by name or file."""
    variants: Variants = ()
    """Variants of affects to show instead of the default ones, such as joy.laugh or anger.shout."""
    source_affect: MixtureText = None
    """Mixture that the given pictures show; the networks say it where not given."""
    face: FaceNumber = None
    """Face to edit, 0 being the largest, or all; the largest where not given."""
    points: PointTexts = ()
    """Left eye, other eye and mouth in pixels, where the face of a single picture is not found or not the one meant."""
    sheet: bool = False
    """Show the source beside its results: all on the picture --out, or a sheet for each picture in the folder --out."""
    out: Path = Path("transform.png")
    """Picture, clip or folder to write."""
    checkpoint: CheckpointName = None
    """Bundled name or folder; where not given, portrait for pictures if that is bundled, else open-cast."""

    def run(self) -> None:
        from fexgan import figures
        from fexgan.framing import parse_face
        from fexgan.retouch import Retouch

        named = named_mixtures(self.to)
        face = None if self.face is None else parse_face(self.face)
        model = open_model(self.checkpoint, self.images, self.data, self.variants)
        files = given_files(self.images, self.out, "--to")
        points = points_of(self, model, files)
        retouch = Retouch(model, told_source(self.source_affect), face, points=points)
        if retouched(retouch, files, named, self.out, self.sheet):
            return
        figures.check_one_face(face)
        opened = opened_faces(retouch, files, self.data, "transforming")
        rows = figures.transformed(opened, list(named.values()))
        pictures = {
            f"{name}-{label}": picture
            for name, row in rows.items()
            for label, picture in zip(named, row[1:], strict=True)
        }
        single = None if self.sheet else only(pictures)
        write_pictures(self.out, pictures, single or figures.transform_sheet(list(named), rows))


@dataclass(frozen=True)
class Blend:
    """Mix affects on faces: a sheet of each mixture between its parents, or a folder of the mixtures alone.

    A mixture whose strengths sum to more than 1 is scaled to share 1: anger+sadness is half of each.

    $ fexgan blend face.png --mixtures anger+sadness joy:0.7+surprise:0.3 --out blend.png
    $ fexgan blend --data out/dataset --out blend.png
    $ fexgan blend face.png --mixtures anger+sadness --optimise --save found --out blend.png
    """

    images: Images = ()
    """Pictures of one face each."""
    data: Folder = None
    """Prepared dataset instead: a neutral test frame of each character."""
    mixtures: Mixtures = PAPER_MIXTURES
    """Mixtures of two or more affects; the paper's three where not given."""
    variants: Variants = ()
    """Variants of affects to show instead of the default ones, such as joy.laugh or anger.shout."""
    source_affect: MixtureText = None
    """Mixture that the given pictures show; the networks say it where not given."""
    face: FaceNumber = None
    """Face to edit, 0 being the largest, or all; the largest where not given."""
    points: PointTexts = ()
    """Left eye, other eye and mouth in pixels, where the face of a single picture is not found or not the one meant."""
    optimise: bool = False
    """Find for each face the strengths with which the checkpoint itself reads the mixture off it; seconds each."""
    save: Folder = None
    """Folder to write the strengths found into, each as a named expression."""
    out: Path = Path("blend.png")
    """Picture or folder to write."""
    checkpoint: CheckpointName = None
    """Bundled name or folder; where not given, portrait for pictures if that is bundled, else open-cast."""

    def run(self) -> None:
        from fexgan import figures
        from fexgan.framing import parse_face
        from fexgan.retouch import Retouch
        from fexgan.synthesis import share_strength

        if self.save is not None and not self.optimise:
            raise InputError(f"no strengths are found to save in {self.save}; add --optimise")
        named = titled([share_strength(mixture) for mixture in named_mixtures(self.mixtures).values()])
        face = None if self.face is None else parse_face(self.face)
        model = open_model(self.checkpoint, self.images, self.data, self.variants)
        files = given_files(self.images, self.out, "--mixtures")
        points = points_of(self, model, files)
        labels = {mixture: label for label, mixture in named.items()}
        tune = partial(self._tune, labels) if self.optimise else None
        retouch = Retouch(model, told_source(self.source_affect), face, tune, points)
        if is_folder(self.out) and retouched(retouch, files, named, self.out):
            return
        figures.check_one_face(face)
        rows = figures.blended(opened_faces(retouch, files, self.data, "blending"), named, tune)
        pictures = {f"{name}-{label}": blend.blended for name, row in rows.items() for label, blend in row.items()}
        write_pictures(self.out, pictures, figures.blend_sheet(rows))

    def _tune(self, labels: Mapping[Mixture, str], name: str, opened: Sitter | Portrait, mixture: Mixture) -> Mixture:
        """The strengths for one face, told and saved under the mixture's label."""
        from fexgan.expressions import write_expression
        from fexgan.media import file_name
        from fexgan.optimising import optimise
        from fexgan.terminal import say

        optimised = optimise(opened, mixture)
        say(f"{name}: {optimised}")
        if self.save is not None:
            path = self.save / f"{file_name(f'{name}-{labels[mixture]}')}.yaml"
            write_expression(path, optimised.mixture, f"{mixture} on {name}")
        return optimised.mixture
