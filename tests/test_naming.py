from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from fake_editor import fake_editor
from PIL import Image

from fexgan.affects import AFFECTS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.naming import Reading, read_face, read_faces, to_csv, write_table
from fexgan.retouch import user_files
from fexgan.synthesis import Model

READINGS = {
    "a.png": Reading(dict.fromkeys(AFFECTS, 0.1) | {"joy": 0.4}, "joy", 0.9),
    "b, c.png": Reading(dict.fromkeys(AFFECTS, 0.0) | {"fear": 1.0}, "fear", 0.25),
}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    (tmp_path / "album" / "summer").mkdir(parents=True)
    Image.fromarray(face(160)).save(tmp_path / "album" / "summer" / "face.png")
    (tmp_path / "album" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "album"


def test_a_model_that_draws_says_how_surely_a_face_is_not_neutral(tiny_model: Model, album: Path):
    reading = read_face(tiny_model, album / "summer" / "face.png")
    assert reading.strength == pytest.approx(1.0 - reading.shares[NEUTRAL])
    assert sum(reading.shares.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("shows", "affect", "strength"),
    [
        ("joy:0.5+fear:0.2", "joy", 0.5),
        ("anger:0.86", "neutral", 0.0),
        ("anger:0.95", "anger", 0.95),
        ("neutral", "neutral", 0.0),
    ],
)
def test_a_model_that_edits_names_what_it_would_take_away(album: Path, shows: str, affect: str, strength: float):
    editor, picture = fake_editor(), album / "summer" / "face.png"
    editor.networks.shown = Mixture.parse(shows).vector()
    reading = read_face(editor, picture)
    assert (reading.affect, reading.strength) == (affect, pytest.approx(strength))
    source = dict(editor.open(picture).source.strengths)
    assert reading.affect == max(source, key=source.__getitem__), "one rule for reading and editing"
    assert reading.shares == pytest.approx(editor.classify(picture))


def test_of_several_faces_the_largest_is_read_which_is_told(tiny_model: Model, album: Path, capsys):
    pair = np.hstack([face(160), np.pad(face(120), ((0, 40), (0, 0), (0, 0)), constant_values=128)])
    Image.fromarray(pair).save(album / "pair.png")
    for model in (fake_editor(), tiny_model):
        assert read_faces(model, user_files([album / "pair.png"]))[str(album / "pair.png")].faces == 2
        captured = capsys.readouterr()
        assert captured.err.splitlines() == [f"{album / 'pair.png'} shows 2 faces; the largest is read"]
        assert captured.out == ""


def test_folders_are_read_and_what_cannot_be_is_told_of(tiny_model: Model, album: Path, capsys):
    readings = read_faces(tiny_model, user_files([album]))
    assert list(readings) == [str(album / "summer" / "face.png")]
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith(f"left out {album / 'broken.png'}")


def test_where_nothing_can_be_read_the_first_reason_is_the_error(tiny_model: Model, album: Path):
    with pytest.raises(InputError, match="cannot be read as a picture"):
        read_faces(tiny_model, user_files([album / "broken.png"]))


def test_csv_and_json_hold_the_same(tmp_path: Path):
    write_table(tmp_path / "table.json", READINGS)
    written = json.loads((tmp_path / "table.json").read_text())
    rows = list(csv.DictReader(to_csv(READINGS).splitlines()))
    assert [row["file"] for row in rows] == list(written)
    for row in rows:
        entry = written[row["file"]]
        assert (row["affect"], float(row["strength"])) == (entry["affect"], entry["strength"])
        assert {affect: float(row[affect]) for affect in AFFECTS} == entry["shares"]


def test_other_kinds_of_table_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"\.csv or \.json"):
        write_table(tmp_path / "table.xlsx", READINGS)
    assert not list(tmp_path.iterdir())
