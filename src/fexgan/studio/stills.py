"""Stills as ground truth: neutral and every affect at known strengths, and mixtures, mostly in one pose and gaze.

So "what should this face look like with joy at 0.6" has an exact answer: the still that shows just that.
"""

from __future__ import annotations

import zlib

import numpy as np

from fexgan.affects import EMOTIONS, NEUTRAL, Mixture
from fexgan.manifest import FrameTruth
from fexgan.studio.figure import Pose
from fexgan.studio.recipes import mixed_units, variants_shown

MIXED = (
    ("anger", "sadness"), ("joy", "disgust"), ("fear", "surprise"),
    ("joy", "surprise"), ("anger", "disgust"), ("sadness", "fear"),
)  # fmt: skip
# Furthest turn of the head (yaw, pitch, roll) and of the gaze (yaw, pitch): the crowd looks about, as people in
# users' pictures do, `turned` twice as far; a cast that is measured faces the camera.
LARGEST_TURN_DEG = {
    "truth": (4.0, 3.0, 2.0), "crowd": (16.0, 8.0, 4.0), "turned": (34.0, 14.0, 6.0), "people": (4.0, 3.0, 2.0),
    "poses": (8.0, 5.0, 4.0),
}  # fmt: skip
LARGEST_GAZE_DEG = {
    "truth": (4.0, 2.0), "crowd": (8.0, 4.0), "turned": (14.0, 8.0), "people": (4.0, 2.0), "poses": (4.0, 2.0),
}  # fmt: skip
# How many stills share a pose, where not all do: so one learns what an affect looks like however a head is turned.
STILLS_A_POSE = {"poses": 7}


def _scaled(strengths: tuple[float, ...]) -> tuple[Mixture, ...]:
    return tuple(Mixture(((affect, strength),)) for affect in EMOTIONS for strength in strengths)


def _posed(strengths: tuple[float, ...], rounds: int) -> tuple[Mixture, ...]:
    """Neutral and every emotion once for each pose, emotions at strengths that take turns."""
    poses = range(rounds * len(strengths))
    return tuple(
        mixture
        for pose in poses
        for mixture in (
            Mixture.parse(NEUTRAL),
            *(
                Mixture(((emotion, strengths[(pose + turn) % len(strengths)]),))
                for turn, emotion in enumerate(EMOTIONS)
            ),
        )
    )


def _mixed(pairs: tuple[tuple[str, str], ...], *shares: tuple[float, float]) -> tuple[Mixture, ...]:
    return tuple(
        Mixture(((one, share_one), (other, share_other))) for one, other in pairs for share_one, share_other in shares
    )


_CROWD = (Mixture.parse(NEUTRAL), *_scaled((0.4, 0.7, 1.0)), *_mixed(MIXED[:3], (0.5, 0.5)))
# `truth` for evaluation on a known cast; `crowd`, smaller, for learning to edit many characters, and `turned`, the same
# on heads that look away from the camera; `people`, the smallest, for learning to draw as many as can be filmed;
# `poses` for learning to draw a few people well.
STILL_SETS: dict[str, tuple[Mixture, ...]] = {
    "truth": (
        Mixture.parse(NEUTRAL), *_scaled((0.2, 0.4, 0.6, 0.8, 1.0)), *_mixed(MIXED, (0.5, 0.5), (0.8, 0.4)),
    ),
    "crowd": _CROWD,
    "turned": _CROWD,
    "people": (Mixture.parse(NEUTRAL), *_scaled((1.0,))),
    "poses": _posed((0.3, 0.5, 0.7, 0.85, 1.0, 1.0), rounds=10),
}  # fmt: skip
# What characters who vary show after that once more, in a second variant: so that one face has two forms of anger.
_AGAIN = _scaled((1.0,))
SHOWN_AGAIN: dict[str, tuple[Mixture, ...]] = {
    "truth": (), "crowd": _AGAIN, "turned": _AGAIN, "people": (), "poses": (),
}  # fmt: skip


def still_count(set_name: str, varied: bool) -> int:
    """How many stills of each character a set has."""
    return len(STILL_SETS[set_name]) + (len(SHOWN_AGAIN[set_name]) if varied else 0)


def pose_stills(character: str, set_name: str, seed: int, varied: bool = False) -> tuple[list[Pose], FrameTruth]:
    """The poses of a set of stills and what each shows: strengths, the mixture, the variant of each affect in it.

    Head and gaze are drawn from `seed` and the character's name, and stay; an affect's own lean of the head is left
    out, so that nothing but the face differs between two stills. `poses` turns them anew after each seven stills.
    `varied`: variants are the character's own.
    """
    generator = np.random.default_rng(zlib.crc32(f"{seed}/{character}/stills".encode()))
    limits = (*LARGEST_TURN_DEG[set_name], *LARGEST_GAZE_DEG[set_name])
    count = still_count(set_name, varied)
    sharing = STILLS_A_POSE.get(set_name, count)
    turns = np.repeat(generator.uniform(-1.0, 1.0, (count // sharing, len(limits))) * limits, sharing, axis=0)
    first, second = (
        {affect: variants_shown(character, affect, seed, varied)[turn] for affect in EMOTIONS} for turn in (0, 1)
    )
    stills = [(mixture, first) for mixture in STILL_SETS[set_name]]
    if varied:
        stills += [(mixture, second) for mixture in SHOWN_AGAIN[set_name]]
    yaw, pitch, roll, gaze_yaw, gaze_pitch = turns.T.tolist()
    poses = [
        Pose(mixed_units(mixture, variants)[0], gaze, head)
        for (mixture, variants), gaze, head in zip(
            stills, zip(gaze_yaw, gaze_pitch, strict=True), zip(yaw, pitch, roll, strict=True), strict=True
        )
    ]
    mixtures = [mixture for mixture, _ in stills]
    shown = [dict(mixture.strengths) for mixture in mixtures]
    truth = FrameTruth(
        strength={affect: tuple(strengths.get(affect, 0.0) for strengths in shown) for affect in EMOTIONS},
        blink=(0.0,) * count,
        gaze_yaw_deg=tuple(gaze_yaw),
        gaze_pitch_deg=tuple(gaze_pitch),
        head_yaw_deg=tuple(yaw),
        head_pitch_deg=tuple(pitch),
        head_roll_deg=tuple(roll),
        extra={
            "mixture": [str(mixture) for mixture in mixtures],
            "variants": [
                {affect: variants[affect] for affect, _ in mixture.strengths if affect in variants}
                for mixture, variants in stills
            ],
        },
    )
    return poses, truth
