"""Users' files through a model: pictures and clips, one or whole folders, each written as the kind that it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, features

from fexgan import bundled
from fexgan.affects import NEUTRAL, Mixture
from fexgan.editing import Editor, Portrait
from fexgan.editing.clips import Tell, transform_clip
from fexgan.errors import InputError
from fexgan.figures import Row, Tune, check_one_face, transform_sheet
from fexgan.framing import FaceChoice, Points
from fexgan.keyframes import Keyframe
from fexgan.media import (
    CLIP_SUFFIXES,
    PICTURE_SUFFIXES,
    READ_SUFFIXES,
    Pixels,
    atomic_folder,
    file_name,
    free_name,
    write_image,
)
from fexgan.motion import ANIMATED_SUFFIXES, FRAME_NAME, check_motion, is_animation
from fexgan.opening import open_file
from fexgan.picture import LoadedPicture
from fexgan.synthesis import Model, Sitter, target_of
from fexgan.tables import counted
from fexgan.terminal import say, stage_progress, usable, warn
from fexgan.video import even_sides

LARGEST_CLIP_PX = 1920
"""Longest side of a clip made from a picture: what players and browsers take everywhere."""
RARE_DECODERS = {".avif": "avif", ".jp2": "jpg_2000"}
"""Pictures that can be read where Pillow was built with a library for them, by its name for that."""
NEARLY = 0.05
"""Up to which difference in strength no edit shows."""
NAMED_AT_MOST = 3
"""How many of the files that are passed over are named."""

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
        """Whether it moves; an animated GIF or WebP is a clip, too."""
        return self.path.suffix.lower() in CLIP_SUFFIXES or is_animation(self.path)

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
    points: Points | None = None
    """Where the face of a single picture is, instead of finding it."""

    def to_file(self, file: UserFile, target: Mixture, out: Path) -> None:
        """Write one result to `out`. Raises InputError where the file cannot be edited or `out` cannot hold it."""
        with stage_progress() as tell:
            self._write(file, {out: target}, tell)

    def to_folder(self, files: Sequence[UserFile], targets: Targets, folder: Path) -> None:
        """Write every file with every target into `folder`, and tell of files that are left out and why.

        Raises InputError, with the first reason, where none could be edited, and where a result would replace a source.
        """

        def results(file: UserFile) -> dict[Path, Mixture]:
            return {file.result(folder, label): target for label, target in targets.items()}

        _refuse_sources([out for file in files for out in results(file)], files)
        self._each(files, folder, lambda file, tell: self._write(file, results(file), tell), len(targets))

    def sheets_to_folder(self, files: Sequence[UserFile], targets: Targets, folder: Path) -> None:
        """Write a sheet of every picture, the source and then every target, into `folder`; else as `to_folder`.

        Raises InputError where all faces of a picture are asked for, and where a sheet would replace a source.
        """
        check_one_face(self.face)

        def sheet(file: UserFile) -> Path:
            return file.result(folder, "sheet").with_suffix(".png")

        def write(file: UserFile, tell: Tell) -> None:
            write_image(sheet(file), transform_sheet(list(targets), {file.title: self._row(file, targets)}))

        _refuse_sources(map(sheet, files), files)
        self._each(files, folder, write, 1)

    def _each(
        self, files: Sequence[UserFile], folder: Path, write: Callable[[UserFile, Tell], None], results: int
    ) -> None:
        """`write` every file, which makes so many `results`; tell of what is left out, and how many were written."""
        with stage_progress() as tell:

            def in_turn() -> Iterator[UserFile]:
                for done, file in enumerate(files):
                    tell("editing files", done, len(files))
                    yield file

            def use(file: UserFile) -> None:
                write(file, lambda stage, *counts: tell(f"{file.name}: {stage}", *counts))

            written = sum(1 for _ in usable(in_turn(), use, refusal_of))
        left_out = f"; {len(files) - written} of {len(files)} files left out" if written < len(files) else ""
        say(f"wrote {counted(results * written, 'file')} to {folder}{left_out}")

    def open(self, file: UserFile) -> Sitter | Portrait:
        """A picture's face, opened; one that the model does not know is told of. Raises InputError."""
        return open_file(self.model, file.path, self.source_affect, self.face, self.points)

    def _write(self, file: UserFile, results: Mapping[Path, Mixture], tell: Tell) -> None:
        if file.is_clip and self.tune is not None:
            raise InputError(f"{file.path} is a clip; strengths are optimised for pictures, give those alone")
        if file.is_clip and not isinstance(self.model, Editor):
            raise InputError(f"{file.path} is a clip, and this checkpoint draws pictures; choose one that edits")
        if file.is_clip:
            targets = {out: target_of(mixture) for out, mixture in results.items()}
            if transform_clip(self.model, file.path, targets, self.source_affect, self.face, tell):
                warn(f"{file.path} is partly transparent, which clips are not: that is laid on grey")
            return
        opened = self.open(file)
        for out, target in results.items():
            tuned = target if self.tune is None else self.tune(file.title, opened, target)
            if isinstance(opened, Portrait) and _is_shown(tuned, opened.source):
                way_out = "ask for a variant such as joy.laugh, or say --source-affect neutral"
                warn(f"{file.path} shows {opened.source} already, so that {tuned} changes next to nothing; {way_out}")
            opened.edit(tuned).save(out)

    def _row(self, file: UserFile, targets: Targets) -> Row:
        opened = self.open(file)
        return [opened.close_up(target) for target in (None, *targets.values())]


def refusal_of(file: UserFile, error: InputError) -> str:
    """Why a file is refused, which names the file once, and first."""
    told = str(error).removeprefix(f"{file.path} ").removeprefix("is ")
    return f"{file.path}: {told.replace(f' at {file.path};', ';')}"


