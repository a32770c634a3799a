"""What faces show: the affect, how strongly, and the share of each; as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fexgan.affects import AFFECTS, NEUTRAL
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.faces import own_finder
from fexgan.framing import choose_face, face_square, find_faces
from fexgan.media import read_image, write_text_atomically
from fexgan.picture import LoadedPicture, open_picture
from fexgan.reading import mixture_read
from fexgan.retouch import UserFile, refusal_of
from fexgan.synthesis import Model, require
from fexgan.terminal import tracked, usable, warn

TABLE_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True)
class Reading:
    """What one face shows."""

    shares: Mapping[str, float]
    """Affect -> how much of what is read is that, summing to 1: of a model that edits, the strengths that it reads, so
    a half smile is half joy and half neutral; of one that draws, how probable it holds each to be."""
    affect: str
    """What the face is said to show: of a model that edits, the strongest of what counts (`reading.LEAST_READ`), which
    is what editing takes away first; of one that draws, the one with the largest share."""
    strength: float
    """How far from neutral, in [0, 1]: of a model that edits, what counts, so 0 for a calm face; of one that draws, the
    probability of not being neutral, on held-out frames off by 0.13 in the mean."""
    faces: int = 1
    """How many faces the picture shows; this is about the largest."""

    def to_dict(self) -> dict[str, object]:
        """Plain values in four decimals."""
        shares = {affect: round(share, 4) for affect, share in self.shares.items()}
        return {"affect": self.affect, "strength": round(self.strength, 4), "shares": shares}


def read_face(model: Model | Editor, path: Path) -> Reading:
    """What the largest face of a picture file shows. Raises InputError."""
    if isinstance(model, Editor):
        return _read_to_edit(model, open_picture(path))
    pixels = read_image(path)
    shares = model.classify(pixels)
    whole = pixels.shape[:2] == (model.image_size_px,) * 2  # and then nobody looks for faces in it
    count = 1 if whole else len(own_finder().find_all(pixels))
    return Reading(shares, max(shares, key=shares.__getitem__), 1.0 - shares[NEUTRAL], count)


def _read_to_edit(editor: Editor, picture: LoadedPicture) -> Reading:
    """What an editor finds in a picture, and would take away."""
    require(editor.networks, "classify", "name affects")
    faces = find_faces(picture, own_finder(), any_way_up=True)
    vector = editor.read(picture, face_square(choose_face(faces).landmarks, editor.framing))
    shares = {affect: share / sum(vector) for affect, share in zip(AFFECTS, vector, strict=True)}
    counts = dict(mixture_read(vector).strengths)
    affect = max(counts, key=counts.__getitem__)
    return Reading(shares, affect, 0.0 if affect == NEUTRAL else min(1.0, sum(counts.values())), len(faces))


def read_faces(model: Model | Editor, files: Sequence[UserFile]) -> dict[str, Reading]:
    """What each file shows, by its path; tells of files that are left out and why, and of those with several faces.

    Raises InputError, with the first reason, where none can be read.
    """

    def use(file: UserFile) -> Reading:
        return read_face(model, file.path)

    read = usable(tracked(files, "reading faces"), use, refusal_of, warn)
    readings = {str(file.path): reading for file, reading in read}
    for path, reading in readings.items():
        if reading.faces > 1:
            warn(f"{path} shows {reading.faces} faces; the largest is read")
    return readings


def to_json(readings: Mapping[str, Reading]) -> str:
    """An object by file: affect, strength, shares."""
    return json.dumps({name: reading.to_dict() for name, reading in readings.items()}, indent=1, ensure_ascii=False)


def to_csv(readings: Mapping[str, Reading]) -> str:
    """A line for each file: file, affect, strength, and the share of each affect."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "affect", "strength", *AFFECTS])
    for name, reading in readings.items():
        values = [reading.strength, *(reading.shares[affect] for affect in AFFECTS)]
        writer.writerow([name, reading.affect, *(f"{value:.4f}" for value in values)])
    return text.getvalue()


def check_table(out: Path) -> None:
    """Raise InputError unless `out` is named as CSV or JSON."""
    if out.suffix.lower() not in TABLE_SUFFIXES:
        raise InputError(f"cannot write a table as {out}; end its name in .csv or .json")


def write_table(out: Path, readings: Mapping[str, Reading]) -> None:
    """Write readings as CSV or JSON, as the suffix of `out` says, atomically. Raises InputError."""
    check_table(out)
    text = to_csv(readings) if out.suffix.lower() == ".csv" else to_json(readings) + "\n"
    write_text_atomically(out, text)
