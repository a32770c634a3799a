from __future__ import annotations

import csv
import json
from pathlib import Path

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
    "a.png": Reading(dict.fromkeys(AFFECTS, 0.1) | {"joy": 0.4}, 0.9),
    "b, c.png": Reading(dict.fromkeys(AFFECTS, 0.0) | {"fear": 1.0}, 0.25),
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


def test_a_model_that_edits_says_the_strength_that_it_reads(album: Path):
    editor = fake_editor()
    editor.networks.shown = Mixture.parse("anger:0.5+fear:0.2").vector()
    assert read_face(editor, album / "summer" / "face.png").strength == pytest.approx(0.7)


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
