"""What figures do not tell: held-out characters, edited above filmed."""

from __future__ import annotations

from PIL import Image

from fexgan import sheets
from fexgan.affects import EMOTIONS
from fexgan.evaluation.held_out import Edited, HeldOut

MOST_SHOWN = 6


def edit_sheet(held_out: HeldOut, edited: Edited, title: str) -> Image.Image:
    """Six held-out characters with every emotion that was filmed at strength 1: a row edited, the filmed one below."""
    full = held_out.full()
    emotions = [affect for affect in EMOTIONS if affect in full]
    stills = [full[affect] for affect in emotions]
    rows, labels = [], []
    for character, name in enumerate(held_out.characters[:MOST_SHOWN]):
        source = held_out.pixels[character, held_out.neutral]
        rows += [[source, *edited.pixels[character, stills]], [None, *held_out.pixels[character, stills]]]
        labels += [name, "filmed"]
    return sheets.sheet(rows, ["source", *emotions], labels, cell_px=rows[0][0].shape[1], title=title)
