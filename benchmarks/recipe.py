"""What each part of the recipe is worth: a preset and its variants, trained alike and judged by what they draw.

    fexgan prepare open-cast --size-px 64 --out out/dataset-64
    python benchmarks/recipe.py out/dataset-64 --out out/recipe

Trains every variant of recipe.yaml once with each seed, on one core, all for equally many steps. Each is judged by what
it makes of held-out takes and of the bundled stills, never by its losses; faces are named by a recogniser that learned
from real frames alone. Finished runs are kept, a stopped one goes on. Writes `recipe.md` and `recipe.png` after each.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import fmean, variance
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from rich.console import Console

from fexgan import bundled
from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL_INDEX
from fexgan.checkpoints import load_checkpoint
from fexgan.config import Config, config_from_dict, config_to_dict, load_preset
from fexgan.dataset import FaceDataset
from fexgan.evaluation.apart import SHOWN_IN_FULL
from fexgan.evaluation.choosing import evenly_spaced, per_character
from fexgan.evaluation.distribution import frechet_distance
from fexgan.evaluation.evaluate import rebuilt_likeness
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.judging import draw, redraw, true_vectors
from fexgan.evaluation.persons import PersonReader, persons
from fexgan.evaluation.recogniser import train_recogniser
from fexgan.evaluation.reconstruction import mean_likeness, ssim
from fexgan.evaluation.strength import EMOTION_INDICES, Ladder, strength
from fexgan.media import Pixels, write_image, write_text_atomically
from fexgan.model import DrawingFamily
from fexgan.sheets import sheet
from fexgan.stills import StillSet
from fexgan.tensors import pixels_to_images
from fexgan.training.loop import train

VARIANTS, FIGURES = Path(__file__).with_suffix(".yaml"), "figures.json"
LEARNED_FRAMES, RECOGNISER_STEPS, JUDGED_FRAMES, SOURCES_PER_CHARACTER = 2000, 600, 1000, 4
DECAY_SHARE = 0.25
"""Of a variant's steps, those in which the learning rate falls, whatever the preset says."""
SHOWN_CHARACTERS = 2
CLEAR = 3.0
"""From so many standard errors on a difference from the base counts: about 95 % for a dozen comparisons at once, once
every variant has two seeds."""


@dataclass(frozen=True)
class Variant:
    """The base with some settings changed; for the base itself, a preset."""

    name: str
    says: str
    """What it changes, in a sentence."""
    changes: dict[str, Any]
    """Settings by name, nested as in a preset's file."""

    def config(self, base: Config, **training: Any) -> Config:
        """The base's settings with the changes and these of the schedule."""
        changed = merged(config_to_dict(base), self.changes)
        return config_from_dict(merged(changed, {"training": training}))

    def folder(self, out: Path, seed: int) -> Path:
        return out / f"{self.name.replace(' ', '-')}-{seed}"


@dataclass(frozen=True)
class Figures:
    """What a run is judged by."""

    rebuilt: float
    """SSIM of held-out frames, encoded and drawn again, at most 1."""
    sharpness: float
    """Of those, as a share of the real frames' own."""
    stills: float
    """SSIM in the face box of neutral stills given each emotion at five strengths, to those filmed so."""
    named: float
    """Share of neutral held-out frames, given each emotion at strength 1, that the recogniser names as asked."""
    strength: float
    """Mean absolute difference of the strength asked of them, from 0 to 1, and the one that the recogniser reads."""
    same: float
    """Cosine of SFace of neutral stills given each emotion at strength 1 and those stills themselves."""
    random: float
    """Frechet distance of random faces to held-out frames, in what the recogniser's last layer reads."""


LOWER_IS_BETTER = {"strength", "random"}
HEADERS = {
    "rebuilt": "rebuilt, SSIM", "sharpness": "sharpness, of real", "stills": "stills, SSIM", "named": "named as asked",
    "strength": "strength off by", "same": "same person", "random": "random faces, Fréchet",
}  # fmt: skip


