"""Footage to dataset: look at every take, choose the split, cut the faces out, write shards, card and contact sheet."""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fexgan.affects import AFFECTS, affect_index
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.manifest import DatasetRecord, natural_key
from fexgan.media import Pixels, atomic_folder, check_folder, decode_image, write_image, write_text_atomically
from fexgan.prepare.card import CARD_NAME, SHEET_NAME, card_text, read_card
from fexgan.prepare.footage import Footage, LeftOut, clean, files_of, scan_footage
from fexgan.prepare.labels import dataset_names
from fexgan.prepare.report import PrepareReport
from fexgan.prepare.shards import SHARD_FOLDER, ShardWriter, schema
from fexgan.prepare.split import GUARD_FRAMES, choose_test_frames, guard_of
from fexgan.prepare.takes import Shot, cut_takes
from fexgan.prepare.twins import LeakCheck, LeakReport
from fexgan.sheets import sheet
from fexgan.workers import Jobs, KeptError, check_jobs

FILE_MANAGERS_LEAVE = (".DS_Store", ".directory", "Thumbs.db", "desktop.ini")
"""Files that come into a folder when it is looked at, and are nobody's work."""
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
    guard_frames: int = GUARD_FRAMES,
    jobs: Jobs = 1,
    only_faces: bool = False,
) -> PrepareReport:
    """Turn footage into a dataset folder that `datasets.load_dataset` reads as it stands; equal input, equal bytes.

    `footage`: a folder, read by `scan_footage`, or what was found there or in a list. `out`: written under a temporary
    name beside it and renamed; replaced where it holds a dataset of this package and nothing else.
    `split`, `test_share`, `seed`, `guard_frames`: see `choose_test_frames`. `progress(stage, done, total)` is told how
    far each stage is. `jobs`: processes that work side by side; a cluster must see both folders. `only_faces`: leave
    out takes and pictures in which no face is found, instead of taking their middle.
    A run that was killed or interrupted leaves the takes it had done in `.<name of out>.parts` beside `out`, and the
    same call goes on from there.
    Raises InputError when a path is wrong, nothing can be used, or `out` holds something else.
    """
    out, framing = Path(out), framing or FramingConfig()
    guard_frames = guard_frames if split == "time-block" else 0
    record = DatasetRecord(framing, split, float(test_share), seed, guard_frames)
    tell = progress or (lambda stage, done, total: None)
    choose_test_frames([], split, test_share, seed, guard_frames)
    check_out(out)
    check_jobs(jobs)
    if not isinstance(footage, Footage):
        footage = scan_footage(footage)
    if not footage.listed and out.resolve().is_relative_to(footage.root.resolve()):
        raise InputError(f"{out} lies in the footage {footage.root}; write the dataset somewhere else")
    with kept_when_killed(out, "parts") as folder:
        shots, unusable = cut_takes(
            footage, framing, folder, lambda done, total: tell("cut faces", done, total), jobs, only_faces
        )
        left_out = (*footage.left_out, *unusable)
        if not shots:
            raise InputError(_nothing_used(footage, left_out))
        takes = [(shot.entry, len(shot)) for shot in shots]
        test_frames = choose_test_frames(takes, split, test_share, seed, guard_frames)
        if split == "time-block" and test_share and not any(test_frames):
            longest = max(count for _, count in takes)
            raise InputError(
                f"no take is long enough for a test block and its guards: the longest has {longest} frames; "
                "give fewer guard frames, or another split"
            )
        sides = [_sides(count, held_out, guard_frames) for (_, count), held_out in zip(takes, test_frames, strict=True)]
        return _assemble(out, footage, record, shots, sides, left_out, tell)


def _nothing_used(footage: Footage, left_out: Sequence[LeftOut]) -> str:
    """What to say where no file can be used: a reason that holds for many, and what may tell more of what was found."""
    most = max(left_out, key=lambda item: item.files)
    text = f"nothing in {_name(footage)} can be used; for example {most.source}: {most.reason}"
    if footage.entries:
        return text
    return f"{text}; give as labels whose codes it holds, {', '.join(dataset_names())}, or a .yaml file of its words"


def _name(footage: Footage) -> str:
    """What footage is called in a dataset that is made of it."""
    return clean(footage.root.resolve().name)


def _assemble(
    out: Path,
    footage: Footage,
    record: DatasetRecord,
    shots: Sequence[Shot],
    sides: Sequence[Sequence[str | None]],
    left_out: tuple[LeftOut, ...],
    tell: Progress,
) -> PrepareReport:
    """Write shards, contact sheet and card from what was cut."""
    counts = _count_frames(shots, sides)
    characters = tuple(sorted({shot.entry.character for shot in shots}, key=natural_key))
    shown = characters[:LARGEST_SHEET_ROWS]
    with atomic_folder(out) as folder:
        apexes, leak = _write_shards(folder / SHARD_FOLDER, shots, sides, counts, characters, shown, record, tell)
        report = PrepareReport(
            folder=out,
            footage=footage,
            record=record,
            characters=characters,
            frame_counts=counts,
            guard_count=sum(side.count(None) for side in sides),
            leak=leak,
            take_count=len(shots),
            files_used=files_of(shot.entry for shot in shots),
            without_face=tuple(dict.fromkeys(source for shot in shots for source in shot.without_face)),
            several_faces=tuple(dict.fromkeys(source for shot in shots for source in shot.several_faces)),
            left_out=left_out,
            licenses=frozenset(shot.license for shot in shots),
        )
        rows = [[apexes.get((character, affect)) for affect in AFFECTS] for character in shown]
        write_image(folder / SHEET_NAME, sheet(rows, AFFECTS, shown, SHEET_CELL_PX))
        write_text_atomically(folder / CARD_NAME, card_text(report, _name(footage)))
    return report


