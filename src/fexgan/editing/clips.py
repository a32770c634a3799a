"""Clips in, clips out: a face is followed through each shot of a clip and edited in every frame, without trembling.

A clip is read one frame at a time, and as often as it takes: where the faces are and what they show is smoothed over
time before the first frame is edited. Several targets are edited to side by side, each face being opened once.
Nothing is smoothed, followed or faded across a cut: each shot is treated as a clip of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import Mixture, Target
from fexgan.config import FramingConfig
from fexgan.editing.outlets import Writer, feed
from fexgan.errors import InputError
from fexgan.faces import Face, own_finder
from fexgan.framing import (
    FaceChoice,
    FaceSquare,
    Track,
    carry_back,
    choose_tracks,
    find_faces,
    find_shots,
    follow_faces,
    glance,
    presence,
    steady_squares,
)
from fexgan.media import Pixels
from fexgan.motion import (
    ANIMATED_SUFFIXES,
    LARGEST_ANIMATION_PX,
    Animation,
    animation_of,
    check_held,
    check_motion,
    is_animation,
    look_at_animation,
    read_animation,
    write_animation,
)
from fexgan.picture import LoadedPicture
from fexgan.reading import mixtures_read
from fexgan.variants import check_known
from fexgan.video import even_sides, is_see_through, read_clip, told_clip_frames, write_clip

if TYPE_CHECKING:
    from fexgan.editing import Editor
    from fexgan.synthesis import MixtureLike

Tell = Callable[[str, int, int], None]
"""Is told the stage, how many frames are done, and of how many."""
Frames = Iterable[tuple[LoadedPicture, float]]
"""The pictures of a clip and their times in seconds."""

FALLBACK_FPS = 24.0
AT_ONCE = 4
"""Results that are written side by side: an encoder of large frames takes hundreds of megabytes."""


@dataclass(frozen=True, eq=False)
class Part:
    """One face's part in a shot of a clip; a value for every frame of the shot each."""

    shot: range
    """The frames of the clip that are the shot."""
    squares: list[FaceSquare]
    presence: NDArray[np.float64]
    """How much of the edit shows, in [0, 1]."""

    def shows(self, frame: int) -> float:
        """How much of the edit shows in a frame of the clip."""
        return self.presence[frame - self.shot.start] if frame in self.shot else 0.0

    def square(self, frame: int) -> FaceSquare:
        """Where the face is in a frame of the clip that lies in the shot."""
        return self.squares[frame - self.shot.start]


def transform_clip(
    editor: Editor,
    source: Path,
    results: Mapping[Path, Target],
    source_affect: MixtureLike | None,
    face: FaceChoice,
    tell: Tell | None,
) -> bool:
    """Write the clip `source` once for every target, to the path that the target has in `results`, whose suffix says
    MP4, GIF or WebP; its faces are found and read once for all. Else see `Editor.transform_clip`.

    Faces are numbered in each shot alone, the one that is large and in view for long first. A number, or 0 where it is
    None, edits that face of every shot: a shot with fewer faces, or whose one is too small or turned too far, stays as
    it is. `all` edits all that can be edited. Returns whether a part of the source was transparent, which is laid on
    grey.

    Raises InputError for unknown variants and for what is no clip, and where no face can be edited in any shot.
    """
    for out, target in results.items():
        check_known(target.variants, editor.checkpoint.config.model.variants)
        if out.suffix.lower() not in (".mp4", *ANIMATED_SUFFIXES):
            raise InputError(f"cannot write a clip as {out}; end its name in .mp4, .gif or .webp")
    shown = look_at_animation(source) if is_animation(source) else None
    total = len(shown.durations_s) if shown else told_clip_frames(source)

    def frames(stage: str) -> Iterator[tuple[LoadedPicture, float]]:
        for index, (pixels, time_s) in enumerate(read_animation(source) if shown else read_clip(source)):
            yield LoadedPicture(pixels), time_s
            if tell is not None:
                tell(stage, index + 1, total)

    found = []
    for picture, time_s in frames("finding faces"):
        for out in results if not found else ():
            check_held(out.suffix.lower(), total, picture.width, picture.height)
        found.append((find_faces(picture, own_finder()), glance(picture), time_s))
    if not found:
        raise InputError(f"{source} has no frames; give a clip with pictures in it")
    faces, glances, times_s = zip(*found, strict=True)
    total = len(found)
    fps = pace(times_s)
    for out in results if source.suffix.lower() != ".gif" else ():  # one that is too fast already stays as fast
        check_motion(out, round(fps, 1))
    parts = _parts(faces, find_shots(glances, fps), face, fps, editor.framing)
    if source_affect is None:
        sources = _read(editor, frames("reading faces"), parts, fps)
    else:
        sources = [[Mixture.of(source_affect).as_source()] * len(part.shot) for part in parts]

    def writer(out: Path) -> Writer:
        if out.suffix.lower() == ".mp4":
            return lambda edited: _write_mp4(out, edited, source, times_s, fps, shown)
        return lambda edited: write_animation(out, edited, shown or animation_of(times_s, fps))

    passes = _passes(list(results), total * picture.width * picture.height)
    for number, outs in enumerate(passes, start=1):
        stage = "editing" if len(passes) == 1 else f"editing, {number} of {len(passes)}"
        edited = _edited(editor, frames(stage), parts, sources, [results[out] for out in outs])
        feed(edited, [writer(out) for out in outs])
    return shown.see_through if shown else is_see_through(source)


