"""What is wrong in a user's YAML is told in one line by everything that reads some."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fexgan.config import load_preset
from fexgan.errors import InputError
from fexgan.expressions import read_expression
from fexgan.keyframes import read_keyframes
from fexgan.manifest import DATASET_KEY
from fexgan.prepare.card import CARD_NAME, read_card
from fexgan.prepare.labels import load_vocabulary
from fexgan.studio.cast import read_cast
from fexgan.yaml_files import parse_yaml

READERS: dict[str, Callable[[Path], Any]] = {
    "preset": load_preset,
    "expression": read_expression,
    "keyframes": lambda path: read_keyframes(str(path)),
    "label file": lambda path: load_vocabulary(str(path)),
    "cast file": read_cast,
}
WRONG: dict[str, tuple[bytes, str]] = {
    "nested in brackets": (b"a: " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
    "nested in lists": (b"- " * 5000 + b"a", "nested too deeply"),
    "no YAML": (b"a: [", "line 1"),
    "no UTF-8": (b"a: \xff", "not UTF-8 text"),
    "a control character": (b"a: \x00", "not allowed"),
    "a number of 400 digits": (b"training: {learning_rate: 1" + b"0" * 400 + b"}", "64 bits"),
    "a number of 5000 digits": (b"[1" + b"0" * 5000 + b"]", "64 bits"),
    "a number of 5000 hexadecimal digits": (b"? 0x" + b"f" * 5000 + b"\n: 1", "64 bits"),
    "a number without digits": (b"a: 0x_", "64 bits"),
    "no day": (b"a: 2024-13-40", "month must be in 1..12"),
    "a key that comes twice": (b"{mixture: 1, note: 2, mixture: 3}", "key 'mixture' comes twice"),
    "no truth value": (b"a: !!bool maybe", "does not fit its tag"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("wrong", WRONG)
def test_every_reader_names_the_file_and_the_reason_in_one_line(tmp_path: Path, reader: str, wrong: str) -> None:
    content, reason = WRONG[wrong]
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        READERS[reader](path)
    message = str(error.value)
    assert message.startswith(reader) and str(path) in message and "cannot be read as YAML" in message
    assert reason in message and "; " in message and "\n" not in message and len(message) < 500


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_is_no_file_and_one_that_is_missing_is_named(tmp_path: Path, reader: str) -> None:
    (tmp_path / "folder.yaml").mkdir()
    for name in ("folder.yaml", "missing.yaml"):
        with pytest.raises(InputError, match=name) as error:
            READERS[reader](tmp_path / name)
        assert "\n" not in str(error.value)


def test_numbers_that_64_bits_hold_are_read_in_every_notation() -> None:
    assert parse_yaml(f"[{2**63 - 1}, -7, 0x10, 1_000, 0b11, 010]") == [2**63 - 1, -7, 16, 1000, 3, 8]


def test_what_is_merged_in_may_be_overruled() -> None:
    assert parse_yaml("- &ada {name: ada, age: 30}\n- {<<: *ada, name: mia}")[1] == {"name": "mia", "age": 30}


@pytest.mark.parametrize("content", [content for content, _ in WRONG.values()])
def test_a_card_that_is_no_yaml_tells_nothing(tmp_path: Path, content: bytes) -> None:
    header = content if content.startswith(b"?") else b"%s:\n  framing:\n    x: %s" % (DATASET_KEY.encode(), content)
    (tmp_path / CARD_NAME).write_bytes(b"---\n" + header + b"\n---\n")
    assert read_card(tmp_path) is None
