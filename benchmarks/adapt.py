"""A stranger taught to a checkpoint that draws, from 1, 5 and 20 pictures, beside what was filmed of them.

    fexgan prepare open-cast --out out/dataset
    fexgan prepare people --out out/people
    python benchmarks/adapt.py open-cast --data out/dataset out/people --stills crowd --out out/adapt

The stranger is a character of the crowd that `portrait` never saw. The first picture is neutral; more show what people
have of a face, emotions at part of their strength and mixtures. Nothing that is judged is ever shown: from the neutral
picture every emotion is drawn in full, and compared in the face box with the still that was filmed of it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fexgan.adapting.characters import adapt
from fexgan.affects import NEUTRAL
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.identity import IdentityReader
from fexgan.evaluation.reconstruction import ssim
from fexgan.loading import load
from fexgan.media import Pixels, write_text_atomically
from fexgan.sheets import sheet
from fexgan.stills import StillSet
from fexgan.synthesis import Model
from fexgan.tables import Section
from fexgan.tensors import pixels_to_images

COUNTS = (1, 5, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="one that draws, such as open-cast")
    parser.add_argument("--data", nargs="+", type=Path, required=True, help="datasets of the old characters")
    parser.add_argument("--stills", type=Path, required=True, help="stills of the crowd")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--editor", default="portrait", help="the checkpoint that shows the stranger with emotions")
    parser.add_argument("--pictures", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--steps", type=int, default=100)
    given = parser.parse_args()
    training = load(given.editor).checkpoint.config.training
    _, strangers = StillSet.load(given.stills).split(training.test_share, training.seed)
    stranger = strangers.without(strangers.characters[1:])
    (name,) = stranger.characters
    held_out = HeldOut.cropped(stranger, load(given.checkpoint).checkpoint.config.framing)
    judged = held_out.full()
    others = [still for still in range(stranger.pixels.shape[1]) if still not in judged.values()]
    shown = [held_out.neutral, *np.random.default_rng(0).permutation(others).tolist()]
    rows, pictures = [], [[held_out.pixels[0, still] for still in judged.values()]]
    for count in given.pictures:
        folder = given.out / str(count)
        _write_pictures(stranger, shown[:count], folder / name)
        began = time.monotonic()
        taught = adapt(given.checkpoint, folder / name, given.data, folder / "run", given.editor, given.steps)
        minutes = (time.monotonic() - began) / 60
        drawn, figures = _judge(load(str(taught.checkpoint)), held_out, judged)
        forgotten = f"{taught.before.ssim:.3f} -> {taught.after.ssim:.3f}"
        rows.append([str(taught.pictures), *figures, forgotten, f"{minutes:.0f}"])
        pictures.append(drawn)
    before, figures = _judge(load(given.checkpoint), held_out, judged)
    rows.insert(0, ["0", *figures, "", ""])
    pictures.insert(1, before)
    section = Section(
        "A stranger, taught from pictures",
        f"{name}, {given.steps} steps. SSIM and levels off beside the filmed stills, in the face box; SFace of what is "
        "drawn and the filmed neutral face, of affects in full and neutral (filmed ones: "
        f"{_similarity(pictures[0], held_out):.3f}).",
        ["pictures", "SSIM", "off by", "SFace", "old characters, SSIM", "minutes"],
        rows,
    )
    write_text_atomically(given.out / "adapt.md", section.markdown() + "\n")
    sheet(pictures, list(judged), ["filmed", *(row[0] for row in rows)]).save(given.out / "adapt.png")
    print(section.markdown())


def _write_pictures(stranger: StillSet, stills: list[int], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for still in stills:
        Image.fromarray(stranger.pixels[0, still]).save(folder / f"{still:02d}.png")


def _judge(model: Model, held_out: HeldOut, judged: dict[str, int]) -> tuple[list[Pixels], list[str]]:
    """Each affect drawn in full from the neutral still, and how it compares with what was filmed."""
    sitter = model.open(held_out.pixels[0, held_out.neutral], source_affect=NEUTRAL)
    drawn = [np.asarray(sitter.close_up(affect)) for affect in judged]
    region = held_out.regions[0]
    faces = np.stack(drawn)[:, *region]
    filmed = held_out.pixels[0, list(judged.values())][:, *region]
    with torch.inference_mode():
        likeness = ssim(pixels_to_images(faces), pixels_to_images(filmed)).mean().item()
    off = np.abs(faces.astype(float) - filmed).mean()
    return drawn, [f"{likeness:.3f}", f"{off:.2f}", f"{_similarity(drawn, held_out):.3f}"]


def _similarity(faces: list[Pixels], held_out: HeldOut) -> float:
    """Mean SFace cosine of faces and the filmed neutral one."""
    neutral = held_out.pixels[0, held_out.neutral]
    source, *others = IdentityReader().read(np.stack([neutral, *faces]), held_out.faces[0])
    return float(np.mean(np.stack(others) @ source))


if __name__ == "__main__":
    main()
