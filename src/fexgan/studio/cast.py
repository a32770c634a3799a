"""Characters as data: what a cast file may say, and its checks.

A cast file is YAML: `characters:` followed by one mapping per character with the fields of `Character`.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import types
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_type_hints

from fexgan.errors import InputError
from fexgan.yaml_files import read_yaml

HAIR_STYLES = ("afro", "bald", "bob", "bun", "buzz", "long", "short", "tied")
GARMENTS = ("hoodie", "shirt", "tee", "turtleneck")
PATTERNS = ("checks", "plain", "stripes")
LENS_SHAPES = ("round", "square")
ORIGINS = ("african", "asian", "caucasian")
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]*")
LONGEST_NAME = 64
Color = tuple[float, float, float]


@dataclass(frozen=True)
class Hair:
    """Hair on the scalp; lengths in decimetres."""

    style: str = "short"
    """One of afro, bald, bob, bun (on the crown), buzz, long, short, tied (at the nape)."""
    length_dm: float = 0.45
    """Length of a strand, 0.02 to 4."""
    color: Color = (0.03, 0.018, 0.01)
    """Linear RGB in [0, 1]."""
    parting_dm: float = 0.0
    """Where the hair parts: distance from the middle to the character's left, -0.5 to 0.5."""
    recession_dm: float = 0.0
    """How far the hairline has moved back at the temples and brow, 0 to 0.6."""
    sweep: float = 0.0
    """Short hair combed to the character's left (1) or right (-1)."""
    fringe: bool = False
    """Long hair and bobs: strands cut above the brows."""
    wave: float = 0.0
    """How strongly strands wave, 0 (straight) to 1."""


@dataclass(frozen=True)
class Beard:
    """Hair on the lower face."""

    length_dm: float = 0.0
    """Length of a strand at the chin, 0 (none) to 0.6."""
    stubble: float = 0.0
    """Shadow of shaved hair, 0 to 1."""
    goatee: bool = False
    """Chin and upper lip only."""


@dataclass(frozen=True)
class Clothing:
    """What is worn, in the colours `shirt` and `collar` of the character."""

    kind: str = "tee"
    """One of hoodie, shirt (with a collar), tee (round neck), turtleneck."""
    pattern: str = "plain"
    """One of checks, plain, stripes."""
    accent: Color = (0.55, 0.54, 0.50)
    """Colour of the stripes or checks."""


@dataclass(frozen=True)
class Glasses:
    """Glasses, fitted to the character's own face."""

    shape: str = "round"
    """One of round (metal), square (plastic)."""
    color: Color = (0.03, 0.03, 0.035)


@dataclass(frozen=True)
class Character:
    """One digital person."""

    name: str
    """Folder name of the footage: lower-case letters, digits, `_`, `-`; 64 of them at most."""
    seed: int = 0
    """Draws asymmetry, freckles and every strand."""
    masculinity: float = 0.5
    """Build of the face from feminine 0 to masculine 1."""
    age_years: float = 30.0
    """20 to 90."""
    origins: dict[str, float] = field(default_factory=lambda: {"caucasian": 1.0})
    """Shares of african, asian, caucasian in the face's build; they sum to 1."""
    shape: dict[str, float] = field(default_factory=dict)
    """MakeHuman detail targets and weights, 0 to 1; `*` in a name stands for both sides."""
    skin: Color = (0.56, 0.35, 0.26)
    """Linear RGB in [0, 1], as all colours here."""
    lips: Color = (0.42, 0.20, 0.17)
    iris: Color = (0.07, 0.035, 0.015)
    shirt: Color = (0.05, 0.06, 0.08)
    collar: Color | None = None
    """Colour of the shirt's edge; that of the shirt, darker, where none is given."""
    blush: float = 0.5
    """Redness of cheeks, nose and ears, 0 to 1."""
    freckles: float = 0.0
    """0 to 2; above 1 dark spots over nose and cheeks that small pictures show too."""
    lines: float = 0.0
    """Depth of crow's feet as the cheeks rise and of lines across the nose's root as it wrinkles, 0 (none) to 1."""
    brow_thickness: float = 1.0
    """0.5 to 1.6."""
    hair: Hair = field(default_factory=Hair)
    beard: Beard = field(default_factory=Beard)
    clothing: Clothing = field(default_factory=Clothing)
    glasses: Glasses | None = None


RANGES = {
    "masculinity": (0, 1), "age_years": (20, 90), "blush": (0, 1), "freckles": (0, 2), "brow_thickness": (0.5, 1.6),
    "Hair.length_dm": (0.02, 4), "Beard.length_dm": (0, 0.6), "parting_dm": (-0.5, 0.5), "recession_dm": (0, 0.6),
    "sweep": (-1, 1), "wave": (0, 1), "stubble": (0, 1), "lines": (0, 1), "seed": (0, 2**31 - 1),
}  # fmt: skip
# Of the footage in the repository only the turned crowd wears clothing and glasses; other sidecars name none of these.
LEFT_OUT = ("clothing", "glasses", "lines")
CHOICES = {"style": HAIR_STYLES, "kind": GARMENTS, "pattern": PATTERNS, "shape": LENS_SHAPES}


