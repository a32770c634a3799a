"""Whether a take that stands is the one that is asked for, by its sidecar: so that settings never mix in footage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fexgan.errors import InputError
from fexgan.manifest import MOTION_COLUMNS, Take, read_sidecar

ROUNDING = 2e-4
"""How far numbers may be apart: the columns of a sidecar have four decimals."""
TOLD = ("stills", "recording", "size_px", "fps", "frames", "close_up", "samples", "crf")
"""What an error gives the values of."""
EXPLAINED = {"units": "units: what the recording or the recipes play has changed"}
"""What an error says of values that are too many to give."""
LEARNED_LATE = ("samples", "crf")
"""What sidecars of earlier versions, such as those of the footage in the repository, do not tell."""


def check_standing(clip: Path, asked: Take, close_up: bool) -> None:
    """Raise InputError unless the sidecar of `clip` tells of the take that is `asked` for.

    What takes a figure to compute, landmarks and the window, `asked` need not hold, and is not compared, but for
    whether there is a window, `close_up`. Light samples and quality are compared where the sidecar tells them.
    """
    sidecar, way_out = clip.with_suffix(".json"), "film into another folder, or remove it to film it anew"
    if not sidecar.exists():
        raise InputError(f"{clip} has no sidecar that tells how it was filmed; {way_out}")
    standing = read_sidecar(sidecar)
    known, wanted = _settings(standing, standing.window_px is not None, asked), _settings(asked, close_up, asked)
    for name in wanted | known:
        if name in LEARNED_LATE and name not in known:
            continue
        one, other = known.get(name), wanted.get(name)
        if not _alike(one, other):
            told = f"{name} {one!r}, not {other!r}" if name in TOLD else EXPLAINED.get(name, name)
            raise InputError(f"{clip} was filmed otherwise ({told}); {way_out}")


def _settings(take: Take, close_up: bool, asked: Take) -> dict[str, Any]:
    """What a take was filmed with, by name, and those columns that the take `asked` for has."""
    frames = take.frames
    return {
        **take.performance,
        "size_px": take.size_px,
        "fps": take.fps,
        "close_up": close_up,
        "frames": len(frames),
        "seed": take.seed,
        **{f"{name} of the character": value for name, value in take.character_parameters.items()},
        "strength": frames.strength,
        **{name: getattr(frames, name) for name in MOTION_COLUMNS},
        **{name: frames.extra.get(name) for name in asked.frames.extra},
    }


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON gives them back, numbers but for their rounding."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= ROUNDING
    return one == other
