"""Is a mixture nearer to the truth after a few examples of it: on characters of whom none was shown.

    fexgan prepare open-cast --out out/dataset
    fexgan prepare people --out out/people
    python benchmarks/few_shot.py open-cast --data out/dataset out/people --out out/few-shot

Of the paper's three mixtures, 0.5 of each parent, the bundled stills of the first characters are examples; a training
of each mixture begins with the checkpoint anew. The other characters' neutral stills are drawn with the mixture, plain,
with optimised strengths and after the examples, and compared with what was filmed, in the face box.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fexgan import bundled
from fexgan.adapting.mixtures import adapt_mixture
from fexgan.affects import PAPER_MIXTURES, Mixture
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.reconstruction import ssim
from fexgan.loading import load
from fexgan.media import Pixels, write_text_atomically
from fexgan.optimising import optimise
from fexgan.sheets import sheet
from fexgan.stills import StillSet
from fexgan.synthesis import Model, share_strength
from fexgan.tables import Section
from fexgan.tensors import pixels_to_images

Draw = Callable[[Pixels], Image.Image]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--data", nargs="+", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=5, help="characters whose still is an example")
    parser.add_argument("--steps", type=int, default=150)
    given = parser.parse_args()
    model = load(given.checkpoint)
    held_out = HeldOut.cropped(StillSet.load(bundled.stills_path()), model.checkpoint.config.framing)
    rows, pictures = [], []
    for text in PAPER_MIXTURES:
        mixture = share_strength(Mixture.parse(text))
        still = int(np.abs(held_out.affects - np.float32(mixture.vector())).sum(axis=1).argmin())
        folder = given.out / mixture.name
        _write_examples(held_out, still, folder / "examples", given.examples)
        taught = adapt_mixture(given.checkpoint, mixture, folder / "examples", given.data, folder / "run", given.steps)
        few_shot = load(str(taught.checkpoint))
        ways: dict[str, Draw] = {
            "plain": lambda source, mixture=mixture: model.transform(source, mixture, "neutral"),
            "optimised": lambda source, mixture=mixture: _optimised(model, source, mixture),
            "few-shot": lambda source, mixture=mixture, few_shot=few_shot: few_shot.transform(
                source, mixture, "neutral"
            ),
        }
        judged = range(given.examples, len(held_out.characters))
        drawn = {
            way: [np.asarray(draw(held_out.pixels[person, held_out.neutral])) for person in judged]
            for way, draw in ways.items()
        }
        drawn["filmed"] = [held_out.pixels[person, still] for person in judged]
        rows += [[mixture.name, way, *_likeness(held_out, judged, still, faces)] for way, faces in drawn.items()]
        pictures += drawn.values()
    names = [held_out.characters[person] for person in judged]
    labels = [f"{text} {way}" for text in PAPER_MIXTURES for way in drawn]
    section = Section(
        "Mixtures after a few examples",
        f"{given.examples} examples of each, {given.steps} steps; the other {len(names)} characters.",
        ["mixture", "drawn", "SSIM", "off by"],
        [row for row in rows if row[1] != "filmed"],
    )
    write_text_atomically(given.out / "few-shot.md", section.markdown() + "\n")
    sheet(pictures, names, labels).save(given.out / "few-shot.png")
    print(section.markdown())


def _write_examples(held_out: HeldOut, still: int, folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in zip(held_out.characters[:count], held_out.pixels[:count, still], strict=True):
        Image.fromarray(pixels).save(folder / f"{name}.png")


def _optimised(model: Model, source: Pixels, mixture: Mixture) -> Image.Image:
    opened = model.open(source, source_affect="neutral")
    return opened.close_up(optimise(opened, mixture).mixture)


def _likeness(held_out: HeldOut, people: range, still: int, faces: list[Pixels]) -> list[str]:
    """SSIM and mean difference in levels of 255, both inside the face box."""
    likenesses, differences = [], []
    for person, face in zip(people, faces, strict=True):
        region = held_out.regions[person]
        made, filmed = face[region], held_out.pixels[person, still][region]
        with torch.inference_mode():
            likenesses.append(ssim(pixels_to_images(made), pixels_to_images(filmed)).item())
        differences.append(np.abs(made.astype(float) - filmed).mean())
    return [f"{np.mean(likenesses):.3f}", f"{np.mean(differences):.2f}"]


if __name__ == "__main__":
    main()
