"""Quiet for libraries that print from C."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silence(descriptor: int = 1) -> Iterator[None]:
    """Keep what C prints meanwhile off standard output (Blender's progress) or standard error (2, MediaPipe's log)."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(descriptor)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
