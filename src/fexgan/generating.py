"""A labelled dataset of faces of nobody, for those who train recognisers: in the format of prepared datasets.

Each seed is one person, shown once with each affect. Everything about a picture follows from its seed and its affect,
so neither the number of pictures nor their order ever changes one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import yaml

from fexgan.affects import NEUTRAL, affect_index, affect_vector
from fexgan.errors import InputError
from fexgan.manifest import DATASET_KEY, DatasetRecord, FramePose
from fexgan.media import Pixels, atomic_folder, encode_image, write_image, write_text_atomically
from fexgan.prepare.card import CARD_NAME, SHEET_NAME
from fexgan.prepare.shards import SHARD_FOLDER, ShardWriter, schema
from fexgan.sheets import sheet
from fexgan.synthesis import Model, check_seeds
from fexgan.terminal import tracked

Strengths = Literal["full", "uniform"]
"""Every affect in full, or at strengths drawn evenly from [0, 1]; neutral is shown in full either way."""

SPLIT = "train"
SHEET_PEOPLE = 8
TAKE = "1"


def person_name(seed: int) -> str:
    """What the person drawn from a seed is called."""
    return f"seed-{seed:06d}"


def strength_of(seed: int, affect: str, strengths: Strengths) -> float:
    """The strength at which the person of a seed shows an affect, fixed by these alone."""
    if affect == NEUTRAL or strengths == "full":
        return 1.0
    return round(float(np.random.default_rng((seed, affect_index(affect))).random()), 3)


def draw_person(
    model: Model, seed: int, affects: Sequence[str], strengths: Strengths
) -> Iterator[tuple[float, Pixels]]:
    """The person of a seed with each affect: (strength, pixels)."""
    latent = model.networks.draw_latents([seed])
    for affect in affects:
        strength = strength_of(seed, affect, strengths)
        yield strength, np.asarray(model.draw(latent, affect_vector(affect, strength)))


def generate_dataset(
    model: Model, name: str, out: Path, affects: Sequence[str], per_affect: int, strengths: Strengths, seed: int
) -> None:
    """Write `per_affect` people, from the seeds `seed` on, each with all `affects`, as the dataset folder `out`.

    `name`: what `model` was loaded by. Raises InputError for counts below 1, seeds outside of [0, 2^32), and where
    something stands at `out`; the folder appears whole or not at all.
    """
    if per_affect < 1:
        raise InputError(f"{per_affect} pictures of each affect make no dataset; give --per-affect of at least 1")
    check_seeds(seed, per_affect)
    if out.exists():
        raise InputError(f"{out} exists; give a new folder for the dataset")
    seeds = range(seed, seed + per_affect)
    provenance = _provenance(model, name, affects, per_affect, strengths, seed)  # before a training removes the weights
    framing = model.checkpoint.config.framing
    record = DatasetRecord(framing, split="take", test_share=0.0, seed=seed)
    shown: list[list[Pixels]] = []
    with atomic_folder(out) as folder:
        (folder / SHARD_FOLDER).mkdir()
        columns = schema([person_name(one) for one in seeds], record)
        writer = ShardWriter(folder / SHARD_FOLDER, SPLIT, per_affect * len(affects), columns)
        for number, one in enumerate(tracked(seeds, "drawing people")):
            row = list(draw_person(model, one, affects, strengths))
            for affect, (strength, pixels) in zip(affects, row, strict=True):
                writer.add(
                    {
                        "image": {"bytes": encode_image(pixels), "path": None},
                        "character": number,
                        "affect": affect_index(affect),
                        "strength": strength,
                        **FramePose()._asdict(),
                        "take": TAKE,
                        "frame": 0,
                        "time_s": None,
                        "source": f"{Path(name).name} seed {one} {affect}:{strength:g}",
                    }
                )
            if number < SHEET_PEOPLE:
                shown.append([pixels for _, pixels in row])
        writer.close()
        names = [person_name(one) for one in seeds[:SHEET_PEOPLE]]
        write_image(folder / SHEET_NAME, sheet(shown, affects, names))
        write_text_atomically(folder / CARD_NAME, _card(record, provenance, out.name))


def _provenance(
    model: Model, name: str, affects: Sequence[str], per_affect: int, strengths: Strengths, seed: int
) -> dict[str, object]:
    """All that it takes to draw the same pictures again."""
    metadata = model.checkpoint.metadata
    return {
        "checkpoint": Path(name).name,
        "weights_sha256": model.checkpoint.weights_sha256,
        "steps": metadata.steps_in_all,
        "trained_on": metadata.dataset_fingerprint,
        "package_version": metadata.package_version,
        "affects": list(affects),
        "strengths": strengths,
        "seeds": [seed, seed + per_affect - 1],
    }


def _card(record: DatasetRecord, provenance: dict[str, object], title: str) -> str:
    first, last = provenance["seeds"]
    people, affects = last - first + 1, provenance["affects"]
    header = {
        "pretty_name": title,
        "task_categories": ["image-classification"],
        "tags": ["facial-expression", "digital-human", "synthetic"],
        "configs": [
            {"config_name": "default", "data_files": [{"split": SPLIT, "path": f"{SHARD_FOLDER}/{SPLIT}-*.parquet"}]}
        ],
        DATASET_KEY: record.to_dict(),
    }
    drawn = "in full" if provenance["strengths"] == "full" else "at strengths drawn evenly from [0, 1]"
    size = record.framing.image_size_px
    return f"""---
{yaml.safe_dump(header, sort_keys=False, width=120)}---

# {title}

{people * len(affects):,} generated pictures of {size} x {size} px: {people:,} faces drawn at random, near the people
that the model learned from, each once with each affect {drawn}; neutral always in full.

Affects: {", ".join(affects)}. All of it is for training: test on real pictures.

![The first people, a column for each affect]({SHEET_NAME})

## Columns

Those of a prepared dataset: `image` (PNG); `character` (the person's seed) and `affect`, class labels; `strength`, the
one asked for, in [0, 1]; `source`, the checkpoint, the seed and the mixture. `head_deg`, `gaze_deg`, `blink` and
`time_s` are null.

## Provenance

Each person is drawn from one seed; the same checkpoint and seed give the same picture.

```json
{json.dumps(provenance, indent=2)}
```
"""
