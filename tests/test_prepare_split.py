from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fexgan.errors import InputError
from fexgan.prepare.footage import ClipEntry
from fexgan.prepare.split import choose_test_frames, guard_of


def _takes(characters: str = "ab", takes: int = 3, frames: int = 10) -> list[tuple[ClipEntry, int]]:
    return [
        (ClipEntry(Path(f"{character}/{affect}/{take}.mp4"), character, affect, str(take)), frames)
        for character in characters
        for affect in ("fear", "joy")
        for take in range(takes)
    ]


def test_by_take_each_take_is_wholly_on_one_side_and_each_group_on_both() -> None:
    takes = _takes()
    chosen = choose_test_frames(takes, "take", 0.3, seed=0)
    assert {len(frames) for frames in chosen} == {0, 10}
    for start in range(0, len(takes), 3):
        assert sum(bool(frames) for frames in chosen[start : start + 3]) == 1


def test_by_frame_the_share_holds_within_each_group() -> None:
    chosen = choose_test_frames(_takes(), "frame", 0.3, seed=0)
    for start in range(0, len(chosen), 3):
        assert sum(len(frames) for frames in chosen[start : start + 3]) == 9
    assert all(0 < len(frames) < 10 for frames in chosen)


def test_by_character_nobody_is_on_both_sides() -> None:
    takes = _takes("abcdef")
    chosen = choose_test_frames(takes, "character", 0.3, seed=0)
    tested = {entry.character for (entry, _), frames in zip(takes, chosen, strict=True) if frames}
    trained = {entry.character for (entry, count), frames in zip(takes, chosen, strict=True) if len(frames) < count}
    assert len(tested) == 2 and tested.isdisjoint(trained) and tested | trained == set("abcdef")


@given(st.integers(1, 9), st.floats(0.001, 0.999), st.sampled_from(["take", "frame", "character"]))
def test_training_always_keeps_something_of_each_group(takes: int, share: float, split: str) -> None:
    chosen = choose_test_frames(_takes("ab", takes, frames=2), split, share, seed=1)
    held_out = sum(len(frames) for frames in chosen)
    assert held_out < 2 * len(chosen)
    if takes > 1:
        assert held_out > 0


@pytest.mark.parametrize("split", ["take", "frame", "character"])
def test_the_seed_alone_decides(split: str) -> None:
    takes = _takes("abcdefgh")
    first = choose_test_frames(takes, split, 0.3, seed=0)
    assert first == choose_test_frames(takes, split, 0.3, seed=0)
    assert any(first != choose_test_frames(takes, split, 0.3, seed=seed) for seed in range(1, 5))


@pytest.mark.parametrize("split", ["take", "frame"])
def test_another_character_leaves_the_split_of_the_others_alone(split: str) -> None:
    alone = choose_test_frames(_takes("b"), split, 0.3, seed=0)
    assert choose_test_frames(_takes("ab"), split, 0.3, seed=0)[6:] == alone


def test_one_more_person_moves_at_most_one_other_between_the_sides() -> None:
    people = [f"person-{number}" for number in range(20)]
    sides = []
    for count in range(10, 20):
        takes = [(ClipEntry(Path("clip"), name, "joy", "1"), 3) for name in people[:count]]
        chosen = choose_test_frames(takes, "character", 0.3, 0)
        sides.append({name for name, frames in zip(people, chosen, strict=False) if frames})
    for before, after in pairwise(sides):
        assert len(before - after) <= 1 and len(after - before) <= 1


def test_the_same_frames_are_drawn_for_ever() -> None:
    chosen = choose_test_frames(_takes("abc", 4, 25), "frame", 0.3, seed=7)
    assert [sorted(frames) for frames in chosen[:2]] == [[8, 20, 21, 22, 24], [1, 3, 6, 8, 13, 18, 22, 23]]


def test_groups_are_drawn_independently() -> None:
    chosen = choose_test_frames(_takes("abcdefgh"), "take", 0.3, seed=0)
    held_out = [next(take for take in range(3) if chosen[start + take]) for start in range(0, len(chosen), 3)]
    assert set(held_out) == {0, 1, 2}


@pytest.mark.parametrize("split", ["take", "frame", "character"])
def test_a_share_of_nothing_tests_nothing(split: str) -> None:
    assert not any(choose_test_frames(_takes(), split, 0.0, seed=0))


def test_wrong_splits_and_shares_are_refused() -> None:
    with pytest.raises(InputError, match="split 'half' is unknown; choose from take, frame, character, time-block"):
        choose_test_frames([], "half", 0.3, seed=0)
    for share in (-0.1, 1.0, float("nan")):
        with pytest.raises(InputError, match="test share"):
            choose_test_frames([], "take", share, seed=0)


@given(st.integers(1, 60), st.floats(0.01, 0.99), st.integers(0, 12), st.integers(0, 5))
def test_a_block_is_one_run_and_its_guards_keep_it_from_training(
    count: int, share: float, guard_frames: int, seed: int
) -> None:
    (block,) = choose_test_frames(_takes("a", 1, count)[:1], "time-block", share, seed, guard_frames)
    guard = guard_of(block, count, guard_frames)
    train = set(range(count)) - block - guard
    assert train
    if block:
        assert len(block) == max(1, round(count * share)) == max(block) - min(block) + 1
        assert min(abs(one - other) for one in block for other in train) > guard_frames
    else:
        assert count < max(1, round(count * share)) + 2 * guard_frames + 1


def test_blocks_lie_at_places_of_their_own_that_names_and_seed_fix() -> None:
    takes = _takes("abcd", 2, 100)
    chosen = choose_test_frames(takes, "time-block", 0.3, 0, guard_frames=5)
    assert {len(block) for block in chosen} == {30} and len({min(block) for block in chosen}) > 8
    assert choose_test_frames(takes[:3], "time-block", 0.3, 0, guard_frames=5) == chosen[:3]
    assert choose_test_frames(takes, "time-block", 0.3, 1, guard_frames=5) != chosen


def test_guards_of_fewer_than_no_frames_are_refused() -> None:
    with pytest.raises(InputError, match="-1 guard frames"):
        choose_test_frames([], "time-block", 0.3, 0, guard_frames=-1)
