"""What preparing a dataset came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fexgan.manifest import DatasetRecord
from fexgan.prepare.footage import Footage, LeftOut
from fexgan.prepare.twins import LeakReport


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` wrote and what it left out.

    `footage`: what was found. `frame_counts`: (split, character, affect) -> frames. `take_count`: takes used.
    `guard_count`: frames in neither split, beside test blocks. `leak`: what the leak check found.
    `files_used`: clips and pictures used. `without_face`: takes or pictures framed by their middle; `several_faces`:
    those framed by the largest of several. `left_out`: all that was found and is not used; its files and `files_used`
    add up to the files found.
    """

    folder: Path
    footage: Footage
    record: DatasetRecord
    characters: tuple[str, ...]
    frame_counts: Counter[tuple[str, str, str]]
    guard_count: int
    leak: LeakReport
    take_count: int
    files_used: int
    without_face: tuple[str, ...]
    several_faces: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    licenses: frozenset[str]

    def frames_in(self, split: str) -> int:
        """Number of frames in `train` or `test`."""
        return sum(count for (name, _, _), count in self.frame_counts.items() if name == split)
