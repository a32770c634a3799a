from __future__ import annotations

import numpy as np
import pytest

from fexgan import bundled, load
from fexgan.familiarity import LEAST_FAMILIAR, familiarity, tell_if_unfamiliar
from fexgan.media import read_image
from fexgan.synthesis import Model
from fexgan.video import read_clip


@pytest.fixture(scope="module")
def model() -> Model:
    return load("open-cast")


def test_the_cast_is_known_and_told_of_in_no_line(model: Model, capsys):
    pixels, _ = next(read_clip(bundled.footage_path() / "ben" / "neutral" / "1.mp4"))
    sitter = model.open(pixels, source_affect="neutral")
    assert familiarity(sitter) > LEAST_FAMILIAR
    tell_if_unfamiliar(sitter, "ben.png")
    assert capsys.readouterr().out == ""


def test_a_stranger_is_told_of_in_one_line(model: Model, capsys):
    sitter = model.open(read_image(bundled.pictures_path() / "hopper.jpg"))
    tell_if_unfamiliar(sitter, "hopper.jpg")
    said = capsys.readouterr().out
    assert said.startswith("hopper.jpg: this face is outside the cast (identity similarity ") and said.count("\n") == 1


def test_where_no_face_is_seen_nothing_is_compared(model: Model, capsys):
    sitter = model.open(np.full((128, 128, 3), 90, np.uint8))
    assert familiarity(sitter) is None
    tell_if_unfamiliar(sitter, "wall.png")
    assert capsys.readouterr().out == ""


def test_a_face_is_compared_with_itself_as_it_is_redrawn(model: Model, monkeypatch: pytest.MonkeyPatch):
    sitter = model.open(read_image(bundled.pictures_path() / "collins.jpg"))
    assert familiarity(sitter) < LEAST_FAMILIAR
    monkeypatch.setattr(sitter, "redrawn", lambda: sitter.close_up())
    assert familiarity(sitter) == pytest.approx(1.0, abs=1e-4)
