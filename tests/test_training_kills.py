"""A training process that is killed at any moment and started again trains the same weights."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from narrow import settings, start_process
from rich.console import Console

from fexgan.checkpoints import load_checkpoint, newest_checkpoint, read_resume_state
from fexgan.errors import InputError
from fexgan.training.alone import alone_in
from fexgan.training.loop import train

STEPS = 20
PATIENCE_S = 120.0


def train_alone(data: Path, out: Path) -> None:
    """What a process of the test runs: the same command every time."""
    torch.set_num_threads(1)
    with open(os.devnull, "w") as nothing:
        config = settings(steps=STEPS, save_every_steps=4, log_every_steps=1)
        train(data, out, config, keep=3, console=Console(file=nothing))


def last_row(out: Path) -> int:
    """The last step in the log, 0 where there is none."""
    log = out / "log.csv"
    rows = log.read_text().splitlines()[1:] if log.is_file() else []
    return int(rows[-1].split(",")[0]) if rows else 0


def test_a_process_killed_at_random_moments_ends_with_the_weights_of_one_that_was_left_alone(tiny_dataset, tmp_path):
    def start(out: Path) -> BaseProcess:
        return start_process(train_alone, tiny_dataset, out)

    seed = random.randrange(2**32)
    moments = random.Random(seed)
    killed, alone = tmp_path / "killed", tmp_path / "alone"
    start(alone).join(PATIENCE_S)
    for number in (signal.SIGKILL, moments.choice((signal.SIGINT, signal.SIGTERM))):
        process, until = start(killed), moments.randrange(STEPS - 1)
        deadline = time.monotonic() + PATIENCE_S
        while last_row(killed) < until and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(moments.random() * 0.01)
        with contextlib.suppress(ProcessLookupError):  # it was done
            os.kill(process.pid, number)
        process.join(PATIENCE_S)
    last = start(killed)
    last.join(PATIENCE_S)
    assert last.exitcode == 0

    folders = [newest_checkpoint(run) for run in (alone, killed)]
    assert [folder.name for folder in folders] == [f"{STEPS:06d}"] * 2
    weights = [load_checkpoint(folder).networks.state_dict() for folder in folders]
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), (name, seed)
    states = [read_resume_state(folder) for folder in folders]
    assert states[0].keys() == states[1].keys()
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), (name, seed)
    assert sorted(path.name for path in killed.rglob(".*")) == []
    assert not (killed / "running.lock").exists()


def test_a_second_training_in_the_folder_of_a_running_one_is_refused_and_hurts_it_in_nothing(tiny_dataset, tmp_path):
    first = start_process(train_alone, tiny_dataset, tmp_path)
    deadline = time.monotonic() + PATIENCE_S
    while last_row(tmp_path) < 1 and first.is_alive() and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(first.pid, signal.SIGSTOP)  # however long the second takes
    before = (tmp_path / "log.csv").read_text()
    with pytest.raises(InputError, match="another training is writing into"):
        train(tiny_dataset, tmp_path, settings(steps=STEPS), console=Console(quiet=True))
    assert (tmp_path / "log.csv").read_text() == before
    os.kill(first.pid, signal.SIGCONT)
    first.join(PATIENCE_S)
    assert first.exitcode == 0 and last_row(tmp_path) == STEPS


def test_a_second_training_is_refused_before_it_reads_its_data(tmp_path):
    with alone_in(tmp_path), pytest.raises(InputError, match="another training is writing into"):
        train(tmp_path / "nowhere", tmp_path, settings(), console=Console(quiet=True))
