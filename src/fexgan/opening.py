"""A face of a user's picture, opened by whatever model a verb was given."""

from __future__ import annotations

from fexgan.editing import Editor, Portrait
from fexgan.errors import InputError
from fexgan.framing import FaceChoice, NoFace, Points
from fexgan.media import Pixels
from fexgan.picture import LoadedPicture
from fexgan.synthesis import MixtureLike, Model, Sitter


def open_source(
    model: Model | Editor,
    source: Pixels | LoadedPicture,
    source_affect: MixtureLike | None,
    face: FaceChoice,
    points: Points | None,
) -> Sitter | Portrait:
    """The face, opened; `points`, for a model that edits, say where it is.

    Raises InputError as the model's `open` does, with the flag that helps where no face is found.
    """
    if not isinstance(model, Editor):
        return model.open(source, source_affect, face)
    try:
        return model.open(source, source_affect, face, points)
    except NoFace as error:
        raise InputError(f"{error}, or say where its eyes and its mouth are: --points") from None
