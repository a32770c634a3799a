"""What was measured of an editing network as data, Markdown, JSON, terminal tables and a sheet."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from rich.table import Table as TerminalTable

from fexgan.evaluation import mixtures
from fexgan.evaluation.comparison import MixtureScore, Nearness
from fexgan.evaluation.mixtures import MixtureStrengths
from fexgan.evaluation.recognition import PersonSimilarity, Recognition
from fexgan.media import atomic_path, write_text_atomically
from fexgan.tables import Section, percent

READ_LABELS = {"edited": "edited", "filmed": "filmed", "read": "network reads"}


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
    """Of edited and of filmed stills by the recogniser, and `read`: of filmed ones by the network that edits."""
    blendshapes: dict[str, dict[str, float]]
    """Of edited and of filmed stills: affect -> share named right; empty where that was not measured."""
    similarity: PersonSimilarity | None
    mixtures: MixtureScore | None
    strengths: dict[str, MixtureStrengths]
    """Of mixtures as asked, optimised and filmed; empty where that was not measured."""
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
            "blendshapes": self.blendshapes,
            "similarity": asdict(self.similarity) if self.similarity else None,
            "mixtures": asdict(self.mixtures) if self.mixtures else None,
            "strengths": {kind: asdict(part) for kind, part in self.strengths.items()},
            "unchanged": self.unchanged,
            "stills": self.stills,
        }

    def to_markdown(self) -> str:
        lead = (
            f"{len(self.characters)} characters that it never saw, each edited from its neutral still to every other "
            "mixture and strength that was filmed, from all of those to neutral, and from each emotion in full to each "
            "other one."
        )
        title = f"# Edits of `{self.checkpoint}` after {self.step:,} steps"
        return "\n\n".join([title, lead, *(section.markdown() for section in self.sections())]) + "\n"

    def terminal_tables(self) -> list[TerminalTable]:
        """The same for rich."""
        return [section.terminal() for section in self.sections()]

    def sections(self) -> list[Section]:
        """All that was measured."""
        sections = [
            Section(
                "Edited faces beside the filmed truth",
                "Inside the face box: SSIM (1 is equal), how far off in levels of 255, and beside either what copying "
                "the source gives; sharpness (variance of the Laplacian) as a share of the filmed. Distance: between "
                "features of the recogniser below, as a share of the copied source's.",
                *self._nearness_table(),
            ),
            Section(
                "Named as asked, by a recogniser trained apart",
                "The recogniser learned from filmed stills of other characters alone. Named: shares at strength 1. "
                "Rank correlation (Spearman) of strengths, for each character and emotion apart; their mean absolute "
                "error. At the right, how well the network itself reads what a picture shows.",
                *self._recognition_table(),
            ),
            Section("The person, the mixtures, the rest", "", *self._person_table()),
        ]
        if self.blendshapes:
            sections.append(
                Section(
                    "Named as asked, by MediaPipe's blendshapes",
                    "Shares of the characters whose face at strength 1 reads as what was asked, beside its own neutral "
                    "still, by a rule of action units.",
                    *self._blendshapes_table(),
                )
            )
        if self.strengths:
            sections.append(mixtures.section(self.strengths))
        return sections

    def _nearness_table(self) -> tuple[list[str], list[list[str]]]:
        rows = [
            [kind, f"{part.pictures:,}"]
            + [f"{figure:.3f}" for figure in (part.ssim, part.copied_ssim)]
            + [f"{figure:.2f}" for figure in (part.difference, part.copied_difference)]
            + [percent(share) for share in (part.distance_share, part.sharpness_share)]
            for kind, part in self.nearness.items()
        ]
        return ["edited to", "stills", "SSIM", "copied", "off by", "copied", "distance", "sharp"], rows

    def _recognition_table(self) -> tuple[list[str], list[list[str]]]:
        parts = self.recognition.values()
        rows = [["named", *(percent(part.named) for part in parts)]]
        for affect in self.recognition["filmed"].named_by_affect:
            rows.append([f"  {affect}", *(percent(part.named_by_affect[affect]) for part in parts)])
        ranks = ("-" if part.spearman is None else f"{part.spearman:.3f}" for part in parts)
        rows.append(["strength correlation", *ranks])
        rows.append(["strength error", *(f"{part.strength_error:.3f}" for part in parts)])
        return ["shown as asked", *(READ_LABELS[what] for what in self.recognition)], rows

    def _person_table(self) -> tuple[list[str], list[list[str]]]:
        rows = []
        if self.similarity:
            same = self.similarity
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

    def _blendshapes_table(self) -> tuple[list[str], list[list[str]]]:
        columns = self.blendshapes.values()
        rows = [[affect, *(percent(part[affect]) for part in columns)] for affect in self.blendshapes["filmed"]]
        means = (sum(part.values()) / len(part) for part in columns)
        return ["shown as asked", *self.blendshapes], [["mean", *map(percent, means)], *rows]


def write_edit_report(report: EditReport, out: Path) -> list[Path]:
    """Write `edits.md`, `edits.json` and `edits.png` into folder `out`; return their paths."""
    paths = [out / "edits.md", out / "edits.json", out / "edits.png"]
    write_text_atomically(paths[0], report.to_markdown())
    write_text_atomically(paths[1], json.dumps(report.to_dict(), indent=1) + "\n")
    with atomic_path(paths[2]) as temporary:
        report.sheet.save(temporary)
    return paths
