"""The pictures that lie open in the studio: each is read once, and edited as often as somebody moves a slider."""

from __future__ import annotations

import io
import os
import secrets
import shlex
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from PIL import Image

from fexgan.affects import AFFECTS, Mixture
from fexgan.editing import Editor, Portrait
from fexgan.editing.faces import OpenFace
from fexgan.errors import InputError
from fexgan.figures import transform_sheet
from fexgan.framing import FaceChoice, FaceSquare, NoFace, Points, details_pay
from fexgan.keyframes import Keyframe, count_frames, parse_keyframes
from fexgan.media import CLIP_SUFFIXES, Pixels
from fexgan.motion import ANIMATED_SUFFIXES, check_held, moves, write_motion
from fexgan.picture import LoadedPicture, open_picture
from fexgan.retouch import clip_frames
from fexgan.variants import by_affect, spell_out

VIEW_PX = 1280
"""About the longest side that the browser is shown, half as much again at most: pictures are shrunk by whole numbers.
What is saved has the picture's own size."""
MOST_OPEN = 16
"""Pictures that stay open; the one unused for longest goes."""
MOST_OPEN_BYTES = 1_000_000_000
"""What they may take together, though the newest stays open whatever it takes."""
FACE_BYTES = 4_000_000
"""What the networks keep of an opened face, about."""
VIEW_QUALITY = 92
LONGEST_CLIP_S = 20.0


class NotOpen(Exception):
    """No picture is open under that key, or no longer."""


class Unwanted(Exception):
    """Who asked for a clip has gone."""


class Unplaced(InputError):
    """A picture without a face that can be edited where it was looked for; somebody may say where it is."""


@dataclass(frozen=True)
class Look:
    """What is asked of a picture: a mixture, variants of its affects, and the faces that show them."""

    mixture: Mixture
    variants: tuple[str, ...] = ()
    face: FaceChoice = 0


class OpenPicture:
    """A picture whose faces have been found and read, and a smaller view of it that shows the same faces.

    `points`: where its one face is, instead of finding them all.
    """

    def __init__(self, picture: LoadedPicture, name: str, editor: Editor, points: Points | None = None) -> None:
        self.picture, self.name = picture, name
        self.full = self.view = editor.open(picture, face="all" if points is None else None, points=points)
        self.read = {face.number: face.source for face in self.full.faces}
        factor = max(1, round(max(picture.width, picture.height) / VIEW_PX))
        if factor > 1:
            seen = picture.view((0, 0, picture.width, picture.height), factor)
            shrunk = LoadedPicture(picture.to_srgb(seen))
            faces = [_seen_smaller(face, factor, editor.image_size_px) for face in self.full.faces]
            self.view = Portrait(editor, shrunk, faces)

    def showing(self, source: Mixture | None, which: FaceChoice) -> OpenPicture:
        """The same picture, of which somebody says that the faces meant show `source`; None: what was read off them."""

        def told(portrait: Portrait) -> Portrait:
            faces = [
                replace(face, source=source.as_source() if source else self.read[face.number], retreats={})
                if which in ("all", face.number)
                else face
                for face in portrait.faces
            ]
            return Portrait(portrait.editor, portrait.picture, faces)

        again = copy(self)
        again.full = told(self.full)
        again.view = again.full if self.view is self.full else told(self.view)
        return again

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        pictures = [self.picture] if self.view is self.full else [self.picture, self.view.picture]
        pixels = sum(one.levels.nbytes + (0 if one.alpha is None else one.alpha.nbytes) for one in pictures)
        large = sum(face.large.nbytes for face in self.full.faces if face.large is not None)
        return pixels + large + len(self.full.faces) * FACE_BYTES