def _is_shown(asked: Mixture, source: Mixture) -> bool:
    """Whether a face shows the emotions already that are asked of it, and no other."""
    if asked.variants or not any(affect != NEUTRAL for affect, _ in asked.strengths):
        return False
    return all(abs(one - other) <= NEARLY for one, other in zip(asked.vector(), source.vector(), strict=True))


def user_files(given: Sequence[Path], out: Path | None = None) -> list[UserFile]:
    """The files meant by paths of files and folders, in that order; what lies in `out` is not taken up again.

    Of a folder these are all pictures and clips in it and below, by name, and it is told how many other files are
    passed over; `pictures` is the bundled folder of them and `pictures/hopper.jpg` one of those, unless that is at
    hand. Files that differ in nothing but the suffix are numbered, for sheets and tables show none. Raises InputError
    for a folder without any, for one in which all lie in `out`, and where `out` is one of the files.
    """
    files: list[UserFile] = []
    taken: set[str] = set()
    for path, name in _named(given, out):
        title = "/".join(map(file_name, name.with_suffix("").parts))
        files.append(UserFile(path, Path(free_name(title, taken) + _result_suffix(path, name.suffix))))
    _refuse_sources([] if out is None else [out], files)
    return files


def _result_suffix(path: Path, suffix: str) -> str:
    """What a result's name ends in, of a file that is called `suffix`."""
    if suffix.lower() in PICTURE_SUFFIXES:
        return suffix
    if suffix.lower() in CLIP_SUFFIXES:
        return ".mp4"
    return suffix if is_animation(path) else ".png"


def _refuse_sources(results: Iterable[Path], files: Sequence[UserFile]) -> None:
    """Raise InputError where one of `results` would replace one of the files."""
    sources = {_identity(file.path) for file in files if file.path.exists()}
    for out in results:
        if out.exists() and _identity(out) in sources:
            raise InputError(f"{out} is the source itself; give another name, or another folder, for results")


def _identity(path: Path) -> tuple[int, int]:
    """What tells a file from all others, however it is called: many file systems do not tell case apart."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _named(given: Sequence[Path], out: Path | None) -> Iterator[tuple[Path, Path]]:
    """Files with their names below the folder that was given."""
    for path in given:
        path = _bundled_or(path)
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        files = [
            file
            for file in sorted(path.rglob("*"))
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
        ]
        found = [file for file in files if _is_taken_up(file)]
        if not found:
            raise InputError(f"no pictures or clips in {path}; give a folder of PNG, JPEG, WebP or MP4 files")
        if out is not None and out.resolve() == path.resolve():
            raise InputError(f"results would lie among the sources in {path}; give another folder for --out")
        if out is not None and _lies_in(out, path):
            files, found = ([one for one in some if not _lies_in(one, out)] for some in (files, found))
        if not found:
            raise InputError(f"no pictures or clips in {path} but those in {out}, the place for results; give another")
        taken_up = set(found)
        _tell_passed_over(path, [file for file in files if file not in taken_up])
        yield from ((file, file.relative_to(path)) for file in found)


def _is_taken_up(file: Path) -> bool:
    """Whether a file in a folder is a picture or a clip, as its name says."""
    suffix = file.suffix.lower()
    if suffix in RARE_DECODERS:
        return bool(features.check(RARE_DECODERS[suffix]))
    return suffix in (*READ_SUFFIXES, *CLIP_SUFFIXES, *ANIMATED_SUFFIXES)


def _lies_in(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _tell_passed_over(folder: Path, files: Sequence[Path]) -> None:
    if files:
        names = ", ".join(str(file.relative_to(folder)) for file in files[:NAMED_AT_MOST])
        more = ", ..." if len(files) > NAMED_AT_MOST else ""
        count = counted(len(files), "other file")
        warn(f"passed over {count} in {folder}, by name no pictures or clips: {names}{more}")


def _bundled_or(path: Path) -> Path:
    """The bundled folder `pictures`, or one of its pictures, where that is what `path` names and nothing is at hand."""
    name, *rest = path.parts or [""]
    if name != bundled.PICTURES or path.exists():
        return path
    known = bundled.pictures_path().joinpath(*rest)
    return known if known.exists() else path


def write_frames(out: Path, frames: Iterable[LoadedPicture], fps: float) -> None:
    """Write a whole picture moving as a folder of PNG files of its own size, with its transparency and depth.

    Atomic; raises InputError as `check_motion` does.
    """
    check_motion(out, fps)
    with atomic_folder(out) as folder:
        for index, frame in enumerate(frames):
            frame.save(folder / FRAME_NAME.format(index))


def clip_frames(
    portrait: Portrait, keyframes: Sequence[Keyframe], fps: float, see_through: bool = False
) -> Iterator[Pixels]:
    """Frames of a clip that shows a whole picture moving, in its own size up to LARGEST_CLIP_PX a side.

    `see_through`: what is transparent stays so, in frames of four channels; else it is laid on grey.
    """
    picture = portrait.picture
    scale = min(1.0, LARGEST_CLIP_PX / max(picture.width, picture.height))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    for frame in portrait.animate(keyframes, fps):
        if see_through and frame.alpha is not None:
            planes = np.asarray(frame.to_image().convert("RGBA"))
            shown = Image.fromarray(np.dstack([frame.to_srgb(planes[..., :3].copy()), planes[..., 3]]))
        else:
            shown = Image.fromarray(frame.to_srgb(frame.view((0, 0, frame.width, frame.height))))
        yield even_sides(np.asarray(shown if scale == 1.0 else shown.resize(size, Image.Resampling.LANCZOS)))
