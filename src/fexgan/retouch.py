"""Users' files through a model: pictures and clips, one or whole folders, each written as the kind that it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fexgan import bundled
from fexgan.affects import Mixture
from fexgan.editing import Editor, Portrait
from fexgan.editing_clips import Tell, transform_clip
from fexgan.errors import InputError
from fexgan.familiarity import tell_if_unfamiliar
from fexgan.figures import Row, Tune, check_one_face, transform_sheet
from fexgan.framing import FaceChoice
from fexgan.keyframes import Keyframe
from fexgan.media import (
    CLIP_SUFFIXES,
    PICTURE_SUFFIXES,
    READ_SUFFIXES,
    Pixels,
    atomic_folder,
    file_name,
    free_name,
    read_image,
    write_image,
)
from fexgan.motion import FRAME_NAME, check_motion
from fexgan.picture import LoadedPicture, open_picture
from fexgan.synthesis import Model, Sitter, target_of
from fexgan.terminal import say, stage_progress
from fexgan.video import even_sides

LARGEST_CLIP_PX = 1920
"""Longest side of a clip made from a picture: what players and browsers take everywhere."""

Targets = Mapping[str, Mixture]
"""The mixtures to show, by the label that tells files apart."""


@dataclass(frozen=True)
class UserFile:
    """A picture or a clip, and what its results are called."""

    path: Path
    name: Path
    """Place and name in a folder of results, with the suffix that results have."""

    @property
    def title(self) -> str:
        """Place and name without the suffix: no other file that was given has the same."""
        return self.name.with_suffix("").as_posix()

    @property
    def is_clip(self) -> bool:
        return self.path.suffix.lower() in CLIP_SUFFIXES

    def result(self, folder: Path, label: str) -> Path:
        """The file in `folder` for one result."""
        return folder / self.name.with_stem(file_name(f"{self.name.stem}-{label}"))


@dataclass(frozen=True)
class Retouch:
    """A model and how it is to look at every file."""

    model: Model | Editor
    source_affect: Mixture | None
    face: FaceChoice
    tune: Tune | None = None
    """Finds the strengths for each picture's face."""

    def to_file(self, file: UserFile, target: Mixture, out: Path) -> None:
        """Write one result to `out`. Raises InputError where the file cannot be edited or `out` cannot hold it."""
        with stage_progress() as tell:
            self._write(file, {out: target}, tell)

    def to_folder(self, files: Sequence[UserFile], targets: Targets, folder: Path) -> None:
        """Write every file with every target into `folder`, and tell of files that are left out and why.

        Raises InputError, with the first reason, where none could be edited.
        """

        def write(file: UserFile, tell: Tell) -> None:
            self._write(file, {file.result(folder, label): target for label, target in targets.items()}, tell)

        self._each(files, folder, write, len(targets))

    def sheets_to_folder(self, files: Sequence[UserFile], targets: Targets, folder: Path) -> None:
        """Write a sheet of every picture, the source and then every target, into `folder`; else as `to_folder`.

        Raises InputError where all faces of a picture are asked for.
        """
        check_one_face(self.face)

        def write(file: UserFile, tell: Tell) -> None:
            rows = {file.title: self._row(file, targets)}
            write_image(file.result(folder, "sheet").with_suffix(".png"), transform_sheet(list(targets), rows))

        self._each(files, folder, write, 1)

    def _each(
        self, files: Sequence[UserFile], folder: Path, write: Callable[[UserFile, Tell], None], results: int
    ) -> None:
        """`write` every file, which makes so many `results`; tell of what is left out, and how many were written."""
        reasons: list[str] = []
        with stage_progress() as tell:
            for done, file in enumerate(files):
                tell("editing files", done, len(files))
                try:
                    write(file, lambda stage, *counts, file=file: tell(f"{file.name}: {stage}", *counts))
                except InputError as error:
                    reasons.append(str(error))
                    say(f"left out {file.path}: {error}")
        if len(reasons) == len(files):
            raise InputError(reasons[0])
        left_out = f"; {len(reasons)} of {len(files)} files left out" if reasons else ""
        say(f"wrote {results * (len(files) - len(reasons))} files to {folder}{left_out}")

    def _write(self, file: UserFile, results: Mapping[Path, Mixture], tell: Tell) -> None:
        if file.is_clip and self.tune is not None:
            raise InputError(f"{file.path} is a clip; strengths are optimised for pictures, give those alone")
        if file.is_clip and isinstance(self.model, Editor):
            targets = {out: target_of(mixture) for out, mixture in results.items()}
            transform_clip(self.model, file.path, targets, self.source_affect, self.face, tell)
            return
        opened = self._open(file)
        for out, target in results.items():
            tuned = target if self.tune is None else self.tune(file.title, opened, target)
            opened.edit(tuned).save(out)

    def _row(self, file: UserFile, targets: Targets) -> Row:
        opened = self._open(file)
        return [opened.close_up(target) for target in (None, *targets.values())]

    def _open(self, file: UserFile) -> Portrait | Sitter:
        """A picture's face, opened; one that the model does not know is told of."""
        opened = self.model.open(read_source(self.model, file.path), self.source_affect, self.face)
        if isinstance(opened, Sitter):
            tell_if_unfamiliar(opened, str(file.path))
        return opened


