"""The evaluation itself: which frames are looked at, and what is measured on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, NEUTRAL_INDEX
from fexgan.checkpoints import Checkpoint
from fexgan.dataset import FaceDataset, check_framing
from fexgan.errors import InputError
from fexgan.evaluation.apart import judge_apart
from fexgan.evaluation.calibration import calibration
from fexgan.evaluation.choosing import evenly_spaced, per_character
from fexgan.evaluation.classification import accuracy_by_strength, classification, shows_its_affect
from fexgan.evaluation.held_apart import notes_on
from fexgan.evaluation.judging import BATCH_SIZE, Judgement, judge, redraw, true_vectors
from fexgan.evaluation.reconstruction import Likeness, joint_likeness, likeness
from fexgan.evaluation.report import Report, Table
from fexgan.media import Pixels
from fexgan.model import DrawingFamily
from fexgan.stills import StillSet
from fexgan.tensors import pixels_to_images

CLASSIFIED_FRAMES = 1000
REBUILT_FRAMES_PER_CHARACTER = 16
NEUTRAL_SOURCES_PER_CHARACTER = 4
FRAMES_AT_ONCE = 32 * BATCH_SIZE
"""That are taken from the dataset at a time: all of a large one are more than memory should hold."""


def evaluate(
    checkpoint: Checkpoint,
    dataset: Path,
    name: str,
    all_frames: bool = False,
    judges: bool = False,
    stills: Path | None = None,
) -> Report:
    """Measure `checkpoint`, called `name` in the report, on both splits of a dataset folder.

    Looks at evenly spaced frames, at most 1,000 a split, unless `all_frames`. With `judges`, networks trained here tell
    what they make of it, and of the mixtures in a folder of `stills` where given. Nothing is left to chance: two runs
    give the same report. Raises InputError for a dataset whose faces are not framed as the model knows them
    or that has no test split, and for stills of nobody that the model knows.
    """
    networks = checkpoint.networks.eval()
    known = None if stills is None else _known(checkpoint, stills, name)
    train, test = (_load_split(checkpoint, name, dataset, split) for split in ("train", "test"))
    train_table, test_table = (_table(networks, split, all_frames) for split in (train, test))
    return Report(
        checkpoint=name,
        step=checkpoint.metadata.steps_in_all,
        dataset_fingerprint=test.fingerprint,
        split_by=test.split_by,
        train=train_table,
        test=test_table,
        generated=_generated_table(networks, test, all_frames),
        reconstruction=rebuilt_likeness(networks, test, all_frames),
        apart=judge_apart(checkpoint, train, test, known) if judges else None,
        notes=notes_on(test, checkpoint.metadata),
    )


def _known(checkpoint: Checkpoint, stills: Path, name: str) -> StillSet:
    """The stills of characters that the model knows."""
    everyone = StillSet.load(stills)
    strangers = set(everyone.characters) - set(checkpoint.metadata.characters)
    if len(strangers) == len(everyone):
        raise InputError(f"{name} knows none of the characters in {stills}; film its own with --stills truth")
    return everyone.without(strangers)


def _load_split(checkpoint: Checkpoint, name: str, dataset: Path, split: str) -> FaceDataset:
    faces = FaceDataset.load(dataset, split)
    check_framing(faces.framing, checkpoint.config.framing, dataset, name)
    return faces


def _table(networks: DrawingFamily, faces: FaceDataset, all_frames: bool) -> Table:
    everything = np.arange(len(faces.pixels))
    chosen = everything if all_frames else evenly_spaced(everything, CLASSIFIED_FRAMES)
    judgement = Judgement.join([judge(networks, faces.pixels[rows]) for rows in _parts(chosen)])
    affect, strength = faces.affect[chosen], faces.strength[chosen]
    covered = shows_its_affect(affect, strength)
    return Table(
        frames=len(everything),
        judged=len(chosen),
        classification=classification(affect[covered], judgement.named[covered]),
        real_or_fake_accuracy=float(judgement.real.mean()),
        by_strength=accuracy_by_strength(affect, judgement.named, strength),
        calibration=calibration(affect[covered], judgement.probabilities[covered]),
    )


def _generated_table(networks: DrawingFamily, faces: FaceDataset, all_frames: bool) -> Table:
    """Neutral held-out frames of every character, transformed to each affect at strength 1."""
    neutral = np.flatnonzero(faces.affect == NEUTRAL_INDEX)
    sources = neutral if all_frames else per_character(faces, neutral, NEUTRAL_SOURCES_PER_CHARACTER)
    if not len(sources):
        raise InputError("the dataset's test split has no neutral frames; generated faces start from those")
    rows = np.tile(sources, len(AFFECTS))
    target = np.repeat(np.arange(len(AFFECTS)), len(sources))
    judgement = Judgement.join(
        [
            judge(networks, _transformed(networks, faces, *pair))
            for pair in zip(_parts(rows), _parts(target), strict=True)
        ]
    )
    return Table(
        frames=len(target),
        judged=len(target),
        classification=classification(target, judgement.named),
        real_or_fake_accuracy=float((~judgement.real).mean()),
        by_strength=(),
        calibration=calibration(target, judgement.probabilities),
    )


def _transformed(
    networks: DrawingFamily, faces: FaceDataset, rows: NDArray[np.int64], target: NDArray[np.int64]
) -> Pixels:
    """Neutral frames, each drawn with the affect `target` of it at strength 1."""
    full = np.ones(len(rows))
    neutral = true_vectors(np.full_like(target, NEUTRAL_INDEX), full)
    return redraw(networks, faces.pixels[rows], neutral, true_vectors(target, full))


def rebuilt_likeness(networks: DrawingFamily, faces: FaceDataset, all_frames: bool = False) -> dict[str, Likeness]:
    """Likeness of each character's frames to themselves after encoding and drawing, keyed by character.

    Looks at 16 evenly spaced frames of each, unless `all_frames`.
    """
    result = {}
    for index, character in enumerate(faces.labels):
        own = np.flatnonzero(faces.character == index)
        chosen = own if all_frames else evenly_spaced(own, REBUILT_FRAMES_PER_CHARACTER)
        if len(chosen):
            result[character] = joint_likeness([_rebuilt(networks, faces, rows) for rows in _parts(chosen)])
    return result


def _rebuilt(networks: DrawingFamily, faces: FaceDataset, rows: NDArray[np.int64]) -> Likeness:
    vectors, real = true_vectors(faces.affect[rows], faces.strength[rows]), faces.pixels[rows]
    return likeness(pixels_to_images(redraw(networks, real, vectors, vectors)), pixels_to_images(real))


def _parts(values: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return np.split(values, range(FRAMES_AT_ONCE, len(values), FRAMES_AT_ONCE))
