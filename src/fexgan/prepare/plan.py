"""A first look at footage: what can be used, how long it is, where the face sits, what is known of each frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from joblib import delayed

from fexgan.affects import NEUTRAL
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import FramePose, read_sidecar
from fexgan.media import Pixels, read_image
from fexgan.prepare.crop import Square, cut, cut_frame, steady_square
from fexgan.prepare.faces import FaceFinder
from fexgan.prepare.footage import ClipEntry, Footage, LeftOut, clean, source_name
from fexgan.video import ClipFrame, decode_clip
from fexgan.workers import Jobs, share

Strengths = tuple[float | None, ...]
Poses = tuple[FramePose, ...]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Shot:
    """One take that can be used. `squares`: the crop of each frame. `strengths`: per frame, None where unknown.

    `poses`: how the face is held in each frame.
    `sources`: each frame's file, relative to the footage. `without_face`: those framed by the middle of the picture;
    `several_faces`: those that show more than the one they are framed by.
    """

    entry: ClipEntry
    squares: tuple[Square, ...]
    strengths: Strengths
    poses: Poses
    sources: tuple[str, ...]
    without_face: tuple[str, ...]
    several_faces: tuple[str, ...]
    license: str

    def __len__(self) -> int:
        return len(self.squares)

    def frames(self, size_px: int) -> Iterator[tuple[Pixels, float | None]]:
        """Yield (pixels [size_px, size_px, 3], time_s or None) of each frame. Raises InputError."""
        if self.entry.pictures:
            for path, square in zip(self.entry.pictures, self.squares, strict=True):
                yield cut(read_image(path), square, size_px), None
            return
        frames = _chosen(decode_clip(self.entry.path), self.entry)
        for frame, square in zip(frames, self.squares, strict=True):
            yield cut_frame(frame, square, size_px), frame.time_s

    def apex(self) -> tuple[float, int]:
        """(strength, index) of the strongest frame, the first of equals; (-1, the middle) where strength is unknown."""
        known = [(strength, -index) for index, strength in enumerate(self.strengths) if strength is not None]
        if not known:
            return -1.0, len(self) // 2
        strength, index = max(known)
        return strength, -index


def plan_footage(
    footage: Footage, framing: FramingConfig, progress: Callable[[int, int], None], jobs: Jobs = 1
) -> tuple[list[Shot], list[LeftOut]]:
    """Look at every take once: the usable ones, and what is left out and why.

    `progress(done, total)` counts takes. `jobs`: processes that look side by side.
    """
    shots: list[Shot] = []
    left_out: list[LeftOut] = []
    framed = footage.framing == framing
    work = (delayed(_plan_entry)(entry, footage.root, framing, framed) for entry in footage.entries)
    for done, (shot, unusable) in enumerate(share(work, jobs), start=1):
        left_out += unusable
        if shot is not None:
            shots.append(shot)
        progress(done, len(footage.entries))
    return shots, list(dict.fromkeys(left_out))  # all affects of one clip of stills fail alike


def _plan_entry(
    entry: ClipEntry, root: Path, framing: FramingConfig, framed: bool
) -> tuple[Shot | None, list[LeftOut]]:
    try:
        if entry.pictures:
            return _plan_pictures(entry, root, framing, framed, _finder())
        return _plan_clip(entry, root, framing, _finder()), []
    except InputError as error:
        files = max(1, len(entry.pictures))
        return None, [LeftOut(source_name(entry.path, root), files, _reason(error, root))]


@cache
def _finder() -> FaceFinder:
    """One for each process."""
    return FaceFinder()


def _plan_clip(entry: ClipEntry, root: Path, framing: FramingConfig, finder: FaceFinder) -> Shot:
    count, samples = _sample(_of_one_size(decode_clip(entry.path)), framing.sampled_frames)
    if count == 0:
        raise InputError(f"{entry.path} holds no frames")
    strengths, poses, license = _truth(entry, count)
    strengths, poses = tuple(_chosen(strengths, entry)), tuple(_chosen(poses, entry))
    count = len(strengths)
    square, faces = steady_square([frame.pixels() for frame in samples], finder, framing)
    source = source_name(entry.path, root)
    found = _by_faces([source], [faces])
    return Shot(entry, (square,) * count, strengths, poses, (source,) * count, *found, license)


def _plan_pictures(
    entry: ClipEntry, root: Path, framing: FramingConfig, framed: bool, finder: FaceFinder
) -> tuple[Shot | None, list[LeftOut]]:
    """Pictures of one size are one recording and share a square; pictures of several sizes are framed one by one.

    Pictures that are `framed` already, and of the size that is wanted, stay as they are.
    """
    usable: list[int] = []
    shapes: set[tuple[int, ...]] = set()
    left_out: list[LeftOut] = []
    for index, path in enumerate(entry.pictures):
        try:
            shapes.add(read_image(path).shape)
            usable.append(index)
        except InputError as error:
            left_out.append(LeftOut(source_name(path, root), 1, _reason(error, root)))
    if not usable:
        return None, left_out
    entry = replace(
        entry,
        pictures=tuple(entry.pictures[index] for index in usable),
        strengths=tuple(entry.strengths[index] for index in usable),
    )
    paths = entry.pictures
    sources = tuple(source_name(path, root) for path in paths)
    side = framing.image_size_px
    if framed and shapes == {(side, side, 3)}:
        squares, found = (Square(0.0, 0.0, float(side)),) * len(paths), ((), ())
    elif len(shapes) == 1:
        samples = [read_image(path) for path in _evenly(paths, framing.sampled_frames)]
        square, faces = steady_square(samples, finder, framing)
        squares, found = (square,) * len(paths), _by_faces([source_name(entry.path, root)], [faces])
    else:
        each = [steady_square([read_image(path)], finder, framing) for path in paths]
        squares = tuple(square for square, _ in each)
        found = _by_faces(sources, [faces for _, faces in each])
    strengths, poses, license = _truth(entry, len(paths))
    return Shot(entry, squares, strengths, poses, sources, *found, license), left_out


def _by_faces(sources: Sequence[str], faces: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sources without a face, and those with several."""
    counted = list(zip(sources, faces, strict=True))
    return tuple(one for one, count in counted if count == 0), tuple(one for one, count in counted if count > 1)