def kept_beside(out: Path, kind: str) -> Path:
    """What the folder for unfinished work of a kind is called, `parts` or `rows`: beside where `out` is or leads to."""
    return out.resolve().with_name(f".{out.resolve().name}.{kind}")


@contextmanager
def kept_when_killed(out: Path, kind: str) -> Iterator[Path]:
    """Where work for `out` is kept until it is whole; only a killed or interrupted run, or one that ends in KeptError,
    as where it lost a worker, leaves this folder behind."""
    folder = kept_beside(out, kind)
    try:
        yield folder
    except KeptError:
        raise
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def check_out(out: Path) -> None:
    """Raise InputError unless a dataset can be written to `out`: in a place that can be written, and in the way of
    nothing but an older dataset of this package, in which nobody works."""
    check_folder(out, "the dataset")
    check_place(out)
    if Path.cwd().is_relative_to(out.resolve()):
        raise InputError(f"{out} is the folder that you are in, which cannot be replaced; give the name of a new one")
    names = {path.name for path in out.iterdir()} if out.exists() else set()
    names -= set(FILE_MANAGERS_LEAVE)
    if names and (names - {SHARD_FOLDER, CARD_NAME, SHEET_NAME} or read_card(out) is None):
        raise InputError(f"{out} holds something else than a dataset of fexgan; remove it or give another folder")


def check_place(out: Path) -> None:
    """Raise InputError unless something can be written beside what is called `out`."""
    place = next(folder for folder in out.resolve().parents if os.path.exists(folder))
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {out}: {place} is no folder that can be written to; give another place")


def _sides(count: int, held_out: frozenset[int], guard_frames: int) -> list[str | None]:
    """`train` or `test` for each frame of a take, None for those beside a test block."""
    guard = guard_of(held_out, count, guard_frames) if guard_frames else frozenset()
    return ["test" if frame in held_out else None if frame in guard else "train" for frame in range(count)]


def _count_frames(shots: Sequence[Shot], sides: Sequence[Sequence[str | None]]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for shot, take_sides in zip(shots, sides, strict=True):
        for split in ("train", "test"):
            counts[split, shot.entry.character, shot.entry.affect] += take_sides.count(split)
    return counts


def _write_shards(
    folder: Path,
    shots: Sequence[Shot],
    sides: Sequence[Sequence[str | None]],
    counts: Counter[tuple[str, str, str]],
    characters: Sequence[str],
    shown: Sequence[str],
    record: DatasetRecord,
    tell: Progress,
) -> tuple[dict[tuple[str, str], Pixels], LeakReport]:
    """Write every frame to the shards of its side; return the strongest frame of each affect of `shown` characters."""
    folder.mkdir()
    columns = schema(characters, record)
    writers = {
        split: ShardWriter(folder, split, sum(count for key, count in counts.items() if key[0] == split), columns)
        for split in ("train", "test")
    }
    label = {character: index for index, character in enumerate(characters)}
    strongest = _strongest_frames(shots)
    apexes: dict[tuple[str, str], Pixels] = {}
    leak = LeakCheck()
    done, total = 0, sum(map(len, shots))
    for number, (shot, take_sides) in enumerate(zip(shots, sides, strict=True)):
        entry = shot.entry
        for index, (encoded, time_s, small) in enumerate(shot.frames()):
            if entry.character in shown and strongest[entry.character, entry.affect] == (number, index):
                apexes[entry.character, entry.affect] = decode_image(encoded)
            done += 1
            tell("write frames", done, total)
            side = take_sides[index]
            if side is None:
                continue
            leak.add(side, small, shot.sources[index], index)
            writers[side].add(
                {
                    "image": {"bytes": encoded, "path": None},
                    "character": label[entry.character],
                    "affect": affect_index(entry.affect),
                    "strength": shot.strengths[index],
                    **shot.poses[index]._asdict(),
                    "take": entry.take,
                    "frame": index,
                    "time_s": time_s,
                    "source": shot.sources[index],
                }
            )
    for writer in writers.values():
        writer.close()
    return apexes, leak.report(lambda done, total: tell("look for twins", done, total))


def _strongest_frames(shots: Sequence[Shot]) -> dict[tuple[str, str], tuple[int, int]]:
    """(character, affect) -> (index of the shot, index of its frame)."""
    best: dict[tuple[str, str], tuple[float, int, int]] = {}
    for number, shot in enumerate(shots):
        strength, frame = shot.apex()
        key = shot.entry.character, shot.entry.affect
        if strength > best.get(key, (-math.inf, 0, 0))[0]:
            best[key] = strength, number, frame
    return {key: (number, frame) for key, (_, number, frame) in best.items()}
