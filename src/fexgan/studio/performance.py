"""Takes as motion: neutral to apex to neutral, with blinks, gaze and small head motion, all drawn from a seed."""

from __future__ import annotations

import math
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fexgan.affects import NEUTRAL, Mixture
from fexgan.manifest import FrameTruth
from fexgan.studio.anatomy import smoothstep
from fexgan.studio.figure import Pose
from fexgan.studio.recipes import both_sides, mixed_units, variants_shown

UNIT_VARIATION = 0.10
SIDE_VARIATION = 0.06
BLINK_HALF_WIDTH_S = 0.055
# Highest strength of a take, by its number: the first reaches the whole affect, later ones less.
PEAK_RANGES = ((1.0, 1.0), (0.8, 1.0), (0.65, 0.9))
IDLE_UNITS = both_sides({
    "mouthPress*": 0.06, "mouthShrugLower": 0.06, "mouthSmile*": 0.06, "mouthFrown*": 0.06, "browInnerUp": 0.06,
    "jawOpen": 0.06,
})  # fmt: skip


@dataclass(frozen=True)
class Performance:
    """One take's plan; times in seconds, strength in [0, 1], angles in degrees."""

    affects: str
    variants: dict[str, str]
    """The variant that each affect takes."""
    seed: int
    frames: int
    fps: float
    peak: float
    onset_s: float
    rise_s: float
    hold_s: float
    fall_s: float
    blinks_s: tuple[float, ...]
    unit_gains: dict[str, float]
    sway: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def plan_performance(
    character: str, affects: str, take: int, frames: int, fps: float, seed: int, varied: bool = False
) -> Performance:
    """Draw the plan of take number `take` (from 1) of `affects` (a name or `anger+sadness`).

    `varied`: affects take a variant of the character's own instead of the default.

    The same arguments always give the same plan, whatever else was filmed.
    """
    label = f"{seed}/{character}/{affects}/{take}"
    take_seed = zlib.crc32(label.encode())
    generator = np.random.default_rng(take_seed)
    duration = frames / fps
    low, high = PEAK_RANGES[min(take, len(PEAK_RANGES)) - 1]
    onset, rise, fall = (
        duration * float(generator.uniform(*bounds)) for bounds in ((0.02, 0.12), (0.18, 0.34), (0.20, 0.34))
    )
    peak = float(generator.uniform(low, high))
    blinks = [float(generator.uniform(0.1, 0.45)) * duration]
    if generator.random() < 0.5:
        blinks.append(float(generator.uniform(0.75, 0.95)) * duration)
    mixture = Mixture.parse(affects)
    variants = {affect: variants_shown(character, affect, seed, varied)[0] for affect, _ in mixture.strengths}
    units = sorted(mixed_units(mixture, variants)[0]) if affects != NEUTRAL else list(IDLE_UNITS)
    return Performance(
        affects=affects,
        variants=variants,
        seed=take_seed,
        frames=frames,
        fps=fps,
        peak=1.0 if affects == NEUTRAL else peak,
        onset_s=onset,
        rise_s=rise,
        hold_s=max(0.0, 0.97 * duration - onset - rise - fall),
        fall_s=fall,
        blinks_s=tuple(blinks),
        unit_gains=_gains(units, generator),
        sway=tuple(float(phase) for phase in generator.uniform(0, 2 * math.pi, 6)),
    )


def perform(plan: Performance) -> tuple[list[Pose], FrameTruth]:
    """The plan's poses and, frame by frame, what they show."""
    time = np.arange(plan.frames) / plan.fps
    apex_end = plan.onset_s + plan.rise_s + plan.hold_s
    envelope = smoothstep(plan.onset_s, plan.onset_s + plan.rise_s, time) * smoothstep(
        apex_end + plan.fall_s, apex_end, time
    )
    blink = np.clip(sum(np.exp(-(((time - at) / BLINK_HALF_WIDTH_S) ** 2)) for at in plan.blinks_s), 0, 1)
    blink[blink < 0.01] = 0
    phase = plan.sway
    gaze = np.column_stack([3.5 * np.sin(2.6 * time + phase[0]), 1.6 * np.sin(2.1 * time + phase[1])])
    head = np.column_stack(
        [
            2.8 * np.sin(1.7 * time + phase[2]),
            1.6 * np.sin(2.3 * time + phase[3]),
            1.3 * np.sin(1.9 * time + phase[4]),
        ]
    )
    neutral = plan.affects == NEUTRAL
    strength = np.ones_like(time) if neutral else plan.peak * envelope
    poses = []
    for index in range(plan.frames):
        units, lean = _units_at(plan, float(strength[index]), float(time[index]))
        for side in ("Left", "Right"):
            units[f"eyeBlink{side}"] = max(units.get(f"eyeBlink{side}", 0.0), float(blink[index]))
        turned = tuple(float(sway + angle) for sway, angle in zip(head[index], lean, strict=True))
        poses.append(Pose(units, (float(gaze[index, 0]), float(gaze[index, 1])), turned))
    shown = [NEUTRAL] if neutral else plan.affects.split("+")
    truth = FrameTruth(
        strength={affect: tuple(strength.tolist()) for affect in shown},
        blink=tuple(blink.tolist()),
        gaze_yaw_deg=tuple(gaze[:, 0].tolist()),
        gaze_pitch_deg=tuple(gaze[:, 1].tolist()),
        head_yaw_deg=tuple(pose.head_deg[0] for pose in poses),
        head_pitch_deg=tuple(pose.head_deg[1] for pose in poses),
        head_roll_deg=tuple(pose.head_deg[2] for pose in poses),
    )
    return poses, truth


def _units_at(plan: Performance, strength: float, time_s: float) -> tuple[dict[str, float], tuple[float, ...]]:
    """Unit weights and head lean at one moment; an idle face moves its mouth and brows a little."""
    if plan.affects == NEUTRAL:
        drift = 0.5 + 0.5 * math.sin(1.9 * time_s + plan.sway[5])
        return {unit: IDLE_UNITS[unit] * gain * drift for unit, gain in plan.unit_gains.items()}, (0.0, 0.0, 0.0)
    mixture = Mixture(tuple((affect, strength) for affect in plan.affects.split("+")))
    units, lean = mixed_units(mixture, plan.variants)
    return {unit: weight * plan.unit_gains[unit] for unit, weight in units.items()}, lean


def _gains(units: list[str], generator: np.random.Generator) -> dict[str, float]:
    """How much of each unit this take plays: both sides vary together, a little apart."""
    together: dict[str, float] = {}
    gains = {}
    for unit in units:
        pair = unit.replace("Left", "").replace("Right", "").replace("left", "").replace("right", "")
        shared = together.setdefault(pair, float(generator.uniform(1 - UNIT_VARIATION, 1 + UNIT_VARIATION)))
        gains[unit] = shared * float(generator.uniform(1 - SIDE_VARIATION, 1 + SIDE_VARIATION))
    return gains