def read_source(model: Model | Editor, path: Path) -> Pixels | LoadedPicture:
    """A picture file as `model` wants it: one that edits keeps all that goes along with the pixels."""
    return open_picture(path) if isinstance(model, Editor) else read_image(path)


def user_files(given: Sequence[Path], out: Path | None = None) -> list[UserFile]:
    """The files meant by paths of files and folders, in that order; what lies in `out` is not taken up again.

    Of a folder these are all pictures and clips in it and below, by name; `pictures` is the bundled folder of them and
    `pictures/hopper.jpg` one of those, unless that is at hand. Files that differ in nothing but the suffix are
    numbered, for sheets and tables show none. Raises InputError for a folder without any.
    """
    files: list[UserFile] = []
    taken: set[str] = set()
    for path, name in _named(given, out):
        suffix = name.suffix
        if suffix.lower() not in PICTURE_SUFFIXES:
            suffix = ".mp4" if suffix.lower() in CLIP_SUFFIXES else ".png"
        title = "/".join(map(file_name, name.with_suffix("").parts))
        files.append(UserFile(path, Path(free_name(title, taken) + suffix)))
    return files


def _named(given: Sequence[Path], out: Path | None) -> Iterator[tuple[Path, Path]]:
    """Files with their names below the folder that was given."""
    for path in given:
        path = _bundled_or(path)
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        found = [
            file
            for file in sorted(path.rglob("*"))
            if file.suffix.lower() in READ_SUFFIXES + CLIP_SUFFIXES
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and not (out is not None and file.resolve().is_relative_to(out.resolve()))
        ]
        if not found:
            raise InputError(f"no pictures or clips in {path}; give a folder of PNG, JPEG, WebP or MP4 files")
        yield from ((file, file.relative_to(path)) for file in found)


def _bundled_or(path: Path) -> Path:
    """The bundled folder `pictures`, or one of its pictures, where that is what `path` names and nothing is at hand."""
    name, *rest = path.parts or [""]
    if name != bundled.PICTURES or path.exists():
        return path
    known = bundled.pictures_path().joinpath(*rest)
    return known if known.exists() else path


def write_frames(out: Path, portrait: Portrait, keyframes: Sequence[Keyframe], fps: float) -> None:
    """Write a whole picture moving as a folder of PNG files of its own size, with its transparency and depth.

    Atomic; raises InputError as `check_motion` does.
    """
    check_motion(out, fps)
    with atomic_folder(out) as folder:
        for index, frame in enumerate(portrait.animate(keyframes, fps)):
            frame.save(folder / FRAME_NAME.format(index))


def clip_frames(portrait: Portrait, keyframes: Sequence[Keyframe], fps: float) -> Iterator[Pixels]:
    """Frames of a clip that shows a whole picture moving, in its own size up to LARGEST_CLIP_PX a side."""
    picture = portrait.picture
    scale = min(1.0, LARGEST_CLIP_PX / max(picture.width, picture.height))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    for frame in portrait.animate(keyframes, fps):
        shown = Image.fromarray(frame.view((0, 0, frame.width, frame.height)))
        yield even_sides(np.asarray(shown if scale == 1.0 else shown.resize(size, Image.Resampling.LANCZOS)))
