"""Recordings of a real face: the CSV of ARKit's 52 blend shapes that face-capture apps write, as poses for anyone.

Live Link Face writes `Timecode,BlendShapeCount`, then 61 columns at 60 frames a second: the 52 weights, and yaw, pitch
and roll of the head and of both eyes in radians. What differs is bridged where it can be, and told in `Capture.notes`.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fexgan.errors import InputError
from fexgan.manifest import FrameTruth
from fexgan.studio.arkit import ARKIT_UNITS, FULL_GAZE_DEG, RECORDED_EYES, RECORDED_FPS, RECORDED_HEAD, TIMECODE_RATES
from fexgan.studio.figure import Pose

TIMECODE, COUNT = "timecode", "blendshapecount"
HEAD = tuple(map(str.lower, RECORDED_HEAD))
EYES = tuple(map(str.lower, RECORDED_EYES))
"""Known, but the eyeLook units tell the gaze too."""
COLUMNS = {unit.lower(): unit for unit in ARKIT_UNITS}
LARGEST_STEP = 1.5
"""Steps in time longer than this many usual ones have lost frames in between."""
LARGEST_RADIANS = 1.5
"""Heads do not turn further than this for long: where more than a twentieth of the frames do, angles are degrees."""
FAR_DEG = 60.0
"""Turns of the head beyond this are told, for they come of spikes, or of degrees that pass for radians."""
LONGEST_S = 3600.0
NAMES_TOLD = 6
DAY_S = 86_400.0


@dataclass(frozen=True)
class Capture:
    """A recording at the rate that it is filmed at: `weights` [frames, 52] in [0, 1] in the order of `ARKIT_UNITS`,
    `head_deg` [frames, 3] as yaw, pitch and roll. `notes`: what was unusual, one line each.
    """

    name: str
    weights: np.ndarray
    head_deg: np.ndarray
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.weights)

    def perform(self) -> tuple[list[Pose], FrameTruth]:
        """The poses and what is known of them; the strength of affects is not."""
        frames = [dict(zip(ARKIT_UNITS, row, strict=True)) for row in self.weights.tolist()]
        blink = tuple((frame["eyeBlinkLeft"] + frame["eyeBlinkRight"]) / 2 for frame in frames)
        # The pose's gaze brings the eyeLook units back, for both eyes alike.
        poses = [
            Pose({unit: weight for unit, weight in frame.items() if "Look" not in unit}, _gaze_deg(frame), tuple(turn))
            for frame, turn in zip(frames, self.head_deg.tolist(), strict=True)
        ]
        truth = FrameTruth(
            strength={},
            blink=blink,
            gaze_yaw_deg=tuple(pose.gaze_deg[0] for pose in poses),
            gaze_pitch_deg=tuple(pose.gaze_deg[1] for pose in poses),
            head_yaw_deg=tuple(self.head_deg[:, 0].tolist()),
            head_pitch_deg=tuple(self.head_deg[:, 1].tolist()),
            head_roll_deg=tuple(self.head_deg[:, 2].tolist()),
        )
        return poses, truth

    def to_dict(self) -> dict[str, Any]:
        return {"recording": self.name, "notes": list(self.notes)}


def read_capture(path: Path, fps: float) -> Capture:
    """Read a recording and bring it to `fps` frames a second, in straight lines between its frames.

    Raises InputError that names the file, and the line where there is one, for what is no such recording.
    """
    header, rows = _read(path)
    columns = {name.strip().lower().replace("_", ""): index for index, name in enumerate(header)}
    if not columns.keys() & COLUMNS.keys():
        raise InputError(
            f"{path} names none of ARKit's 52 blend shapes in its first line; give a CSV as Live Link Face writes it"
        )
    places = [place for place, (_, row) in enumerate(rows) if not _is_dropped(row, columns)]
    if not places:
        raise InputError(f"{path} holds no frame in which a face was seen; record it again")
    seen = [rows[place] for place in places]
    notes = _column_notes(columns, header)
    names = [name for name in columns if name in COLUMNS or name in HEAD]
    table = np.array([[_number(path, line, row, columns[name]) for name in names] for line, row in seen])
    weights, head = np.zeros((len(seen), len(COLUMNS))), np.zeros((len(seen), len(HEAD)))
    for column, name in zip(table.T, names, strict=True):
        if name in COLUMNS:
            weights[:, ARKIT_UNITS.index(COLUMNS[name])] = column
        else:
            head[:, HEAD.index(name)] = column
    beyond = int(((weights < 0) | (weights > 1)).sum())
    if beyond:
        notes.append(f"{beyond:,} weights beyond 0 to 1 are held there")
    if _in_degrees(head):
        notes.append("head angles are taken for degrees, as they are too large for radians")
    else:
        head = np.degrees(head)
    furthest = float(np.abs(head).max())
    if furthest > FAR_DEG:
        notes.append(f"the head turns by up to {furthest:.0f} degrees, as few heads do; mend what is wrong with it")
    if len(rows) > len(seen):
        notes.append(f"{len(rows) - len(seen):,} frames in which the app saw no face are bridged")
    if TIMECODE in columns:
        times, time_notes = _times(path, seen, columns[TIMECODE], places[-1] - places[0] + 1 - len(places))
        notes += time_notes
    else:
        notes.append(f"there is no timecode; {RECORDED_FPS:g} frames a second are taken for granted")
        times = (np.array(places) - places[0]) / RECORDED_FPS
    if times[-1] > LONGEST_S:
        raise InputError(f"{path} lasts {times[-1]:,.0f} s; give at most {LONGEST_S:,.0f} s")
    frames = np.arange(math.floor(times[-1] * fps + 1e-6) + 1) / fps
    return Capture(
        name=Path(path).stem,
        weights=_resampled(frames, times, weights.clip(0, 1)),
        head_deg=_resampled(frames, times, head),
        notes=tuple(notes),
    )


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """First line, and the other lines that are not empty with their numbers."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = next(lines, [])
            rows = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}; give a CSV file") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path} cannot be read as CSV; give one as Live Link Face writes") from None
    return header, rows


