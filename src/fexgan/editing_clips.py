"""Clips in, clips out: a face is followed through a clip and edited in every frame, without trembling.

A clip is read one frame at a time, and as often as it takes: where the faces are and what they show is smoothed over
time before the first frame is edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import Mixture, Target
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.faces import FaceFinder
from fexgan.framing import (
    FaceSquare,
    Track,
    carry_back,
    choose_tracks,
    find_faces,
    follow_faces,
    presence,
    steady_squares,
)
from fexgan.media import Pixels
from fexgan.picture import LoadedPicture
from fexgan.reading import mixtures_read
from fexgan.variants import check_known
from fexgan.video import count_clip_frames, even_sides, read_clip, write_clip

if TYPE_CHECKING:
    from fexgan.editing import Editor
    from fexgan.synthesis import MixtureLike

Tell = Callable[[str, int, int], None]
"""Is told the stage, how many frames are done, and of how many."""
Frames = Iterable[tuple[LoadedPicture, float]]
"""The pictures of a clip and their times in seconds."""

FALLBACK_FPS = 24.0


@dataclass(frozen=True, eq=False)
class Part:
    """One face's part in a clip; a value for every frame each."""

    squares: list[FaceSquare]
    presence: NDArray[np.float64]
    """How much of the edit shows, in [0, 1]."""


def transform_clip(
    editor: Editor,
    source: Path,
    results: Mapping[Path, Target],
    source_affect: MixtureLike | None,
    face: int | Literal["all"] | None,
    tell: Tell | None,
) -> None:
    """Write the clip `source` once for every target, to the path that the target has in `results`; its faces are found
    and read once for all. Else see `Editor.transform_clip`.

    Raises InputError for unknown variants and for what is no clip, and where no face can be edited.
    """
    for out, target in results.items():
        check_known(target.variants, editor.checkpoint.config.model.variants)
        if out.suffix.lower() != ".mp4":
            raise InputError(f"cannot write a clip as {out}; end its name in .mp4")
    total = count_clip_frames(source)

    def frames(stage: str) -> Iterator[tuple[LoadedPicture, float]]:
        for index, (pixels, time_s) in enumerate(read_clip(source)):
            yield LoadedPicture(pixels), time_s
            if tell is not None:
                tell(stage, index + 1, total)

    finder = FaceFinder()
    found = [(find_faces(picture, finder), time_s) for picture, time_s in frames("finding faces")]
    if not found:
        raise InputError(f"{source} has no frames; give a clip with pictures in it")
    faces, times_s = zip(*found, strict=True)
    fps = pace(times_s)
    tracks = choose_tracks(follow_faces(faces), None if face == "all" else face or 0)
    parts = [_part(track, len(faces), fps, editor.framing) for track in tracks]
    if source_affect is None:
        sources = _read(editor, frames("reading faces"), parts, fps)
    else:
        sources = [[Mixture.of(source_affect).shared()] * len(faces)] * len(parts)
    for out, target in results.items():
        stage = "editing" if len(results) == 1 else f"editing to {out.name}"
        edited = _edited(editor, frames(stage), parts, sources, target)
        write_clip(out, edited, fps, times_s=times_s, sound_of=source)


def pace(times_s: Sequence[float]) -> float:
    """Frames a second of frames shown from these times on."""
    length_s = times_s[-1] - times_s[0]
    return (len(times_s) - 1) / length_s if length_s > 0 else FALLBACK_FPS


def _part(track: Track, frames: int, fps: float, framing: FramingConfig) -> Part:
    sightings = track.usable()
    landmarks = [sightings[frame].landmarks if frame in sightings else None for frame in range(frames)]
    return Part(steady_squares(landmarks, fps, framing), presence(list(sightings), frames, fps))


def _read(editor: Editor, frames: Frames, parts: list[Part], fps: float) -> list[list[Mixture]]:
    """What every part's face shows in every frame; the networks are asked while it is in view."""
    vectors: list[list[list[float] | None]] = [[] for _ in parts]
    for index, (picture, _) in enumerate(frames):
        for part, read in zip(parts, vectors, strict=True):
            in_view = part.presence[index] == 1.0
            read.append(editor.read(picture, part.squares[index]) if in_view else None)
    return [mixtures_read(read, fps) for read in vectors]


def _edited(
    editor: Editor, frames: Frames, parts: list[Part], sources: list[list[Mixture]], target: Target
) -> Iterator[Pixels]:
    for index, (picture, _) in enumerate(frames):
        edited = picture
        for part, shown in zip(parts, sources, strict=True):
            if part.presence[index] == 0.0:
                continue
            faded = shown[index].target().towards(target, part.presence[index])
            face = editor.open_face(picture, part.squares[index], shown[index])
            edited = carry_back(edited, face.square, editor.draft(face, faded))
        yield even_sides(edited.levels)
