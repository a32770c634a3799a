"""Which frames are kept for testing. Every draw depends on the seed and the names alone, so that adding footage of one
character leaves the split of the others as it was, or where whole characters are drawn, of all but one."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

from fexgan.errors import InputError
from fexgan.prepare.footage import ClipEntry

SPLITS = ("take", "frame", "character", "time-block")
GUARD_FRAMES = 30
Item = TypeVar("Item", bound=Hashable)


def choose_test_frames(
    takes: Sequence[tuple[ClipEntry, int]], split: str, test_share: float, seed: int, guard_frames: int = GUARD_FRAMES
) -> list[frozenset[int]]:
    """For each (take, its number of frames), which of its frames are for testing.

    `split`: `take` draws whole takes of each character and affect, `frame` draws single frames of each character and
    affect, `character` draws whole characters, `time-block` one run of frames of each take that is long enough to leave
    `guard_frames` on both sides of it and one more. `test_share` in [0, 1): how much of each group; a group of two or
    more gives at least one to the test unless the share is 0, and always keeps one for training. Raises InputError.
    """
    if split not in SPLITS:
        raise InputError(f"split {split!r} is unknown; choose from {', '.join(SPLITS)}")
    if not 0.0 <= test_share < 1.0:
        raise InputError(f"test share {test_share:g} is out of range; give a number in [0, 1)")
    if split == "character":
        # By what each name is to the seed, so that one more moves at most whoever is at the border.
        characters = sorted({entry.character for entry, _ in takes}, key=lambda name: _lot(f"{seed}/{name}"))
        held_out = frozenset(characters[: _share_of(len(characters), test_share)])
        return [_frames(count, entry.character in held_out) for entry, count in takes]

    if guard_frames < 0:
        raise InputError(f"{guard_frames} guard frames are too few; give 0 or more")
    if split == "time-block":
        return [_block(entry, count, test_share, seed, guard_frames) for entry, count in takes]

    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, (entry, _) in enumerate(takes):
        groups[entry.character, entry.affect].append(index)
    chosen: list[frozenset[int]] = [frozenset()] * len(takes)
    for (character, affect), members in groups.items():
        key = f"{seed}/{character}/{affect}"
        if split == "take":
            held_out_takes = _draw(members, test_share, key)
            for index in members:
                chosen[index] = _frames(takes[index][1], index in held_out_takes)
        else:
            drawn: dict[int, list[int]] = defaultdict(list)
            frames = [(index, frame) for index in members for frame in range(takes[index][1])]
            for index, frame in _draw(frames, test_share, key):
                drawn[index].append(frame)
            for index in members:
                chosen[index] = frozenset(drawn[index])
    return chosen


def guard_of(test_frames: frozenset[int], count: int, guard_frames: int) -> frozenset[int]:
    """The frames of a take of `count` that are within `guard_frames` of its test frames and none themselves."""
    if not test_frames:
        return frozenset()
    near = range(max(0, min(test_frames) - guard_frames), min(count, max(test_frames) + guard_frames + 1))
    return frozenset(near) - test_frames


def _block(entry: ClipEntry, count: int, share: float, seed: int, guard_frames: int) -> frozenset[int]:
    """A run of round(count * share) frames, and at least one, at a place that seed and names fix."""
    length = max(1, round(count * share))
    if share == 0.0 or count < length + 2 * guard_frames + 1:
        return frozenset()
    draw = random.Random(f"{seed}/{entry.character}/{entry.affect}/{entry.take}")
    start = draw.randint(0, count - length)
    return frozenset(range(start, start + length))


def _frames(count: int, held_out: bool) -> frozenset[int]:
    return frozenset(range(count)) if held_out else frozenset()


def _lot(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _share_of(size: int, share: float) -> int:
    """How many of a group are for testing."""
    return min(max(round(size * share), 1), max(size - 1, 0)) if share > 0.0 else 0


def _draw(items: Sequence[Item], share: float, key: str) -> frozenset[Item]:
    """The share of the items, in an order that `key` fixes."""
    count = _share_of(len(items), share)
    shuffled = list(items)
    random.Random(key).shuffle(shuffled)
    return frozenset(shuffled[len(shuffled) - count :])
