"""What the network for details is worth: mouths of held-out people as edited, refined and filmed, four times as large.

    python benchmarks/details.py details --data crowd crowd-mouths

From each character's neutral still to every other one. SSIM of close-ups whose unpainted parts are the filmed ones; and
of what is painted alone, how far off in levels of 255, and its edges (the mean difference of neighbours) as a share of
the filmed mouth's. Then the milliseconds for one close-up, beside the least that its operations could take.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from fexgan.checkpoints import load_checkpoint
from fexgan.evaluation.reconstruction import ssim
from fexgan.model import CloseUp, reach
from fexgan.training.details_preview import edge_strength
from fexgan.training.tasks import DetailsTask

TURNS = 30


def median_ms(action: Callable[[], object]) -> float:
    """Of some turns after the first ones, which warm up."""
    times = []
    for _ in range(TURNS):
        start = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[TURNS // 5 :])


def operations(action: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter:
        action()
    return counter.get_total_flops()


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="bundled name or folder of a checkpoint of family details")
    parser.add_argument("--data", type=Path, nargs=2, required=True, help="folders of stills and of their close-ups")
    flags = parser.parse_args()
    checkpoint = load_checkpoint(flags.checkpoint)
    networks, mouths = checkpoint.networks, DetailsTask(flags.data, checkpoint.config).test
    figures: dict[str, list[list[float]]] = {"edited": [], "refined": []}
    for character in range(len(mouths.stills)):
        batch = mouths.all_of(character)
        counts = reach(batch.mask, networks.config) * batch.known
        filmed = max(edge_strength(batch.truth, counts), 1e-6)
        for name, seen in (("edited", batch.close_ups), ("refined", networks.refine(batch.close_ups))):
            images = seen.images().clamp(-1.0, 1.0)
            laid_in = torch.lerp(batch.truth, images, counts)  # what is not painted says nothing about paint
            apart = 127.5 * (images - batch.truth).abs().mean(dim=1, keepdim=True)
            off = (apart * counts).sum() / counts.sum().clamp(min=1.0)
            likeness = ssim(laid_in, batch.truth).mean()
            figures[name].append([float(likeness), float(off), edge_strength(images, counts) / filmed])
    print(f"{len(mouths.stills)} characters, {len(batch.truth)} edits of each")
    for name, seen in figures.items():
        likeness, off, sharp = np.mean(seen, axis=0)
        print(f"{name:>8}  SSIM {likeness:.3f}, off by {off:.2f}, edges {sharp:.2f} of filmed")
    one = CloseUp(*(part[:1].contiguous(memory_format=torch.channels_last) for part in batch.close_ups))
    networks.to(memory_format=torch.channels_last)
    layer = torch.nn.Conv2d(256, 256, 3, padding=1).to(memory_format=torch.channels_last)
    images = torch.zeros(1, 256, 64, 64).to(memory_format=torch.channels_last)
    best = operations(lambda: layer(images)) / median_ms(lambda: layer(images))  # a millisecond
    work = operations(lambda: networks.refine(one))
    print(
        f"{median_ms(lambda: networks.refine(one)):.1f} ms for one close-up, at best {work / best:.1f} ms "
        f"({work / 1e9:.2f} GFLOP), {torch.get_num_threads()} threads"
    )


if __name__ == "__main__":
    main()