def _truth(entry: ClipEntry, frame_count: int) -> tuple[Strengths, Poses, str]:
    """(strength and pose of each frame, license) from the sidecar, or the list.

    Where neither tells, neutral is sure to be neutral and the rest is unknown.
    Raises InputError for a sidecar that does not fit its clip.
    """
    if entry.sidecar_path is None:
        told = entry.strengths or (None,) * frame_count
        sure = 1.0 if entry.affect == NEUTRAL else None
        return tuple(sure if strength is None else strength for strength in told), (FramePose(),) * frame_count, ""
    take = read_sidecar(entry.sidecar_path)
    strengths = take.frames.strength.get(entry.affect)
    if strengths is None and entry.affect == NEUTRAL and entry.frames:
        strengths = (1.0,) * len(take.frames)
    if strengths is None:
        raise InputError(f"its sidecar tells the strength of {', '.join(take.frames.strength)}, not of {entry.affect}")
    if len(strengths) != frame_count:
        raise InputError(f"its sidecar describes {len(strengths)} frames, the clip has {frame_count}")
    return strengths, take.frames.poses(), take.license


def _chosen(frames: Iterable[Item], entry: ClipEntry) -> Iterator[Item]:
    """Those that the take consists of."""
    wanted = frozenset(entry.frames)
    return (frame for index, frame in enumerate(frames) if not wanted or index in wanted)


def _of_one_size(frames: Iterable[ClipFrame]) -> Iterator[ClipFrame]:
    """The frames as they come. Raises InputError when their size changes, for then one square does not fit."""
    size = None
    for frame in frames:
        if size not in (None, frame.size):
            raise InputError("its frames change their size")
        size = frame.size
        yield frame


def _sample(frames: Iterable[Item], count: int) -> tuple[int, list[Item]]:
    """(number of frames, `count` of them evenly spread), in one pass that never holds more than 2 * count + 1."""
    kept: list[Item] = []
    stride = 1
    total = 0
    for total, frame in enumerate(frames, start=1):
        if (total - 1) % stride == 0:
            kept.append(frame)
        if len(kept) > 2 * count:
            kept, stride = kept[::2], stride * 2
    return total, _evenly(kept, count)


def _evenly(items: Sequence[Item], count: int) -> list[Item]:
    indices = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[index] for index in indices]


def _reason(error: InputError, root: Path) -> str:
    """The error without the path of this machine, which a dataset that travels must not carry."""
    return clean(str(error).replace(f"{root}/", ""))
