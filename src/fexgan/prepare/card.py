"""The dataset card: a YAML header that `datasets` and the hub read, and the page a person reads."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from fexgan.affects import AFFECTS
from fexgan.errors import InputError
from fexgan.manifest import DATASET_KEY, DatasetRecord
from fexgan.prepare.report import PrepareReport
from fexgan.prepare.shards import SHARD_FOLDER
from fexgan.prepare.twins import LARGEST_DIFFERENCE, THUMBNAIL_PX, LeakReport
from fexgan.tables import counted, markdown_table
from fexgan.yaml_files import parse_yaml

CARD_NAME = "README.md"
SHEET_NAME = "contact_sheet.png"

SPLIT_TEXTS = {
    "take": "By take: each recording is wholly in train or wholly in test, so no test frame has a neighbour in train.",
    "frame": (
        "By frame, as in the paper. **Neighbouring frames of one recording are on both sides, so test figures measured "
        "on this split are too good**; use the split by take to compare models."
    ),
    "time-block": (
        "By time: of each take one run of frames is for testing, and the frames beside it are in neither split, so "
        "that no test frame has a neighbour in train. Takes too short for that are wholly in train."
    ),
    "character": "By character: the people in test are never seen in train.",
}
HUB_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST_SIZE = "n>1M"


def card_text(report: PrepareReport, name: str) -> str:
    """The whole card of a dataset made from the footage folder `name`."""
    header = yaml.safe_dump(_header(report, name), sort_keys=False, allow_unicode=True, width=120)
    sections = [
        f"# {name}",
        _summary(report),
        f"![The strongest frame of each character and affect]({SHEET_NAME})",
        "## Frames\n\nEach cell: train + test.\n\n" + _counts_table(report),
        "## Columns\n\n" + _columns_text(),
        "## Split\n\n" + _split_text(report),
        "## Framing\n\n" + _framing_text(report),
        *(["## Labels\n\n" + labels] if (labels := _labels_text(report)) else []),
        "## Left out\n\n" + _left_out_text(report),
        "## Load\n\n```python\nfrom datasets import load_dataset\n\n"
        'frames = load_dataset("path/to/this/folder", split="train")\n```',
    ]
    return f"---\n{header}---\n\n" + "\n\n".join(sections) + "\n"


def read_card(folder: Path) -> DatasetRecord | None:
    """How the dataset in a folder was made, None where its card does not tell or there is none."""
    try:
        text = (folder / CARD_NAME).read_text(encoding="utf-8")
        header = parse_yaml(text.removeprefix("---\n").partition("\n---\n")[0])
        return DatasetRecord.from_dict(header[DATASET_KEY])
    except (OSError, ValueError, IndexError, KeyError, TypeError, InputError):
        return None


def _header(report: PrepareReport, name: str) -> dict[str, Any]:
    splits = [split for split in ("train", "test") if report.frames_in(split)]
    total = sum(report.frames_in(split) for split in splits)
    header: dict[str, Any] = {"pretty_name": name}
    if len(report.licenses) == 1 and all(report.licenses):
        header["license"] = next(iter(report.licenses)).lower()
    header |= {
        "task_categories": ["image-classification", "image-to-image"],
        "tags": ["facial-expression", "digital-human"],
        "size_categories": [next((label for limit, label in HUB_SIZES if total < limit), LARGEST_SIZE)],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"{SHARD_FOLDER}/{split}-*.parquet"} for split in splits],
            }
        ],
        DATASET_KEY: report.record.to_dict(),
    }
    return header


def _summary(report: PrepareReport) -> str:
    side = report.record.framing.image_size_px
    total = report.frames_in("train") + report.frames_in("test")
    affects = {affect for (_, _, affect), frames in report.frame_counts.items() if frames}
    return (
        f"{total:,} pictures of {side} x {side} px: {counted(len(report.characters), 'character')} showing "
        f"{counted(len(affects), 'affect')} in {counted(report.take_count, 'take')}; "
        f"{report.frames_in('train'):,} for training, {report.frames_in('test'):,} for testing."
    )


def _counts_table(report: PrepareReport) -> str:
    def frames(character: str, affect: str) -> str:
        return " + ".join(str(report.frame_counts[split, character, affect]) for split in ("train", "test"))

    rows = [[character, *(frames(character, affect) for affect in AFFECTS)] for character in report.characters]
    return markdown_table(["character", *AFFECTS], rows)


def _columns_text() -> str:
    return (
        "`image` (PNG); `character` and `affect` (class labels); `strength` of the affect in [0, 1], null where "
        "unknown, 1 in neutral takes; `head_deg`, the head's yaw, pitch and roll, `gaze_deg`, the eyes' yaw and pitch, "
        "and `blink`, 0 open to 1 closed, each null where unknown; `take`, the recording; `frame`, counted from 0, and "
        "`time_s` in it (null for loose pictures); `source`, the file in the footage."
    )


def _split_text(report: PrepareReport) -> str:
    record = report.record
    text = f"{SPLIT_TEXTS[record.split]} Share for testing: {record.test_share:g} of each group, seed {record.seed}."
    if record.guard_frames:
        text += (
            f" Guard: {record.guard_frames} frames on either side, {counted(report.guard_count, 'frame')} in all are "
            "in neither split."
        )
    return f"{text}\n\n{_leak_text(report.leak)}"


def _leak_text(leak: LeakReport) -> str:
    share = f"{100 * leak.twin_count / max(1, leak.test_frames):.1f} %"
    text = (
        f"Leak check: {leak.twin_count:,} of {counted(leak.test_frames, 'test frame')} ({share}) have a near "
        f"twin in train, that is one that differs by at most {LARGEST_DIFFERENCE:g} grey levels (root mean square, "
        f"brightness aside) at {THUMBNAIL_PX} x {THUMBNAIL_PX} px."
    )
    if not leak.closest:
        return text
    pairs = (
        f"- `{twin.test[0]}` frame {twin.test[1]} and `{twin.train[0]}` frame {twin.train[1]}: {twin.difference:.2f}"
        for twin in leak.closest
    )
    return f"{text} The nearest:\n\n" + "\n".join(pairs)


def _framing_text(report: PrepareReport) -> str:
    framing = report.record.framing
    text = (
        f"One square per take around the median box of the largest steady face, by YuNet in {framing.sampled_frames} "
        f"frames: the box is {framing.face_fraction:g} of the square's side high, the square's centre lies "
        f"{framing.vertical_offset:g} of a side below the box's. The square is moved and shrunk to stay inside the "
        f"picture, then resampled (Lanczos) to {framing.image_size_px} px. Pictures are framed one by one where they "
        "are of several sizes, where nobody tells who they show, and where only those with a face were asked for."
    )
    if report.footage.framing == framing:
        text += " What came framed so stayed as it was."
    elif not report.without_face:
        text += " A face was found everywhere."
    for told, sources in (
        ("No face was found here, so the square is the largest in the middle:", report.without_face),
        ("Several faces were found here, and the largest of those that stay was taken:", report.several_faces),
    ):
        if sources:
            text += f"\n\n{told}\n\n" + "\n".join(f"- `{source}`" for source in sources)
    return text


def _labels_text(report: PrepareReport) -> str:
    """How labels were read, a line for each affect that was called otherwise; empty where none was."""
    words: dict[str, list[str]] = defaultdict(list)
    for (label, affect), files in sorted(report.footage.labels.items()):
        words[affect].append(f"`{label}` ({counted(files, 'file')})")
    renamed = {affect for label, affect in report.footage.labels if label != affect}
    return "\n".join(f"- {affect}: {', '.join(words[affect])}" for affect in AFFECTS if affect in renamed)


def _left_out_text(report: PrepareReport) -> str:
    found, used = report.footage.files, report.files_used
    lines = [f"- `{item.source}` ({counted(item.files, 'file')}): {item.reason}" for item in report.left_out]
    counts = f"{counted(found, 'file')} found, {used:,} used, {found - used:,} left out"
    return f"{counts}:\n\n" + "\n".join(lines) if lines else f"{counts}."
