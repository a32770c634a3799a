"""Footage cut take by take: faces found and cut out, and what is known of each frame; what cannot be used is told."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from joblib import delayed

from fexgan.affects import NEUTRAL
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import FramePose, Take, read_sidecar
from fexgan.prepare.footage import NOBODY, ClipEntry, Footage, LeftOut, source_name
from fexgan.prepare.look import Look, UnusableError, chosen, look_at, refused, some_of
from fexgan.prepare.render import Rendered, frame_count, read_part, render
from fexgan.workers import Jobs, share

PICTURES_AT_ONCE = 256
"""Pictures that are framed one by one are cut so many at a go, for those of a whole dataset may be one take."""

Strengths = tuple[float | None, ...]
Poses = tuple[FramePose, ...]
Block = list[tuple[int, ClipEntry]]
"""What is cut at a go: takes, or a run of pictures of one, each with the number of its take."""


@dataclass(frozen=True)
class Shot:
    """One take that was cut. `parts`: where its frames are, one after another. `sources`: each frame's file, relative
    to the footage.

    `strengths`: per frame, None where unknown. `poses`: how the face is held in each frame. `without_face`: sources
    framed by the middle of the picture; `several_faces`: those that show more than the one they are framed by.
    """

    entry: ClipEntry
    parts: tuple[Path, ...]
    sources: tuple[str, ...]
    strengths: Strengths
    poses: Poses
    license: str
    without_face: tuple[str, ...]
    several_faces: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)

    def frames(self) -> Iterator[Rendered]:
        """Yield its frames in order."""
        return itertools.chain.from_iterable(map(read_part, self.parts))

    def apex(self) -> tuple[float, int]:
        """(strength, index) of the strongest frame, the first of equals; (-1, the middle) where strength is unknown."""
        known = [(strength, -index) for index, strength in enumerate(self.strengths) if strength is not None]
        if not known:
            return -1.0, len(self) // 2
        strength, index = max(known)
        return strength, -index


def cut_takes(
    footage: Footage,
    framing: FramingConfig,
    folder: Path,
    progress: Callable[[int, int], None],
    jobs: Jobs = 1,
    only_faces: bool = False,
) -> tuple[list[Shot], list[LeftOut]]:
    """Cut every take into parts in `folder`: the usable ones, and what is left out and why.

    Parts that stand there from an earlier run are taken as they are. `progress(done, total)` counts clips, and some
    hundred pictures as one. `jobs`: processes that work side by side. `only_faces`: whether what no face is found in is
    left out. Raises InputError where a part cannot be written.
    """
    pieces: list[list[Shot]] = [[] for _ in footage.entries]
    left_out: Counter[tuple[str, str]] = Counter()
    framed = footage.framing == framing
    root = footage.root.absolute()  # workers of a cluster have another folder at hand
    blocks = _blocks(footage.entries, only_faces)
    work = (
        delayed(_cut)([_absolute(entry) for _, entry in block], root, framing, framed, only_faces, folder)
        for block in blocks
    )
    for done, (block, (shots, unusable)) in enumerate(zip(blocks, share(work, jobs), strict=True), start=1):
        for item in unusable:
            left_out[item.source, item.reason] += item.files
        for (take, _), shot in zip(block, shots, strict=False):  # none where the block cannot be used
            pieces[take].append(shot)
        progress(done, len(blocks))
    whole = [_joined(shots) for shots in pieces if shots]
    return whole, [LeftOut(source, files, reason) for (source, reason), files in left_out.items()]


def _blocks(entries: Sequence[ClipEntry], only_faces: bool) -> list[Block]:
    """The takes as they are cut: those of one clip of stills together, for they share a square, and pictures that are
    framed one by one in runs."""
    blocks: list[Block] = []
    clips: dict[Path, Block] = {}
    for number, entry in enumerate(entries):
        if not entry.pictures:
            if entry.path not in clips:
                blocks.append(clips.setdefault(entry.path, []))
            clips[entry.path].append((number, entry))
            continue
        one_by_one = only_faces or entry.character == NOBODY
        size = PICTURES_AT_ONCE if one_by_one else len(entry.pictures)
        for start in range(0, len(entry.pictures), size):
            blocks.append([(number, some_of(entry, range(start, min(start + size, len(entry.pictures)))))])
    return blocks


def _joined(pieces: Sequence[Shot]) -> Shot:
    """The pieces of one take as a whole."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    names = ("parts", "sources", "strengths", "poses", "without_face", "several_faces")
    whole = {name: tuple(item for piece in pieces for item in getattr(piece, name)) for name in names}
    pictures = tuple(path for piece in pieces for path in piece.entry.pictures)
    return replace(first, entry=replace(first.entry, pictures=pictures, strengths=whole["strengths"]), **whole)


