"""Named expressions: small YAML or JSON files that hold a mixture and a note, to keep, share and apply.

mixture: joy.closed:0.45+disgust:0.25
note: one does not quite believe it

Wherever a user writes a mixture, expressions may be parts of it: this is the one place where their names are looked up.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from fexgan import bundled
from fexgan.affects import AFFECTS, Mixture, affect_of, check_strength, split_strength, unknown_affect
from fexgan.errors import InputError
from fexgan.media import write_text_atomically
from fexgan.yaml_files import read_yaml

SUFFIXES = (".yaml", ".yml", ".json")
FIELDS = ("mixture", "note")
EXAMPLE = "mixture: joy:0.45+disgust:0.25"
GRAIN = 6
"""Decimals that a sum of strengths keeps, so that its text says it in full."""
_FILE = re.compile(rf"(.*(?:{'|'.join(map(re.escape, SUFFIXES))}))(?:\s*:[^:+]*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Expression:
    """A mixture with a name, the stem of its file, and what it is for."""

    name: str
    mixture: Mixture
    note: str = ""


def read_expression(path: Path) -> Expression:
    """Read an expression's file; JSON is YAML too. Raises InputError that names the file and what is wrong in it."""
    missing = f"no expression at {path}; give a file that holds a line such as '{EXAMPLE}'"
    content = read_yaml(path, f"expression {path}", f"write a line such as '{EXAMPLE}'", missing)
    if not isinstance(content, dict) or not isinstance(content.get("mixture"), str):
        raise InputError(f"expression {path} names no mixture; write a line such as '{EXAMPLE}'")
    for key in content:
        if key not in FIELDS:
            raise InputError(f"expression {path} has the field {key!r}; choose from {', '.join(FIELDS)}")
    note = content.get("note")
    try:
        return Expression(path.stem, Mixture.parse(content["mixture"]), "" if note is None else str(note))
    except InputError as error:
        raise InputError(f"expression {path}: {error}") from None


def write_expression(path: Path, mixture: Mixture, note: str = "") -> None:
    """Write an expression's file, atomically. Raises InputError for other suffixes than `SUFFIXES`."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"cannot write an expression as {path}; end its name in .yaml or .json")
    fields = {"mixture": str(mixture)} | ({"note": note} if note else {})
    if path.suffix.lower() == ".json":
        text = json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
    else:
        text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)
    write_text_atomically(path, text)


def read_expressions(given: Sequence[Path]) -> list[Expression]:
    """The expressions of files and folders, and of what else is a mixture, such as a bundled expression's name; all
    bundled ones where nothing is given. Raises InputError."""
    found: list[Expression] = []
    for path in given or [bundled.expressions_path()]:
        if not os.path.exists(path) and ("+" in path.name or not path.name.lower().endswith(SUFFIXES)):
            found.append(_written(path))
            continue
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not files:
            raise InputError(f"no expressions in {path}; give a folder of files such as wry-smile.yaml")
        found += [read_expression(file) for file in files]
    return found


def _written(path: Path) -> Expression:
    """What is given where files may be, and is none: the name of a bundled expression, or a mixture."""
    text = str(path)
    if text in _bundled_files():
        return _bundled(text)
    try:
        return Expression(*named_mixture(text))
    except InputError as error:
        raise InputError(f"{text} is no file or folder here, and {error}") from None


def named_mixture(text: str) -> tuple[str, Mixture]:
    """What to call a mixture as users write it, and it: parts joined by `+`, each an affect, a variant of one, the name
    of a bundled expression or the file of any, and after a colon how much of it, as in `wry-smile:0.5+fear:0.2`.

    Strengths that several parts give to an affect add up, to 1 at most, and the variant that one of them names is
    taken. Raises InputError: for unknown names, for what is written twice itself, for two variants of one affect.
    """
    return _text_mixture(text, _pieces(text))


def text_mixture(text: str) -> tuple[str, Mixture]:
    """`named_mixture` of texts that come from anywhere, and so name no file."""
    return _text_mixture(text, [(piece, None) for piece in text.split("+")])


def mixed(parts: Sequence[tuple[str, float]]) -> Mixture:
    """The mixture of affects, variants and bundled expressions, (name, strength in [0, 1]). Raises InputError."""
    _check_once([name for name, _ in parts])
    return _sum([(name, strength, None if affect_of(name) in AFFECTS else _bundled(name)) for name, strength in parts])


def _text_mixture(text: str, pieces: Sequence[tuple[str, str | None]]) -> tuple[str, Mixture]:
    """`pieces`: the parts of `text`, and the expression's file where one names it."""
    split = [(*split_strength(piece.strip().removeprefix(file or ""), text), file) for piece, file in pieces]
    _check_once([file or name for name, _, file in split])
    parts, names = [], []
    for name, strength, file in split:
        if file is not None:
            expression = read_expression(Path(file))
            name = expression.name
        else:
            expression = None if affect_of(name) in AFFECTS else _bundled(name)
        parts.append((name, strength, expression))
        names.append(name if strength == 1.0 else f"{name}:{strength:g}")
    return "+".join(names), _sum(parts)


