"""The face of a user's picture, opened by whatever model a verb was given."""

from __future__ import annotations

from pathlib import Path

from fexgan.editing import Editor, Portrait
from fexgan.errors import InputError
from fexgan.faces import own_finder
from fexgan.familiarity import tell_if_unfamiliar
from fexgan.framing import FaceChoice, NoFace, Points, near_faces
from fexgan.media import read_image
from fexgan.picture import open_picture
from fexgan.synthesis import MixtureLike, Model, Sitter
from fexgan.terminal import warn


def open_file(
    model: Model | Editor, path: Path, source_affect: MixtureLike | None, face: FaceChoice, points: Points | None
) -> Sitter | Portrait:
    """The face in a picture file; a model that edits keeps all that goes along with the pixels.

    `points`, for such a model, say where the face is. Says where a model that draws does not know the face, and where
    there were others to choose from. Raises InputError as the model's `open` does, with the flag that helps where no
    face is found.
    """
    if not isinstance(model, Editor):
        sitter = model.open(read_image(path), source_affect, face)
        tell_if_unfamiliar(sitter, str(path))
        return sitter
    picture = open_picture(path)
    try:
        portrait = model.open(picture, source_affect, face, points)
    except NoFace as error:
        told = "say where its eyes and its mouth are, on that picture alone: --points"
        raise InputError(f"{error}, or {told}") from None
    if face is None and points is None and (count := near_faces(picture, own_finder())) > 1:
        warn(f"{path} shows {count} faces; the largest is edited, --face 1 the next, --face all each of them")
    return portrait