def _absolute(entry: ClipEntry) -> ClipEntry:
    sidecar_path = entry.sidecar_path and entry.sidecar_path.absolute()
    pictures = tuple(path.absolute() for path in entry.pictures)
    return replace(entry, path=entry.path.absolute(), sidecar_path=sidecar_path, pictures=pictures)


def _cut(
    entries: Sequence[ClipEntry], root: Path, framing: FramingConfig, framed: bool, only_faces: bool, folder: Path
) -> tuple[list[Shot], list[LeftOut]]:
    """Cut the takes of one clip, or pictures of one take: all that are used, or none, and what is left out."""
    first = entries[0]
    try:
        look, left_out = look_at(first, root, framing, framed, only_faces)
        if not look.squares:
            return [], left_out
        looks = [look] if first.pictures else [replace(look, entry=entry) for entry in entries]
        truth = _sidecar_of(first)
        return [_shot(one, truth, root, framing.image_size_px, folder) for one in looks], left_out
    except UnusableError as error:
        return [], [refused(first.path, root, error, max(1, len(first.pictures)))]


def _shot(look: Look, truth: Take | None, root: Path, size_px: int, folder: Path) -> Shot:
    part = render(look, size_px, folder)
    strengths, poses, license = _told(look.entry, truth, frame_count(part))
    files = look.entry.pictures or (look.entry.path,) * len(strengths)
    sources = tuple(source_name(path, root) for path in files)
    return Shot(look.entry, (part,), sources, strengths, poses, license, look.without_face, look.several_faces)


def _sidecar_of(entry: ClipEntry) -> Take | None:
    """What the sidecar of a clip tells, None where it has none. Raises UnusableError for one that shows no face."""
    if entry.sidecar_path is None:
        return None
    try:
        truth = read_sidecar(entry.sidecar_path)
    except InputError as error:
        raise UnusableError(str(error)) from None
    if truth.window_px is not None:
        raise UnusableError("its sidecar tells that it is a close-up, which shows no whole face")
    return truth


def _told(entry: ClipEntry, truth: Take | None, cut_count: int) -> tuple[Strengths, Poses, str]:
    """(strength and pose of each of the frames that were cut, license) from the sidecar, or the list.

    Where neither tells, neutral is sure to be neutral and the rest is unknown.
    Raises UnusableError for a sidecar that does not fit its clip.
    """
    if truth is None:
        told = entry.strengths if entry.pictures else (entry.strengths or (None,)) * cut_count
        sure = 1.0 if entry.affect == NEUTRAL else None
        return tuple(sure if strength is None else strength for strength in told), (FramePose(),) * cut_count, ""
    strengths = truth.frames.strength.get(entry.affect)
    if strengths is None and entry.affect == NEUTRAL and entry.frames:
        strengths = (1.0,) * len(truth.frames)
    if strengths is None:
        told = ", ".join(truth.frames.strength)
        raise UnusableError(f"its sidecar tells the strength of {told}, not of {entry.affect}")
    strengths, poses = tuple(chosen(strengths, entry)), tuple(chosen(truth.frames.poses(), entry))
    if len(strengths) != cut_count:
        raise UnusableError(f"its sidecar describes {len(strengths)} frames, the clip has {cut_count}")
    return strengths, poses, truth.license
