"""The face of a user's picture, opened by whatever model a verb was given."""

from __future__ import annotations

from pathlib import Path

from fexgan.editing import Editor, Portrait
from fexgan.errors import InputError
from fexgan.familiarity import tell_if_unfamiliar
from fexgan.framing import FaceChoice, NoFace, Points
from fexgan.media import read_image
from fexgan.picture import open_picture
from fexgan.synthesis import MixtureLike, Model, Sitter


def open_file(
    model: Model | Editor, path: Path, source_affect: MixtureLike | None, face: FaceChoice, points: Points | None
) -> Sitter | Portrait:
    """The face in a picture file; a model that edits keeps all that goes along with the pixels.

    `points`, for such a model, say where the face is. Says where a model that draws does not know the face. Raises
    InputError as the model's `open` does, with the flag that helps where no face is found.
    """
    if not isinstance(model, Editor):
        sitter = model.open(read_image(path), source_affect, face)
        tell_if_unfamiliar(sitter, str(path))
        return sitter
    try:
        return model.open(open_picture(path), source_affect, face, points)
    except NoFace as error:
        raise InputError(f"{error}, or say where its eyes and its mouth are: --points") from None
