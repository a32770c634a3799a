"""What preparing a dataset came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fexgan.manifest import DatasetRecord
from fexgan.prepare.plan import LeftOut


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` wrote and what it left out.

    `frame_counts`: (split, character, affect) -> frames. `take_count`: takes used. `without_face`: takes or pictures
    framed by their middle. `left_out`: mixtures, unreadable clips and pictures.
    """

    folder: Path
    record: DatasetRecord
    characters: tuple[str, ...]
    frame_counts: Counter[tuple[str, str, str]]
    take_count: int
    without_face: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    licenses: frozenset[str]

    def frames_in(self, split: str) -> int:
        """Number of frames in `train` or `test`."""
        return sum(count for (name, _, _), count in self.frame_counts.items() if name == split)
