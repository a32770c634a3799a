"""The paper's figures and clips of faces: pictures by name, labelled sheets, frames of a clip."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from PIL import Image

from fexgan.affects import NEUTRAL_INDEX, Mixture, Target
from fexgan.dataset import FaceDataset
from fexgan.editing import Editor, Portrait
from fexgan.errors import InputError
from fexgan.evaluation.choosing import evenly_spaced
from fexgan.framing import FaceChoice, FaceSquare
from fexgan.keyframes import Keyframe, held, targets_by_frame
from fexgan.media import Pixels
from fexgan.picture import LoadedPicture
from fexgan.sheets import sheet
from fexgan.synthesis import Blend, Model, Sitter, blend_of, check_seeds
from fexgan.terminal import tracked

FACES_A_ROW = 8
SHEET_CELL_PX = 128
"""Side of a face on a sheet; larger pictures keep their size."""
CLIP_CELL_PX = 256
CLIP_ASPECT = 1.6
OPEN_LIDS = 0.05
"""A face that blinks by no more looks about with open eyes."""
NEUTRAL_FRAMES = 300
"""Evenly spaced ones of a take that are looked at: loose pictures are one take, however many they are."""

Row = list[Image.Image]
Opened = Iterable[tuple[str, Sitter | Portrait]]
"""Faces with their names; each is needed only until the next one comes."""
Tune = Callable[[str, Sitter | Portrait, Mixture], Mixture]
"""What to show instead of a mixture on an opened face, given the face's name."""


def neutral_faces(faces: FaceDataset) -> dict[str, Pixels]:
    """One neutral frame per character: of the first neutral take, or 300 evenly spaced frames of it, the one most like
    the mean, which is hardly a blink, and none where the dataset tells of lids.

    Raises InputError where the split has no neutral frames.
    """
    found = {}
    for index, character in enumerate(faces.labels):
        neutral = np.flatnonzero((faces.character == index) & (faces.affect == NEUTRAL_INDEX))
        if len(neutral):
            frames = neutral[faces.take[neutral] == faces.take[neutral[0]]]
            frames = evenly_spaced(frames, NEUTRAL_FRAMES)
            take, blink = faces.pixels[frames], np.nan_to_num(faces.blink[frames])
            mean = take.mean(axis=0, dtype=np.float32)
            differences = np.array([np.abs(frame - mean).mean() for frame in take])
            differences[blink > max(OPEN_LIDS, blink.min())] = np.inf
            found[character] = take[differences.argmin()]
    if not found:
        raise InputError(
            f"the dataset has no neutral {faces.split} frames to start from; film or record a neutral take"
        )
    return found


def random_faces(
    model: Model, affects: Mapping[str, Mixture], count: int, seed: int, editor: Editor | None = None
) -> dict[str, Row]:
    """`count` random faces by the name of their affect, spread evenly, the first affects taking what is left over. No
    two share a seed.

    `editor`: gives them their affects, where one is given.
    """
    if count < 1:
        raise InputError(f"{count} faces cannot be drawn; give a count of at least 1")
    check_seeds(seed, count)
    share, left_over = divmod(count, len(affects))
    rows = {}
    for number, (name, affect) in enumerate(tracked(list(affects.items()), "drawing faces")):
        own = share + (number < left_over)
        if own:
            rows[name] = model.random(own, affect, seed, editor)
        seed += own
    return rows


def random_sheet(rows: Mapping[str, Row]) -> Image.Image:
    """Figure 6: a row for each affect; where there is one affect only, its faces in rows of eight."""
    if len(rows) > 1:
        return _labelled_sheet(list(rows.values()), [], list(rows))
    ((affect, row),) = rows.items()
    grid = [row[start : start + FACES_A_ROW] for start in range(0, len(row), FACES_A_ROW)]
    return _labelled_sheet(grid, [], [], title=affect)


def transformed(opened: Opened, targets: Sequence[Mixture]) -> dict[str, Row]:
    """Each face as it is and then with every target, by its name."""
    return {name: [face.close_up(target) for target in (None, *targets)] for name, face in opened}


