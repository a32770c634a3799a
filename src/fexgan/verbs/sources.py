"""What the verbs on faces share: the model and the pictures that flags name, and where pictures are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fexgan.affects import AFFECTS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.verbs.flags import BUNDLED, EDITING

if TYPE_CHECKING:
    from PIL import Image

    from fexgan.editing import Editor
    from fexgan.figures import Tune
    from fexgan.framing import FaceChoice, Points
    from fexgan.media import Pixels
    from fexgan.picture import LoadedPicture
    from fexgan.retouch import UserFile
    from fexgan.synthesis import Model


class Pointing(Protocol):
    """A verb that can be told where the face is."""

    data: Path | None
    face: str | None
    points: Sequence[str]


WRITTEN = ("out", "dataset", "save", "units")
"""Flags that name what is written."""


def named_mixtures(texts: Sequence[str]) -> dict[str, Mixture]:
    """Mixtures by what to call them: their own text, or the name of an expression. Raises InputError for none."""
    from fexgan.expressions import named_mixture
    from fexgan.media import free_name

    if not texts:
        raise InputError(f"no affect is named; choose from {', '.join(AFFECTS)}, or mix them as in joy:0.8")
    named: dict[str, Mixture] = {}
    taken: set[str] = set()
    for name, mixture in map(named_mixture, dict.fromkeys(texts)):
        named[free_name(name, taken)] = mixture
    return named


def check_paths(flags: Mapping[str, object]) -> None:
    """Raise InputError where `-` stands for a file, which elsewhere means standard input or output.

    `flags`: the values of a verb's flags by name.
    """
    for name, value in flags.items():
        if Path("-") not in (value if isinstance(value, tuple) else (value,)):
            continue
        if name in WRITTEN:
            raise InputError(f"--{name} - is no place for results; they go to files, name one or a folder")
        raise InputError("'-' is no file or folder: standard input is not read; name one")


def is_folder(out: Path) -> bool:
    """Whether results go into `out` as files: it has no suffix, or is a folder, whatever it is called."""
    return not out.suffix or out.is_dir()


def titled(mixtures: Sequence[Mixture]) -> dict[str, Mixture]:
    """Mixtures by their affects alone, or where those do not tell them apart, by their text."""
    names = [mixture.name for mixture in mixtures]
    return {one.name if names.count(one.name) == 1 else str(one): one for one in mixtures}


def open_model(
    checkpoint: str | None, images: Sequence[Path], data: Path | None, variants: Sequence[str] = ()
) -> Model | Editor:
    """The model that a verb asks for by name, or else the bundled one that suits what it is to work on.

    `variants`: those that its affects are to take; only a model that edits knows any. Says which one works on a
    dataset where none is named. Raises InputError.
    """
    from fexgan import bundled, load
    from fexgan.terminal import say

    if bool(images) == (data is not None):
        raise InputError("give either pictures or --data with a prepared dataset")
    suited = EDITING if images and EDITING in bundled.checkpoint_names() else BUNDLED
    model = load(checkpoint or suited)
    if checkpoint is None and data is not None:
        say(f"checkpoint {suited} draws the faces of {data}; --checkpoint names another")
    if not variants:
        return model
    if "edit" not in model.networks.capabilities:
        name = checkpoint or suited
        raise InputError(f"checkpoint {name} knows no variants; choose one that edits, or leave --variants out")
    return model.taking(*variants)


def points_of(verb: Pointing, model: Model | Editor, files: Sequence[UserFile]) -> Points | None:
    """Where a verb's `points` say that the face is in the one of its `files`, None where they say nothing.

    Raises InputError for what is no three points, and for anything but one picture whose face is not named otherwise.
    """
    from fexgan.editing import Editor
    from fexgan.framing import parse_points

    if not verb.points:
        return None
    if verb.data is not None:
        raise InputError("--points says where the face of a picture is, not those of --data; leave one of them out")
    if verb.face is not None:
        raise InputError(f"--points says which face is meant, and so does --face {verb.face}; leave one of them out")
    if not isinstance(model, Editor):
        raise InputError("--points is for checkpoints that edit, and this one draws; choose another, or leave it out")
    if len(files) > 1:
        raise InputError(f"--points says where the face of one picture is, and {len(files)} came; give one at a time")
    if files[0].is_clip:
        raise InputError(f"--points is for a picture, and {files[0].path} is a clip, whose face moves; leave it out")
    return parse_points(" ".join(verb.points))


def retouched(
    model: Model | Editor,
    files: Sequence[UserFile],
    targets: Mapping[str, Mixture],
    out: Path,
    source_affect: str | None,
    face: FaceChoice,
    sheets: bool = False,
    tune: Tune | None = None,
    points: Points | None = None,
) -> bool:
    """Write a file, or with `sheets` a sheet, for each picture; say whether, for one sheet of all is not made here."""
    from fexgan.expressions import named_mixture
    from fexgan.retouch import Retouch
    from fexgan.terminal import say_wrote

    if not files:
        return False
    retouch = Retouch(model, None if source_affect is None else named_mixture(source_affect)[1], face, tune, points)
    if sheets and not is_folder(out):
        return False
    if sheets:
        retouch.sheets_to_folder(files, targets, out)
    elif is_folder(out):
        retouch.to_folder(files, targets, out)
    elif len(files) == len(targets) == 1:
        retouch.to_file(files[0], next(iter(targets.values())), out)
        say_wrote(out)
    else:
        return False
    return True


def sources_of(
    model: Model | Editor,
    files: Sequence[UserFile],
    data: Path | None,
    source_affect: str | None,
    characters: Sequence[str] = (),
) -> tuple[Mapping[str, Pixels | LoadedPicture], Mixture | None]:
    """The faces to start from, by name, and the affect they show where that is known.

    Of a dataset these are test frames, or where it has none train frames. Files can be called by the names, whatever a
    stranger's dataset says. Raises InputError where there is no face to start from.
    """
    from fexgan.expressions import named_mixture

    if data is None:
        shown = None if source_affect is None else named_mixture(source_affect)[1]
        return _with_faces(model, files, shown), shown
    from fexgan.media import file_name, free_name

    faces = _of_dataset(model, data, characters)
    taken: set[str] = set()
    named = {free_name(file_name(name), taken): face for name, face in faces.items()}
    return named, named_mixture(source_affect or NEUTRAL)[1]


def _with_faces(
    model: Model | Editor, files: Sequence[UserFile], shown: Mixture | None
) -> dict[str, Pixels | LoadedPicture]:
    """The pictures with a face that can be worked on, by title; tells of files that are left out and why, and of faces
    that are nobody a model that draws knows.

    Raises InputError, with the first reason, where none is left.
    """
    from fexgan.editing import Editor
    from fexgan.faces import FaceFinder
    from fexgan.familiarity import tell_if_unfamiliar
    from fexgan.framing import find_faces, usable_faces
    from fexgan.naming import refusal_of
    from fexgan.retouch import read_source
    from fexgan.terminal import usable

    finder = FaceFinder()

    def use(file: UserFile) -> Pixels | LoadedPicture:
        picture = read_source(model, file.path)
        if isinstance(model, Editor) and len(files) > 1:  # where the face of a single one is, points may say
            usable_faces(find_faces(picture, finder, any_way_up=True))
        elif "encode" in model.networks.capabilities:
            tell_if_unfamiliar(model.open(picture, shown), str(file.path))
        return picture

    return {file.title: picture for file, picture in usable(files, "looking for faces", use, refusal_of)}


def _of_dataset(model: Model | Editor, data: Path, characters: Sequence[str]) -> dict[str, Pixels]:
    """A neutral face of every character of a dataset, or of those named; tells of those that a model that draws does
    not know. Raises InputError."""
    from fexgan.dataset import FaceDataset, split_names
    from fexgan.familiarity import tell_if_unfamiliar
    from fexgan.figures import neutral_faces
    from fexgan.synthesis import Model
    from fexgan.terminal import say

    split = "test"
    if split not in split_names(data):
        split = "train"
        say(f"dataset {data} has no test split; its train frames are shown, which the model may have learned")
    dataset = FaceDataset.load(data, split)
    faces = neutral_faces(dataset)
    for name in characters:
        if name not in faces:
            raise InputError(f"character {name!r} is not in the dataset; choose from {', '.join(faces)}")
    chosen = {name: faces[name] for name in dict.fromkeys(characters or faces)}
    # Who was learned from just this dataset is the cast, however badly a short training redraws it.
    learned = model.checkpoint.metadata.dataset_fingerprint == dataset.fingerprint
    if isinstance(model, Model) and "encode" in model.networks.capabilities and not learned:
        for name, face in chosen.items():
            tell_if_unfamiliar(model.open(face, NEUTRAL), name)
    return chosen


def only(pictures: Mapping[str, Image.Image]) -> Image.Image | None:
    """The one picture, None where there are more."""
    return next(iter(pictures.values())) if len(pictures) == 1 else None


def write_pictures(out: Path, pictures: Mapping[str, Image.Image], sheet: Image.Image) -> None:
    """Write `pictures` by name into `out` where that is a folder, else `sheet` to the file `out`."""
    from fexgan.media import file_name, free_name, write_image
    from fexgan.terminal import say, say_wrote

    if not is_folder(out):
        write_image(out, sheet)
        say_wrote(out)
        return
    taken: set[str] = set()
    for name, picture in pictures.items():
        write_image(out / f"{free_name(file_name(name), taken)}.png", picture)
    say(f"wrote {len(pictures)} pictures to {out}")
