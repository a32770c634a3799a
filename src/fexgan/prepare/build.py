"""Footage to dataset: look at every take, choose the split, cut the faces out, write shards, card and contact sheet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from fexgan.affects import AFFECTS, affect_index
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import DATASET_KEY, DatasetRecord, natural_key
from fexgan.media import Pixels, atomic_folder, encode_image, write_image, write_text_atomically
from fexgan.prepare.card import CARD_NAME, SHEET_NAME, card_text
from fexgan.prepare.footage import Footage, scan_footage
from fexgan.prepare.plan import Shot, plan_footage
from fexgan.prepare.report import PrepareReport
from fexgan.prepare.shards import SHARD_FOLDER, ShardWriter, schema
from fexgan.prepare.split import choose_test_frames
from fexgan.sheets import sheet

LARGEST_SHEET_ROWS = 40
SHEET_CELL_PX = 128

Progress = Callable[[str, int, int], None]


def prepare(
    footage: Path | Footage,
    out: Path,
    framing: FramingConfig | None = None,
    split: str = "take",
    test_share: float = 0.3,
    seed: int = 0,
    progress: Progress | None = None,
) -> PrepareReport:
    """Turn footage into a dataset folder that `datasets.load_dataset` reads as it stands; equal input, equal bytes.

    `footage`: a folder, read by `scan_footage`, or what was found there or in a list. `out`: written under a temporary
    name beside it and renamed; replaced where it holds a dataset of this package and nothing else.
    `split`, `test_share`, `seed`: see `choose_test_frames`. `progress(stage, done, total)` is told how far each of the
    two stages is.
    Raises InputError when a path is wrong, nothing can be used, or `out` holds something else.
    """
    out, framing = Path(out), framing or FramingConfig()
    record = DatasetRecord(framing, split, float(test_share), seed)
    tell = progress or (lambda stage, done, total: None)
    choose_test_frames([], split, test_share, seed)
    if not isinstance(footage, Footage):
        footage = scan_footage(footage)
    _check_out(out, footage.root)
    shots, unusable = plan_footage(footage, framing, lambda done, total: tell("find faces", done, total))
    left_out = (*footage.left_out, *unusable)
    if not shots:
        raise InputError(
            f"nothing in {footage.root} can be used; the first reason: {left_out[0].source}: {left_out[0].reason}"
        )

    test_frames = choose_test_frames([(shot.entry, len(shot)) for shot in shots], split, test_share, seed)
    report = PrepareReport(
        folder=out,
        footage=footage,
        record=record,
        characters=tuple(sorted({shot.entry.character for shot in shots}, key=natural_key)),
        frame_counts=_count_frames(shots, test_frames),
        take_count=len(shots),
        files_used=sum(max(1, len(shot.entry.pictures)) for shot in shots),
        without_face=tuple(source for shot in shots for source in shot.without_face),
        left_out=left_out,
        licenses=frozenset(shot.license for shot in shots),
    )
    with atomic_folder(out) as folder:
        apexes = _write_shards(folder / SHARD_FOLDER, shots, test_frames, report, tell)
        shown = report.characters[:LARGEST_SHEET_ROWS]
        rows = [[apexes.get((character, affect)) for affect in AFFECTS] for character in shown]
        write_image(folder / SHEET_NAME, sheet(rows, AFFECTS, shown, SHEET_CELL_PX))
        write_text_atomically(folder / CARD_NAME, card_text(report, footage.root.resolve().name))
    return report


def _check_out(out: Path, footage: Path) -> None:
    if out.resolve().is_relative_to(footage.resolve()):
        raise InputError(f"{out} lies in the footage {footage}; write the dataset somewhere else")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; give a folder to write the dataset to")
    if not out.exists() or not any(out.iterdir()):
        return
    others = [path.name for path in out.iterdir() if path.name not in (SHARD_FOLDER, CARD_NAME, SHEET_NAME)]
    if others or not _is_our_card(out / CARD_NAME):
        raise InputError(f"{out} holds something else than a dataset of fexgan; remove it or give another folder")


def _is_our_card(path: Path) -> bool:
    try:
        header = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
    except (OSError, ValueError, IndexError, yaml.YAMLError):
        return False
    return isinstance(header, dict) and DATASET_KEY in header


def _count_frames(shots: Sequence[Shot], test_frames: Sequence[frozenset[int]]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for shot, held_out in zip(shots, test_frames, strict=True):
        counts["train", shot.entry.character, shot.entry.affect] += len(shot) - len(held_out)
        counts["test", shot.entry.character, shot.entry.affect] += len(held_out)
    return counts


def _write_shards(
    folder: Path, shots: Sequence[Shot], test_frames: Sequence[frozenset[int]], report: PrepareReport, tell: Progress
) -> dict[tuple[str, str], Pixels]:
    """Write every frame to its split's shards; return the strongest frame of each character and affect."""
    folder.mkdir()
    columns = schema(report.characters, report.record)
    writers = {split: ShardWriter(folder, split, report.frames_in(split), columns) for split in ("train", "test")}
    strongest = _strongest_frames(shots)
    apexes: dict[tuple[str, str], Pixels] = {}
    total, done = sum(len(shot) for shot in shots), 0
    for number, (shot, held_out) in enumerate(zip(shots, test_frames, strict=True)):
        entry = shot.entry
        for index, (pixels, time_s) in enumerate(shot.frames(report.record.framing.image_size_px)):
            if strongest[entry.character, entry.affect] == (number, index):
                apexes[entry.character, entry.affect] = pixels
            writers["test" if index in held_out else "train"].add(
                {
                    "image": {"bytes": encode_image(pixels), "path": None},
                    "character": report.characters.index(entry.character),
                    "affect": affect_index(entry.affect),
                    "strength": shot.strengths[index],
                    "head_deg": shot.head_deg[index],
                    "take": entry.take,
                    "frame": index,
                    "time_s": time_s,
                    "source": shot.sources[index],
                }
            )
        done += len(shot)
        tell("write frames", done, total)
    for writer in writers.values():
        writer.close()
    return apexes


def _strongest_frames(shots: Sequence[Shot]) -> dict[tuple[str, str], tuple[int, int]]:
    """(character, affect) -> (index of the shot, index of its frame)."""
    best: dict[tuple[str, str], tuple[float, int, int]] = {}
    for number, shot in enumerate(shots):
        strength, frame = shot.apex()
        key = shot.entry.character, shot.entry.affect
        if strength > best.get(key, (-math.inf, 0, 0))[0]:
            best[key] = strength, number, frame
    return {key: (number, frame) for key, (_, number, frame) in best.items()}
