"""Keyframes: which mixture a face shows at which second, and the way from one to the next.

Their text form is `0s neutral, 800ms surprise, 1.5s joy:0.7 out, 3s wry-smile`: times in seconds or milliseconds,
mixtures, of named expressions too, and where it is not to be smooth, how the face moves there from the keyframe
before. A YAML file holds the same as a list:

    - 0s neutral
    - 0.8s surprise
    - 1.5s joy:0.7 out
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from fexgan.affects import Mixture, Target
from fexgan.errors import InputError
from fexgan.expressions import named_mixture, text_mixture
from fexgan.yaml_files import read_yaml

Drawn = TypeVar("Drawn")

LARGEST_FPS = 240
LONGEST_CLIP_S = 600
EXAMPLE = "0s neutral, 1s joy:0.8, 2s neutral"
UNITS_PER_S = {"": 1, "s": 1, "ms": 1000}
FILE_SUFFIXES = (".yaml", ".yml", ".json", ".txt")

EASINGS: dict[str, Callable[[float], float]] = {
    "smooth": lambda share: 0.5 - 0.5 * math.cos(math.pi * share),
    "linear": lambda share: share,
    "in": lambda share: 1.0 - math.cos(0.5 * math.pi * share),
    "out": lambda share: math.sin(0.5 * math.pi * share),
    "hold": lambda share: float(share >= 1.0),
}
"""Ways to a keyframe, share of the time to share of the change, both in [0, 1]: at rest at both ends, at even pace,
from rest, to rest, and at once when the time is up."""
SMOOTH = "smooth"


@dataclass(frozen=True)
class Keyframe:
    """`mixture` is shown in full at `time_s` seconds."""

    time_s: float
    mixture: Mixture
    easing: str = SMOOTH
    """The way here from the keyframe before; one of `EASINGS`."""


def parse_keyframes(text: str) -> tuple[Keyframe, ...]:
    """Read `0s neutral, 1s joy:0.8, 2s neutral`: at least two, times rising from zero. Raises InputError."""
    return _parse_all(_split(text), text_mixture)  # no file, for keyframes also come over HTTP


def read_keyframes(text_or_file: str) -> tuple[Keyframe, ...]:
    """Read keyframes from their text, or from a YAML or JSON file that lists them; their expressions may be files too.

    Raises InputError.
    """
    path = Path(text_or_file)
    if path.suffix.lower() not in FILE_SUFFIXES or "," in text_or_file:
        return _parse_all(_split(text_or_file), named_mixture)
    missing = f"no keyframes at {path}; write them as in {EXAMPLE!r}, or give a file of them"
    content = read_yaml(path, f"keyframes {path}", "list them as '- 0s neutral'", missing)
    try:
        if isinstance(content, str):
            return _parse_all(_split(content), named_mixture)
        if isinstance(content, list) and all(isinstance(line, str) for line in content):
            return _parse_all(content, named_mixture)
    except InputError as error:
        raise InputError(f"keyframes {path}: {error}") from None
    raise InputError(f"keyframes {path} hold no list of lines such as '- 0.8s surprise:1'; write one")


def _split(text: str) -> list[str]:
    """The keyframes of a text; a comma after the last one ends it. Raises InputError for other separators."""
    if ";" in text:
        raise InputError(f"keyframes {text!r} are separated by ';'; write ',', as in {EXAMPLE!r}")
    return text.strip().removesuffix(",").split(",")


def _parse_all(parts: Sequence[str], named: Callable[[str], tuple[str, Mixture]]) -> tuple[Keyframe, ...]:
    keyframes = tuple(_parse_keyframe(part.strip(), named) for part in parts)
    check_keyframes(keyframes)
    return keyframes


def check_keyframes(keyframes: Sequence[Keyframe]) -> None:
    """Raise InputError unless there are at least two keyframes whose times rise from zero, each with an easing that is
    known."""
    times = [keyframe.time_s for keyframe in keyframes]
    for keyframe in keyframes:
        if not math.isfinite(keyframe.time_s):
            raise InputError(f"a keyframe is at {keyframe.time_s:g} s; give times in seconds, as in {EXAMPLE!r}")
        check_easing(keyframe.easing, f"at {keyframe.time_s:g} s")
    if len(times) < 2:
        raise InputError(f"{len(times)} keyframe is too few for a clip; write two or more, as in {EXAMPLE!r}")
    if times[0] != 0.0:
        raise InputError(f"the first keyframe is at {times[0]:g} s; the first one belongs at 0 s, as in {EXAMPLE!r}")
    if times[-1] > LONGEST_CLIP_S:
        raise InputError(f"the last keyframe is at {times[-1]:g} s; a clip lasts at most {LONGEST_CLIP_S} s")
    for earlier, later in pairwise(times):
        if later <= earlier:
            raise InputError(f"keyframe at {later:g} s follows one at {earlier:g} s; write them in order of time")


def check_easing(easing: str, where: str) -> None:
    """Raise InputError for an easing that is none; `where`: how the keyframe is told from others."""
    if easing not in EASINGS:
        raise InputError(f"easing {easing!r} of the keyframe {where} is unknown; choose from {', '.join(EASINGS)}")


def count_frames(keyframes: Sequence[Keyframe], fps: float) -> int:
    """How many frames there are at `fps` a second, at least two. Raises InputError for what cannot be played."""
    check_keyframes(keyframes)
    if not 1 <= fps <= LARGEST_FPS:
        raise InputError(f"{fps:g} frames a second cannot be played; give a number from 1 to {LARGEST_FPS}")
    return max(1, round(keyframes[-1].time_s * fps)) + 1


@dataclass(frozen=True)
class Moment:
    """Where a frame lies between two keyframes: at `share` of the change from one mixture to the next, in [0, 1]."""

    before: Mixture
    after: Mixture
    share: float

    def target(self) -> Target:
        """What a face shows then."""
        return self.before.shared().target().towards(self.after.shared().target(), self.share)


def moments_by_frame(keyframes: Sequence[Keyframe], fps: float) -> list[Moment]:
    """Every frame from the first keyframe to the last, both included, at `fps` frames a second.

    Raises InputError as `count_frames` does.
    """
    times = [frame / fps for frame in range(count_frames(keyframes, fps))]
    times[-1] = keyframes[-1].time_s  # which may lie between two frames, and would then not be shown
    return [_moment_at(keyframes, time_s) for time_s in times]


def targets_by_frame(keyframes: Sequence[Keyframe], fps: float) -> list[Target]:
    """What every frame shows; as `moments_by_frame`."""
    return [moment.target() for moment in moments_by_frame(keyframes, fps)]


def held(draw: Callable[[Target], Drawn], targets: Iterable[Target]) -> Iterator[Drawn]:
    """What `draw` makes of each target, one at a time; where one equals the target before, the same once more."""
    shown: Target | None = None
    for target in targets:
        if target != shown:
            drawn, shown = draw(target), target
        yield drawn


def _parse_keyframe(text: str, named: Callable[[str], tuple[str, Mixture]]) -> Keyframe:
    parts = re.fullmatch(r"(\S+?)\s*(ms|s|)\s+(\S.*)", text, re.DOTALL)
    number, unit, mixture_text = parts.groups() if parts else ("", "", "")
    try:
        time_s = float(number) / UNITS_PER_S[unit]
    except ValueError:
        time_s = math.nan
    if not math.isfinite(time_s):
        raise InputError(f"keyframe {text!r} is not a time and a mixture; write them as in {EXAMPLE!r}")
    words = mixture_text.split()
    for word in words[1:]:
        if re.fullmatch(r"[\d.]+(s|ms)", word):  # a mixture is no place for a time
            cut = text.index(f" {word}")
            raise InputError(
                f"keyframe {text!r} holds two times; write ',' between two, as in '{text[:cut]},{text[cut:]}'"
            )
    if len(words) > 1 and words[-1].isalpha() and not words[-2].endswith("+"):
        easing = words.pop()
        check_easing(easing, repr(text))
        return Keyframe(time_s, named(" ".join(words))[1], easing)
    return Keyframe(time_s, named(mixture_text)[1])


def _moment_at(keyframes: Sequence[Keyframe], time_s: float) -> Moment:
    before, after = next(pair for pair in pairwise(keyframes) if time_s <= pair[1].time_s)
    share = EASINGS[after.easing]((time_s - before.time_s) / (after.time_s - before.time_s))
    return Moment(before.mixture, after.mixture, share)
