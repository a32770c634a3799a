"""The evaluation's result as data, Markdown, JSON, tables in a terminal, and one page of HTML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table as TerminalTable

from fexgan.affects import AFFECTS
from fexgan.evaluation.apart import Apart
from fexgan.evaluation.apart_report import apart_dict, apart_numbers, apart_pictures, apart_sections
from fexgan.evaluation.calibration import Calibration
from fexgan.evaluation.classification import FULL_STRENGTH, Classification, StrengthBin
from fexgan.evaluation.held_apart import HELD_OUT
from fexgan.evaluation.plots import calibration_plot, confusion_plot
from fexgan.evaluation.reconstruction import Likeness, mean_likeness
from fexgan.media import atomic_path, free_name, write_text_atomically
from fexgan.page import figures_page
from fexgan.tables import Section, percent

CONFUSION, CALIBRATION = "confusion.png", "calibration.png"
MEAN = "mean"


@dataclass(frozen=True)
class Table:
    """One set of pictures, classified.

    `frames`: how many the set has; `judged`: how many of those were looked at; `classification` and `calibration`: over
    those judged that show their affect; `real_or_fake_accuracy`: over all judged, real ones taken for real or generated
    for fake.
    """

    frames: int
    judged: int
    classification: Classification
    real_or_fake_accuracy: float
    by_strength: tuple[StrengthBin, ...]
    calibration: Calibration

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
            "calibration": {"error": self.calibration.error, **asdict(self.calibration)},
        }


@dataclass(frozen=True)
class Report:
    """All that `evaluate` measures. `reconstruction` is keyed by character."""

    checkpoint: str
    step: int
    dataset_fingerprint: str
    split_by: str
    """What kept test apart from train: take, frame, character or time-block."""
    train: Table
    test: Table
    generated: Table
    reconstruction: dict[str, Likeness]
    apart: Apart | None = None
    """What judges trained apart say, where they were asked."""
    notes: tuple[str, ...] = ()
    """What has to be known of the test split to read the figures."""

    @property
    def tables(self) -> dict[str, Table]:
        """The classified sets by the name they have in every output."""
        return {"train": self.train, "test": self.test, "generated": self.generated}

    @property
    def held_out(self) -> str:
        """What the test split shows."""
        return HELD_OUT[self.split_by]

    @property
    def rebuilt(self) -> dict[str, Likeness]:
        """`reconstruction` as every output tells it: with the mean of all as `mean`, a character of that name numbered,
        `mean-2`."""
        taken = {MEAN}
        told = {free_name(character, taken): part for character, part in self.reconstruction.items()}
        return told | {MEAN: mean_likeness(list(self.reconstruction.values()))}

    @property
    def title(self) -> str:
        return f"{self.checkpoint} after {self.step:,} steps"

    def to_dict(self) -> dict[str, Any]:
        data = {
            "checkpoint": self.checkpoint,
            "step": self.step,
            "dataset_fingerprint": self.dataset_fingerprint,
            "held_out": self.held_out,
            "notes": list(self.notes),
            "affects": list(AFFECTS),
            "classification": self.classification_dict(),
            "reconstruction": {name: asdict(part) for name, part in self.rebuilt.items()},
        }
        return data if self.apart is None else data | {"apart": apart_dict(self.apart)}

    def classification_dict(self) -> dict[str, Any]:
        """The paper's table 1 alone, by set."""
        return {name: table.to_dict() for name, table in self.tables.items()}

    def to_markdown(self, sections: Sequence[Section] | None = None) -> str:
        """All sections, or those given, under the title and the notes."""
        chosen = self.sections() if sections is None else sections
        return "\n\n".join([f"# {self.title}", *self.notes, *(section.markdown() for section in chosen)]) + "\n"

    def to_html(self, pictures: dict[str, bytes]) -> str:
        """One page that holds its pictures, which are given as PNG bytes by file name."""
        lead = f"Measured on {self.test.judged:,} frames of the dataset's test split, and on faces it generated."
        return figures_page(
            title=self.title,
            lead=" ".join((lead, *self.notes)),
            numbers=self.numbers(),
            sections=[section.html(pictures) for section in self.sections()],
            footer=f"Dataset: SHA-256 {self.dataset_fingerprint}. Checkpoint and dataset give the same figures again.",
        )

    def terminal_tables(self) -> list[TerminalTable]:
        return [section.terminal() for section in self.sections()]

    def pictures(self) -> dict[str, bytes]:
        """PNG bytes by file name."""
        pictures = {
            CONFUSION: confusion_plot({name: table.classification for name, table in self.tables.items()}),
            CALIBRATION: calibration_plot({name: table.calibration for name, table in self.tables.items()}),
        }
        return pictures if self.apart is None else pictures | apart_pictures(self.apart)

    def numbers(self) -> list[tuple[str, str]]:
        """The main figures, (what, value)."""
        numbers = [
            (f"affects named right on {self.held_out}", percent(self.test.classification.accuracy)),
            ("of generated faces named as asked", percent(self.generated.classification.accuracy)),
            ("SSIM of rebuilt held-out frames", f"{self.rebuilt[MEAN].ssim:.3f}"),
            (f"calibration error on {self.held_out}", f"{self.test.calibration.error:.3f}"),
        ]
        return numbers if self.apart is None else numbers + apart_numbers(self.apart)

    def classification_sections(self) -> list[Section]:
        """The paper's table 1, and what belongs to it."""
        return [
            Section("Classification", self._coverage(), *self._accuracy_table(), (CONFUSION, CALIBRATION)),
            Section("Each affect on test", "Frames as above.", *self._affect_table(["test"])),
            Section("Each affect on train and generated", "As above.", *self._affect_table(["train", "generated"])),
            Section(
                "Test frames by the true strength of their emotion",
                "Neutral takes and frames of unknown strength left out.",
                *self._strength_table(),
            ),
        ]

    def sections(self) -> list[Section]:
        sections = [
            *self.classification_sections(),
            Section(
                f"{self.held_out.capitalize()}, encoded and drawn again",
                "SSIM (1 is equal), PSNR in dB, sharpness as the variance of the Laplacian.",
                *self._reconstruction_table(),
            ),
        ]
        return sections if self.apart is None else sections + apart_sections(self.apart)

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
            "of generated ones taken for fake. Calibration error: mean gap between how sure the classifier is and how "
            "often it is right, in 15 bins; 0 is best."
        )

    def _accuracy_table(self) -> tuple[list[str], list[list[str]]]:
        rows = [
            [name, f"{table.classification.frames:,}"]
            + [percent(share) for share in (table.classification.accuracy, table.real_or_fake_accuracy)]
            + [f"{table.calibration.error:.3f}"]
            for name, table in self.tables.items()
        ]
        return ["set", "frames", "accuracy", "real or fake", "calibration error"], rows

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
        rows = [
            [character, f"{part.pictures}", f"{part.ssim:.3f}", f"{part.psnr_db:.1f}"]
            + [f"{sharpness:.0f}" for sharpness in (part.sharpness, part.sharpness_of_real)]
            for character, part in self.rebuilt.items()
        ]
        return ["character", "pictures", "SSIM", "PSNR (dB)", "sharpness", "of the real frames"], rows


def write_report(report: Report, out: Path) -> list[Path]:
    """Write `report.html`, `.md`, `.json`, table 1 alone as `classification.md`, `.json`, and the pictures into folder
    `out`; return their paths."""
    pictures = report.pictures()
    texts = {
        "report.html": report.to_html(pictures),
        "report.md": report.to_markdown(),
        "report.json": json.dumps(report.to_dict(), indent=1) + "\n",
        "classification.md": report.to_markdown(report.classification_sections()),
        "classification.json": json.dumps(report.classification_dict(), indent=1) + "\n",
    }
    for name, text in texts.items():
        write_text_atomically(out / name, text)
    for name, picture in pictures.items():
        with atomic_path(out / name) as temporary:
            temporary.write_bytes(picture)
    return [out / name for name in (*texts, *pictures)]
