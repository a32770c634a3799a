"""What the verbs on faces share: the model and the pictures that flags name, and where pictures are written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fexgan.affects import AFFECTS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.verbs.flags import BUNDLED, EDITING

if TYPE_CHECKING:
    from PIL import Image

    from fexgan.editing import Editor, Portrait
    from fexgan.framing import Points
    from fexgan.retouch import Retouch, UserFile
    from fexgan.synthesis import Model, Sitter


class Pointing(Protocol):
    """A verb that can be told where the face is."""

    data: Path | None
    face: str | None
    points: Sequence[str]


WRITTEN = ("out", "dataset", "save", "units")
"""Flags that name what is written."""


def named_mixtures(texts: Sequence[str]) -> dict[str, Mixture]:
    """Mixtures by what to call them: their own text, or the name of an expression.

    What is asked for twice, be it in another order, is there once. Raises InputError for none, and for what shells
    make of spaces and commas.
    """
    from fexgan.expressions import named_mixture
    from fexgan.media import free_name

    if not texts:
        raise InputError(f"no affect is named; choose from {', '.join(AFFECTS)}, or mix them as in joy:0.8")
    _refuse_slips(texts)
    asked: dict[object, tuple[str, Mixture]] = {}
    for name, mixture in map(named_mixture, texts):
        key = frozenset(name.split("+")), frozenset(mixture.strengths), frozenset(mixture.variants)
        asked.setdefault(key, (name, mixture))
    taken: set[str] = set()
    return {free_name(name, taken): mixture for name, mixture in asked.values()}


def _refuse_slips(texts: Sequence[str]) -> None:
    """Raise InputError for a picture among mixtures, and for pieces of what was to be one mixture or a list."""
    from fexgan.media import CLIP_SUFFIXES, READ_SUFFIXES

    for text in texts:
        words = text.strip()
        if Path(words).suffix.lower() in (*READ_SUFFIXES, *CLIP_SUFFIXES):
            raise InputError(
                f"{text} is a file, where a mixture such as joy:0.8 is wanted; name files before the flags"
            )
        if words.startswith("+") or words.endswith("+"):
            raise InputError(f"{text!r} is a piece of a mixture; write it without spaces, as in anger+sadness")
        if words.endswith(","):
            raise InputError(f"{text!r} ends in a comma; leave it out, several mixtures are parted by spaces")


def given_files(images: Sequence[Path], out: Path, flag: str) -> list[UserFile]:
    """`user_files`, of which none is a mixture that belongs after `flag`. Raises InputError."""
    from fexgan.retouch import user_files

    for path in images:
        if not os.path.exists(path) and _is_mixture(str(path)):
            raise InputError(f"{path} is no file but a mixture; write it after {flag}")
    return user_files(images, out)


def _is_mixture(text: str) -> bool:
    from fexgan.expressions import named_mixture

    try:
        named_mixture(text)
    except InputError:
        return False
    return True


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


def told_source(text: str | None) -> Mixture | None:
    """The mixture that a flag says the pictures show, None where it says nothing. Raises InputError."""
    from fexgan.expressions import named_mixture

    return None if text is None else named_mixture(text)[1]


def retouched(
    retouch: Retouch, files: Sequence[UserFile], targets: Mapping[str, Mixture], out: Path, sheets: bool = False
) -> bool:
    """Write a file, or with `sheets` a sheet, for each picture; say whether, for one sheet of all is not made here."""
    from fexgan.terminal import say_wrote

    if not files or (sheets and not is_folder(out)):
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


def opened_faces(
    retouch: Retouch, files: Sequence[UserFile], data: Path | None, stage: str, characters: Sequence[str] = ()
) -> Iterator[tuple[str, Sitter | Portrait]]:
    """The faces to start from, opened one by one as `retouch` looks at them, by names that files can have.

    Of a dataset these are test frames, or where it has none train frames. Tells at the end of faces that are left out
    and why. `stage`: what is done with them meanwhile. Raises InputError, with the first reason, where none is left.
    """
    from fexgan.retouch import refusal_of
    from fexgan.terminal import tracked, usable

    if data is not None:
        return _of_dataset(retouch, data, stage, characters)
    return ((file.title, opened) for file, opened in usable(tracked(files, stage), retouch.open, refusal_of))


def _of_dataset(
    retouch: Retouch, data: Path, stage: str, characters: Sequence[str]
) -> Iterator[tuple[str, Sitter | Portrait]]:
    """A neutral face of every character of a dataset, or of those named; tells of those that a model that draws does
    not know. Names are safe as names of files, whatever a stranger's dataset says. Raises InputError."""
    from fexgan.dataset import FaceDataset, split_names
    from fexgan.familiarity import tell_if_unfamiliar
    from fexgan.figures import neutral_faces
    from fexgan.media import file_name, free_name
    from fexgan.synthesis import Sitter
    from fexgan.terminal import say, tracked, usable

    split = "test"
    if split not in split_names(data):
        split = "train"
        say(f"dataset {data} has no test split; its train frames are shown, which the model may have learned")
    dataset = FaceDataset.load(data, split)
    faces = neutral_faces(dataset)
    for name in characters:
        if name not in faces:
            raise InputError(f"character {name!r} is not in the dataset; choose from {', '.join(faces)}")
    taken: set[str] = set()
    named = {free_name(file_name(name), taken): faces[name] for name in dict.fromkeys(characters or faces)}
    shown = Mixture.parse(NEUTRAL) if retouch.source_affect is None else retouch.source_affect
    # Who was learned from just this dataset is the cast, however badly a short training redraws it.
    learned = retouch.model.checkpoint.metadata.dataset_fingerprint == dataset.fingerprint

    def use(name: str) -> Sitter | Portrait:
        opened = retouch.model.open(named[name], shown, retouch.face)
        if isinstance(opened, Sitter) and not learned:
            tell_if_unfamiliar(opened, name)
        return opened

    return usable(tracked(list(named), stage), use, lambda name, error: f"{name}: {error}")


def only(pictures: Mapping[str, Image.Image]) -> Image.Image | None:
    """The one picture, None where there are more."""
    return next(iter(pictures.values())) if len(pictures) == 1 else None


def write_pictures(out: Path, pictures: Mapping[str, Image.Image], sheet: Image.Image) -> None:
    """Write `pictures` by name into `out` where that is a folder, else `sheet` to the file `out`."""
    from fexgan.media import file_name, free_name, write_image
    from fexgan.tables import counted
    from fexgan.terminal import say, say_wrote

    if not is_folder(out):
        write_image(out, sheet)
        say_wrote(out)
        return
    taken: set[str] = set()
    for name, picture in pictures.items():
        write_image(out / f"{free_name(file_name(name), taken)}.png", picture)
    say(f"wrote {counted(len(pictures), 'picture')} to {out}")