class Judge:
    """Held-out frames, stills, and the networks that look at what was drawn."""

    def __init__(self, dataset: Path) -> None:
        faces, self.test = (FaceDataset.load(dataset, split) for split in ("train", "test"))
        stills = StillSet.load(bundled.stills_path())
        self.stills = HeldOut.cropped(stills.without(set(stills.characters) - set(faces.characters)), faces.framing)
        learned = evenly_spaced(np.arange(len(faces)), LEARNED_FRAMES)
        affects = true_vectors(faces.affect[learned], faces.strength[learned])
        self.recogniser = train_recogniser(faces.pixels[learned], affects.numpy(), steps=RECOGNISER_STEPS)
        self.persons = PersonReader()
        self.judged = evenly_spaced(np.arange(len(self.test)), JUDGED_FRAMES)
        self.read = self.recogniser.recognise(self.test.pixels[self.judged])
        self.features = self.recogniser.features(self.test.pixels[self.judged])
        neutral = np.flatnonzero(self.test.affect == NEUTRAL_INDEX)
        self.sources = per_character(self.test, neutral, SOURCES_PER_CHARACTER)

    def figures(self, networks: DrawingFamily) -> Figures:
        rebuilt = mean_likeness(list(rebuilt_likeness(networks, self.test).values()))
        ladder = Ladder.draw(networks, self.test, self.sources)
        read = self.recogniser.recognise(ladder.pixels)  # [sources, 6, 11, 7]
        affects = true_vectors(self.test.affect[self.judged], self.test.strength[self.judged])
        random = draw(networks, networks.draw_latents(range(len(affects))), affects)
        stills = self.from_neutral(networks)
        return Figures(
            rebuilt=rebuilt.ssim,
            sharpness=rebuilt.sharpness / rebuilt.sharpness_of_real,
            stills=self.likeness(stills),
            named=float((read[:, :, -1].argmax(axis=2) == EMOTION_INDICES).mean()),
            strength=strength(ladder, read, self.test, self.judged, self.read).error.mean,
            same=self.sameness(stills),
            random=frechet_distance(self.features, self.recogniser.features(random)),
        )

    def from_neutral(self, networks: DrawingFamily) -> Pixels:
        """The neutral stills, given what each still shows: uint8 [characters, stills, side, side, 3]."""
        affects = torch.from_numpy(self.stills.affects)
        neutral = affects[self.stills.neutral].expand_as(affects)
        return np.stack([redraw(networks, own, neutral, affects) for own in self.stills.sources()])

    def likeness(self, drawn: Pixels) -> float:
        """Mean SSIM in the face box of pictures of what each still shows, of one emotion, to the stills."""
        single, filmed = self.stills.single(), self.stills.pixels
        boxes = [(single, *region) for region in self.stills.regions]
        pairs = [
            (pixels_to_images(drawn[who][box]), pixels_to_images(filmed[who][box])) for who, box in enumerate(boxes)
        ]
        return fmean(ssim(*pair).mean().item() for pair in pairs)

    def sameness(self, drawn: Pixels) -> float:
        """Mean cosine of pictures of what each still shows, of emotions at strength 1, and the neutral stills."""
        full = [still for affect, still in self.stills.full().items() if affect in EMOTIONS]
        shown = self.persons.read(drawn[:, full].reshape(-1, *drawn.shape[2:]))
        known = self.persons.read(self.stills.pixels[:, self.stills.neutral])
        who = np.arange(len(drawn)).repeat(len(full))
        return persons(known, (shown, who), (shown, who)).generated.similarity.mean

    def filmed(self) -> dict[str, float]:
        """The figures of filmed pictures."""
        affect, true = self.test.affect[self.judged], self.test.strength[self.judged]
        emotional = affect != NEUTRAL_INDEX
        full = emotional & (true >= SHOWN_IN_FULL)
        read = self.read[np.arange(len(affect)), affect]
        return {
            "rebuilt": 1.0,
            "sharpness": 1.0,
            "stills": 1.0,
            "named": float((self.read[full].argmax(axis=1) == affect[full]).mean()),
            "strength": float(np.abs(read - true)[emotional].mean()),
            "same": self.sameness(self.stills.pixels),
            "random": 0.0,
        }


def read_variants(path: Path) -> list[Variant]:
    return [Variant(**values) for values in yaml.safe_load(path.read_text(encoding="utf-8"))]


def merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`values` with the nested `changes` in their place."""
    return values | {
        name: merged(values[name], change) if isinstance(change, dict) else change for name, change in changes.items()
    }


def in_turn(variants: Sequence[Variant], seeds: Sequence[int]) -> list[tuple[Variant, int]]:
    """Every variant with every seed: first the base with all, without which no difference can be told from chance."""
    base, *others = variants
    return [(base, seed) for seed in seeds] + [(variant, seed) for seed in seeds for variant in others]


def report(out: Path, variants: Sequence[Variant], seeds: Sequence[int], judge: Judge) -> None:
    """Write the table and the grid of all runs that have been judged so far."""
    runs: dict[str, list[Figures]] = {}
    networks: dict[str, DrawingFamily] = {}
    for variant, seed in in_turn(variants, seeds):
        path = variant.folder(out, seed) / FIGURES
        if path.is_file():
            runs.setdefault(variant.name, []).append(Figures(**json.loads(path.read_text(encoding="utf-8"))))
            if variant.name not in networks:
                networks[variant.name] = load_checkpoint(path.parent).networks
    write_text_atomically(out / "recipe.md", table(runs, judge.filmed()))
    write_image(out / "recipe.png", grid(judge, networks))


def deviation(runs: Iterable[Sequence[float]]) -> float:
    """How far a figure moves with the seed: standard deviation, pooled over the variants trained with several."""
    known = [values for values in runs if len(values) > 1]
    freedom = sum(len(values) - 1 for values in known)
    return (sum(variance(values) * (len(values) - 1) for values in known) / freedom) ** 0.5 if freedom else nan


def cell(values: Sequence[float], base: Sequence[float], spread: float, lower_is_better: bool) -> str:
    """The mean over seeds and, of several, how far they lie apart; marked if clearly better or worse than the base."""
    mean, gain = fmean(values), fmean(values) - fmean(base)
    clear = abs(gain) > CLEAR * spread * (1 / len(values) + 1 / len(base)) ** 0.5
    apart = f" ({max(values) - min(values):.3f})" if len(values) > 1 else ""
    return f"{mean:.3f}{apart}" + (" ▲" if (gain < 0) == lower_is_better else " ▼") * clear


def table(runs: dict[str, list[Figures]], filmed: dict[str, float]) -> str:
    """A row for each variant, the first being the base, then how far seeds lie apart, then filmed pictures."""
    rows = {name: [name] for name in runs}
    last, real = ["seeds, standard deviation"], ["filmed"]
    for name in HEADERS:
        values = {variant: [getattr(one, name) for one in figures] for variant, figures in runs.items()}
        base, spread = next(iter(values.values())), deviation(values.values())
        for variant, own in values.items():
            rows[variant].append(cell(own, base, spread, name in LOWER_IS_BETTER))
        last.append(f"{spread:.3f}")
        real.append(f"{filmed[name]:.3f}")
    head = ["", *HEADERS.values()]
    lines = [head, ["---"] * len(head), *rows.values(), last, real]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def grid(judge: Judge, variants: dict[str, DrawingFamily]) -> Image.Image:
    """The first characters with every affect: filmed, and as each variant draws them from the neutral still."""
    full = judge.stills.full()
    columns = [full[affect] for affect in AFFECTS]
    drawn = {"filmed": judge.stills.pixels} | {name: judge.from_neutral(one) for name, one in variants.items()}
    rows = [[one[who, still] for who in range(SHOWN_CHARACTERS) for still in columns] for one in drawn.values()]
    return sheet(rows, AFFECTS * SHOWN_CHARACTERS, list(drawn), judge.stills.pixels.shape[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="of weights, batches and noise")
    given = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(highlight=False)
    variants, judge = read_variants(VARIANTS), Judge(given.dataset)
    schedule = {"steps": given.steps, "learning_rate": given.learning_rate, "decay_share": DECAY_SHARE}
    schedule |= {"preview_every_steps": 0}
    base = variants[0].config(load_preset(given.preset), **schedule)
    for variant, seed in in_turn(variants, given.seeds):
        folder = variant.folder(given.out, seed)
        summary = train(given.dataset, folder, variant.config(base, seed=seed), console=Console(quiet=True), keep=1)
        console.print(f"{variant.name}, seed {seed}: {summary.step} steps, {summary.seconds:.0f} s")
        if summary.stopped:
            return
        if not (folder / FIGURES).is_file():
            figures = judge.figures(load_checkpoint(folder).networks)
            write_text_atomically(folder / FIGURES, json.dumps(dataclasses.asdict(figures), indent=1))
        report(given.out, variants, given.seeds, judge)


if __name__ == "__main__":
    main()
