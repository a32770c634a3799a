"""Stills as ground truth: one pose and gaze, neutral and every affect at known strengths, and mixtures.

So "what should this face look like with joy at 0.6" has an exact answer: the still that shows just that.
"""

from __future__ import annotations

import zlib

import numpy as np

from fexgan.affects import EMOTIONS, NEUTRAL, Mixture
from fexgan.manifest import FrameTruth
from fexgan.studio.figure import Pose
from fexgan.studio.recipes import mixed_units

MIXED = (
    ("anger", "sadness"), ("joy", "disgust"), ("fear", "surprise"),
    ("joy", "surprise"), ("anger", "disgust"), ("sadness", "fear"),
)  # fmt: skip
# Furthest turn of the head (yaw, pitch, roll) and of the gaze (yaw, pitch): the crowd looks about, as people in
# users' pictures do; a cast that is measured faces the camera.
LARGEST_TURN_DEG = {"truth": (4.0, 3.0, 2.0), "crowd": (16.0, 8.0, 4.0)}
LARGEST_GAZE_DEG = {"truth": (4.0, 2.0), "crowd": (8.0, 4.0)}


def _scaled(strengths: tuple[float, ...]) -> tuple[Mixture, ...]:
    return tuple(Mixture(((affect, strength),)) for affect in EMOTIONS for strength in strengths)


def _mixed(pairs: tuple[tuple[str, str], ...], *shares: tuple[float, float]) -> tuple[Mixture, ...]:
    return tuple(
        Mixture(((one, share_one), (other, share_other))) for one, other in pairs for share_one, share_other in shares
    )


# `truth` for evaluation on a known cast; `crowd`, smaller, for learning from many characters.
STILL_SETS: dict[str, tuple[Mixture, ...]] = {
    "truth": (
        Mixture.parse(NEUTRAL), *_scaled((0.2, 0.4, 0.6, 0.8, 1.0)), *_mixed(MIXED, (0.5, 0.5), (0.8, 0.4)),
    ),
    "crowd": (Mixture.parse(NEUTRAL), *_scaled((0.4, 0.7, 1.0)), *_mixed(MIXED[:3], (0.5, 0.5))),
}  # fmt: skip


def pose_stills(character: str, set_name: str, seed: int) -> tuple[list[Pose], FrameTruth]:
    """The poses of a set of stills and what each shows.

    Head and gaze are drawn once from `seed` and the character's name, and stay; an affect's own lean of the head is
    left out, so that nothing but the face differs between two stills.
    """
    generator = np.random.default_rng(zlib.crc32(f"{seed}/{character}/stills".encode()))
    head = tuple(float(generator.uniform(-limit, limit)) for limit in LARGEST_TURN_DEG[set_name])
    gaze = tuple(float(generator.uniform(-limit, limit)) for limit in LARGEST_GAZE_DEG[set_name])
    mixtures = STILL_SETS[set_name]
    poses = [Pose(mixed_units(mixture)[0], gaze, head) for mixture in mixtures]
    shown = [dict(mixture.strengths) for mixture in mixtures]
    count = len(mixtures)
    truth = FrameTruth(
        strength={affect: tuple(strengths.get(affect, 0.0) for strengths in shown) for affect in EMOTIONS},
        blink=(0.0,) * count,
        gaze_yaw_deg=(gaze[0],) * count,
        gaze_pitch_deg=(gaze[1],) * count,
        head_yaw_deg=(head[0],) * count,
        head_pitch_deg=(head[1],) * count,
        head_roll_deg=(head[2],) * count,
        extra={"mixture": [str(mixture) for mixture in mixtures]},
    )
    return poses, truth
