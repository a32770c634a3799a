from __future__ import annotations

from pathlib import Path

import pytest

from fexgan.affects import AFFECTS
from fexgan.errors import InputError
from fexgan.prepare.labels import dataset_names, load_vocabulary

WORDS = {
    "FER2013": "Angry Disgust Fear Happy Sad Surprise Neutral",
    "RAF-DB": "Anger Disgust Fear Happiness Sadness Surprise Neutral",
    "KDEF": "angry disgusted afraid happy sad surprised neutral",
    "RaFD": "angry disgusted fearful happy sad surprised neutral",
    "FERG": "anger disgust fear joy sadness surprise neutral",
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_the_words_of_common_datasets_are_understood(words: str) -> None:
    vocabulary = load_vocabulary()
    meant = ["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]
    assert [vocabulary.affect_of(word) for word in words.split()] == meant


@pytest.mark.parametrize(
    ("dataset", "codes"),
    [
        ("fer2013", "0 1 2 3 6 4 5"),
        ("raf-db", "6 3 2 4 7 5 1"),
        ("affectnet", "6 5 4 1 0 2 3"),
        ("ck+", "1 3 4 5 0 6 7"),
        ("kdef", "AN DI AF HA NE SA SU"),
    ],
)
def test_the_codes_of_a_dataset_are_understood_where_it_is_named(dataset: str, codes: str) -> None:
    vocabulary = load_vocabulary(dataset)
    assert tuple(vocabulary.affect_of(code) for code in codes.split()) == AFFECTS
    assert vocabulary.affect_of("Happy") == "joy"
    assert all(load_vocabulary().affect_of(code) is None for code in codes.split())


def test_what_is_not_known_is_never_guessed() -> None:
    for name in ("", *dataset_names()):
        for label in ("contempt", "contemptuous", "joyy", "hap", "", "8", "12", "+"):
            assert load_vocabulary(name).affect_of(label) is None


def test_case_and_separators_do_not_count_and_mixtures_are_of_different_affects() -> None:
    vocabulary = load_vocabulary()
    assert vocabulary.affect_of(" HAPPY_") == "joy"
    assert vocabulary.affect_of("angry+sad") == "anger+sadness"
    assert vocabulary.affect_of("happy+joy") is None


def test_words_of_ones_own_come_on_top(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("joy: [glee, '7', on]\npeople: false\n")
    vocabulary = load_vocabulary(str(tmp_path / "mine.yaml"))
    assert [vocabulary.affect_of(label) for label in ("Glee", "7", "happy")] == ["joy"] * 3
    assert not vocabulary.people


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "cannot be read"),
        ("glee", "holds no lists"),
        ("glee: [joy]", "has an entry 'glee'; give lists of labels by affect"),
        ("joy: glee", "has an entry 'joy'"),
        ("joy: [glee]\nfear: [Glee]", "gives 'glee' to joy and fear"),
        ("file_name: '('", "no regular expression"),
        ("file_name: (?P<who>.*)", "has the groups who; name them character and label"),
        ("people: nobody", "'people' is 'nobody'; give true or false"),
    ],
)
def test_a_wrong_label_file_is_refused_in_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as raised:
        load_vocabulary(str(path))
    assert "\n" not in str(raised.value)


def test_a_dataset_that_is_not_known_is_named() -> None:
    with pytest.raises(InputError, match="labels 'oulu' are unknown; choose from fer2013, raf-db"):
        load_vocabulary("oulu")
