"""Keyframes: which mixture a face shows at which second, and the smooth way from one to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fexgan.affects import Mixture
from fexgan.errors import InputError

LARGEST_FPS = 240
LONGEST_CLIP_S = 600
EXAMPLE = "0s neutral, 1s joy:0.8, 2s neutral"


@dataclass(frozen=True)
class Keyframe:
    """`mixture` is shown in full at `time_s` seconds."""

    time_s: float
    mixture: Mixture


def parse_keyframes(text: str) -> tuple[Keyframe, ...]:
    """Read `0s neutral, 1s joy:0.8, 2s neutral`: at least two, times rising from zero. Raises InputError."""
    keyframes = tuple(_parse_keyframe(part.strip()) for part in text.split(","))
    check_keyframes(keyframes)
    return keyframes


def check_keyframes(keyframes: Sequence[Keyframe]) -> None:
    """Raise InputError unless there are at least two keyframes whose times rise from zero."""
    times = [keyframe.time_s for keyframe in keyframes]
    if len(times) < 2:
        raise InputError(f"{len(times)} keyframe is too few for a clip; write two or more, as in {EXAMPLE!r}")
    if times[0] != 0.0:
        raise InputError(f"the first keyframe is at {times[0]:g} s; the first one belongs at 0 s, as in {EXAMPLE!r}")
    if times[-1] > LONGEST_CLIP_S:
        raise InputError(f"the last keyframe is at {times[-1]:g} s; a clip lasts at most {LONGEST_CLIP_S} s")
    for earlier, later in pairwise(times):
        if later <= earlier:
            raise InputError(f"keyframe at {later:g} s follows one at {earlier:g} s; write them in order of time")


def ease(fraction: float) -> float:
    """Cosine easing from 0 to 1 for `fraction` in [0, 1]: it starts and ends at rest."""
    return 0.5 - 0.5 * math.cos(math.pi * fraction)


def affect_vectors(keyframes: Sequence[Keyframe], fps: float) -> list[tuple[float, ...]]:
    """The affect vector of every frame from the first keyframe to the last, both included, at `fps` frames a second."""
    check_keyframes(keyframes)
    if not 1 <= fps <= LARGEST_FPS:
        raise InputError(f"{fps:g} frames a second cannot be played; give a number from 1 to {LARGEST_FPS}")
    frames = round(keyframes[-1].time_s * fps) + 1
    return [_vector_at(keyframes, frame / fps) for frame in range(frames)]


def _parse_keyframe(text: str) -> Keyframe:
    time_text, _, mixture_text = text.partition(" ")
    try:
        time_s = float(time_text.removesuffix("s"))
    except ValueError:
        time_s = math.nan
    if not math.isfinite(time_s) or not mixture_text.strip():
        raise InputError(f"keyframe {text!r} is not a time and a mixture; write them as in {EXAMPLE!r}")
    return Keyframe(time_s, Mixture.parse(mixture_text.strip()))


def _vector_at(keyframes: Sequence[Keyframe], time_s: float) -> tuple[float, ...]:
    for before, after in pairwise(keyframes):
        if time_s <= after.time_s:
            share = ease((time_s - before.time_s) / (after.time_s - before.time_s))
            pairs = zip(before.mixture.vector(), after.mixture.vector(), strict=True)
            return tuple((1.0 - share) * start + share * end for start, end in pairs)
    return keyframes[-1].mixture.vector()
