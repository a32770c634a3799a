"""Labels in footage to affects, by a data file of words and codes. What it does not hold is never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from fexgan.affects import AFFECTS
from fexgan.errors import InputError
from fexgan.yaml_files import read_yaml

_OTHER_KEYS = ("people", "file_name")
_TOLD_BY_NAMES = {"character", "label"}


@dataclass(frozen=True)
class Vocabulary:
    """How the labels of some footage are read.

    `affects`: plain label -> affect. `file_name`: what a picture's stem tells, in groups `character` and `label`, None
    where folders tell it. `people`: whether the footage tells who is who.
    """

    affects: Mapping[str, str] = field(default_factory=dict)
    file_name: re.Pattern[str] | None = None
    people: bool = True

    def affect_of(self, label: str) -> str | None:
        """The affect that a label means, or the mixture, `anger+sadness`; None for a label that is not known."""
        affects = [self.affects.get(plain(part)) for part in label.split("+")]
        known = [affect for affect in affects if affect is not None]
        return "+".join(known) if len(set(known)) == len(affects) else None


def plain(label: str) -> str:
    """A label as it is compared: small letters, and one space for each run of spaces, `_` and `-`."""
    return re.sub(r"[\s_-]+", " ", label.casefold()).strip()


def names_nobody(name: str) -> bool:
    """Whether a folder or file of pictures is called by what no person is, such as `train` or `img`."""
    return plain(name) in _known()["nobody"]


def dataset_names() -> tuple[str, ...]:
    """The datasets whose codes and file names are known."""
    return tuple(_known()["datasets"])


def load_vocabulary(name_or_path: str = "") -> Vocabulary:
    """The common words, and beyond them those of a dataset known by name, or of a YAML file such as `joy: [glee]`.

    Raises InputError for another name, and for a file that is not of that form.
    """
    words = _vocabulary(_known()["words"], "words")
    if not name_or_path:
        return words
    if name_or_path in dataset_names():
        own = _vocabulary(_known()["datasets"][name_or_path], name_or_path)
    elif Path(name_or_path).suffix in (".yaml", ".yml"):
        what, way_out = f"label file {name_or_path!r}", "give a YAML file such as 'joy: [glee]'"
        own = _vocabulary(read_yaml(Path(name_or_path), what, way_out), name_or_path)
    else:
        raise InputError(
            f"labels {name_or_path!r} are unknown; choose from {', '.join(dataset_names())}, or give a .yaml file"
        )
    return Vocabulary({**words.affects, **own.affects}, own.file_name, own.people)


@cache
def _known() -> dict[str, Any]:
    return yaml.safe_load(resources.files("fexgan.prepare").joinpath("label_words.yaml").read_text(encoding="utf-8"))


def _vocabulary(values: Any, name: str) -> Vocabulary:
    form = "give lists of labels by affect, such as 'joy: [glee]'"
    if not isinstance(values, dict):
        raise InputError(f"label file {name!r} holds no lists; {form}")
    affects: dict[str, str] = {}
    for key, labels in values.items():
        if key in _OTHER_KEYS:
            continue
        if key not in AFFECTS or not isinstance(labels, list):
            raise InputError(f"label file {name!r} has an entry {key!r}; {form}, of {', '.join(AFFECTS)}")
        for label in map(plain, map(str, labels)):
            if affects.setdefault(label, key) != key:
                raise InputError(f"label file {name!r} gives {label!r} to {affects[label]} and {key}; choose one")
    try:
        pattern = re.compile(values["file_name"]) if "file_name" in values else None
    except (re.error, TypeError):
        raise InputError(f"label file {name!r}: 'file_name' is no regular expression; correct or remove it") from None
    if pattern is not None and not pattern.groupindex.keys() <= _TOLD_BY_NAMES:
        found = ", ".join(pattern.groupindex)
        raise InputError(f"label file {name!r}: 'file_name' has the groups {found}; name them character and label")
    people = values.get("people", True)
    if not isinstance(people, bool):
        raise InputError(f"label file {name!r}: 'people' is {people!r}; give true or false")
    return Vocabulary(affects, pattern, people)
