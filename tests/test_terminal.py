"""Progress that is shown while people wait."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fexgan import terminal


def test_a_bar_may_run_inside_of_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(terminal, "console", Console(file=io.StringIO(), force_terminal=True))
    taken = [(one, other) for one in terminal.tracked("ab", "outer") for other in terminal.tracked("cd", "inner")]
    assert taken == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]
