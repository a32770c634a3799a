"""What each variation of the training pairs is worth: networks trained without it, tried on pictures that need it.

    python benchmarks/variation.py crowd --out out/variation
    python benchmarks/variation.py crowd --out out/variation --steps 4000

Trains narrow editing networks from nothing, all alike but for one group of variations that is off, and edits neutral
stills of the characters held out: as filmed, and each group's variation applied to source and truth. A cell is the
distance to the truth in the changed pixels, as a share of what leaving the source as it is gives. A training that was
stopped goes on; one that is done is not repeated.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch
from rich.console import Console

from fexgan.checkpoints import load_checkpoint
from fexgan.config import PortraitConfig, VariationConfig, load_preset
from fexgan.losses import changed_pixels
from fexgan.media import write_text_atomically
from fexgan.model import EditingFamily, apply_edits
from fexgan.stills import StillSet
from fexgan.training.batches import step_generator
from fexgan.training.loop import train
from fexgan.training.pairs import Pairs

GROUPS = {
    "place": ("mirror", "shift", "scale", "rotation_deg"),
    "light and colour": (
        *("brightness", "contrast", "saturation", "tint", "gamma", "light", "hue_share"),
        *("coloured", "coloured_share"),
    ),
    "proportions": ("caricature_share",),
    "things in front": ("glasses_share", "occluded_share"),
    "drawings": ("drawn_share",),
    "cartoons": ("cartoon_share",),
    "blur, grain, compression": ("degraded_share",),
}
UNPROBED = ("crease_share", "blur_px", "noise", "compression")
"""Smiles fold in pairs that start with one, and these start neutral; the others come with their share."""
PROBED_BATCHES, PROBE_SEED = 16, 1000


def without(variation: VariationConfig, *names: str) -> VariationConfig:
    """`variation` with these turned off."""
    return dataclasses.replace(variation, **{name: type(getattr(variation, name))() for name in names})


def probe_of(variation: VariationConfig, group: str | None) -> VariationConfig:
    """One group alone, on every picture; none for stills as filmed."""
    others = (name for other, names in GROUPS.items() if other != group for name in names)
    alone = without(variation, *others)
    shares = [name for name in GROUPS.get(group, ()) if name.endswith("_share")]
    return dataclasses.replace(alone, **dict.fromkeys(shares, 1.0))


def narrow(steps: int) -> PortraitConfig:
    """Preset portrait at a third of its width, without a discriminator: what variations are worth shows soon."""
    config = load_preset("portrait")
    model = dataclasses.replace(config.model, widths=(16, 32, 64, 96), middle_blocks=1, decoder_blocks=1)
    training = dataclasses.replace(
        config.training,
        steps=steps,
        adversarial_from_step=steps + 1,
        preview_every_steps=0,
        save_every_steps=500,
        neutral_source_share=1.0,
    )
    return dataclasses.replace(config, model=model, training=training)


@torch.inference_mode()
def error(networks: EditingFamily, test: StillSet, config: PortraitConfig, variation: VariationConfig) -> float:
    """Distance of edits to the truth where it differs from the source, as a share of the source's own distance."""
    training = dataclasses.replace(config.training, variation=variation)
    pairs = Pairs(test, dataclasses.replace(config, training=training))
    off, copied = 0.0, 0.0
    for number in range(PROBED_BATCHES):
        batch = pairs.draw(training.batch_size, step_generator(PROBE_SEED, number))
        features = networks.analyse(batch.source_images)
        edits = networks.edit(features, batch.source_affect, batch.target_affect, batch.target_variants)
        edited = apply_edits(batch.source_images, edits)
        changed = changed_pixels(batch.target_images, batch.source_images, config.loss.changed_from)
        off += ((edited - batch.target_images).abs() * changed).sum().item()
        copied += ((batch.source_images - batch.target_images).abs() * changed).sum().item()
    return off / copied


def table(rows: dict[str, list[float]]) -> str:
    """Trainings by what they went without, pictures by what was done to them."""
    head = ["trained without", "as filmed", *GROUPS]
    lines = [head, ["---"] * len(head), *([name, *(f"{value:.3f}" for value in row)] for name, row in rows.items())]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crowd", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=800)
    given = parser.parse_args()
    config = narrow(given.steps)
    whole = config.training.variation
    probed = {name for names in GROUPS.values() for name in names}
    assert {item.name for item in dataclasses.fields(whole)} == probed | set(UNPROBED), "a variation is in no group"
    _, test = StillSet.load(given.crowd).split(config.training.test_share, config.training.seed)
    trainings = {"nothing": (), **GROUPS, "any": tuple(name for names in GROUPS.values() for name in names)}
    rows: dict[str, list[float]] = {}
    for number, (name, off) in enumerate(trainings.items()):
        varied = dataclasses.replace(config.training, variation=without(whole, *off))
        summary = train(given.crowd, given.out / str(number), dataclasses.replace(config, training=varied))
        if summary.stopped:
            return
        networks = load_checkpoint(summary.checkpoint).networks.eval()
        rows[name] = [error(networks, test, config, probe_of(whole, group)) for group in (None, *GROUPS)]
        write_text_atomically(given.out / "variation.md", table(rows))
    Console().print(table(rows))


if __name__ == "__main__":
    main()