def open_cast_file() -> Path:
    """The ten characters whose footage is bundled."""
    return Path(str(files("fexgan.studio").joinpath("open_cast.yaml")))


def read_cast(path: Path) -> list[Character]:
    """Every character of a cast file. Raises InputError naming file, character, key and what is allowed."""
    content = read_yaml(path, f"cast file {path}", "give a YAML file as in docs/studio.md")
    if not isinstance(content, dict) or set(content) != {"characters"} or not isinstance(content["characters"], list):
        raise InputError(f"cast file {path} must hold one key, 'characters', with a list under it")
    cast = []
    for position, entry in enumerate(content["characters"], start=1):
        label = entry.get("name", position) if isinstance(entry, dict) else position
        cast.append(_record(Character, entry, f"{path}: character {str(label)[:LONGEST_NAME]}"))
    names = [character.name for character in cast]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise InputError(f"{path}: " + (f"the name {twice[0]!r} comes twice" if twice else "the cast is empty"))
    return cast


def character_to_dict(character: Character) -> dict[str, Any]:
    """The parameters that rebuild a character, for its sidecars, without what is left out where it is the default."""
    parameters = dataclasses.asdict(character)
    usual = Character(character.name)
    return {
        key: value
        for key, value in parameters.items()
        if key not in LEFT_OUT or getattr(character, key) != getattr(usual, key)
    }


def _record(kind: type, entry: Any, where: str) -> Any:
    """Build a dataclass from a mapping, checking every key and value."""
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected a mapping of fields, got {entry!r}")
    hints = get_type_hints(kind)
    unknown = sorted(set(entry) - set(hints), key=str)
    if unknown:
        raise InputError(f"{where}: key {unknown[0]!r} is unknown; allowed are {', '.join(hints)}")
    if "name" in hints and "name" not in entry:
        raise InputError(f"{where}: has no 'name'; give it one of lower-case letters and digits")
    return kind(**{key: _value(kind, key, hints[key], value, f"{where}: {key}") for key, value in entry.items()})


def _value(kind: type, key: str, hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _record(hint, value, where)
    if isinstance(hint, types.UnionType):
        return None if value is None else _value(kind, key, get_args(hint)[0], value, where)
    if hint == Color:
        if not (isinstance(value, list) and len(value) == 3 and all(_is_number(v) and 0 <= v <= 1 for v in value)):
            raise InputError(f"{where}: {value!r} is no colour; give three numbers in [0, 1], linear RGB")
        return tuple(float(v) for v in value)
    if hint is bool:
        if not isinstance(value, bool):
            raise InputError(f"{where}: {value!r} is neither true nor false")
        return value
    if hint is str:
        return _text(key, value, where)
    if hint in (int, float):
        low, high = RANGES.get(f"{kind.__name__}.{key}") or RANGES.get(key, (-math.inf, math.inf))
        kinds, number = (int, "a whole number") if hint is int else (int | float, "a number")
        if isinstance(value, bool) or not isinstance(value, kinds):
            told = f"{value!r} is no {number.removeprefix('a ')}"
        elif not low <= value <= high:
            told = f"{value!r} is out of range"
        else:
            return hint(value)
        raise InputError(f"{where}: {told}; give {number} from {low} to {high}")
    return _weights(key, value, where)


def _text(key: str, value: Any, where: str) -> str:
    if key == "name" and not isinstance(value, str):
        raise InputError(f"{where}: {value!r} is what YAML makes of it, and no text; put the name in quotes")
    if key == "name" and len(value) > LONGEST_NAME:
        raise InputError(f"{where}: a name of {len(value)} letters is too long; give at most {LONGEST_NAME}")
    if key == "name" and not NAME_PATTERN.fullmatch(value):
        raise InputError(f"{where}: {value!r} cannot name a folder; use lower-case letters, digits, '_' and '-'")
    if key in CHOICES and value not in CHOICES[key]:
        raise InputError(f"{where}: {value!r} is unknown; choose from {', '.join(CHOICES[key])}")
    return value


def _weights(key: str, value: Any, where: str) -> dict[str, float]:
    named = isinstance(value, dict) and all(isinstance(name, str) for name in value)
    if not (named and all(_is_number(v) and 0 <= v <= 1 for v in value.values())):
        raise InputError(f"{where}: {value!r} must map names to numbers in [0, 1]")
    if key == "origins" and (not set(value) <= set(ORIGINS) or abs(sum(value.values()) - 1) > 1e-6):
        raise InputError(f"{where}: {value!r} must share out 1 among {', '.join(ORIGINS)}")
    if key == "shape":
        from fexgan.studio.anatomy import anatomy

        known = set(anatomy().target_names())
        named_by: dict[str, str] = {}
        for name in value:
            for target in sorted({name.replace("*", side) for side in "lr"}):
                if target not in known:
                    close = difflib.get_close_matches(target, known, n=3) or sorted(known)[:3]
                    raise InputError(f"{where}: target {name!r} is unknown; there are such as {', '.join(close)}")
                other = named_by.setdefault(target, name)
                if other != name:
                    raise InputError(f"{where}: {other!r} and {name!r} both name {target!r}; leave one of them out")
    return {name: float(weight) for name, weight in value.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
