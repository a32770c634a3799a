"""What preparing a dataset came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fexgan.manifest import DatasetRecord
from fexgan.prepare.footage import Footage, LeftOut
from fexgan.prepare.twins import LeakReport
from fexgan.tables import counted


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

    def summary(self) -> str:
        """What came of it, in one line."""
        takes, people = counted(self.take_count, "take"), counted(len(self.characters), "character")
        return (
            f"wrote {self.folder}: {takes} of {people}, {counted(self.frames_in('train'), 'frame')} to train on and "
            f"{self.frames_in('test'):,} to test with; {len(self.without_face)} without a face found, "
            f"{len(self.several_faces)} with several; {self.files_used:,} of {counted(self.footage.files, 'file')} used"
        )
