"""A first look at a take: which of its files can be used, and where the face sits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.faces import own_finder
from fexgan.framing.upright import UprightSquare, cut_frame, cut_upright, steady_upright_square
from fexgan.media import Pixels, read_image
from fexgan.prepare.footage import NOBODY, ClipEntry, LeftOut, clean, source_name
from fexgan.video import ClipFrame, decode_clip, decode_key_frames

Item = TypeVar("Item")
NO_FACE = "no face is found in it"


class UnusableError(InputError):
    """A take, or a file of it, that cannot be read: it is left out, and preparing goes on."""


@dataclass(frozen=True)
class Look:
    """A take and how it is cut. `squares`: that of each frame, or one for all.

    `without_face`: sources that are framed by the middle of the picture; `several_faces`: those that show more than
    the one they are framed by.
    """

    entry: ClipEntry
    squares: tuple[UprightSquare, ...]
    without_face: tuple[str, ...] = ()
    several_faces: tuple[str, ...] = ()

    def frames(self, size_px: int) -> Iterator[tuple[Pixels, float | None]]:
        """Yield (pixels [size_px, size_px, 3], time_s or None) of each frame. Raises UnusableError."""
        squares = itertools.cycle(self.squares)
        try:
            if self.entry.pictures:
                for path, square in zip(self.entry.pictures, squares, strict=False):
                    yield cut_upright(read_image(path), square, size_px), None
                return
            for frame, square in zip(chosen(_of_one_size(self.entry.path), self.entry), squares, strict=False):
                yield cut_frame(frame, square, size_px), frame.time_s
        except InputError as error:
            raise UnusableError(str(error)) from None


def look_at(
    entry: ClipEntry, root: Path, framing: FramingConfig, framed: bool, only_faces: bool = False
) -> tuple[Look, list[LeftOut]]:
    """How a take is cut, and those of its pictures that cannot be used.

    `framed`: whether its pictures are framed already. `only_faces`: whether what no face is found in is of no use.
    Raises UnusableError where nothing of the take can be used.
    """
    try:
        if entry.pictures:
            look, left_out = _look_at_pictures(entry, root, framing, framed, only_faces)
        else:
            square, faces = steady_upright_square(_samples(entry.path, framing.sampled_frames), own_finder(), framing)
            look, left_out = Look(entry, (square,), *_by_faces([source_name(entry.path, root)], [faces])), []
    except InputError as error:
        raise UnusableError(str(error)) from None
    if only_faces and look.without_face:
        look, faceless = _with_faces(look, root)
        left_out += faceless
    return look, left_out


def _with_faces(look: Look, root: Path) -> tuple[Look, list[LeftOut]]:
    """Those pictures of a take that show a face, and the others. Raises UnusableError where none does."""
    pictures = look.entry.pictures
    shown = [index for index, path in enumerate(pictures) if source_name(path, root) not in look.without_face]
    if not shown:  # as of a clip, which has one square for all of its frames
        raise UnusableError(NO_FACE)
    squares = tuple(look.squares[index] for index in shown)
    faceless = [LeftOut(source, 1, NO_FACE) for source in look.without_face]
    return Look(some_of(look.entry, shown), squares, several_faces=look.several_faces), faceless


def some_of(entry: ClipEntry, indices: Sequence[int]) -> ClipEntry:
    """A take of some of its pictures."""
    return replace(
        entry,
        pictures=tuple(entry.pictures[index] for index in indices),
        strengths=tuple(entry.strengths[index] for index in indices),
    )


def _samples(path: Path, count: int) -> list[Pixels]:
    """`count` frames of a clip, evenly spread: of its key frames where they are enough, for those are decoded without
    the others."""
    total, samples = _sample(decode_key_frames(path), count)
    if total < count:
        total, samples = _sample(_of_one_size(path), count)
    if total == 0:
        raise InputError(f"{path} holds no frames")
    return [frame.pixels() for frame in samples]


def _look_at_pictures(
    entry: ClipEntry, root: Path, framing: FramingConfig, framed: bool, only_faces: bool
) -> tuple[Look, list[LeftOut]]:
    """Pictures of one size are one recording where it is known of whom, and share a square; others are framed one by
    one, and so are all where `only_faces` are wanted.

    Pictures that are `framed` already, and of the size that is wanted, stay as they are.
    """
    is_one, stays = entry.character != NOBODY and not only_faces, framed and not only_faces
    usable: list[int] = []
    shapes: set[tuple[int, ...]] = set()
    left_out: list[LeftOut] = []
    each: dict[Path, tuple[UprightSquare, int]] = {}
    for index, path in enumerate(entry.pictures):
        try:
            pixels = read_image(path)
        except InputError as error:
            left_out.append(refused(path, root, error))
            continue
        usable.append(index)
        shapes.add(pixels.shape)
        if len(shapes) > 1 or not (is_one or stays):  # at once, so that it need not be read again
            each[path] = steady_upright_square([pixels], own_finder(), framing)
    entry = some_of(entry, usable)
    whole = UprightSquare(0.0, 0.0, float(framing.image_size_px))
    is_cut = framed and shapes == {(framing.image_size_px, framing.image_size_px, 3)}
    if not usable or (is_cut and stays):
        return Look(entry, (whole,) if usable else ()), left_out
    if is_one and len(shapes) == 1:
        samples = [read_image(path) for path in _evenly(entry.pictures, framing.sampled_frames)]
        square, faces = steady_upright_square(samples, own_finder(), framing)
        return Look(entry, (square,), *_by_faces([source_name(entry.path, root)], [faces])), left_out
    for path in (path for path in entry.pictures if path not in each):
        each[path] = steady_upright_square([read_image(path)], own_finder(), framing)
    found = _by_faces(*zip(*((source_name(path, root), each[path][1]) for path in entry.pictures), strict=True))
    return Look(entry, tuple(whole if is_cut else each[path][0] for path in entry.pictures), *found), left_out


def _by_faces(sources: Sequence[str], faces: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sources without a face, and those with several."""
    counted = list(zip(sources, faces, strict=True))
    return tuple(one for one, count in counted if count == 0), tuple(one for one, count in counted if count > 1)


def chosen(frames: Iterable[Item], entry: ClipEntry) -> Iterator[Item]:
    """Those of a clip's frames that the take consists of."""
    wanted = frozenset(entry.frames)
    return (frame for index, frame in enumerate(frames) if not wanted or index in wanted)


def _of_one_size(path: Path) -> Iterator[ClipFrame]:
    """The frames of a clip. Raises InputError when their size changes, for then one square does not fit."""
    size = None
    for frame in decode_clip(path):
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


def refused(path: Path, root: Path, error: InputError, files: int = 1) -> LeftOut:
    """What is left out for an error, which is told without the path of this machine, for datasets travel, and without
    saying twice what it is about."""
    source = source_name(path, root)
    return LeftOut(source, files, clean(str(error).replace(f"{root}/", "")).removeprefix(f"{source} "))
