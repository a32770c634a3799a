"""The evaluation's result as data, Markdown, JSON, a terminal table and a plot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table as TerminalTable

from fexgan.affects import AFFECTS
from fexgan.evaluation.classification import FULL_STRENGTH, Classification, StrengthBin
from fexgan.evaluation.plots import write_confusion_plot
from fexgan.evaluation.reconstruction import Likeness, mean_likeness
from fexgan.evaluation.tables import markdown_table, percent, terminal_table
from fexgan.media import write_text_atomically


@dataclass(frozen=True)
class Table:
    """One set of pictures, classified.

    `frames`: how many the set has; `judged`: how many of those were looked at; `classification`: over those judged
    that show their affect; `real_or_fake_accuracy`: over all judged, real ones taken for real or generated for fake.
    """

    frames: int
    judged: int
    classification: Classification
    real_or_fake_accuracy: float
    by_strength: tuple[StrengthBin, ...]

    @property
    def covered_share(self) -> float:
        """Share of the judged frames that the classification covers, in [0, 1]."""
        return self.classification.frames / self.judged

    def to_dict(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "judged": self.judged,
            "covered": self.classification.frames,
            "accuracy": self.classification.accuracy,
            "real_or_fake_accuracy": self.real_or_fake_accuracy,
            "affects": {affect: asdict(score) for affect, score in self.classification.affects.items()},
            "confusion": self.classification.confusion.tolist(),
            "by_strength": [asdict(part) for part in self.by_strength],
        }


@dataclass(frozen=True)
class Report:
    """All that `evaluate` measures. `reconstruction` is keyed by character."""

    checkpoint: str
    step: int
    dataset_fingerprint: str
    train: Table
    test: Table
    generated: Table
    reconstruction: dict[str, Likeness]

    @property
    def tables(self) -> dict[str, Table]:
        """The classified sets by the name they have in every output."""
        return {"train": self.train, "test": self.test, "generated": self.generated}

    def to_dict(self) -> dict[str, Any]:
        rebuilt = {character: asdict(part) for character, part in self.reconstruction.items()}
        return {
            "checkpoint": self.checkpoint,
            "step": self.step,
            "dataset_fingerprint": self.dataset_fingerprint,
            "affects": list(AFFECTS),
            "classification": {name: table.to_dict() for name, table in self.tables.items()},
            "reconstruction": rebuilt | {"mean": asdict(mean_likeness(list(self.reconstruction.values())))},
        }

    def to_markdown(self) -> str:
        sections = [
            f"# Classification of `{self.checkpoint}` after {self.step:,} steps",
            self._coverage(),
            markdown_table(*self._accuracy_table()),
            "## Per affect",
            markdown_table(*self._affect_table(list(self.tables))),
            "## Test frames by the true strength of their emotion",
            markdown_table(*self._strength_table()),
            "## Held-out takes, encoded and drawn again",
            "SSIM (1 is equal), PSNR in dB, sharpness as the variance of the Laplacian.",
            markdown_table(*self._reconstruction_table()),
        ]
        return "\n\n".join(sections) + "\n"

    def terminal_tables(self) -> list[TerminalTable]:
        """The same for rich, narrow enough for a terminal: per affect on test alone."""
        return [
            terminal_table("Classification", *self._accuracy_table()),
            terminal_table("Per affect, on test", *self._affect_table(["test"])),
            terminal_table("Test frames by true strength", *self._strength_table()),
            terminal_table("Held-out takes, encoded and drawn again", *self._reconstruction_table()),
        ]

    def _coverage(self) -> str:
        real = " ".join(
            f"{name.capitalize()}: {table.judged:,} of {table.frames:,} frames judged, evenly spaced; the table covers "
            f"{table.covered_share:.0%} of those."
            for name, table in (("train", self.train), ("test", self.test))
        )
        return (
            f"Covered are frames whose emotion has a strength of at least {FULL_STRENGTH:g}, and all neutral takes. "
            f"{real} Generated: {self.generated.frames:,} pictures, held-out neutral frames transformed to each "
            "affect at strength 1, named by the same classifier. Real or fake: share of real frames taken for real, "
            "of generated ones taken for fake."
        )

    def _accuracy_table(self) -> tuple[list[str], list[list[str]]]:
        rows = [
            [name, f"{table.classification.frames:,}"]
            + [percent(share) for share in (table.classification.accuracy, table.real_or_fake_accuracy)]
            for name, table in self.tables.items()
        ]
        return ["set", "frames", "accuracy", "real or fake"], rows

    def _affect_table(self, names: list[str]) -> tuple[list[str], list[list[str]]]:
        header = ["affect"]
        columns = []
        for name in names:
            header += [f"{name} precision", "recall", "F1"]
            columns.append(self.tables[name].classification.affects)
        rows = []
        for affect in AFFECTS:
            row = [affect]
            for scores in columns:
                score = scores[affect]
                row += [percent(value) for value in (score.precision, score.recall, score.f1)]
            rows.append(row)
        return header, rows

    def _strength_table(self) -> tuple[list[str], list[list[str]]]:
        rows = [
            [f"{part.low:.1f} to {part.high:.1f}", f"{part.frames:,}", percent(part.accuracy) if part.frames else "-"]
            for part in self.test.by_strength
        ]
        return ["strength", "frames", "accuracy"], rows

    def _reconstruction_table(self) -> tuple[list[str], list[list[str]]]:
        parts = self.reconstruction | {"mean": mean_likeness(list(self.reconstruction.values()))}
        rows = [
            [character, f"{part.pictures}", f"{part.ssim:.3f}", f"{part.psnr_db:.1f}"]
            + [f"{sharpness:.0f}" for sharpness in (part.sharpness, part.sharpness_of_real)]
            for character, part in parts.items()
        ]
        return ["character", "pictures", "SSIM", "PSNR (dB)", "sharpness", "of the real frames"], rows


def write_report(report: Report, out: Path) -> list[Path]:
    """Write `classification.md`, `classification.json` and `confusion.png` into folder `out`; return their paths."""
    paths = [out / "classification.md", out / "classification.json", out / "confusion.png"]
    write_text_atomically(paths[0], report.to_markdown())
    write_text_atomically(paths[1], json.dumps(report.to_dict(), indent=1) + "\n")
    write_confusion_plot(paths[2], {name: table.classification for name, table in report.tables.items()})
    return paths
