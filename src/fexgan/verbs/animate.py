"""The verb that moves faces, as clips, or their units alone for rigs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from fexgan.errors import InputError
from fexgan.verbs.flags import (
    CheckpointName,
    FaceNumber,
    Folder,
    Images,
    MixtureText,
    Names,
    PointTexts,
    Variants,
    given_of,
)
from fexgan.verbs.sources import given_files, is_folder, open_model, opened_faces, points_of, told_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fexgan.editing import Portrait
    from fexgan.keyframes import Keyframe
    from fexgan.synthesis import Sitter


@dataclass(frozen=True)
class Animate:
    """Move faces from keyframe to keyframe, as MP4, GIF, WebP or a folder of PNG frames; several play side by side.

    Without faces, --out FILE.csv writes the weights of ARKit's 52 face units as Live Link Face does, for rigs.

    A keyframe is a time, a mixture and, where not smooth, how to move there: linear, in, out or hold.

    $ fexgan animate face.png --out joy.mp4
    $ fexgan animate --data out/dataset --keyframes "0s neutral, 0.8s surprise, 1.5s joy:0.7, 3s neutral" --out cast.mp4
    $ fexgan animate face.png --keyframes "0s neutral, 0.3s surprise out, 2s neutral in" --out startled.gif
    $ fexgan animate face.png --keyframes scene.yaml --out frames
    $ fexgan animate --keyframes "0s neutral, 1s joy, 2s neutral" --fps 60 --out rig.csv
    """

    images: Images = ()
    """Pictures of one face each."""
    data: Folder = None
    """Prepared dataset instead: a neutral test frame of each character."""
    characters: Names = ()
    """Only these characters of the dataset; all where none is named."""
    keyframes: str = "0s neutral, 1s joy, 2s neutral"
    """Times and mixtures or bundled expressions, separated by commas, or a YAML file that lists them."""
    fps: float = 24
    """Frames a second."""
    cell_px: Annotated[int | None, arg(metavar="INT")] = None
    """Side of each face in the clip: even, 16 to 1024; where not given, a single edited picture is shown whole."""
    variants: Variants = ()
    """Variants of affects to show instead of the default ones, such as joy.laugh or anger.shout."""
    source_affect: MixtureText = None
    """Mixture that the given pictures show; the networks say it where not given."""
    face: FaceNumber = None
    """Face to edit, 0 being the largest, or all; the largest where not given."""
    points: PointTexts = ()
    """Left eye, other eye and mouth in pixels, where the face of a single picture is not found or not the one meant."""
    out: Path = Path("joy.mp4")
    """Clip to write, or without a suffix, folder of frames; a .csv of face units."""
    checkpoint: CheckpointName = None
    """Bundled name or folder; where not given, portrait for pictures if that is bundled, else open-cast."""

    def run(self) -> None:
        from fexgan import figures
        from fexgan.editing import Portrait
        from fexgan.framing import parse_face
        from fexgan.keyframes import count_frames, read_keyframes
        from fexgan.motion import check_motion, write_motion
        from fexgan.retouch import Retouch, clip_frames, write_frames
        from fexgan.terminal import say_wrote, tracked, warn

        if self.characters and self.data is None:
            raise InputError(
                f"--characters {self.characters[0]} names somebody of a dataset; give --data, or leave it out"
            )
        if self.cell_px is not None and (self.cell_px % 2 or not 16 <= self.cell_px <= 1024):
            raise InputError(f"a face of {self.cell_px} px does not fit a clip; give an even number from 16 to 1024")
        keyframes = read_keyframes(self.keyframes)
        if self.out.suffix.lower() == ".csv":
            self._record(keyframes)
            return
        check_motion(self.out, self.fps)
        face = None if self.face is None else parse_face(self.face)
        model = open_model(self.checkpoint, self.images, self.data, self.variants)
        files = given_files(self.images, self.out, "--keyframes")
        points = points_of(self, model, files)
        retouch = Retouch(model, told_source(self.source_affect), face, points=points)
        opened = opened_faces(retouch, files, self.data, "opening faces", self.characters)
        first, *others = faces = [one for _, one in opened]
        if isinstance(first, Portrait) and not others and self.cell_px is None:
            count = count_frames(keyframes, self.fps)
            if is_folder(self.out):
                write_frames(self.out, tracked(first.animate(keyframes, self.fps), "animating", count), self.fps)
                say_wrote(self.out)
                return
            see_through = self.out.suffix.lower() == ".webp"
            if _are_see_through(faces) and not see_through:
                warn(f"what is transparent is laid on grey in {self.out}; .webp and folders of frames keep it")
            frames = tracked(clip_frames(first, keyframes, self.fps, see_through), "animating", count)
        else:
            figures.check_one_face(face)
            if _are_see_through(faces):
                warn(f"what is transparent is laid on grey in {self.out}; a single picture shown whole may keep it")
            frames = figures.clip_frames([first, *others], keyframes, self.fps, self.cell_px or figures.CLIP_CELL_PX)
        write_motion(self.out, frames, self.fps)
        say_wrote(self.out)

    def _record(self, keyframes: Sequence[Keyframe]) -> None:
        """Write the keyframes as face units, which no face is needed for."""
        from fexgan.media import write_text_atomically
        from fexgan.terminal import say_wrote
        from fexgan.units import recording

        of_faces = ("images", "data", "cell_px", "source_affect", "face", "points", "checkpoint")
        for flag in given_of(self, of_faces):
            named = str(self.images[0]) if flag == "--images" else flag
            raise InputError(f"{named} says nothing of face units; leave it out, or end --out in .mp4 to show a face")
        write_text_atomically(self.out, recording(keyframes, self.fps, self.variants))
        say_wrote(self.out)


def _are_see_through(faces: Sequence[Sitter | Portrait]) -> bool:
    """Whether one of the opened pictures has transparency; a model that draws has taken in none."""
    from fexgan.editing import Portrait

    return any(isinstance(one, Portrait) and one.picture.alpha is not None for one in faces)
