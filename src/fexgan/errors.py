"""The one exception that a user's mistake raises; the command line prints it as one line and exits with 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(Exception):
    """Something handed to the program cannot be used: the message says what came, what may come and the way out."""


LONGEST_SHOWN = 80
"""Characters of what came that an error, or what is told of a list, repeats."""


def shortened(text: str) -> str:
    """Text of at most LONGEST_SHOWN characters, and dots where there was more: what people give may hold anything."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


@contextmanager
def library_refusals(source: str, extra: str, way_out: str) -> Iterator[None]:
    """Turn what libraries raise that read files, archives and a network, which is almost anything, into InputError.

    `source`: what is read, as the user called it. `extra`: the one that brings the libraries.
    """
    try:
        yield
    except InputError:
        raise
    except ModuleNotFoundError as error:
        raise InputError(
            f"reading {source} needs {error.name}, which is missing; pip install 'fexgan-meta[{extra}]'"
        ) from None
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"dataset {source} cannot be read: {reason}; {way_out}") from None
