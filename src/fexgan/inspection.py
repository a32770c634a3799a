"""A dataset at a glance: what it holds of whom, how strong, how often the same, and what it looks like."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from PIL import Image

from fexgan.affects import AFFECTS
from fexgan.dataset import read_metadata, shard_paths, shard_schema, stream_batches
from fexgan.evaluation.choosing import evenly_spaced
from fexgan.manifest import DatasetRecord
from fexgan.media import Pixels, decode_image, encode_image, write_text_atomically
from fexgan.page import figures_page
from fexgan.prepare.twins import LeakCheck, LeakReport, thumbnail
from fexgan.sheets import sheet
from fexgan.tables import Section, percent
from fexgan.terminal import size_text

SAMPLES = 8
"""Pictures of each affect on the sample sheet."""
STRENGTH_BINS = 10
BAR_LENGTH = 30
SHEET = "sheet.png"


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a dataset holds.

    `frame_counts`: (split, character, affect) -> frames. `strengths`: frames by strength in bins of a tenth, int64
    [10]. `unknown_strengths`: frames without one. `size_bytes`: of the shards. `copies`: frames whose picture equals
    that of an earlier one, bit by bit. `samples`: for each affect some pictures, evenly spaced.
    """

    folder: Path
    record: DatasetRecord
    characters: tuple[str, ...]
    frame_counts: Counter[tuple[str, str, str]]
    take_count: int
    strengths: NDArray[np.int64]
    unknown_strengths: int
    size_bytes: int
    copies: int
    leak: LeakReport
    samples: tuple[tuple[Pixels, ...], ...]

    @property
    def name(self) -> str:
        """What the dataset's folder is called, also where it is `.`."""
        return self.folder.resolve().name

    @property
    def frames(self) -> int:
        return self.frame_counts.total()

    def sections(self) -> list[Section]:
        """All figures, the sample sheet below the last."""
        return [self._overview(), self._characters(), self._strengths()]

    def sample_sheet(self) -> Image.Image:
        """A row of pictures for each affect."""
        return sheet(self.samples, row_labels=AFFECTS)

    def _overview(self) -> Section:
        side, leak = self.record.framing.image_size_px, self.leak
        splits: Counter[str] = Counter()
        for (split, _, _), count in self.frame_counts.items():
            splits[split] += count
        names = sorted(splits, key=lambda name: (name != "train", name))
        rows = [
            ["pictures", f"{self.frames:,} of {side} x {side} px"],
            ["on disk", size_text(self.size_bytes)],
            ["split", f"by {self.record.split}: " + ", ".join(f"{name} {splits[name]:,}" for name in names)],
            ["characters, takes", f"{len(self.characters):,}, {self.take_count:,}"],
            ["copies of an earlier picture", f"{self.copies:,} ({percent(self.copies / max(1, self.frames))})"],
            [
                "test frames with a near twin in train",
                f"{leak.twin_count:,} ({percent(leak.twin_count / max(1, leak.test_frames))})",
            ],
        ]
        return Section("Dataset", "", ["", self.name], rows)

    def _characters(self) -> Section:
        counts: Counter[tuple[str | None, str | None]] = Counter()  # None stands for all
        for (_, character, affect), count in self.frame_counts.items():
            for key in itertools.product((character, None), (affect, None)):
                counts[key] += count
        rows = [
            [name or "all", *(f"{counts[name, affect]:,}" for affect in (*AFFECTS, None))]
            for name in (*self.characters, None)
        ]
        return Section("Frames, train and test", "", ["character", *AFFECTS, "all"], rows)

    def _strengths(self) -> Section:
        most = max(1, int(self.strengths.max()))
        rows = [
            [
                f"{low / 10:.1f} to {(low + 1) / 10:.1f}",
                f"{count:,}",
                ("█" * -(-BAR_LENGTH * int(count) // most)).ljust(BAR_LENGTH, "░"),
            ]
            for low, count in enumerate(self.strengths)
        ]
        rows.append(["unknown", f"{self.unknown_strengths:,}", ""])
        return Section("Frames by strength", "", ["strength", "frames", ""], rows, (SHEET,))


def inspect_dataset(folder: Path, progress: Callable[[str, int, int], None] | None = None) -> Inspection:
    """Read a dataset folder once, some hundred rows at a time. `progress(stage, done, total)` counts frames.

    Raises InputError for a folder that is no dataset, for labels that it does not name, and for shards and pictures
    that cannot be read.
    """
    folder, tell = Path(folder), progress or (lambda stage, done, total: None)
    paths = shard_paths(folder)
    record, characters = read_metadata(shard_schema(paths[0]), folder)
    counts, takes, bins, unknown = _count_rows(folder, characters)
    wanted = {
        affect: set(evenly_spaced(np.arange(total), SAMPLES).tolist())
        for affect in AFFECTS
        if (total := sum(count for key, count in counts.items() if key[2] == affect))
    }
    seen: set[bytes] = set()
    shown: Counter[str] = Counter()
    samples: dict[str, list[Pixels]] = {affect: [] for affect in AFFECTS}
    leak, done = LeakCheck(), 0
    for split, batch in stream_batches(folder, ("image", "affect", "source", "frame")):
        for row in batch.to_pylist():
            encoded, affect = row["image"]["bytes"] or b"", AFFECTS[row["affect"]]
            pixels = decode_image(encoded, f"frame {row['frame']} of {row['source']} in {folder}")
            seen.add(hashlib.blake2b(encoded, digest_size=16).digest())
            leak.add(split, thumbnail(pixels), row["source"], row["frame"])
            if shown[affect] in wanted[affect]:
                samples[affect].append(pixels)
            shown[affect] += 1
            done += 1
        tell("look at frames", done, counts.total())
    return Inspection(
        folder=folder,
        record=record,
        characters=characters,
        frame_counts=counts,
        take_count=takes,
        strengths=bins,
        unknown_strengths=unknown,
        size_bytes=sum(path.stat().st_size for path in paths),
        copies=done - len(seen),
        leak=leak.report(lambda done, total: tell("look for twins", done, total)),
        samples=tuple(tuple(samples[affect]) for affect in AFFECTS),
    )


def _count_rows(
    folder: Path, characters: tuple[str, ...]
) -> tuple[Counter[tuple[str, str, str]], int, NDArray[np.int64], int]:
    """(frames by split, character and affect; takes; frames by tenth of strength; frames of unknown strength)."""
    counts: Counter[tuple[str, str, str]] = Counter()
    takes: set[tuple[int, int, str]] = set()
    bins, unknown = np.zeros(STRENGTH_BINS, np.int64), 0
    for split, batch in stream_batches(folder, ("character", "affect", "take", "strength")):
        labels = list(zip(*(batch.column(name).to_pylist() for name in ("character", "affect", "take")), strict=True))
        takes.update(labels)
        counts.update((split, characters[character], AFFECTS[affect]) for character, affect, _ in labels)
        known = pc.drop_null(batch.column("strength")).to_numpy()
        bins += np.histogram(known, STRENGTH_BINS, (0.0, 1.0))[0]
        unknown += len(batch) - len(known)
    return counts, len(takes), bins, unknown


def write_inspection_page(path: Path, inspection: Inspection) -> None:
    """Write all of it as one HTML page that loads nothing from elsewhere."""
    pictures = {SHEET: encode_image(np.asarray(inspection.sample_sheet()))}
    page = figures_page(
        title=inspection.name,
        lead="A dataset at a glance, with some of its pictures.",
        numbers=[
            ("pictures", f"{inspection.frames:,}"),
            ("characters", f"{len(inspection.characters):,}"),
            ("takes", f"{inspection.take_count:,}"),
            ("copies of an earlier picture", f"{inspection.copies:,}"),
        ],
        sections=[section.html(pictures) for section in inspection.sections()],
        footer="Counted from the shards, picture by picture.",
    )
    write_text_atomically(path, page)