def check_one_face(face: FaceChoice) -> None:
    """Raise InputError where all faces are asked for, of which sheets show one."""
    if face == "all":
        raise InputError("a sheet shows one face of each picture; give --face a number, or write a folder of pictures")


def transform_sheet(labels: Sequence[str], rows: Mapping[str, Row]) -> Image.Image:
    """Figure 7: the source first, then what `transformed` made of it."""
    return _labelled_sheet(list(rows.values()), ["source", *labels], list(rows))


def blended(opened: Opened, mixtures: Mapping[str, Mixture], tune: Tune | None = None) -> dict[str, dict[str, Blend]]:
    """Each face with every mixture, its strengths tuned to the face by `tune`, and its parents, by the face's name and
    the mixture's."""
    rows = {}
    for name, face in opened:
        tuned = {label: tune(name, face, one) if tune else one for label, one in mixtures.items()}
        rows[name] = {label: blend_of(face.close_up, one) for label, one in tuned.items()}
    return rows


def blend_sheet(rows: Mapping[str, Mapping[str, Blend]]) -> Image.Image:
    """Figure 8: every mixture with its first parent on the left and the other parents on the right."""
    pictures = [
        [picture for blend in row.values() for picture in (blend.parents[0], blend.blended, *blend.parents[1:])]
        for row in rows.values()
    ]
    labels = []
    for label, blend in next(iter(rows.values())).items():
        first, *others = (affect for affect, _ in blend.mixture.strengths)
        labels += [first, label, *others]
    return _labelled_sheet(pictures, labels, list(rows))


def clip_frames(
    faces: Iterable[Sitter | Portrait], keyframes: Sequence[Keyframe], fps: float, cell_px: int
) -> Iterator[Pixels]:
    """Frames uint8 [height, width, 3] of all faces moving together, tiled in even rows, each `cell_px` a side."""
    cells = [_cell(face, cell_px) for face in faces]
    columns, rows = _grid(len(cells))

    def tiled(target: Target) -> Pixels:
        frame = Image.new("RGB", (columns * cell_px, rows * cell_px))
        for index, cell in enumerate(cells):
            row, column = divmod(index, columns)
            frame.paste(cell(target), (column * cell_px, row * cell_px))
        return np.asarray(frame)

    yield from held(tiled, tracked(targets_by_frame(keyframes, fps), "animating"))


def _cell(opened: Sitter | Portrait, cell_px: int) -> Callable[[Target], Image.Image]:
    """What draws an opened face in a cell of a clip; of a picture its face's square alone is edited, no larger than the
    picture and the cell show it."""
    if isinstance(opened, Sitter):
        return lambda target: opened.close_up(target, cell_px)
    editor, face = opened.editor, opened.faces[0]
    size_px = max(min(cell_px, math.ceil(face.square.side_px)), editor.image_size_px)
    picture = LoadedPicture(np.asarray(opened.close_up(size_px=size_px)))
    whole = FaceSquare((size_px - 1) / 2, (size_px - 1) / 2, size_px, roll_rad=0.0)
    framed = Portrait(editor, picture, [editor.open_face(picture, whole, face.source)])
    return lambda target: framed.edit(target).to_image().resize((cell_px, cell_px), Image.Resampling.LANCZOS)


def _grid(count: int) -> tuple[int, int]:
    """(columns, rows) for `count` tiles: few empty places, a shape near `CLIP_ASPECT`."""

    def flaw(columns: int) -> float:
        rows = math.ceil(count / columns)
        return 2.0 * (columns * rows - count) / count + abs(math.log(columns / rows / CLIP_ASPECT))

    columns = min(range(1, count + 1), key=flaw)
    return columns, math.ceil(count / columns)


def _labelled_sheet(
    rows: Sequence[Row], columns: list[str], labels: list[str], title: str | None = None
) -> Image.Image:
    cells = [[np.asarray(picture) for picture in row] for row in rows]
    cell_px = max(SHEET_CELL_PX, *(picture.width for row in rows for picture in row))
    return sheet(cells, columns, labels, cell_px, title)
