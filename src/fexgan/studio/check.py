"""Score footage with a reader that never saw it: does every character's apex read as the affect that was played?"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table as TerminalTable

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL
from fexgan.errors import InputError
from fexgan.manifest import STILLS, FrameTruth, Take, natural_key, read_sidecar, shown_variants
from fexgan.media import Pixels, write_text_atomically
from fexgan.studio.emfacs import read_affect
from fexgan.tables import counted, markdown_table, percent, terminal_table
from fexgan.terminal import tracked
from fexgan.video import decode_clip

ReadBlendshapes = Callable[[Pixels], Mapping[str, float] | None]
"""Picture -> how far each of MediaPipe's blendshapes is shown, None where it sees no face."""
NO_FACE = "no face"
NO_NEUTRAL = "of characters without a neutral take or still"
NO_NEUTRAL_FACE = "whose character shows no face in the neutral take or still"
LARGEST_BLINK = 0.2
"""A frame in which the eyes are further closed shows a blink, and no neutral face."""


@dataclass(frozen=True)
class Check:
    """What the reader named each apex frame. `named`: (affect played, affect named or `no face`) -> frames.

    `variants`: (affect played, variant of it, whether it was named right) -> frames, of those whose sidecar tells it.
    `characters`: who was scored. `left_out`: reason -> clips.
    """

    footage: str
    characters: tuple[str, ...]
    named: Counter[tuple[str, str]]
    variants: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def frames(self, affect: str) -> int:
        """How many apex frames of `affect` were scored."""
        return sum(count for (played, _), count in self.named.items() if played == affect)

    def share(self, affect: str) -> float:
        """Share of an affect's frames that were named right, in [0, 1]."""
        return self.named[affect, affect] / max(self.frames(affect), 1)

    @property
    def accuracy(self) -> float:
        """Share of all frames that were named right, in [0, 1]."""
        return sum(self.named[affect, affect] for affect in AFFECTS) / max(self.named.total(), 1)

    def summary(self) -> str:
        scored = [affect for affect in AFFECTS if self.frames(affect)]
        worst = min(scored, key=self.share)
        return (
            f"{percent(self.accuracy)} of {self.named.total():,} apex frames of {len(self.characters)} characters read "
            f"as what was played; worst {worst}, {percent(self.share(worst))}"
        )

    def rows(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows of the confusion table, in frames: a row for what was played, a column for what was named."""
        names = [*AFFECTS, *([NO_FACE] if any(named == NO_FACE for _, named in self.named) else [])]
        rows = [
            [affect, *(str(self.named[affect, name]) for name in names), f"{100 * self.share(affect):.0f}"]
            for affect in AFFECTS
            if self.frames(affect)
        ]
        return ["played", *names, "%"], rows

    def variant_counts(self) -> dict[str, tuple[int, int]]:
        """`joy.laugh` -> how many frames show it, and how many of them were named right."""
        shown = dict.fromkeys((affect, variant) for affect, variant, _ in sorted(self.variants))
        right = {one: self.variants[*one, True] for one in shown}
        return {".".join(one): (right[one] + self.variants[*one, False], right[one]) for one in shown}

    def variant_rows(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows of the table of variants."""
        rows = [
            [variant, str(frames), str(right), f"{100 * right / frames:.0f}"]
            for variant, (frames, right) in self.variant_counts().items()
        ]
        return ["variant", "frames", "named right", "%"], rows

    def terminal_table(self) -> TerminalTable:
        return terminal_table("Apex frames by what they read as", *self.rows())

    def to_markdown(self) -> str:
        told = [f"{line}." for line in (self.summary(), *self.left_out_lines())]
        tables = [markdown_table(*self.rows())]
        if self.variants:
            tables.append(markdown_table(*self.variant_rows()))
        return "\n\n".join([f"# How {self.footage} reads", *told, *tables]) + "\n"

    def left_out_lines(self) -> list[str]:
        return [f"left out: {counted(count, 'clip')} {reason}" for reason, count in sorted(self.left_out.items())]

    def to_dict(self) -> dict[str, Any]:
        confusion: dict[str, dict[str, int]] = defaultdict(dict)
        for (played, named), count in sorted(self.named.items()):
            confusion[played][named] = count
        return {
            "footage": self.footage,
            "characters": list(self.characters),
            "accuracy": self.accuracy,
            "right": {affect: self.share(affect) for affect in AFFECTS if self.frames(affect)},
            "confusion": confusion,
            "variants": {
                variant: {"frames": frames, "right": right}
                for variant, (frames, right) in self.variant_counts().items()
            },
            "left_out": dict(self.left_out),
        }


def check(footage: Path, read: ReadBlendshapes, characters: Collection[str] = ()) -> Check:
    """Read the apex of every take and the strongest stills of each affect, relative to the character's neutral face.

    `read` gives a picture's blendshapes, None for no face. The neutral face is the neutral still, or the median over
    the first neutral take; it is not scored itself. `characters`: only these, all where none is named. Clips without a
    sidecar, mixtures, and characters without a neutral face are left out. Raises InputError where nothing is left, and
    for what is no folder.
    """
    if not Path(footage).is_dir():
        came = "is a file" if Path(footage).exists() else "is not there"
        raise InputError(f"{footage} {came}; give a folder of footage, filmed as CHARACTER/AFFECT/TAKE.mp4")
    clips: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(Path(footage).glob("*/*/[!.]*.mp4"), key=lambda path: natural_key(path.as_posix())):
        clips[path.parent.parent.name].append(path)
    for name in characters:
        if name not in clips:
            raise InputError(f"character {name!r} is not in {footage}; choose from {', '.join(clips) or 'none'}")
    named: Counter[tuple[str, str]] = Counter()
    variants: Counter[tuple[str, str, bool]] = Counter()
    left_out: Counter[str] = Counter()
    scored = []
    for character in tracked(sorted(set(characters) or clips), "checking"):
        reference, without, found = None, NO_NEUTRAL, Counter()
        takes = [take for clip in clips[character] if (take := _read_take(clip, left_out))]
        for clip, take in sorted(takes, key=lambda one: one[1].affect not in (NEUTRAL, STILLS)):
            truth = take.frames
            apexes = apex_frames(take.affect, truth)
            if reference is None and NEUTRAL in apexes.values():
                own = {frame for frame, played in apexes.items() if played == NEUTRAL}
                apexes = {frame: played for frame, played in apexes.items() if frame not in own}
                frames = own if take.affect == STILLS else _open_eyed(truth)
                reference = _median([seen for pixels in _frames(clip, frames) if (seen := read(pixels))])
                without = NO_NEUTRAL_FACE
            if reference is None:
                left_out[without] += 1
                continue
            variants_of = shown_variants(take, clip.with_suffix(".json"))
            for (frame, played), pixels in zip(apexes.items(), _frames(clip, apexes), strict=True):
                seen = read(pixels)
                name = read_affect(seen, reference) if seen else NO_FACE
                found[played, name] += 1
                if variant := variants_of[frame].get(played):
                    variants[played, variant, name == played] += 1
        named += found
        scored += [character] if found else []
    if not named:
        raise InputError(
            f"nothing in {footage} can be scored; give footage with sidecars, and a neutral take or still of everyone"
        )
    return Check(Path(footage).name, tuple(scored), named, variants, left_out)


def write_check(folder: Path, result: Check) -> list[Path]:
    """Write check.md and check.json atomically; returns their paths."""
    texts = {"check.md": result.to_markdown(), "check.json": json.dumps(result.to_dict(), indent=1) + "\n"}
    for name, text in texts.items():
        write_text_atomically(folder / name, text)
    return [folder / name for name in texts]


def apex_frames(affect: str, truth: FrameTruth) -> dict[int, str]:
    """Frame -> the affect that it shows alone and strongest, in order.

    `affect`: what the take plays; of its strongest frames the one with the eyes most open. Of stills, all that are
    strongest, for they show an affect in several variants, and the first neutral one.
    """
    if affect != STILLS:
        blink = truth.blink or (0.0,) * len(truth)
        return {int(np.lexsort((blink, -np.array(truth.strength[affect])))[0]): affect}
    shown = {name: np.array(column) for name, column in truth.strength.items() if name in EMOTIONS}
    total = sum(shown.values(), np.zeros(len(truth)))
    found = {} if total.all() else {int(total.argmin()): NEUTRAL}
    for name, column in shown.items():
        alone = np.where(column == total, column, 0.0)
        found |= {int(frame): name for frame in np.flatnonzero(alone * (alone == alone.max()))}
    return dict(sorted(found.items()))


def _open_eyed(truth: FrameTruth) -> list[int]:
    blink = truth.blink or (0.0,) * len(truth)
    return [frame for frame, closed in enumerate(blink) if closed <= LARGEST_BLINK] or list(range(len(truth)))


def _read_take(clip: Path, left_out: Counter[str]) -> tuple[Path, Take] | None:
    """A clip with its sidecar, None where it has none or plays no single affect; of what, tells the folder where the
    sidecar, written by hand, does not."""
    sidecar = clip.with_suffix(".json")
    if not sidecar.exists():
        left_out["without a sidecar"] += 1
        return None
    take = read_sidecar(sidecar)
    affect = take.affect or clip.parent.name
    if affect not in (*AFFECTS, STILLS):
        left_out["that play no single affect"] += 1
        return None
    if affect not in (*take.frames.strength, STILLS):
        left_out["whose sidecar does not tell the strength of what they play"] += 1
        return None
    return clip, replace(take, affect=affect)


def _frames(clip: Path, wanted: Collection[int]) -> Iterator[Pixels]:
    """The wanted frames of a clip, in order."""
    missing = set(wanted)
    for index, frame in enumerate(decode_clip(clip)):
        if index in missing:
            missing.discard(index)
            yield frame.pixels()
        if not missing:
            return
    if missing:
        raise InputError(f"{clip} ends before frame {max(missing)}, of which its sidecar tells; film it again")


def _median(readings: list[Mapping[str, float]]) -> dict[str, float] | None:
    if not readings:
        return None
    return {unit: float(np.median([reading[unit] for reading in readings])) for unit in readings[0]}
