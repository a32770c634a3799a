"""Who is who through a shot of a clip: the faces of one frame after another, told apart by where they are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fexgan.errors import InputError
from fexgan.faces import Face
from fexgan.framing.locate import face_numbers, flaw

FARTHEST_STEP = 0.6
"""How far a face moves from one sighting to the next at most, in widths of its box."""
HELD_S = 0.3
"""A face that is out of sight for this long, blinked away by the finder or a hand, is edited all the same."""
FADED_S = 0.3
"""After that the edit fades out over this time, and in again before the face comes back."""


@dataclass(eq=False)
class Track:
    """One face through a shot."""

    sightings: dict[int, Face] = field(default_factory=dict)
    """The face by frame of the shot, wherever it was seen, in the order of the frames."""

    @property
    def last(self) -> Face:
        return next(reversed(self.sightings.values()))

    @property
    def area(self) -> float:
        """Of the face box, summed over the shot: who is large and long in view comes first."""
        return sum(face.box.width * face.box.height for face in self.sightings.values())

    def usable(self) -> dict[int, Face]:
        """The sightings in which the face can be edited."""
        return {frame: face for frame, face in self.sightings.items() if not flaw(face)}


def follow_faces(frames: Sequence[Sequence[Face]]) -> list[Track]:
    """The tracks of all faces of a shot, given those of each frame; largest first.

    A face goes on with the nearest track that ended near it, however long ago, and otherwise begins one.
    """
    tracks: list[Track] = []
    for frame, faces in enumerate(frames):
        pairs = sorted(
            (step, index, number)
            for index, face in enumerate(faces)
            for number, track in enumerate(tracks)
            if (step := _step(track.last, face)) < FARTHEST_STEP
        )
        taken: dict[int, int] = {}
        for _, index, number in pairs:
            if index not in taken and number not in taken.values():
                taken[index] = number
        for index, face in enumerate(faces):
            if index not in taken:
                taken[index] = len(tracks)
                tracks.append(Track())
            tracks[taken[index]].sightings[frame] = face
    return sorted(tracks, key=lambda track: track.area, reverse=True)


def presence(sighted: Sequence[int], frames: int, fps: float) -> NDArray[np.float64]:
    """How much of an edit shows in each frame, in [0, 1]: all where the face is seen, nothing where it is long gone.

    `sighted`: the frames in which it is seen, at least one.
    """
    seen, now = np.sort(sighted), np.arange(frames)
    following = np.searchsorted(seen, now)  # the sighting at each frame, or the first after it
    nearest = np.minimum(
        np.abs(now - seen[np.maximum(following - 1, 0)]), np.abs(now - seen[np.minimum(following, len(seen) - 1)])
    )
    return np.clip((HELD_S + FADED_S - nearest / fps) / FADED_S, 0.0, 1.0)


def choose_tracks(shots: Sequence[Sequence[Track]], index: int | None) -> list[list[Track]]:
    """Of the tracks of each shot of a clip: track `index` of every shot, 0 being its largest, or with None all of them.

    Those that cannot be edited are left out, and a shot with fewer faces has none. Raises InputError where none of all
    is left, with the flaw of the largest.
    """
    most = max(map(len, shots), default=0)
    if not most:
        raise InputError("no face found in the clip; give one with a face seen from the front")
    if index is not None and not 0 <= index < most:
        raise InputError(f"face {index} is not in the clip; {face_numbers(most)}")
    asked = [list(tracks if index is None else tracks[index : index + 1]) for tracks in shots]
    chosen = [[track for track in tracks if track.usable()] for tracks in asked]
    if not any(chosen):
        largest = max(itertools.chain(*asked), key=lambda track: track.area)
        raise InputError(f"{flaw(largest.last)}, or another clip")
    return chosen


def _step(before: Face, after: Face) -> float:
    """How far a face would have moved, in widths of the wider of the two boxes."""
    moved = math.dist(before.landmarks.mean(axis=0), after.landmarks.mean(axis=0))
    return moved / max(before.box.width, after.box.width, 1e-9)
