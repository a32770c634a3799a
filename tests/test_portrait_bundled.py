"""The bundled editor on pictures that the studio did not make: what has to hold on anybody's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fexgan import bundled
from fexgan.editing import Editor, Portrait

MOUTH = [(0.25, 0.58), (0.75, 0.58), (0.72, 0.9), (0.5, 1.0), (0.28, 0.9)]
"""Corners of a face mask, in fractions of the face's square."""
EYES = np.s_[50:130, 50:206]
"""Brows and eyes in a close-up of 256 px."""
MOUTH_PART = np.s_[150:230, 70:186]
UNDER_THE_MASK = np.s_[165:215, 85:171]


def photograph() -> Image.Image:
    return Image.open(bundled.pictures_path() / "collins.jpg").convert("RGB")


def difference(portrait: Portrait, target: str, part: tuple[slice, slice]) -> float:
    """Of a close-up with and without an affect, mean, in levels of 255."""
    before, after = (np.asarray(portrait.close_up(shown)).astype(float)[part] for shown in (None, target))
    return float(np.abs(after - before).mean())


@pytest.mark.parametrize("target", ["surprise", "joy"])
def test_a_mask_over_the_mouth_stays_and_the_eyes_act(editor: Editor, target: str):
    picture = photograph()
    corners = editor.open(picture).faces[0].square.to_picture(np.array(MOUTH))
    ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners], fill=(120, 170, 200))
    portrait = editor.open(picture)
    masked, eyes = (difference(portrait, target, part) for part in (UNDER_THE_MASK, EYES))
    assert masked < 1 and eyes > max(1.5, 3 * masked)


def test_no_flecks_of_colour_come_onto_an_ink_drawing(editor: Editor):
    portrait = editor.open(Image.open(bundled.pictures_path() / "ink.png").convert("RGB"))
    for target in ("fear", "surprise"):
        drawn = np.asarray(portrait.close_up(target)).astype(int)[EYES]
        assert (drawn.max(axis=2) - drawn.min(axis=2)).max() < 50, target


@pytest.mark.parametrize("target", ["anger.shout", "fear", "joy.laugh", "surprise"])
def test_a_mouth_opens_in_black_and_white_on_an_ink_drawing(editor: Editor, target: str):
    portrait = editor.open(Image.open(bundled.pictures_path() / "ink.png").convert("RGB"))

    def grey(shown: str | None) -> float:
        mouth = np.asarray(portrait.close_up(shown))[MOUTH_PART].mean(axis=2)
        return float(((mouth > 60) & (mouth < 195)).mean())

    assert grey(target) < grey(None) + 0.03


@pytest.mark.parametrize("path", sorted(bundled.pictures_path().glob("*.[jp][pn]g")), ids=lambda path: path.stem)
def test_drawings_in_flat_colours_are_told_from_renderings_paintings_and_photographs(editor: Editor, path: Path):
    flat = editor.open(path).faces[0].flat
    assert (flat is not None) == (path.stem in ("cartoon", "comic", "flat", "ink"))
    assert flat is None or (flat.share == 1.0 and flat.is_ink == (path.stem == "ink"))


@pytest.mark.parametrize("path", sorted(bundled.pictures_path().glob("*.[jp][pn]g")), ids=lambda path: path.stem)
def test_faces_that_show_nothing_are_taken_for_calm_and_a_smile_for_joy(editor: Editor, path: Path):
    (affect, _), *others = editor.open(path).source.strengths
    assert not others and affect == ("joy" if path.stem == "collins" else "neutral")
