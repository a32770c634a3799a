"""The log of a training holds what was trained, and is not there before."""

from __future__ import annotations

from pathlib import Path

import pytest
from narrow import settings
from rich.console import Console

from fexgan.errors import InputError
from fexgan.training.loop import train
from fexgan.training.step import Trainer


@pytest.mark.parametrize("end", [KeyboardInterrupt, MemoryError])
def test_a_training_that_ends_in_its_first_step_leaves_nothing(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
):
    def ended(*_: object) -> None:
        raise end

    monkeypatch.setattr(Trainer, "update", ended)
    with pytest.raises((KeyboardInterrupt, InputError)):
        train(tiny_dataset, tmp_path / "run", settings(), console=Console(quiet=True))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_goes_on_and_ends_at_once_keeps_its_log(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    train(tiny_dataset, tmp_path, settings(steps=1), console=Console(quiet=True))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr(Trainer, "update", ended)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_dataset, tmp_path, settings(steps=2), console=Console(quiet=True))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert (tmp_path / "log.csv").read_text().count("\n") == 2