class Desk:
    """Opens pictures, hands out keys for them, and edits them one at a time. Safe to call from several threads.

    Raises NotOpen for keys that it did not hand out or whose picture had to go, and InputError as `Portrait` does.
    """

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self._open: OrderedDict[str, OpenPicture] = OrderedDict()
        self._shelf, self._reading, self._work = threading.Lock(), threading.Lock(), threading.Lock()
        """Held while the open pictures are counted, while a file is decoded, which may take a gigabyte, and while the
        networks work."""

    def open(self, encoded: bytes, name: str = "picture.png", points: Points | None = None) -> tuple[str, OpenPicture]:
        """Open the bytes of a picture file: its key, and the picture. `points`: where its face is, if it is not found.

        Raises InputError for what is no picture, and Unplaced where no face can be edited.
        """
        check_still(encoded, name)
        with self._reading:
            picture = open_picture(io.BytesIO(encoded), name)
        with self._work:
            try:
                opened = OpenPicture(picture, name, self.editor, points)
            except NoFace as error:
                raise Unplaced(f"{error}, or say with points where its eyes and its mouth are") from None
            except InputError as error:
                raise Unplaced(str(error)) from None
        return self._lay(opened), opened

    def showing(self, key: str, source: Mixture | None, face: FaceChoice) -> tuple[str, OpenPicture]:
        """An open picture opened once more, told what a face, or all, shows (None: what is read): its key, and it."""
        opened = self._find(key)
        number = face or 0
        check_faces(opened.full, number)
        again = opened.showing(source, number)
        return self._lay(again), again

    def _lay(self, opened: OpenPicture) -> str:
        """Keep a picture open; returns its key. Those unused for longest go where there are too many."""
        key = secrets.token_urlsafe(8)
        with self._shelf:
            self._open[key] = opened
            while self._is_crowded():
                self._open.popitem(last=False)
        return key

    def source(self, key: str) -> bytes:
        """The view of a picture as it is, JPEG."""
        return _jpeg(self._find(key).view.picture)

    def edit(self, key: str, look: Look, details: bool = True) -> bytes:
        """The view of a picture with a look, JPEG; without details it is made in half the time."""
        opened = self._find(key)
        with self._work:
            edited = self._edit(opened.view, look, details)
        return _jpeg(edited)

    def save(self, key: str, look: Look, suffix: str) -> bytes:
        """The picture at its own size with a look, as the file that `suffix`, such as `.png`, names."""
        opened = self._find(key)
        with self._work:
            edited = self._edit(opened.full, look)
        return _written(f"picture{suffix}", edited.save)

    def sheet(self, key: str, look: Look) -> bytes:
        """A PNG of the face beside itself with each affect, in the look's variants."""
        if look.face == "all":
            raise InputError("a sheet shows one face; choose one of them")
        opened = self._find(key)
        with self._work:
            portrait = self._portrait(opened.full, look)
            targets = [self._spelled(Mixture.parse(affect), look) for affect in AFFECTS]
            row = [portrait.close_up(target) for target in (None, *targets)]
        encoded = io.BytesIO()
        transform_sheet(AFFECTS, {Path(opened.name).stem: row}).save(encoded, format="PNG")
        return encoded.getvalue()

    def clip(
        self,
        key: str,
        look: Look,
        keyframes: str,
        fps: float,
        suffix: str,
        is_wanted: Callable[[], bool] = lambda: True,
        tell: Callable[[int, int], None] = lambda done, total: None,
    ) -> bytes:
        """The view moving from keyframe to keyframe, in the look's variants, as the file that `suffix` names.

        Before each frame and after the last one, `tell` is told how many are done, and of how many, and `is_wanted` is
        asked. Raises Unwanted where the answer is no.
        """
        frames = [
            replace(keyframe, mixture=self._spelled(keyframe.mixture, look)) for keyframe in few_keyframes(keyframes)
        ]
        opened = self._find(key)
        view = opened.view.picture
        total = count_frames(frames, fps)
        check_held(suffix, total, view.width, view.height)

        def go_on(done: int) -> None:
            tell(done, total)
            if not is_wanted():
                raise Unwanted

        moving = self._by_turns(clip_frames(self._portrait(opened.view, look), frames, fps), go_on)
        return _written(f"clip{suffix}", lambda out: write_motion(out, moving, fps))

    def _by_turns(self, frames: Iterable[Pixels], go_on: Callable[[int], None]) -> Iterator[Pixels]:
        """The frames, between which others may have something drawn; `go_on` is told before each how many are done."""
        frames = iter(frames)
        for done in count():
            go_on(done)
            with self._work:
                frame = next(frames, None)
            if frame is None:
                return
            yield frame

    def _is_crowded(self) -> bool:
        taken = sum(opened.size_bytes for opened in self._open.values())
        return len(self._open) > 1 and (len(self._open) > MOST_OPEN or taken > MOST_OPEN_BYTES)

    def _find(self, key: str) -> OpenPicture:
        with self._shelf:
            if key not in self._open:
                raise NotOpen(key)
            self._open.move_to_end(key)
            return self._open[key]

    def _edit(self, opened: Portrait, look: Look, details: bool = True) -> LoadedPicture:
        return self._portrait(opened, look).edit(self._spelled(look.mixture, look), details)

    def _spelled(self, mixture: Mixture, look: Look) -> Mixture:
        """A mixture in the look's variants, by name: who chooses a laugh wants one where there is a smile, too."""
        return spell_out(mixture, by_affect(look.variants, self.editor.checkpoint.config.model.variants))

    def _portrait(self, opened: Portrait, look: Look) -> Portrait:
        """The faces that the look is for."""
        number = look.face or 0
        check_faces(opened, number)
        faces = [face for face in opened.faces if number in ("all", face.number)]
        return Portrait(self.editor, opened.picture, faces)


