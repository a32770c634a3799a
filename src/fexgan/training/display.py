"""What the terminal shows of a training: step, seconds per step, every loss, time left."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

PLAIN_LINE_EVERY_S = 10.0


class Display:
    """A live panel on a terminal; elsewhere (a file, CI) a plain line now and then."""

    def __init__(self, console: Console, first_step: int, steps: int) -> None:
        self.console = console
        self.steps = steps
        self._last_line_s = -PLAIN_LINE_EVERY_S
        self._progress = Progress(
            TextColumn("step"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"), console=console
        )
        self._task = self._progress.add_task("train", total=steps, completed=first_step - 1, pace="")
        self._live = Live(self._progress, console=console, refresh_per_second=4)

    def __enter__(self) -> Display:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def show(self, step: int, seconds_per_step: float, losses: Mapping[str, float]) -> None:
        """Tell of step `step`; `seconds_per_step` is the recent mean."""
        pace = f"{seconds_per_step:.2f} s/step, {_duration((self.steps - step) * seconds_per_step)} left"
        if self.console.is_terminal:
            self._progress.update(self._task, completed=step, pace=pace)
            self._live.update(Group(self._progress, _loss_table(losses)))
        elif step == self.steps or time.monotonic() - self._last_line_s >= PLAIN_LINE_EVERY_S:
            self._last_line_s = time.monotonic()
            values = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
            self.console.print(f"step {step}/{self.steps}, {pace}: {values}", soft_wrap=True, highlight=False)


def _loss_table(losses: Mapping[str, float]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in losses.items():
        table.add_row(name.replace("_", " "), f"{value:.4g}")
    return table


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
