from __future__ import annotations

import json
from pathlib import Path

import pytest

from fexgan.affects import Mixture, affect_index
from fexgan.errors import InputError
from fexgan.expressions import named_mixture, read_expression, read_expressions, text_mixture, write_expression

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
    (tmp_path / "mine" / "b.yaml").rename(tmp_path / "mine" / "b.YAML")
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


@pytest.mark.parametrize(
    ("text", "name", "plain"),
    [
        ("wry-smile:0.5", "wry-smile:0.5", "joy:0.2+disgust:0.125"),
        ("wry-smile + fear:0.2", "wry-smile+fear:0.2", "joy:0.4+disgust:0.25+fear:0.2"),
        ("wry-smile+joy:0.3", "wry-smile+joy:0.3", "joy:0.7+disgust:0.25"),
        ("soft-smile+joy", "soft-smile+joy", "joy"),
        ("laugh:0.5+joy:0.2", "laugh:0.5+joy:0.2", "joy.laugh:0.675"),
    ],
)
def test_expressions_are_parts_of_mixtures_and_what_they_share_adds_up_to_one_at_most(text: str, name: str, plain: str):
    assert text_mixture(text) == named_mixture(text) == (name, Mixture.parse(plain))
    assert Mixture.of(text) == Mixture.parse(plain) == Mixture.parse(str(Mixture.of(text)))


def test_dicts_of_python_name_expressions_too():
    assert Mixture.of({"wry-smile": 0.5, "fear": 0.2}) == named_mixture("wry-smile:0.5+fear:0.2")[1]


def test_files_are_parts_of_mixtures_whatever_their_names_hold(tmp_path: Path):
    write_expression(tmp_path / "sly.yaml", Mixture.parse("joy.closed:0.3"))
    write_expression(tmp_path / "me-anger+sadness.yml", Mixture.parse("anger:0.4+sadness:0.2"))
    sly, mine = tmp_path / "sly.yaml", tmp_path / "me-anger+sadness.yml"
    assert named_mixture(f"{sly}+joy:0.2") == ("sly+joy:0.2", Mixture.parse("joy.closed:0.5"))
    assert named_mixture(f"fear:0.1+{mine}:0.5") == (
        "fear:0.1+me-anger+sadness:0.5",
        Mixture.parse("fear:0.1+anger:0.2+sadness:0.1"),
    )
    assert named_mixture(str(mine)) == ("me-anger+sadness", Mixture.parse("anger:0.4+sadness:0.2"))
    with pytest.raises(InputError, match=r"no expression at joy\+no\.yaml"):
        named_mixture("joy+no.yaml")


@pytest.mark.parametrize("text", ["{}", "{}+joy", "joy+{}:0.5"])
def test_texts_that_come_from_anywhere_open_no_file(tmp_path: Path, text: str):
    write_expression(tmp_path / "sly.yaml", MIXTURE)
    with pytest.raises(InputError, match="is unknown"):
        text_mixture(text.format(tmp_path / "sly.yaml"))


def test_an_affect_that_takes_no_strength_says_so():
    with pytest.raises(InputError, match=r"affect 'joy:0.5' is unknown; no strength goes here; give 'joy'"):
        affect_index("joy:0.5")


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("happy", "did you mean joy"),
        ("JOY", "did you mean joy"),
        ("angry+sad", "did you mean anger"),
        ("suprise", "did you mean surprise"),
        ("wry-smlie:0.5", "did you mean wry-smile"),
        ("joy=0.5", "as in 'joy:0.5'"),
        ("joy 0.5", "as in 'joy:0.5'"),
        ("joy,anger", r"as in 'joy\+anger'"),
        ("joy:50%", "write 0.5"),
        ("joy:0,5", "write 0.5"),
        ("joy:0.5,fear", r"mix with '\+'"),
        ("wry-smile:2", "strength 2 of 'wry-smile' is out of range"),
        ("laugh+joy.closed:0.2", "two variants of one affect"),
        ("joy+joy", "'joy' comes twice"),
        ("joy+joy.laugh", "'joy' comes twice"),
        ("wry-smile+wry-smile:0.2", "'wry-smile' comes twice"),
    ],
)
def test_a_near_miss_is_told_what_to_write(text: str, way_out: str):
    for read in (named_mixture, text_mixture, Mixture.of):
        with pytest.raises(InputError, match=way_out) as error:
            read(text)
        assert "\n" not in str(error.value)


def test_names_and_mixtures_are_listed_where_files_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_expression(tmp_path / "sly.yaml", MIXTURE)
    named, half, sum_ = read_expressions([Path("wry-smile"), Path("wry-smile:0.5"), Path("fear:0.1+sly.yaml")])
    assert (named.name, bool(named.note)) == ("wry-smile", True)
    assert (half.name, half.mixture) == ("wry-smile:0.5", Mixture.parse("joy:0.2+disgust:0.125"))
    assert sum_.mixture == Mixture.parse("fear:0.1+joy:0.4+disgust:0.25")
    with pytest.raises(InputError, match="mine is no file or folder here"):
        read_expressions([Path("mine")])


def test_what_is_missing_or_otherwise_named_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no expression at"):
        named_mixture(str(tmp_path / "nowhere.yaml"))
    with pytest.raises(InputError, match="no expressions in"):
        read_expressions([tmp_path])
    with pytest.raises(InputError, match=r"\.yaml or \.json"):
        write_expression(tmp_path / "a.txt", MIXTURE)
