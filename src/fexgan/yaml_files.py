"""YAML that users write, read so that whatever is wrong in it is told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fexgan.errors import InputError

INTEGER_BITS = 63
"""Of the largest whole number that is read: Python makes no fraction of one of 400 digits, nor writes one of 5000."""


class _Loader(yaml.SafeLoader):
    """The safe loader, but for whole numbers that are too large, and keys that come twice: it would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:  # what `<<` merges in, to be overruled, is not among them yet
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    told = f"key {key.value!r} comes twice"
                    raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def _whole_number(loader: _Loader, node: yaml.ScalarNode) -> int:
    try:
        value = loader.construct_yaml_int(node)
    except ValueError:  # more digits than Python reads, or none
        value = None
    if value is None or value.bit_length() > INTEGER_BITS:
        raise yaml.constructor.ConstructorError(None, None, "a whole number that 64 bits do not hold", node.start_mark)
    return value


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def parse_yaml(text: str) -> Any:
    """The content of a YAML text. Raises ValueError, in one line, whatever is wrong with it."""
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(" ".join(str(error).split())) from None
    except Exception:  # PyYAML takes a tag at its word: of `!!bool maybe` it makes a KeyError
        raise ValueError("a value does not fit its tag") from None


def read_yaml(path: Path, what: str, way_out: str, missing: str = "") -> Any:
    """The content of a YAML file.

    `what`: what errors call it; `way_out`: how they end; `missing`: the error of a file that is not there, where it is
    one of its own. Raises InputError for a file that cannot be read, and for one that is no YAML in UTF-8.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        if missing and isinstance(error, FileNotFoundError):
            raise InputError(missing) from None
        raise InputError(f"{what} cannot be read ({(error.strerror or str(error)).lower()}); {way_out}") from None
    except UnicodeDecodeError:
        raise InputError(f"{what} cannot be read as YAML (it is not UTF-8 text); {way_out}") from None
    except ValueError as error:
        raise InputError(f"{what} cannot be read as YAML ({error}); {way_out}") from None
