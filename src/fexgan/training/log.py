"""The numbers of a training, in `log.csv` and in TensorBoard."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from accelerate import Accelerator
from PIL import Image

from fexgan.errors import InputError
from fexgan.media import write_text_atomically

_HEAD = "step,seconds,"
_ROW = re.compile(r"\d+,\d+(\.\d+)?,")
"""How a whole row begins."""


class TrainingLog:
    """One row per `record`: step, training time so far in seconds, and the values of `columns`, empty where unknown.

    A log that began with other columns, as under other losses, keeps them, and those that it lacks come after them.

    Of several processes only the main one writes. A resumed training drops the rows after its checkpoint, which it is
    about to take again, and keeps counting time; so do rows go that a power cut left in pieces. Nothing is written, and
    nothing dropped, before there is something to tell: a training that ends in its first step leaves no empty log.
    Raises InputError for a file of that name that is no log.
    """

    def __init__(self, out: Path, accelerator: Accelerator, first_step: int, columns: Sequence[str]) -> None:
        self.columns = columns
        self.path = out / "log.csv"
        self.accelerator = accelerator
        self.first_step = first_step
        self._is_open = False
        if not accelerator.is_main_process:
            return
        header, rows = _read(self.path)
        self._kept = [row for row in rows if int(row.split(",")[0]) < first_step]
        if self._kept:
            known = header.split(",")[2:]
            new = [name for name in columns if name not in known]
            self.columns = (*known, *new)
            self._kept = [row + "," * len(new) for row in self._kept]
        self.seconds_before = float(self._kept[-1].split(",")[1]) if self._kept else 0.0

    def record(self, step: int, seconds: float, values: Mapping[str, float]) -> None:
        """Add a row: `seconds` since this run began, `values` the means since the last row, by column."""
        if not self.accelerator.is_main_process:
            return
        self._open()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            known = (f"{values[name]:.6g}" if name in values else "" for name in self.columns)
            csv.writer(file, lineterminator="\n").writerow([step, f"{self.seconds_before + seconds:.2f}", *known])
        self.accelerator.log(dict(values), step=step)

    def show(self, step: int, picture: Image.Image) -> None:
        """Add a sample sheet to TensorBoard."""
        self._open()
        tracker = self.accelerator.get_tracker("tensorboard")
        tracker.log_images({"preview": np.asarray(picture)[None]}, step=step, dataformats="NHWC")

    def _open(self) -> None:
        """Begin to write, once: both files as they were before `first_step`."""
        if self._is_open:
            return
        self.accelerator.init_trackers("", init_kwargs={"tensorboard": {"purge_step": self.first_step}})
        lines = (_HEAD + ",".join(self.columns), *self._kept)
        write_text_atomically(self.path, "".join(f"{line}\n" for line in lines))
        self._is_open = True

    def close(self) -> None:
        for tracker in self.accelerator.trackers:
            tracker.finish()


def _read(path: Path) -> tuple[str, list[str]]:
    """The header of a log and its whole rows; both empty where there is none yet."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    header, *rows = text.splitlines() or [""]
    if header and not header.startswith(_HEAD):
        raise InputError(f"{path} is no log of a training, its first line is not {_HEAD}...; move it elsewhere")
    return header, [row for row in rows if _ROW.match(row) and row.count(",") == header.count(",")]


def means_of(steps: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every loss over those of the steps that had it."""
    names = {name: None for losses in steps for name in losses}
    return {name: fmean(losses[name] for losses in steps if name in losses) for name in names}
