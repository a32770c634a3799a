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
from fexgan.media import write_text_atomically
from fexgan.retouch import UserFile, read_source
from fexgan.synthesis import Model
from fexgan.terminal import tracked, warn

TABLE_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True)
class Reading:
    """What one face shows."""

    shares: Mapping[str, float]
    """Affect -> how much of what is shown is that, summing to 1: of a model that edits, the strengths that it reads, so
    a half smile is half joy and half neutral; of one that draws, how probable it holds each to be."""
    strength: float
    """How far from neutral, in [0, 1]: as a model that edits reads it; of one that draws, the probability of not being
    neutral, on held-out frames off by 0.13 in the mean."""

    @property
    def affect(self) -> str:
        """The one with the largest share."""
        return max(self.shares, key=self.shares.__getitem__)

    def to_dict(self) -> dict[str, object]:
        """Plain values in four decimals."""
        shares = {affect: round(share, 4) for affect, share in self.shares.items()}
        return {"affect": self.affect, "strength": round(self.strength, 4), "shares": shares}


def read_face(model: Model | Editor, path: Path) -> Reading:
    """What the largest face of a picture file shows. Raises InputError."""
    shares = model.classify(read_source(model, path))
    return Reading(shares, 1.0 - shares[NEUTRAL])


def read_faces(model: Model | Editor, files: Sequence[UserFile]) -> dict[str, Reading]:
    """What each file shows, by its path; tells of files that are left out and why.

    Raises InputError, with the first reason, where none can be read.
    """
    readings: dict[str, Reading] = {}
    reasons: list[str] = []
    for file in tracked(files, "reading faces"):
        try:
            readings[str(file.path)] = read_face(model, file.path)
        except InputError as error:
            reasons.append(f"{file.path}: {error}")
    if not readings:
        raise InputError(reasons[0])
    for reason in reasons:
        warn(f"left out {reason}")
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
