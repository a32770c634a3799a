"""The whole road in one go: bundled footage to dataset, training shown, numbers, the paper's figures, and a page."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import torch

from fexgan import bundled
from fexgan.checkpoints import newest_checkpoint, read_metadata, resolve_checkpoint
from fexgan.dataset import fingerprint_of, shard_paths, shard_schema
from fexgan.dataset import read_metadata as read_dataset_metadata
from fexgan.errors import InputError
from fexgan.media import check_folder
from fexgan.page import write_page
from fexgan.terminal import say, say_wrote
from fexgan.training.precision import computes_bf16
from fexgan.training.resume import changes_since

RunVerb = Callable[[Sequence[str]], None]
NAME = "open-cast"
PAGE_NAME, DATA_NAME, RUN_NAME = "index.html", "dataset", "run"
STEPS_SHOWN, STEPS_SHOWN_IN_FP32 = 30, 6


@dataclass(frozen=True)
class Step:
    """One verb as the user would type it, and what it is for."""

    purpose: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command line, quoted for a shell."""
        return shlex.join(("fexgan", *self.arguments))


def demo_steps(out: Path, run: Path, train_until: int, character: str) -> tuple[Step, ...]:
    """Every verb of the demo in order, writing into `out`.

    `run`: folder of the training shown, `train_until`: the step at which it ends. `character`: the one that smiles
    alone.
    """
    data = f"{out / DATA_NAME}"
    training = ("--start-from", NAME, "--steps", f"{train_until}", "--out", f"{run}")
    smile = ("--keyframes", "0s neutral, 1s joy, 2s neutral")
    surprise = ("--keyframes", "0s neutral, 0.7s surprise, 1.6s joy, 2.6s neutral")
    seven = ("--keyframes", "0s neutral, 0.8s joy, 1.6s surprise, 2.4s fear, 3.2s sadness, 4s anger, 4.8s neutral")
    # Whoever has a folder of that name, as all macOS users at home, gets the bundled pictures all the same.
    folder = f"{bundled.pictures_path()}" if Path(bundled.PICTURES).exists() else bundled.PICTURES
    pictures = (folder, "--variants", "joy.laugh", "anger.shout")
    small = ("--cell-px", "160")  # larger ones have details painted, which takes twice as long
    return (
        Step("Turn the bundled footage into a dataset", ("prepare", NAME, "--out", data)),
        Step("Go on training the bundled model for a moment", ("train", data, *training)),
        Step("Measure the bundled model", ("evaluate", NAME, "--data", data, "--out", f"{out}")),
        Step("Draw faces of nobody", ("generate", "--count", "70", "--out", f"{out / 'random.png'}")),
        Step(
            "Draw the same faces neutral, and edit them",
            ("generate", "--count", "70", "--edit-with", "portrait", "--out", f"{out / 'random-edited.png'}"),
        ),
        Step("Give every character every affect", ("transform", "--data", data, "--out", f"{out / 'transform.png'}")),
        Step("Mix affects", ("blend", "--data", data, "--out", f"{out / 'blend.png'}")),
        Step(
            "Let one character smile",
            ("animate", "--data", data, "--characters", character, *smile, "--out", f"{out / 'joy.mp4'}"),
        ),
        Step("Edit faces that no network ever saw", ("transform", *pictures, "--out", f"{out / 'pictures.png'}")),
        Step("Let them act", ("animate", *pictures, *seven, *small, "--out", f"{out / 'pictures.mp4'}")),
        Step("Let the whole cast act", ("animate", "--data", data, *surprise, "--out", f"{out / 'cast.mp4'}")),
    )


def demo(out: Path, train_steps: int | None, run_verb: RunVerb) -> None:
    """Run every step, each printed first as a command that can be copied, and write `index.html` that shows it all.

    `train_steps`: how many steps of training are shown; None lets the processor's speed say. `run_verb`: runs a verb's
    arguments, as the command line does. Raises InputError like the verbs.
    """
    check_folder(out, "the demo")
    started = time.monotonic()
    shown = steps_to_show() if train_steps is None else train_steps
    character = _first_character()
    steps = demo_steps(out, out / RUN_NAME, shown, character)
    _take(1, steps, run_verb)
    run = _run_that_goes_on(out)  # only now is there a dataset to go on with
    steps = demo_steps(out, run, _steps_taken(run) + shown, character)
    for number in range(2, len(steps) + 1):
        _take(number, steps, run_verb)
    write_page(out / PAGE_NAME, [(step.purpose, step.command) for step in steps])
    say(f"\nDone in {time.monotonic() - started:.0f} s", style="bold")
    for path in sorted(path for path in out.iterdir() if path.is_file()):
        say_wrote(path)
    say(f"Open {out / PAGE_NAME} in a browser. For your own picture: fexgan serve --open")


def steps_to_show() -> int:
    """How many steps of training a demo of some minutes has time for: a step in fp32 takes several times as long."""
    fast = torch.accelerator.is_available() or computes_bf16(torch.device("cpu"))
    return STEPS_SHOWN if fast else STEPS_SHOWN_IN_FP32


def _take(number: int, steps: Sequence[Step], run_verb: RunVerb) -> None:
    step, started = steps[number - 1], time.monotonic()
    say(f"\n{number}/{len(steps)}  {step.purpose}", style="bold")
    say(f"$ {step.command}", style="cyan")
    run_verb(step.arguments)
    say(f"{time.monotonic() - started:.0f} s", style="dim")


def _run_that_goes_on(out: Path) -> Path:
    """The folder of the training shown: `run` in `out`, or `run-2` and so on where another version of the package began
    that one, or began it otherwise. What somebody trained on there stays."""
    data = out / DATA_NAME
    framing = read_dataset_metadata(shard_schema(shard_paths(data)[0]), data)[0].framing
    fingerprint = fingerprint_of(data)
    config = replace(read_metadata(resolve_checkpoint(NAME)).config, framing=framing)
    for number in count(1):
        run = out / (RUN_NAME if number == 1 else f"{RUN_NAME}-{number}")
        newest = newest_checkpoint(run)
        if newest is None:
            return run
        try:
            changes = changes_since(read_metadata(newest), config, fingerprint)
        except InputError as error:  # of settings that this version does not know
            changes = [str(error)]
        if not changes:
            return run
        say(f"{run} cannot go on as it began ({'; '.join(changes)}): training starts anew beside it", style="yellow")


def _steps_taken(run: Path) -> int:
    """Steps that an earlier demo's training took in the same folder: training goes on from there."""
    newest = newest_checkpoint(run)
    return 0 if newest is None else read_metadata(newest).step


def _first_character() -> str:
    return min(path.name for path in bundled.footage_path().iterdir() if path.is_dir())
