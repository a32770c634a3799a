"""Footage cut take by take: faces found and cut out, and what is known of each frame; what cannot be used is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from joblib import delayed

from fexgan.affects import NEUTRAL
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import FramePose, read_sidecar
from fexgan.prepare.footage import ClipEntry, Footage, LeftOut, source_name
from fexgan.prepare.look import UnusableError, chosen, look_at, refused
from fexgan.prepare.render import frame_count, render
from fexgan.workers import Jobs, share

Strengths = tuple[float | None, ...]
Poses = tuple[FramePose, ...]


@dataclass(frozen=True)
class Shot:
    """One take that was cut. `part`: where its frames are, as `read_part` reads them. `sources`: each frame's file,
    relative to the footage.

    `strengths`: per frame, None where unknown. `poses`: how the face is held in each frame. `without_face`: sources
    framed by the middle of the picture; `several_faces`: those that show more than the one they are framed by.
    """

    entry: ClipEntry
    part: Path
    sources: tuple[str, ...]
    strengths: Strengths
    poses: Poses
    license: str
    without_face: tuple[str, ...]
    several_faces: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)

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
    """Cut every take into a part in `folder`: the usable ones, and what is left out and why.

    Parts that stand there from an earlier run are taken as they are. `progress(done, total)` counts takes. `jobs`:
    processes that work side by side. `only_faces`: whether what no face is found in is left out. Raises InputError
    where a part cannot be written.
    """
    shots: list[Shot] = []
    left_out: list[LeftOut] = []
    framed = footage.framing == framing
    root = footage.root.absolute()  # workers of a cluster have another folder at hand
    work = (
        delayed(_cut_take)(_absolute(entry), root, framing, framed, only_faces, folder) for entry in footage.entries
    )
    for done, (shot, unusable) in enumerate(share(work, jobs), start=1):
        left_out += unusable
        if shot is not None:
            shots.append(shot)
        progress(done, len(footage.entries))
    return shots, list(dict.fromkeys(left_out))  # all affects of one clip of stills fail alike


def _absolute(entry: ClipEntry) -> ClipEntry:
    sidecar_path = entry.sidecar_path and entry.sidecar_path.absolute()
    pictures = tuple(path.absolute() for path in entry.pictures)
    return replace(entry, path=entry.path.absolute(), sidecar_path=sidecar_path, pictures=pictures)


def _cut_take(
    entry: ClipEntry, root: Path, framing: FramingConfig, framed: bool, only_faces: bool, folder: Path
) -> tuple[Shot | None, list[LeftOut]]:
    try:
        look, left_out = look_at(entry, root, framing, framed, only_faces)
        if not look.squares:
            return None, left_out
        part = render(look, framing.image_size_px, folder)
        strengths, poses, license = _truth(look.entry, frame_count(part))
    except UnusableError as error:
        files = max(1, len(entry.pictures))
        return None, [refused(entry.path, root, error, files)]
    files = look.entry.pictures or (entry.path,) * len(strengths)
    sources = tuple(source_name(path, root) for path in files)
    shot = Shot(look.entry, part, sources, strengths, poses, license, look.without_face, look.several_faces)
    return shot, left_out


def _truth(entry: ClipEntry, cut_count: int) -> tuple[Strengths, Poses, str]:
    """(strength and pose of each of the frames that were cut, license) from the sidecar, or the list.

    Where neither tells, neutral is sure to be neutral and the rest is unknown.
    Raises UnusableError for a sidecar that does not fit its clip.
    """
    if entry.sidecar_path is None:
        told = entry.strengths if entry.pictures else (entry.strengths or (None,)) * cut_count
        sure = 1.0 if entry.affect == NEUTRAL else None
        return tuple(sure if strength is None else strength for strength in told), (FramePose(),) * cut_count, ""
    try:
        take = read_sidecar(entry.sidecar_path)
    except InputError as error:
        raise UnusableError(str(error)) from None
    if take.window_px is not None:
        raise UnusableError("its sidecar tells that it is a close-up, which shows no whole face")
    strengths = take.frames.strength.get(entry.affect)
    if strengths is None and entry.affect == NEUTRAL and entry.frames:
        strengths = (1.0,) * len(take.frames)
    if strengths is None:
        told = ", ".join(take.frames.strength)
        raise UnusableError(f"its sidecar tells the strength of {told}, not of {entry.affect}")
    strengths, poses = tuple(chosen(strengths, entry)), tuple(chosen(take.frames.poses(), entry))
    if len(strengths) != cut_count:
        raise UnusableError(f"its sidecar describes {len(strengths)} frames, the clip has {cut_count}")
    return strengths, poses, take.license
