"""Named expressions: small YAML or JSON files that hold a mixture and a note, to keep, share and apply.

mixture: joy.closed:0.45+disgust:0.25
note: one does not quite believe it
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from fexgan import bundled
from fexgan.affects import AFFECTS, Mixture
from fexgan.errors import InputError
from fexgan.media import write_text_atomically
from fexgan.yaml_files import read_yaml

SUFFIXES = (".yaml", ".yml", ".json")
FIELDS = ("mixture", "note")
EXAMPLE = "mixture: joy:0.45+disgust:0.25"


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
    """The expressions of files and folders; the bundled ones where none is given. Raises InputError."""
    found: list[Expression] = []
    for path in given or [bundled.expressions_path()]:
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES) if path.is_dir() else [path]
        if not files:
            raise InputError(f"no expressions in {path}; give a folder of files such as wry-smile.yaml")
        found += [read_expression(file) for file in files]
    return found


def named_mixture(text: str) -> tuple[str, Mixture]:
    """What to call a mixture, and it: of an expression's file, a bundled expression's name, or a mixture's own text."""
    if text.lower().endswith(SUFFIXES):
        expression = read_expression(Path(text))
        return expression.name, expression.mixture
    return text_mixture(text)


def text_mixture(text: str) -> tuple[str, Mixture]:
    """`named_mixture` of texts that come from anywhere, and so name no file."""
    # Names are looked up among the files: to ask for a file by any text fails where the text is longer than names are.
    bundled_files = {path.stem: path for path in sorted(bundled.expressions_path().glob("*.yaml"))}
    if text in bundled_files:
        return text, read_expression(bundled_files[text]).mixture
    try:
        mixture = Mixture.parse(text)
    except InputError as error:
        if re.fullmatch(r"[\w-]+", text) and text not in AFFECTS:
            raise InputError(f"{error}, or a named expression: {', '.join(bundled_files)}") from None
        raise
    return str(mixture), mixture