def few_keyframes(text: str) -> tuple[Keyframe, ...]:
    """The keyframes of a text, as `parse_keyframes`. Raises InputError for more than the studio makes at once, too."""
    keyframes = parse_keyframes(text)
    if keyframes[-1].time_s > LONGEST_CLIP_S:
        raise InputError(f"the last keyframe is at {keyframes[-1].time_s:g} s; the studio makes {LONGEST_CLIP_S:g} s")
    return keyframes


def check_faces(opened: Portrait, number: FaceChoice) -> None:
    """Raise InputError where a face of that number is not open; `all` are always there."""
    numbers = [face.number for face in opened.faces]
    if number != "all" and number not in numbers:
        raise InputError(f"face {number} is not there to edit; choose from {', '.join(map(str, numbers))}, or all")


def check_still(encoded: bytes, name: str) -> None:
    """Raise InputError for what moves: a clip by its name, or a picture file of several pictures, such as a GIF."""
    if Path(name).suffix.lower() in CLIP_SUFFIXES or moves(io.BytesIO(encoded)):
        raise InputError(f"{name} is a clip, and the studio edits pictures; {_way_of_clips(name)}")


def _way_of_clips(name: str) -> str:
    """What to do with a clip instead: the command that edits it, or another kind of file first."""
    suffix = Path(name).suffix.lower()
    if suffix not in (*CLIP_SUFFIXES, *ANIMATED_SUFFIXES):
        return "make an MP4, GIF or WebP of it for fexgan transform"
    out = f"joy{suffix if suffix in ANIMATED_SUFFIXES else '.mp4'}"
    return f"clips go through: fexgan transform {shlex.quote(name)} --to joy --out {out}"


def _seen_smaller(face: OpenFace, factor: int, seen_px: int) -> OpenFace:
    """A face of a picture in its view, which is shrunk by `factor`, without details that would not show there; the
    editor sees faces at `seen_px`."""
    square = _shrunk(face.square, factor)
    return replace(face, square=square, large=face.large if details_pay(square, seen_px) else None)


def _shrunk(square: FaceSquare, factor: int) -> FaceSquare:
    """A square of a picture in its view, which is shrunk by `factor`."""
    centre_x, centre_y = ((centre + 0.5) / factor - 0.5 for centre in (square.centre_x, square.centre_y))
    return replace(square, centre_x=centre_x, centre_y=centre_y, side_px=square.side_px / factor)


def _written(name: str, write: Callable[[Path], None]) -> bytes:
    """The bytes of a file that `write` writes. Raises InputError as it does, in which the file has no folder."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            write(Path(folder) / name)
        except InputError as error:
            raise InputError(str(error).replace(f"{folder}{os.sep}", "")) from None
        return (Path(folder) / name).read_bytes()


def _jpeg(picture: LoadedPicture) -> bytes:
    encoded = io.BytesIO()
    shown = Image.fromarray(picture.to_srgb(picture.view((0, 0, picture.width, picture.height))))
    shown.save(encoded, format="JPEG", quality=VIEW_QUALITY, subsampling=0)
    return encoded.getvalue()
