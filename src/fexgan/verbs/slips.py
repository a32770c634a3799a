"""Slips in flags, each told in one line as all else is that cannot be used.

tyro tells of them in boxes of several lines, and of what it found through a hook, which it does not promise to keep:
where that is gone, or finds what is not known here, its boxes stand.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any

from fexgan.errors import InputError, shortened

KINDS = {"INT": "a whole number", "FLOAT": "a number", "PATH": "a path", "STR": "words"}
"""What a flag takes, by what `--help` calls its values where that is no word."""


@contextmanager
def told_in_one_line(verb: type | None, arguments: Sequence[str]) -> Iterator[None]:
    """Raise InputError for slips that tyro finds in its block, which parses `arguments` as flags of `verb`.

    `verb`: a dataclass; None where no verb is named yet.
    """
    try:
        hooked = importlib.import_module("tyro._errors").on_parse_error
    except (ImportError, AttributeError):
        yield
        return

    def refuse(event: Any) -> None:
        tell = TOLD.get(type(event).__name__)
        with suppress(AttributeError):  # tyro has come to call something else
            if tell and (told := tell(event, verb, list(arguments))):
                way_on = " " if told.endswith("?") else "; "
                raise InputError(f"{told}{way_on}{event.prog} --help tells every {'flag' if verb else 'verb'}")

    with hooked(refuse):
        yield


def _unknown(event: Any, verb: type | None, arguments: list[str]) -> str:
    return _stray(event.tokens, verb, arguments)


def _missing(event: Any, verb: type | None, arguments: list[str]) -> str:
    if event.unrecognized_tokens:  # a flag that is misspelt is missing, too
        return _stray(event.unrecognized_tokens, verb, arguments)
    names = [_name(missing.arg) for missing in event.missing_arguments]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{listed} {'is' if len(names) == 1 else 'are'} missing{_as_in(verb)}"


def _as_in(verb: type | None) -> str:
    """The first example of a verb's help, as a way out."""
    examples = [line.strip() for line in (verb.__doc__ or "").splitlines() if line.strip().startswith("$ ")]
    return f"; write it as in {examples[0].removeprefix('$ ')}" if examples else ""


def _without_value(event: Any, verb: type | None, arguments: list[str]) -> str:
    return f"{_name(event.argument)} comes without a value; write {_kind(event.argument)} after it"


def _not_to_choose(event: Any, verb: type | None, arguments: list[str]) -> str:
    choices = ", ".join(filter(None, event.choices))
    return f"{_name(event.argument)} {shortened(event.value)!r} is unknown; choose from {choices}"


def _of_another_kind(event: Any, verb: type | None, arguments: list[str]) -> str:
    name = _name(event.argument)
    return f"{name} takes {_kind(event.argument)}, not {shortened(_value_of(name, arguments))!r}"


TOLD: dict[str, Callable[[Any, type | None, list[str]], str]] = {
    "UnrecognizedArgs": _unknown,
    "MissingArgs": _missing,
    "BadValue": _without_value,
    "InvalidChoice": _not_to_choose,
    "InstantiationFailure": _of_another_kind,
}
"""What is told of a slip, by what tyro calls its kind."""


def _stray(tokens: Sequence[str], verb: type | None, arguments: list[str]) -> str:
    """What is told of words that belong to no flag, of which the first that looks like a flag was meant as one."""
    for token in tokens:
        if token.startswith("-"):
            flag = token.partition("=")[0]
            known = ["help", *(one.name.replace("_", "-") for one in fields(verb))] if verb else ["help", "version"]
            word = flag.lstrip("-").lower().replace("_", "-")
            close = difflib.get_close_matches(word, known, n=1) or [name for name in known if name.startswith(word)]
            meant = f"; did you mean --{close[0]}?" if close else ""
            return f"flag {shortened(flag)} is unknown{meant}"
    place = ""
    for word in arguments:
        flag, _, value = word.partition("=")
        if flag.startswith("--"):
            place = f" after {flag}"
        if tokens[0] in (word, value):
            break
    return f"{shortened(tokens[0])!r} is one too many{place}; quote what has spaces in it, name files before the flags"


def _kind(argument: Any) -> str:
    """What an argument takes, or what `--help` calls that."""
    metavar = str(argument.lowered.metavar).removeprefix("{None}|")
    return KINDS.get(metavar, metavar)


def _name(argument: Any) -> str:
    """What people call an argument: its flag, or what stands for it in `--help`."""
    return str(argument.lowered.metavar) if argument.is_positional() else argument.lowered.name_or_flags[0]


def _value_of(flag: str, arguments: Sequence[str]) -> str:
    """What was written after a flag, the last time that it comes."""
    for index in reversed(range(len(arguments))):
        name, is_joined, value = arguments[index].partition("=")
        if name.replace("_", "-") == flag:
            return value if is_joined else arguments[index + 1]
    return ""
