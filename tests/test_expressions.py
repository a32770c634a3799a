from __future__ import annotations

import json
from pathlib import Path

import pytest

from fexgan.affects import Mixture
from fexgan.errors import InputError
from fexgan.expressions import named_mixture, read_expression, read_expressions, write_expression

MIXTURE = Mixture.parse("joy:0.4+disgust:0.25")


@pytest.mark.parametrize("name", ["wry-smile.yaml", "wry-smile.json"])
@pytest.mark.parametrize("note", ["", "ha: 'not' quite 日本"])
def test_what_is_saved_is_read_again(tmp_path: Path, name: str, note: str):
    write_expression(tmp_path / name, MIXTURE, note)
    expression = read_expression(tmp_path / name)
    assert (expression.name, expression.mixture, expression.note) == ("wry-smile", MIXTURE, note)


def test_a_note_left_empty_is_no_note(tmp_path: Path):
    (tmp_path / "sly.yaml").write_text("mixture: joy:0.4\nnote:\n")
    assert read_expression(tmp_path / "sly.yaml").note == ""


def test_json_is_json(tmp_path: Path):
    write_expression(tmp_path / "a.json", MIXTURE)
    assert json.loads((tmp_path / "a.json").read_text()) == {"mixture": "joy:0.4+disgust:0.25"}


def test_a_mixture_is_named_by_its_file_a_bundled_name_or_itself(tmp_path: Path):
    write_expression(tmp_path / "sly.yaml", MIXTURE)
    assert named_mixture(str(tmp_path / "sly.yaml")) == ("sly", MIXTURE)
    assert named_mixture("wry-smile") == ("wry-smile", MIXTURE)
    assert named_mixture("joy:0.80") == ("joy:0.8", Mixture.parse("joy:0.8"))


def test_the_bundled_expressions_are_whole_and_have_notes():
    expressions = read_expressions([])
    assert len(expressions) >= 8 and all(expression.note for expression in expressions)


def test_folders_and_files_are_listed_in_order(tmp_path: Path):
    for name in ("b.yaml", "a.json"):
        write_expression(tmp_path / "mine" / name, MIXTURE)
    write_expression(tmp_path / "c.yml", MIXTURE)
    found = read_expressions([tmp_path / "c.yml", tmp_path / "mine"])
    assert [expression.name for expression in found] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("mixture: glee", "'glee' is unknown"),
        ("mixture: joy:2", "out of range"),
        ("note: nothing", "names no mixture"),
        ("- joy", "names no mixture"),
        ("mixture: joy\ncolour: red", "field 'colour'"),
        ("{", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(tmp_path: Path, content: str, complaint: str):
    path = tmp_path / "odd.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=complaint) as error:
        read_expression(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["a" * 300, "joy+" * 100, "a" * 5000])
def test_what_is_longer_than_the_name_of_a_file_may_be_is_refused_in_one_line(text: str):
    with pytest.raises(InputError, match=r"is unknown|twice") as error:
        named_mixture(text)
    assert "\n" not in str(error.value)


def test_a_misspelt_name_is_told_all_there_are():
    with pytest.raises(InputError, match=r"'wry-smle' is unknown; .*, or a named expression: .*, wry-smile"):
        named_mixture("wry-smle")


def test_what_is_missing_or_otherwise_named_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no expression at"):
        named_mixture(str(tmp_path / "nowhere.yaml"))
    with pytest.raises(InputError, match="no expressions in"):
        read_expressions([tmp_path])
    with pytest.raises(InputError, match=r"\.yaml or \.json"):
        write_expression(tmp_path / "a.txt", MIXTURE)
