"""Progress that is shown while people wait."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fexgan import terminal
from fexgan.tables import terminal_table


def test_a_bar_may_run_inside_of_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(terminal, "console", Console(file=io.StringIO(), force_terminal=True))
    taken = [(one, other) for one in terminal.tracked("ab", "outer") for other in terminal.tracked("cd", "inner")]
    assert taken == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]


def test_a_stage_of_unknown_length_tells_how_far_it_is_and_makes_room_when_done(monkeypatch: pytest.MonkeyPatch):
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=shown, force_terminal=True, height=6, width=80))
    with terminal.stage_progress() as tell:
        tell("fetch rows", 1234, 0)
        tell("cut faces", 1, 4)
        tell("fetch rows", 1235, 0)
    assert "1,235" in shown.getvalue() and "25 %" in shown.getvalue()
    shown.truncate(0)
    with terminal.stage_progress() as tell:
        tell("fetch rows", 1236, 0)
        tell("fetch rows", 1236, 1236)
        shown.truncate(0)
    assert "fetch rows" not in shown.getvalue()


def test_names_are_whole_however_narrow_the_terminal_is():
    rows = [[f"seed-{number:08d}", *("1,234",) * 8] for number in range(3)]
    header = ["character", "anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise", "all"]
    shown = io.StringIO()
    Console(file=shown, width=60).print(terminal_table("Frames", header, rows))
    assert all(row[0] in shown.getvalue() for row in rows) and "…" not in shown.getvalue()


def test_the_bar_of_a_stage_that_is_done_makes_room(monkeypatch: pytest.MonkeyPatch):
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=shown, force_terminal=True, height=6, width=80))
    with terminal.stage_progress() as tell:
        for clip in range(20):
            tell(f"clip {clip}", 1, 2)
            tell(f"clip {clip}", 2, 2)
        tell("the last", 1, 2)
        shown.truncate(0)
    assert "the last" in shown.getvalue() and "clip 3" not in shown.getvalue()
