"""The bundled footage: what the package promises of the open cast."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from fexgan import bundled
from fexgan.affects import AFFECTS, NEUTRAL
from fexgan.manifest import read_sidecar
from fexgan.prepare import scan_footage
from fexgan.studio.cast import character_to_dict, open_cast_file, read_cast
from fexgan.video import read_clip

LARGEST_FOOTAGE_BYTES = 20e6


@pytest.fixture(scope="module")
def entries():
    return scan_footage(bundled.footage_path()).entries


@pytest.fixture(scope="module")
def takes(entries):
    return [read_sidecar(entry.sidecar_path) for entry in entries]


def test_ten_characters_act_seven_affects_in_three_takes_each(entries):
    counts = Counter((entry.character, entry.affect) for entry in entries)
    names = [character.name for character in read_cast(open_cast_file())]
    assert set(counts) == {(name, affect) for name in names for affect in AFFECTS}
    assert min(counts.values()) >= 3 and len(entries) >= 210


def test_it_is_large_enough_to_learn_from_and_small_enough_to_carry(entries, takes):
    assert sum(len(take.frames) for take in takes) >= 7500
    assert min(len(take.frames) for take in takes) >= 36
    assert min(take.size_px for take in takes) >= 144
    files = [path for path in bundled.footage_path().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LARGEST_FOOTAGE_BYTES


def test_sidecars_rebuild_their_characters_and_are_free_to_use(takes):
    cast = {character.name: character_to_dict(character) for character in read_cast(open_cast_file())}
    for take in takes:
        assert take.license == "CC0-1.0"
        assert take.character_parameters["seed"] == cast[take.character]["seed"]
        assert set(take.character_parameters) == set(cast[take.character])


def test_every_take_starts_neutral_and_shows_its_affect(takes):
    for take in takes:
        strength = take.frames.strength[take.affect]
        if take.affect == NEUTRAL:
            assert set(strength) == {1.0}
        else:
            assert strength[0] == 0 and max(strength) >= 0.6


@pytest.mark.parametrize("number", range(0, 210, 35))
def test_clips_hold_what_their_sidecars_tell(entries, takes, number):
    frames = np.stack([pixels for pixels, _ in read_clip(entries[number].path)])
    side = takes[number].size_px
    assert frames.shape == (len(takes[number].frames), side, side, 3)
    assert frames.astype(int).std(axis=0).max() > 5, "something moves"
