"""Training any family to a checkpoint: schedule, log, preview, save, and going on where a run stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import ProjectConfiguration
from rich.console import Console

from fexgan import media
from fexgan.checkpoints import (
    Metadata,
    load_checkpoint,
    read_resume_state,
    remove_checkpoint,
    save_checkpoint,
    saved_checkpoints,
)
from fexgan.config import AnyConfig
from fexgan.errors import InputError
from fexgan.model import build
from fexgan.training.ahead import Batches, draw_ahead
from fexgan.training.alone import alone_in
from fexgan.training.averaging import AveragedNetworks
from fexgan.training.beginning import begin_with, check_framed_as, check_unseen, go_on_with
from fexgan.training.breakdown import Breakdown, check_losses, check_room, check_weights, enough_memory
from fexgan.training.display import Display
from fexgan.training.examples import Examples
from fexgan.training.interruption import StopRequest
from fexgan.training.log import TrainingLog, means_of
from fexgan.training.lots import Drawn
from fexgan.training.precision import computes_bf16
from fexgan.training.processes import check_agreed, check_shares, processes_here, put, share_batch_norm
from fexgan.training.progress import PREVIEWS, PROGRESS_NAME, film_progress
from fexgan.training.resume import changes_since, last_checkpoint, restore, resume_state
from fexgan.training.tasks import Task, open_task
from fexgan.training.updates import learning_rate

CHECKPOINTS_KEPT = 2
ON_PROCESSORS = not torch.accelerator.is_available()  # unless told, processes on CPUs would not find each other
RECENT_STEPS = 20
MOST_ROLLBACKS = 3
"""How often training goes back to one and the same checkpoint before it gives up."""
OTHER_BATCHES = 10**9
"""So many steps ahead lie the batches and the noise that a rollback goes on with: the same would break it again."""


@dataclass(frozen=True)
class TrainingSummary:
    """How a training ended."""

    checkpoint: Path
    """Folder of the newest checkpoint."""
    step: int
    """Steps taken in all, over every run of this training."""
    steps_taken: int
    """Steps taken now."""
    seconds: float
    """Time those took, with previews and saving."""
    losses: dict[str, float]
    """Means of the last steps logged; empty when no step was left to take."""
    stopped: bool
    """Whether a signal ended it before its last step; the same command goes on."""


def train(
    data: Path | Sequence[Path],
    out: Path,
    config: AnyConfig,
    *,
    start_from: str | Path | None = None,
    steps: int | None = None,
    keep: int = CHECKPOINTS_KEPT,
    on_nan: Literal["stop", "rollback"] = "stop",
    allow_change: bool = False,
    console: Console | None = None,
    examples: Examples | None = None,
) -> TrainingSummary:
    """Train networks of `config` into the folder `out`, or go on with a run that is there.

    `data`: prepared datasets for family `paper`, whose train splits are learned from; folders of filmed stills for
    family `portrait`; one of stills and one of their close-ups for family `details`. `start_from`: begin with the
    weights of this checkpoint (name or folder) instead of random ones; a run that goes on keeps its own. `steps`: steps
    in all, instead of `config.training.steps`. `keep`: how many checkpoints stay, the newest. `on_nan`: whether a loss
    that is no number or explodes ends training, or takes it back to its newest checkpoint, to go on with other
    batches. `allow_change`: go on with a run that was begun with other settings, other data or another version, or
    begin with the weights of a checkpoint that learned from faces framed otherwise.
    `examples`: of mixtures, for family `paper` to learn too. `out` receives `log.csv`, `tensorboard/`, `previews/`,
    `checkpoints/<step>/` and, once all steps are taken, `progress.mp4`, the previews as a film. Ctrl-C and SIGTERM save
    and end; whatever else ends the process, training goes on from the newest whole checkpoint.

    Raises InputError for data or a checkpoint that do not fit, for a run that has changed, for a folder that another
    training writes into, for a breakdown, and for a device whose memory is too small.
    """
    if keep < 1:
        raise InputError(f"cannot keep {keep} checkpoints; keep at least 1")
    folders = [data] if isinstance(data, str | Path) else data
    if not folders:
        raise InputError("no data to train on; give a folder that fexgan prepare wrote, or one of stills")
    if steps is not None:
        config = dataclasses.replace(config, training=dataclasses.replace(config.training, steps=steps))
    out, console = Path(out), console or Console(highlight=False)
    with alone_in(out), enough_memory(config.training):
        with PartialState(cpu=ON_PROCESSORS).local_main_process_first():  # the first decodes the data for the others
            task = open_task([Path(folder) for folder in folders], config, examples)
        return _train(task, out, start_from, keep, on_nan, allow_change, console)


def _train(
    task: Task,
    out: Path,
    start_from: str | Path | None,
    keep: int,
    on_nan: Literal["stop", "rollback"],
    allow_change: bool,
    console: Console,
) -> TrainingSummary:
    """Run a training to its end, from its last checkpoint again wherever a loss breaks down and that is asked for."""
    rollbacks, left = 0, MOST_ROLLBACKS
    while True:
        run = _Run(task, out, start_from, keep, allow_change, rollbacks, console)
        began_at = run.newest
        try:
            summary = run.run()
            run.accelerator.end_training()
            return summary
        except Breakdown as breakdown:
            left = (left if run.newest == began_at else MOST_ROLLBACKS) - 1
            if on_nan == "stop" or left < 0:
                raise InputError(run.obituary(breakdown)) from None
            rollbacks = run.rollbacks + 1
            back_to = f"step {int(run.newest.name)}" if run.newest else "the beginning"
            run.console.print(f"{breakdown} at step {run.step}; back to {back_to}, with other batches", soft_wrap=True)


class _Run:
    """One run of a training: what `train` holds between its steps."""

    def __init__(
        self,
        task: Task,
        out: Path,
        start_from: str | Path | None,
        keep: int,
        allow_change: bool,
        rollbacks: int,
        console: Console,
    ) -> None:
        self.task, self.config, self.out, self.keep = task, task.config, out, keep
        config = task.config
        self.accelerator = Accelerator(
            cpu=ON_PROCESSORS,
            log_with="tensorboard",
            project_config=ProjectConfiguration(str(out), str(out / "tensorboard")),
        )
        self.writes = self.accelerator.is_main_process
        self.console = console if self.writes else Console(quiet=True)
        check_room(config.model, self.accelerator.device)
        check_shares(config.training.batch_size, self.accelerator.num_processes * config.training.batch_parts)
        with self.accelerator.main_process_first():
            self.newest, damaged = last_checkpoint(out)
        for folder in damaged:
            self.console.print(f"a damaged checkpoint was set aside as {folder}", soft_wrap=True)
        if config.training.precision == "bf16" and not computes_bf16(self.accelerator.device):
            told = "training.precision is bf16, which this processor only imitates; auto or fp32 is many times as fast"
            self.console.print(told, soft_wrap=True)
        self.step, self.rollbacks, self.stopping = 0, rollbacks, False
        self.steps_before = 0
        self.waited_s = 0.0
        """How long the networks waited for the batch of the last step."""
        networks, checkpoint = build(config.model, config.training.seed), None
        if self.newest is not None:
            checkpoint = load_checkpoint(self.newest)
            changes = "; ".join(changes_since(checkpoint.metadata, config, task.fingerprint))
            if changes and not allow_change:
                way_out = "restore that, add --allow-change or train into a new folder"
                raise InputError(f"this run cannot go on as it began: {changes}; {way_out}")
            self.step, self.steps_before = checkpoint.metadata.step, checkpoint.metadata.steps_before
            go_on_with(networks, checkpoint, self.newest)
        elif start_from is not None:
            checkpoint = load_checkpoint(start_from)
            self.steps_before = checkpoint.metadata.steps_in_all
            begin_with(networks, checkpoint, start_from)
            if not allow_change:
                check_framed_as(config.framing, checkpoint, start_from)
                check_unseen(task.held_out, checkpoint, start_from)
        if self.accelerator.num_processes > 1:
            check_agreed(config, task.fingerprint, self.step)
        learned = checkpoint.metadata.characters if checkpoint else ()
        self.characters = tuple(dict.fromkeys((*learned, *task.characters)))
        """Everybody whom the weights have learned, in runs before too."""
        self.trainer = task.updates(networks, self.accelerator)
        self.averaged = AveragedNetworks(self.trainer.networks, config.training.ema_decay)
        if self.accelerator.num_processes > 1:
            share_batch_norm(self.trainer.networks)
        if self.newest is not None:
            self.rollbacks = max(rollbacks, restore(self.trainer, read_resume_state(self.newest)))
        self.preview = task.preview() if config.training.preview_every_steps and self.writes else None

    def run(self) -> TrainingSummary:
        """Take the steps that are left."""
        training, device, processes = self.config.training, self.accelerator.device, self.accelerator.num_processes
        first_step, start = self.step + 1, time.monotonic()
        if self.step >= training.steps:
            told = f"all {training.steps:,} steps were taken before; --steps or training.steps asks for more"
            self.console.print(told, soft_wrap=True)
        means: dict[str, float] = {}
        window: list[dict[str, float]] = []
        durations: deque[float] = deque(maxlen=RECENT_STEPS)
        waits: deque[float] = deque(maxlen=RECENT_STEPS)
        columns = (*self.task.columns, "learning_rate", "seconds_per_step", "waiting_share")
        log = TrainingLog(self.out, self.accelerator, first_step, columns)
        with (
            contextlib.closing(log),
            draw_ahead(self._draw, device, self.task.drawn_in_processes, processes_here(processes)) as batches,
            StopRequest() as stop,
            Display(self.console, first_step, training.steps) as display,
        ):
            while self.step < training.steps:
                step_start = time.monotonic()
                losses = self._take_step(batches, stop)
                durations.append(time.monotonic() - step_start)
                waits.append(self.waited_s)
                window.append(losses)
                display.show(self.step, fmean(durations), losses)
                last = self.step >= training.steps or self.stopping
                saving = last or self.step % training.save_every_steps == 0
                showing = self.preview and (last or self.step % training.preview_every_steps == 0)
                if (saving or showing) and self.writes:
                    self.task.finish(self.averaged)
                figures = self._show(log) if showing else {}
                logging = last or showing or self.step % training.log_every_steps == 0
                if logging or saving:
                    means = means_of(window) | figures
                if logging:
                    pace = {
                        "learning_rate": learning_rate(self.config, self.step),
                        "seconds_per_step": fmean(durations),
                        "waiting_share": sum(waits) / sum(durations),
                    }
                    log.record(self.step, time.monotonic() - start, means | pace)
                    window.clear()
                if saving:
                    self._save(means)
                if last:
                    break
        filmed = first_step > self.step and (self.out / PROGRESS_NAME).exists()  # not where a kill came before
        if self.preview and self.step == training.steps and not filmed:
            film_progress(self.out)
        return TrainingSummary(
            checkpoint=self.newest,
            step=self.step,
            steps_taken=self.step - first_step + 1,
            seconds=time.monotonic() - start,
            losses=means,
            stopped=self.step < training.steps,
        )

    def _take_step(self, batches: Batches[list[Drawn]], stop: StopRequest) -> dict[str, float]:
        """Take a step together with the other processes; all of them hear of a signal that reached one."""
        self.step += 1
        drawn = self.step + OTHER_BATCHES * self.rollbacks
        start = time.monotonic()
        parts = [(put(part, self.accelerator.device), generator) for part, generator in batches.take(drawn)]
        self.waited_s = time.monotonic() - start
        losses = self.trainer.take_step(parts, self.step)
        told, several = torch.stack(list(losses.values())), self.accelerator.num_processes > 1
        if several:
            told = self.accelerator.reduce(torch.cat([told, told.new_tensor([stop.requested])]), "mean")
        numbers = told.tolist()  # one transfer from the device for all
        self.stopping = numbers.pop() > 0 if several else stop.requested
        losses = dict(zip(losses, numbers, strict=True))
        check_losses(losses)
        self.averaged.update(self.trainer.networks, self.step)
        return losses

    def _draw(self, drawn: int, device: torch.device) -> list[Drawn]:
        """This process's part of the batch drawn as number `drawn`, in as many parts as memory asks for."""
        parts = self.config.training.batch_parts
        first = self.accelerator.process_index * parts
        return self.task.draw(drawn, range(first, first + parts), self.accelerator.num_processes * parts, device)

    def _show(self, log: TrainingLog) -> dict[str, float]:
        picture, figures = self.preview.draw(self.averaged.networks, f"step {self.step:,}")
        media.write_image(self.out / PREVIEWS / f"{self.step:06d}.png", picture)
        log.show(self.step, picture)
        if figures:
            told = ", ".join(f"{name.replace('_', ' ')} {figure:.3f}" for name, figure in figures.items())
            self.console.print(f"step {self.step}: {told}", soft_wrap=True)
        return figures

    def obituary(self, breakdown: Breakdown) -> str:
        """What ended the run, in one line."""
        kept = f"the last good checkpoint is {self.newest}" if self.newest else "no checkpoint was saved before"
        way_out = "try --on-nan rollback, a smaller training.learning_rate or training.precision fp32"
        return f"training broke down: {breakdown} at step {self.step}; {kept}; {way_out}"

    def _save(self, losses: dict[str, float]) -> None:
        check_weights(self.averaged.networks.parameters())
        folder = self.out / "checkpoints" / f"{self.step:06d}"
        if self.writes:
            metadata = Metadata(
                self.config,
                self.characters,
                self.task.fingerprint,
                self.step,
                losses,
                steps_before=self.steps_before,
            )
            state = resume_state(self.trainer, self.rollbacks)
            save_checkpoint(folder, self.averaged.networks, metadata, resume=state)
            for older in saved_checkpoints(self.out)[: -self.keep]:
                remove_checkpoint(older)
        self.accelerator.wait_for_everyone()
        self.newest = folder
