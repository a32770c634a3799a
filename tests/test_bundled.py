from __future__ import annotations

from pathlib import Path

import pytest

from fexgan import bundled
from fexgan.errors import InputError


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bundled, "_DATA", tmp_path)
    return tmp_path


def test_checkpoints_are_the_folders_that_hold_a_model(data: Path) -> None:
    for name in ("second", "first"):
        (data / "checkpoints" / name).mkdir(parents=True)
        (data / "checkpoints" / name / "model.json").touch()
    (data / "checkpoints" / "empty").mkdir()
    assert bundled.checkpoint_names() == ("first", "second")
    assert bundled.checkpoint_path("first") == data / "checkpoints" / "first"
    with pytest.raises(InputError, match="checkpoint 'empty' is not bundled; choose from first, second"):
        bundled.checkpoint_path("empty")


def test_a_copy_without_data_says_so(data: Path) -> None:
    assert bundled.checkpoint_names() == ()
    with pytest.raises(InputError, match="holds no footage"):
        bundled.footage_path()
    with pytest.raises(InputError, match="choose from none"):
        bundled.checkpoint_path("open-cast")


def test_footage_lies_beside_the_checkpoints(data: Path) -> None:
    (data / "open-cast").mkdir()
    assert bundled.footage_path() == data / "open-cast"
