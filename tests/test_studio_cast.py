"""Cast files: the open cast, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fexgan.errors import InputError
from fexgan.studio.cast import open_cast_file, read_cast


def write_cast(folder: Path, *characters: str) -> Path:
    path = folder / "cast.yaml"
    path.write_text("characters:\n" + "".join(f"  - {character}\n" for character in characters))
    return path


def test_the_open_cast_is_ten_different_people_from_twenty_to_over_seventy():
    cast = read_cast(open_cast_file())
    assert len({character.name for character in cast}) == 10
    assert min(character.age_years for character in cast) <= 20
    assert max(character.age_years for character in cast) >= 70
    assert sum(character.masculinity < 0.5 for character in cast) == 5
    assert len({character.hair.style for character in cast}) >= 6


def test_ten_lines_make_a_character_and_the_rest_has_defaults(tmp_path):
    [character] = read_cast(write_cast(tmp_path, "{name: rosa, age_years: 60, hair: {style: bob, length_dm: 1.5}}"))
    assert (character.name, character.age_years, character.hair.length_dm) == ("rosa", 60.0, 1.5)
    assert character.beard.length_dm == 0


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{name: rosa, hight: 3}", "key 'hight' is unknown; allowed are name, seed"),
        ("{name: rosa, hair: {colour: 3}}", "hair: key 'colour' is unknown"),
        ("{name: ../rosa}", "cannot name a folder"),
        ("{name: rosa, age_years: 7}", "age_years: 7 is out of range; give a number from 20 to 90"),
        ("{name: rosa, seed: -1}", "seed: -1 is out of range"),
        ("{name: rosa, age_years: .nan}", "age_years: nan is out of range"),
        ("{name: rosa, skin: [0.5, 0.4]}", "is no colour"),
        ("{name: rosa, skin: [0.5, 0.4, 1.4]}", "is no colour"),
        ("{name: rosa, hair: {style: mohawk}}", "'mohawk' is unknown; choose from afro"),
        ("{name: rosa, clothing: {kind: toga}}", "'toga' is unknown; choose from hoodie, shirt, tee, turtleneck"),
        ("{name: rosa, clothing: {pattern: [plain]}}", "is unknown; choose from checks, plain, stripes"),
        ("{name: rosa, clothing: {colour: red}}", "clothing: key 'colour' is unknown; allowed are kind, pattern"),
        ("{name: rosa, glasses: {shape: heart}}", "'heart' is unknown; choose from round, square"),
        ("{name: rosa, freckles: 2.1}", "freckles: 2.1 is out of range; give a number from 0 to 2"),
        ("{name: rosa, lines: deep}", "lines: 'deep' is no number; give a number from 0 to 1"),
        ("{name: rosa, age_years: '30'}", "age_years: '30' is no number; give a number from 20 to 90"),
        ("{name: rosa, seed: 1.5}", "seed: 1.5 is no whole number; give a whole number from 0 to 2147483647"),
        ("{name: rosa, seed: true}", "seed: True is no whole number"),
        ("{name: no}", "name: False is what YAML makes of it, and no text; put the name in quotes"),
        ("{name: 007}", "name: 7 is what YAML makes of it"),
        (f"{{name: {'a' * 300}}}", "name: a name of 300 letters is too long; give at most 64"),
        (
            "{name: rosa, shape: {cheek/*-cheek-bones-incr: 0.2, cheek/l-cheek-bones-incr: 0.5}}",
            "'cheek/*-cheek-bones-incr' and 'cheek/l-cheek-bones-incr' both name 'cheek/l-cheek-bones-incr'; leave one",
        ),
        ("{name: rosa, glasses: true}", "glasses: expected a mapping of fields, got True"),
        ("{name: rosa, hair: {fringe: 3}}", "neither true nor false"),
        ("{name: rosa, origins: {asian: 0.5}}", "must share out 1"),
        ("{name: rosa, shape: {nose/nose-long: 0.5}}", "target 'nose/nose-long' is unknown"),
        ("{name: rosa, shape: {1: 0.5}}", "must map names to numbers"),
        ("{name: rosa, 1: 2, hight: 3}", "key 1 is unknown"),
        ("{name: rosa, hair: {length_dm: 0}}", "length_dm: 0 is out of range; give a number from 0.02 to 4"),
        ("{name: rosa, beard: {length_dm: 4}}", "length_dm: 4 is out of range; give a number from 0 to 0.6"),
        ("{age_years: 30}", "has no 'name'"),
        ("rosa", "expected a mapping"),
    ],
)
def test_a_wrong_entry_is_told_in_one_line_with_file_and_key(tmp_path, entry, told):
    with pytest.raises(InputError) as error:
        read_cast(write_cast(tmp_path, entry))
    message = str(error.value)
    assert told in message
    assert "cast.yaml" in message
    assert "\n" not in message and len(message) < 400


def test_two_characters_of_one_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="'rosa' comes twice"):
        read_cast(write_cast(tmp_path, "{name: rosa}", "{name: rosa}"))


@pytest.mark.parametrize("content", ["", "[]", "characters: 3", "people: []", "characters: []", "a: [", "\x00"])
def test_a_file_that_is_no_cast_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "cast.yaml"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        read_cast(path)
    assert "\n" not in str(error.value)
