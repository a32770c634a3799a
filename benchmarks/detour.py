"""What it is worth to go from one emotion to another by way of what both show, instead of at once.

    python benchmarks/detour.py portrait --data crowd

Held-out characters, from each emotion in full to each other one, beside what was filmed, inside the face box: SSIM and
how far off in levels of 255.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from fexgan.checkpoints import load_checkpoint
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.reconstruction import ssim
from fexgan.model import apply_edits, edit_by_way, keep_to, palette_of
from fexgan.stills import StillSet
from fexgan.tensors import images_to_pixels, pixels_to_images


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="bundled name or folder of a checkpoint that edits")
    parser.add_argument("--data", type=Path, required=True, help="folder of filmed stills")
    flags = parser.parse_args()
    checkpoint = load_checkpoint(flags.checkpoint)
    networks, config = checkpoint.networks, checkpoint.config
    _, test = StillSet.load(flags.data).split(config.training.test_share, config.training.seed)
    held_out = HeldOut.of(test.without(checkpoint.metadata.characters), config.framing, config.model.variants)
    start, end = torch.from_numpy(held_out.swaps()).unbind(1)
    source_affect, target_affect = (torch.from_numpy(held_out.affects)[stills] for stills in (start, end))
    figures: dict[str, list[tuple[float, float]]] = {"copied": [], "at once": [], "by way": []}
    for pixels, shown, (rows, columns) in zip(held_out.pixels, held_out.variants, held_out.regions, strict=True):
        images, variants = pixels_to_images(pixels), torch.from_numpy(shown)[end]
        sources, features = images[start], networks.analyse(images[start])
        at_once = keep_to(palette_of(sources), networks.edit(features, source_affect, target_affect, variants))
        by_way = edit_by_way(networks, sources, features, source_affect, target_affect, variants)
        made = {
            "copied": sources,
            "at once": apply_edits(sources, at_once),
            "by way": apply_edits(sources, by_way),
        }
        truths = images[end][:, :, rows, columns]
        for name, edited in made.items():
            inside = pixels_to_images(images_to_pixels(edited))[:, :, rows, columns]
            off = 127.5 * (inside - truths).abs().mean()
            figures[name].append((float(ssim(inside, truths).mean()), float(off)))
    print(f"{len(held_out.characters)} characters, {len(start)} changes of each")
    for name, seen in figures.items():
        likeness, off = np.mean(seen, axis=0)
        print(f"{name:>8}  SSIM {likeness:.3f}, off by {off:.2f}")


if __name__ == "__main__":
    main()