def _is_dropped(row: Sequence[str], columns: dict[str, int]) -> bool:
    """Whether the app lost the face in this frame: its count is 0 and no weight follows."""
    count = _cell(row, columns[COUNT]) if COUNT in columns else ""
    return count == "0" or not any(_cell(row, index) for name, index in columns.items() if name in COLUMNS)


def _cell(row: Sequence[str], index: int) -> str:
    return row[index].strip() if index < len(row) else ""


def _in_degrees(head: np.ndarray) -> bool:
    """Whether the angles [frames, 3] are too large for radians; a spike that a tracker makes is not, up to half a
    turn, beyond which no angle in radians goes."""
    largest = np.abs(head).max(axis=1)
    return bool(np.percentile(largest, 95, method="lower") > LARGEST_RADIANS or largest.max() > math.pi + 1e-3)


def _column_notes(columns: dict[str, int], header: Sequence[str]) -> list[str]:
    missing = [unit for name, unit in COLUMNS.items() if name not in columns]
    known = {*COLUMNS, *HEAD, *EYES, TIMECODE, COUNT}
    unknown = [header[index].strip() for name, index in columns.items() if name not in known]
    notes = []
    if missing:
        notes.append(f"{len(missing)} of 52 blend shapes are missing and stay at 0: {_some(missing)}")
    if not set(HEAD) <= columns.keys():
        notes.append("columns of the head's turn are missing, which stays at 0")
    if unknown:
        notes.append(f"{len(unknown)} columns are unknown and passed over: {_some(unknown)}")
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMES_TOLD]) + (", ..." if len(names) > NAMES_TOLD else "")


def _number(path: Path, line: int, row: Sequence[str], index: int) -> float:
    text = _cell(row, index)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}, line {line}, column {index + 1}: {text!r} is no number; record it again or mend it")
    return value


def _times(path: Path, seen: Sequence[tuple[int, list[str]]], column: int, unseen: int) -> tuple[np.ndarray, list[str]]:
    """Seconds of each frame from the first on, which rise, and what is to be told of them.

    `unseen`: how many frames between the first and the last are known to be missing. Timecodes count frames at a rate
    that they do not tell: the smallest usual one that has room for all counts, and 60 within a single second.
    """
    parts = np.array([_timecode(path, line, _cell(row, column)) for line, row in seen])
    most = max(parts[:, 1].max(), 0.0 if np.ptp(parts[:, 0]) else RECORDED_FPS - 1)
    rate = next((rate for rate in TIMECODE_RATES if rate > most), None)
    if rate is None:
        raise InputError(f"{path} counts {most:g} frames within a second; give at most {TIMECODE_RATES[-1]}")
    times = parts[:, 0] + parts[:, 1] / rate
    times = np.where(times < times[0] - DAY_S / 2, times + DAY_S, times) - times[0]
    steps = np.diff(times)
    if (steps <= 0).any():
        line = seen[int(np.argmax(steps <= 0)) + 1][0]
        raise InputError(f"{path}, line {line}: the timecode does not go on from the line before; record it again")
    usual = float(np.median(steps)) if len(steps) else 1 / RECORDED_FPS
    notes = []
    if len(steps) and rate == RECORDED_FPS and not np.ptp(parts[:, 0]):
        notes.append(f"its timecode stays within one second, for which {RECORDED_FPS:g} frames are taken for granted")
    lost = int(np.round(steps[steps > LARGEST_STEP * usual] / usual - 1).sum()) - unseen
    if lost > 0:
        notes.append(f"{lost:,} frames were dropped in recording and are bridged")
    if abs(usual * RECORDED_FPS - 1) > 0.02:
        notes.append(f"it was recorded at {1 / usual:.4g} frames a second, not at {RECORDED_FPS:g}")
    return times, notes


def _timecode(path: Path, line: int, text: str) -> tuple[float, float]:
    """Whole seconds and frames of `hh:mm:ss:ff.fff`; a semicolon before the frames is as good."""
    match = re.fullmatch(r"\s*(\d{1,2}):([0-5]?\d):([0-5]?\d)[:;](\d{1,3}(?:\.\d+)?)\s*", text)
    if match is None:
        raise InputError(f"{path}, line {line}: timecode {text!r} is unknown; give hh:mm:ss:ff.fff")
    hours, minutes, seconds, frames = (float(part) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds, frames


def _resampled(frames: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.column_stack([np.interp(frames, times, column) for column in values.T])


def _gaze_deg(units: dict[str, float]) -> tuple[float, float]:
    """Yaw to the character's left and pitch up, the mean of both eyes."""
    yaw = units["eyeLookOutLeft"] - units["eyeLookInLeft"] + units["eyeLookInRight"] - units["eyeLookOutRight"]
    pitch = sum(units[f"eyeLookUp{side}"] - units[f"eyeLookDown{side}"] for side in ("Left", "Right"))
    return FULL_GAZE_DEG * yaw / 2, FULL_GAZE_DEG * pitch / 2
