"""What the verbs on faces share: the model and the pictures that flags name, and where pictures are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fexgan.affects import AFFECTS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.verbs.flags import BUNDLED, EDITING

if TYPE_CHECKING:
    from PIL import Image

    from fexgan.editing import Editor
    from fexgan.figures import Tune
    from fexgan.framing import FaceChoice
    from fexgan.media import Pixels
    from fexgan.picture import LoadedPicture
    from fexgan.synthesis import Model


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

    `variants`: those that its affects are to take; only a model that edits knows any. Raises InputError.
    """
    from fexgan import bundled, load

    if bool(images) == (data is not None):
        raise InputError("give either pictures or --data with a prepared dataset")
    suited = EDITING if images and EDITING in bundled.checkpoint_names() else BUNDLED
    model = load(checkpoint or suited)
    if not variants:
        return model
    if "edit" not in model.networks.capabilities:
        name = checkpoint or suited
        raise InputError(f"checkpoint {name} knows no variants; choose one that edits, or leave --variants out")
    return model.taking(*variants)


def retouched(
    model: Model | Editor,
    images: Sequence[Path],
    targets: Mapping[str, Mixture],
    out: Path,
    source_affect: str | None,
    face: FaceChoice,
    sheets: bool = False,
    tune: Tune | None = None,
) -> bool:
    """Write a file, or with `sheets` a sheet, for each picture; say whether, for one sheet of all is not made here."""
    from fexgan.retouch import Retouch, user_files
    from fexgan.terminal import say_wrote

    if not images:
        return False
    retouch = Retouch(model, None if source_affect is None else Mixture.parse(source_affect), face, tune)
    files = user_files(images, out)
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
    images: Sequence[Path],
    data: Path | None,
    out: Path,
    source_affect: str | None,
    characters: Sequence[str] = (),
) -> tuple[Mapping[str, Pixels | LoadedPicture], Mixture | None]:
    """The faces to start from, by name, and the affect they show where that is known.

    Files can be called by the names, whatever a stranger's dataset says.
    """
    if data is None:
        from fexgan.familiarity import tell_if_unfamiliar
        from fexgan.retouch import read_source, user_files
        from fexgan.synthesis import Model

        shown = None if source_affect is None else Mixture.parse(source_affect)
        pictures = {}
        for file in user_files(images, out):
            picture = pictures[file.title] = read_source(model, file.path)
            if isinstance(model, Model) and "encode" in model.networks.capabilities:
                tell_if_unfamiliar(model.open(picture, shown), str(file.path))
        return pictures, shown
    from fexgan.dataset import FaceDataset
    from fexgan.figures import neutral_faces
    from fexgan.media import file_name, free_name

    faces = neutral_faces(FaceDataset.load(data, "test"))
    for name in characters:
        if name not in faces:
            raise InputError(f"character {name!r} is not in the dataset; choose from {', '.join(faces)}")
    taken: set[str] = set()
    named = {free_name(file_name(name), taken): faces[name] for name in dict.fromkeys(characters or faces)}
    return named, Mixture.parse(source_affect or NEUTRAL)


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
