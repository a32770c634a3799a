"""Where the footage, the pictures and the checkpoints lie that come inside the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fexgan.errors import InputError

PICTURES = "pictures"
"""What the folder of bundled pictures is called on the command line."""

_DATA = Path(str(files("fexgan"))) / "data"


def footage_path() -> Path:
    """Folder of the bundled footage, the open cast. Raises InputError when this copy of the package lacks it."""
    path = _DATA / "open-cast"
    if not path.is_dir():
        raise InputError("this copy of fexgan holds no footage; install it from a full checkout or name a folder")
    return path


def stills_path() -> Path:
    """Folder of bundled stills of the open cast: one pose, every affect at five strengths, and mixtures of them."""
    return _DATA / "truth"


def pictures_path() -> Path:
    """Folder of bundled pictures that the studio did not make: photographs and drawings, one face each."""
    return _DATA / "pictures"


def expressions_path() -> Path:
    """Folder of the bundled named expressions."""
    return _DATA / "expressions"


def checkpoint_names() -> tuple[str, ...]:
    """Names of the bundled checkpoints, sorted."""
    return tuple(sorted(path.parent.name for path in (_DATA / "checkpoints").glob("*/model.json")))


def checkpoint_path(name: str) -> Path:
    """Folder of a bundled checkpoint. Raises InputError for a name that is not among `checkpoint_names`."""
    names = checkpoint_names()
    if name not in names:
        choice = ", ".join(names) or "none"
        raise InputError(f"checkpoint {name!r} is not bundled; choose from {choice}, or give a folder")
    return _DATA / "checkpoints" / name