def _check_once(names: Sequence[str]) -> None:
    """Raise InputError where an affect, in whatever variant, or an expression is written twice; nothing is read yet."""
    seen = set()
    for name in names:
        one = affect_of(name) if affect_of(name) in AFFECTS else name
        if one in seen:
            raise InputError(f"{one!r} comes twice in a mixture; give it one strength")
        seen.add(one)


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """The parts of a mixture's text, and the file that each names; names of files may hold a `+` themselves."""
    words = text.split("+")
    pieces: list[tuple[str, str | None]] = []
    start = 0
    while start < len(words):
        # Most texts name no file, and then the disk is not asked.
        ends = [end for end in range(len(words), start, -1) if _FILE.fullmatch(words[end - 1].strip())]
        for end in ends:
            named = _FILE.fullmatch("+".join(words[start:end]).strip())
            if named and os.path.isfile(named[1]):
                pieces.append((named[0], named[1]))
                break
        else:
            if start + 1 in ends:
                return [(text, text)]  # to be refused as a file that is not there
            end = start + 1
            pieces.append((words[start], None))
        start = end
    return pieces


def _bundled_files() -> dict[str, Path]:
    """The files of the bundled expressions by name."""
    return {path.stem: path for path in sorted(bundled.expressions_path().glob("*.yaml"))}


def _bundled(name: str) -> Expression:
    """The bundled expression of a name. Raises InputError."""
    # Names are looked up among the files: to ask for a file by any text fails where the text is longer than names are.
    files = _bundled_files()
    if name not in files:
        raise unknown_affect(name, list(files))
    return read_expression(files[name])


def _sum(parts: Sequence[tuple[str, float, Expression | None]]) -> Mixture:
    """The mixture of parts by name, strength and, where they are no affects, the expressions that they stand for."""
    total: dict[str, float] = {}
    variants: dict[str, str] = {}
    for name, strength, expression in parts:
        if expression is None:
            affect, dot, variant = name.partition(".")
            own = Mixture(((affect, strength),), ((affect, variant),) if dot else ())
        else:
            check_strength(name, strength)
            own = expression.mixture
            own = replace(own, strengths=tuple((affect, strength * full) for affect, full in own.strengths))
        for affect, shown in own.strengths:
            computed = expression is not None or affect in total
            total[affect] = min(1.0, round(total.get(affect, 0.0) + shown, GRAIN)) if computed else shown
        for affect, variant in own.variants:
            if variants.setdefault(affect, variant) != variant:
                raise InputError(
                    f"'{affect}.{variants[affect]}' and '{affect}.{variant}' in one mixture are two variants of one "
                    "affect; leave one out"
                )
    return Mixture(tuple(total.items()), tuple(variants.items()))
