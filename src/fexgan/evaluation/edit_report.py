"""What was measured of an editing network as data, Markdown, JSON, terminal tables and a sheet."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from rich.table import Table as TerminalTable

from fexgan.affects import EMOTIONS, NEUTRAL
from fexgan.evaluation.comparison import ALL, MixtureScore, Nearness
from fexgan.evaluation.recognition import Likeness, Recognition
from fexgan.evaluation.tables import markdown_table, percent, terminal_table
from fexgan.media import atomic_path, write_text_atomically

NEARNESS_TITLE = "Edited faces beside the filmed truth"
RECOGNITION_TITLE = "Named as asked, by a recogniser trained apart"
PERSON_TITLE = "The person, the mixtures, the rest"
KIND_LABELS = {NEUTRAL: "any to neutral", ALL: "neutral to all"}


@dataclass(frozen=True, eq=False)
class EditReport:
    """All that `evaluate_edits` measures."""

    checkpoint: str
    step: int
    stills_fingerprint: str
    characters: tuple[str, ...]
    """The held-out ones."""
    nearness: dict[str, Nearness]
    """By kind of edit."""
    recognition: dict[str, Recognition]
    """By what was read."""
    likeness: Likeness | None
    mixtures: MixtureScore | None
    unchanged: int
    """How many of the stills came back bit by bit, edited to what they show."""
    stills: int
    sheet: Image.Image

    def to_dict(self) -> dict[str, Any]:
        return {
            "checkpoint": self.checkpoint,
            "step": self.step,
            "stills_fingerprint": self.stills_fingerprint,
            "characters": list(self.characters),
            "nearness": {kind: asdict(part) for kind, part in self.nearness.items()},
            "recognition": {what: asdict(part) for what, part in self.recognition.items()},
            "likeness": asdict(self.likeness) if self.likeness else None,
            "mixtures": asdict(self.mixtures) if self.mixtures else None,
            "unchanged": self.unchanged,
            "stills": self.stills,
        }

    def to_markdown(self) -> str:
        sections = [
            f"# Edits of `{self.checkpoint}` after {self.step:,} steps",
            f"{len(self.characters)} characters that it never saw, each edited from its neutral still to every other "
            "mixture and strength that was filmed, and from those back to neutral. Beside each figure: what copying "
            "the source would give.",
            f"## {NEARNESS_TITLE}",
            "Inside the face box: SSIM (1 is equal), mean difference in levels of 255, sharpness (variance of the "
            "Laplacian) as a share of the filmed. Distance: between features of the recogniser below, as a share of "
            "the copied source's.",
            markdown_table(*self._nearness_table()),
            f"## {RECOGNITION_TITLE}",
            "The recogniser learned from filmed stills of other characters alone. Named: at strength 1. Spearman: of "
            "the strengths read and asked for, for each character and emotion apart; error: mean absolute.",
            markdown_table(*self._recognition_table()),
            f"## {PERSON_TITLE}",
            markdown_table(*self._person_table()),
        ]
        return "\n\n".join(sections) + "\n"

    def terminal_tables(self) -> list[TerminalTable]:
        """The same for rich."""
        return [
            terminal_table(f"{NEARNESS_TITLE} (copied source)", *self._nearness_table()),
            terminal_table(RECOGNITION_TITLE, *self._recognition_table()),
            terminal_table(PERSON_TITLE, *self._person_table()),
        ]

    def _nearness_table(self) -> tuple[list[str], list[list[str]]]:
        rows = [
            [
                KIND_LABELS.get(kind, kind),
                f"{part.pictures:,}",
                f"{part.ssim:.3f} ({part.copied_ssim:.3f})",
                f"{part.difference:.2f} ({part.copied_difference:.2f})",
                percent(part.distance_share),
                percent(part.sharpness_share),
            ]
            for kind, part in self.nearness.items()
        ]
        return ["edit", "pictures", "SSIM (copied)", "difference (copied)", "distance", "sharpness"], rows

    def _recognition_table(self) -> tuple[list[str], list[list[str]]]:
        rows = []
        for what, part in self.recognition.items():
            by_affect = [_share(part.named_by_affect.get(affect)) for affect in EMOTIONS]
            ranks = "-" if part.spearman is None else f"{part.spearman:.3f}"
            rows.append([what, percent(part.named), *by_affect, ranks, f"{part.strength_error:.3f}"])
        return ["stills", "named", *EMOTIONS, "Spearman", "error"], rows

    def _person_table(self) -> tuple[list[str], list[list[str]]]:
        rows = []
        if self.likeness:
            same = self.likeness
            rows += [
                ["SFace to the source, mean (filmed)", f"{same.mean:.3f} ({same.filmed_mean:.3f})"],
                ["SFace to the source, worst (filmed)", f"{same.worst:.3f} ({same.filmed_worst:.3f})"],
            ]
        if self.mixtures:
            rows += [
                ["mixtures nearer to their truth than any parent's still", percent(self.mixtures.than_parents)],
                ["mixtures nearer to their truth than any parent's edit", percent(self.mixtures.than_edited_parents)],
            ]
        rows.append(["edits to what is shown that return the source bit by bit", f"{self.unchanged} of {self.stills}"])
        return ["what", "figure"], rows


def write_edit_report(report: EditReport, out: Path) -> list[Path]:
    """Write `edits.md`, `edits.json` and `edits.png` into folder `out`; return their paths."""
    paths = [out / "edits.md", out / "edits.json", out / "edits.png"]
    write_text_atomically(paths[0], report.to_markdown())
    write_text_atomically(paths[1], json.dumps(report.to_dict(), indent=1) + "\n")
    with atomic_path(paths[2]) as temporary:
        report.sheet.save(temporary)
    return paths


def _share(share: float | None) -> str:
    return "-" if share is None else percent(share)
