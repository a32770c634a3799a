"""Kinds of flags that several verbs share, with the names that `--help` shows for their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from fexgan.errors import InputError

BUNDLED = "open-cast"
"""Name of the bundled footage and of the checkpoint trained on it."""

EDITING = "portrait"
"""Name of the bundled checkpoint that edits users' pictures, where there is one."""

CheckpointName = Annotated[str | None, arg(metavar="CHECKPOINT")]
FaceNumber = Annotated[str | None, arg(metavar="N|all")]
Folder = Annotated[Path | None, arg(metavar="DIR")]
Images = Annotated[Positional[tuple[Path, ...]], arg(metavar="[IMAGE ...]")]
Mixtures = Annotated[tuple[str, ...], arg(metavar="MIXTURE ...")]
JobsText = Annotated[str, arg(metavar="N|auto|ray|ray://HOST:PORT")]
MixtureText = Annotated[str | None, arg(metavar="MIXTURE")]
Names = Annotated[tuple[str, ...], arg(metavar="NAME ...")]
PointTexts = Annotated[tuple[str, ...], arg(metavar="X,Y X,Y X,Y")]
Variants = Annotated[tuple[str, ...], arg(metavar="VARIANT ...")]

LARGEST_SEED = 2**31 - 1


def check_seed(seed: int) -> None:
    """Raise InputError for a number that generators do not take for a seed."""
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed {seed} is out of range; give a whole number from 0 to {LARGEST_SEED}")


def given_of(verb: object, names: Sequence[str]) -> dict[str, object]:
    """Which of a verb's flags of these names were given another value than their default, as `--its-name`, and it."""
    given = {name: getattr(verb, name) for name in names if getattr(verb, name) != getattr(type(verb), name)}
    return {f"--{name.replace('_', '-')}": value for name, value in given.items()}


def bundled_by_name(path: Path, bundled: Callable[[], Path]) -> Path:
    """What `bundled` says for the name of the bundled footage, unless a folder of that name is at hand."""
    return bundled() if str(path) == BUNDLED and not path.exists() else path