def _passes(outs: Sequence[Path], pixels: int) -> list[Sequence[Path]]:
    """The results of a clip of so many pixels in all, as they are written side by side: few enough for the memory."""
    held = any(out.suffix.lower() in ANIMATED_SUFFIXES for out in outs)
    at_once = max(1, min(AT_ONCE, LARGEST_ANIMATION_PX // pixels)) if held else AT_ONCE
    return [outs[start : start + at_once] for start in range(0, len(outs), at_once)]


def pace(times_s: Sequence[float]) -> float:
    """Frames a second of frames shown from these times on."""
    length_s = times_s[-1] - times_s[0]
    return (len(times_s) - 1) / length_s if length_s > 0 else FALLBACK_FPS


def _parts(
    faces: Sequence[Sequence[Face]], shots: list[range], face: FaceChoice, fps: float, framing: FramingConfig
) -> list[Part]:
    """The part of each chosen face in each shot, given the faces of all frames."""
    tracks = [follow_faces(faces[shot.start : shot.stop]) for shot in shots]
    chosen = choose_tracks(tracks, None if face == "all" else face or 0)
    return [_part(track, shot, fps, framing) for shot, some in zip(shots, chosen, strict=True) for track in some]


def _part(track: Track, shot: range, fps: float, framing: FramingConfig) -> Part:
    sightings = track.usable()
    landmarks = [sightings[frame].landmarks if frame in sightings else None for frame in range(len(shot))]
    return Part(shot, steady_squares(landmarks, fps, framing), presence(list(sightings), len(shot), fps))


def _read(editor: Editor, frames: Frames, parts: list[Part], fps: float) -> list[list[Mixture]]:
    """What every part's face shows in every frame of its shot; the networks are asked while it is in view."""
    vectors: list[list[list[float] | None]] = [[None] * len(part.shot) for part in parts]
    for index, (picture, _) in enumerate(frames):
        for part, read in zip(parts, vectors, strict=True):
            if part.shows(index) == 1.0:
                read[index - part.shot.start] = editor.read(picture, part.square(index))
    return [mixtures_read(read, fps) for read in vectors]


def _edited(
    editor: Editor, frames: Frames, parts: list[Part], sources: list[list[Mixture]], targets: Sequence[Target]
) -> Iterator[list[Pixels]]:
    """Each frame with every target."""
    for index, (picture, _) in enumerate(frames):
        edited = [picture] * len(targets)
        for part, mixtures in zip(parts, sources, strict=True):
            shows = part.shows(index)
            if shows == 0.0:
                continue
            shown = mixtures[index - part.shot.start]
            face = editor.open_face(picture, part.square(index), shown)
            edited = [
                carry_back(one, face.square, editor.draft(face, shown.target().towards(target, shows)))
                for one, target in zip(edited, targets, strict=True)
            ]
        yield [one.levels for one in edited]


def _write_mp4(
    out: Path, frames: Iterable[Pixels], source: Path, times_s: Sequence[float], fps: float, shown: Animation | None
) -> None:
    """Write a clip with the sound of `source`, or where that is the animation `shown`, with none."""
    if shown and shown.ends_s[-1] > times_s[-1] + 1.5 / fps:  # MP4 shows its last frame as long as others: once more
        frames, times_s = _last_twice(frames), [*times_s, shown.ends_s[-1] - 1 / fps]
    write_clip(out, map(even_sides, frames), fps, times_s=times_s, sound_of=None if shown else source)


def _last_twice(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    for pixels in frames:
        yield pixels
    yield pixels
