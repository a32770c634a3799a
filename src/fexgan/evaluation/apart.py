"""A model that draws, judged by networks that never saw it: recognisers of affects trained here, and SFace.

The recognisers learn from frames of the train split, from faces that the model makes of neutral ones of that split, or
from both, each time with the same seed and steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, NEUTRAL_INDEX
from fexgan.checkpoints import Checkpoint
from fexgan.dataset import FaceDataset
from fexgan.evaluation.bootstrap import Estimate, over_characters
from fexgan.evaluation.choosing import evenly_spaced, like, per_character
from fexgan.evaluation.classification import FULL_STRENGTH
from fexgan.evaluation.distribution import Distance, distance, diversity
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.judging import draw, redraw, true_vectors
from fexgan.evaluation.mixtures import MixtureStrengths, mixture_strengths
from fexgan.evaluation.neighbours import Neighbours, neighbours
from fexgan.evaluation.persons import FEATURES, PersonReader, Persons, persons
from fexgan.evaluation.recogniser import Recogniser, train_recogniser
from fexgan.evaluation.strength import ASKED, EMOTION_INDICES, Ladder, Strength, strength
from fexgan.evaluation.truth import Truth, truth
from fexgan.media import Pixels
from fexgan.model import DrawingFamily
from fexgan.stills import StillSet

LEARNED_FRAMES = 2000
RECOGNISER_STEPS = 600
JUDGED_FRAMES = 1000
SOURCES_PER_CHARACTER = 2
TARGETS_PER_CHARACTER = 12
SHOWN_IN_FULL = 0.9
"""From this strength on a filmed emotion is compared with one asked for at strength 1."""


@dataclass(frozen=True)
class Named:
    """Affects named right by a recogniser of real frames."""

    pictures: int
    accuracy: Estimate | None
    affects: dict[str, float]


@dataclass(frozen=True, eq=False)
class Apart:
    """All that is measured by judges trained apart."""

    learned_frames: int
    recogniser_steps: int
    strength: Strength
    named: dict[str, Named]
    """Of generated faces asked for at strength 1, and of real held-out ones of at least 0.9."""
    persons: Persons
    truth: Truth | None
    useful: dict[str, Estimate | None]
    """By what a recogniser learned from, real, generated or both: accuracy on real held-out frames."""
    distances: dict[str, Distance]
    """To real held-out frames: of real train frames, of those remade from neutral, of random faces."""
    diversity: dict[str, float]
    """By set: mean distance of two pictures of one affect."""
    neighbours: Neighbours
    characters: int
    """Of the dataset."""
    characters_learned: int
    """By the model, which may have learned from other datasets too."""
    strengths: dict[str, MixtureStrengths]
    """Of mixtures as asked, optimised and filmed; empty where no stills were given."""


def judge_apart(
    checkpoint: Checkpoint,
    train: FaceDataset,
    test: FaceDataset,
    stills: StillSet | None = None,
    steps: int = RECOGNISER_STEPS,
) -> Apart:
    """Train the judges and let them judge. Minutes on two cores; two runs give the same figures.

    `stills`: of characters that the model knows, among them mixtures. `steps`: of each recogniser's training.
    """
    networks = checkpoint.networks
    learned = evenly_spaced(np.arange(len(train)), LEARNED_FRAMES)
    affects = true_vectors(train.affect[learned], train.strength[learned])
    remade = _remake(networks, train, learned)
    real = train.pixels[learned]
    recogniser = train_recogniser(real, affects.numpy(), steps=steps)

    neutral = np.flatnonzero(test.affect == NEUTRAL_INDEX)
    ladder = Ladder.draw(networks, test, per_character(test, neutral, SOURCES_PER_CHARACTER))
    judged = evenly_spaced(np.arange(len(test)), JUDGED_FRAMES)
    read_ladder, read_real = recogniser.recognise(ladder.pixels), recogniser.recognise(test.pixels[judged])
    emotional = np.flatnonzero((test.affect != NEUTRAL_INDEX) & ~(test.strength < FULL_STRENGTH))
    targets = per_character(test, emotional, TARGETS_PER_CHARACTER)
    asked = affects[evenly_spaced(np.arange(len(learned)), len(judged))]
    random = draw(networks, networks.draw_latents(range(len(asked))), asked)

    from_generated = train_recogniser(remade, affects.numpy(), steps=steps)
    both = np.concatenate([real, remade]), np.concatenate([affects, affects])
    from_both = train_recogniser(*both, steps=steps)
    recognisers = {"real": recogniser, "generated": from_generated, "both": from_both}

    sets = {"test": test.pixels[judged], "train": real, "remade": remade, "random": random}
    features = {name: recogniser.features(pixels) for name, pixels in sets.items()}
    shown = {"test": test.affect[judged], "train": train.affect[learned], "remade": train.affect[learned]}
    return Apart(
        learned_frames=len(learned),
        recogniser_steps=steps,
        strength=strength(ladder, read_ladder, test, judged, read_real),
        named={"generated": _named_ladder(ladder, read_ladder), "real": _named_real(test, judged, read_real)},
        persons=_persons(test, ladder, targets),
        truth=truth(networks, train, test, targets),
        useful={name: _accuracy(one, test, judged) for name, one in recognisers.items()},
        distances={name: distance(features["test"], features[name]) for name in ("train", "remade", "random")},
        diversity={name: diversity(features[name], affect) for name, affect in shown.items()},
        neighbours=neighbours(random, test.pixels[judged], train.pixels),
        characters=len(test.characters),
        characters_learned=len(checkpoint.metadata.characters),
        strengths=mixture_strengths(checkpoint, HeldOut.cropped(stills, train.framing), recogniser) if stills else {},
    )


def _remake(networks: DrawingFamily, faces: FaceDataset, rows: NDArray[np.int64]) -> Pixels:
    """Each frame of `rows`, drawn from the neutral frame of its character whose head is turned most alike.

    A character without a neutral frame is drawn from the frame itself.
    """
    found = [like(faces, faces.character[row], NEUTRAL_INDEX, 1.0, faces.head_deg[row]) for row in rows]
    sources = np.array([row if source is None else source for row, source in zip(rows, found, strict=True)])
    source_affect = true_vectors(faces.affect[sources], faces.strength[sources])
    target_affect = true_vectors(faces.affect[rows], faces.strength[rows])
    return redraw(networks, faces.pixels[sources], source_affect, target_affect)


def _named_ladder(ladder: Ladder, read: NDArray[np.float32]) -> Named:
    """Emotions at strength 1, and each source at strength 0 as neutral; every affect counts alike."""
    full = read[:, :, ASKED.index(1.0)].argmax(axis=2) == EMOTION_INDICES  # [sources, 6]
    calm = read[:, :1, ASKED.index(0.0)].argmax(axis=2) == NEUTRAL_INDEX  # [sources, 1]
    right = np.concatenate([full, calm], axis=1)
    affect = np.append(EMOTION_INDICES, NEUTRAL_INDEX)
    return _named(right.ravel(), np.tile(affect, len(right)), np.repeat(ladder.character, len(affect)))


def _named_real(faces: FaceDataset, rows: NDArray[np.int64], read: NDArray[np.float32]) -> Named:
    affect = faces.affect[rows]
    full = (affect == NEUTRAL_INDEX) | ~(faces.strength[rows] < SHOWN_IN_FULL)
    right = read[full].argmax(axis=1) == affect[full]
    return _named(right, affect[full], faces.character[rows][full])


def _named(right: NDArray[np.bool_], affect: NDArray[np.int64], character: NDArray[np.int64]) -> Named:
    by_affect = {AFFECTS[index]: float(right[affect == index].mean()) for index in np.unique(affect)}
    return Named(len(right), over_characters(right.astype(np.float64), character), by_affect)


def _accuracy(recogniser: Recogniser, faces: FaceDataset, rows: NDArray[np.int64]) -> Estimate | None:
    return _named_real(faces, rows, recogniser.recognise(faces.pixels[rows])).accuracy


def _persons(faces: FaceDataset, ladder: Ladder, targets: NDArray[np.int64]) -> Persons:
    reader = PersonReader()
    neutral = np.full((len(faces.characters), FEATURES), np.nan, np.float32)
    of_sources = reader.read(faces.pixels[ladder.sources])
    for vector, character in zip(of_sources[::-1], ladder.character[::-1], strict=True):
        if not np.isnan(vector[0]):
            neutral[character] = vector  # the first source found stays
    full = ladder.pixels[:, :, ASKED.index(1.0)]
    generated = reader.read(full.reshape(-1, *full.shape[2:])), np.repeat(ladder.character, full.shape[1])
    return persons(neutral, generated, (reader.read(faces.pixels[targets]), faces.character[targets]))
