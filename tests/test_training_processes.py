"""A training in two processes follows that in one, and a batch taken in parts that of one taken whole."""

from __future__ import annotations

import csv
import dataclasses
import os
import socket
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from accelerate import Accelerator
from narrow import settings, start_process
from rich.console import Console

from fexgan.checkpoints import newest_checkpoint
from fexgan.config import Config
from fexgan.errors import InputError
from fexgan.losses import gradient_penalty
from fexgan.model import build
from fexgan.training import loop, processes
from fexgan.training.ahead import draw_ahead
from fexgan.training.batches import step_generator
from fexgan.training.loop import train
from fexgan.training.processes import average_gradients, check_shares, share_batch_norm
from fexgan.training.step import Trainer
from fexgan.training.updates import Updates

PATIENCE_S = 120.0
STEPS = 4


def even_settings(**training) -> Config:
    """Settings without noise that would differ from share to share, with a penalty that gradients go through twice."""
    config = settings(steps=STEPS, log_every_steps=1, **training)
    augmentation = dataclasses.replace(config.training.augmentation, probability=0.0, mirror=False)
    return dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, dropout=0.0, head_dropout=0.0, decoder_refinements=(0, 0, 0, 0, 1)),
        loss=dataclasses.replace(config.loss, gradient_penalty=1.0),
        training=dataclasses.replace(config.training, augmentation=augmentation),
    )


def train_as(rank: int, processes: int, port: int, data: Path, out: Path) -> None:
    """What one process of a test runs, as torchrun would start it."""
    torch.set_num_threads(1)
    if processes > 1:
        os.environ |= {
            "RANK": f"{rank}", "LOCAL_RANK": f"{rank}", "WORLD_SIZE": f"{processes}", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": f"{port}",
        }  # fmt: skip
    train(data, out, even_settings(), console=Console(quiet=True))


def refused_as(rank: int, port: int, data: Path, out: Path) -> None:
    """What one of two processes of a test runs that see different things."""
    with pytest.raises(InputError, match="see different settings, data or checkpoints; start all"):
        train_as(rank, 2, port, data, out)


def penalise_as(rank: int, processes: int, port: int, out: Path) -> None:
    """What one process of a test runs: the gradients of a gradient penalty, into the file `out`."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=processes)
    networks = build(settings().model).train()
    share_batch_norm(networks)
    gradients = penalty_gradients(networks.discriminator, pictures().chunk(processes)[rank])
    for gradient in gradients:
        dist.all_reduce(gradient)
    if rank == 0:
        torch.save([gradient / processes for gradient in gradients], out)
    dist.destroy_process_group()


def pictures() -> torch.Tensor:
    return torch.rand(8, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def penalty_gradients(discriminator: torch.nn.Module, images: torch.Tensor) -> list[torch.Tensor]:
    """Of the layers between pictures and verdicts that have one."""
    images = images.clone().requires_grad_()
    real_logits, _ = discriminator.read(images)
    gradient_penalty(real_logits, images).backward()
    return [parameter.grad for parameter in discriminator.parameters() if parameter.grad is not None]


def joined(*processes: BaseProcess) -> None:
    for process in processes:
        process.join(PATIENCE_S)
        assert process.exitcode == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_two_processes_of_half_a_batch_follow_one_of_a_whole_batch(tiny_dataset, tmp_path):
    port = free_port()
    together = [start_process(train_as, rank, 2, port, tiny_dataset, tmp_path / "two") for rank in range(2)]
    joined(*together, start_process(train_as, 0, 1, port, tiny_dataset, tmp_path / "one"))
    logs = []
    for run in ("one", "two"):
        with (tmp_path / run / "log.csv").open() as file:
            logs.append(list(csv.DictReader(file)))
    assert [row["step"] for row in logs[1]] == [f"{step}" for step in range(1, STEPS + 1)]
    for one, two in zip(*logs, strict=True):
        for name in one.keys() - {"step", "seconds", "seconds_per_step", "waiting_share"}:
            assert float(two[name]) == pytest.approx(float(one[name]), rel=2e-3), (name, one["step"])
    assert len(list((tmp_path / "two" / "tensorboard").glob("**/events*"))) == 1


def test_processes_that_see_different_checkpoints_are_refused_where_each_would_learn_something_else(
    tiny_dataset, tmp_path
):
    """As on two machines that do not share the folder of the run: one would begin anew where the other goes on."""
    port = free_port()
    train(tiny_dataset, tmp_path / "begun", even_settings(), steps=1, console=Console(quiet=True))
    folders = enumerate((tmp_path / "begun", tmp_path / "new"))
    joined(*[start_process(refused_as, rank, port, tiny_dataset, out) for rank, out in folders])
    assert newest_checkpoint(tmp_path / "begun").name == "000001" and newest_checkpoint(tmp_path / "new") is None


def test_a_gradient_penalty_has_the_same_gradients_over_two_processes_as_in_one(tmp_path):
    port = free_port()
    joined(*[start_process(penalise_as, rank, 2, port, tmp_path / "gradients") for rank in range(2)])
    alone = penalty_gradients(build(settings().model).train().discriminator, pictures())
    together = torch.load(tmp_path / "gradients")
    assert alone and any(one.abs().max() > 1e-3 for one in alone)
    for one, two in zip(alone, together, strict=True):
        torch.testing.assert_close(two, one, rtol=1e-3, atol=1e-4 * one.abs().max().item() + 1e-12)


class MeanSquares(Updates):
    """Pulls what the encoder says of a batch towards zero."""

    def update(self, batch, step, generator):
        loss = self.networks.encoder.mean(batch).square().mean()
        self.descend(loss, self.generator_optimizer)
        return {"loss": loss.detach()}


def test_gradients_of_parts_add_up_to_that_of_the_whole_batch():
    config = settings()
    batch = torch.randn(8, config.model.encoder_widths[-1])
    results = []
    for count in (1, 4):
        # What a launcher was configured for, which is not ours, changes nothing.
        accelerator = Accelerator(gradient_accumulation_steps=count)
        trainer = MeanSquares(build(config.model), config, accelerator)
        losses = trainer.take_step([(part, step_generator(0, 1)) for part in batch.chunk(count)], step=1)
        mean = trainer.networks.encoder.mean
        results.append((losses["loss"], mean.weight.grad, mean.weight.detach()))
    for whole, parts in zip(*results, strict=True):
        torch.testing.assert_close(whole, parts)


def test_a_training_in_parts_takes_every_row_once_with_noise_of_its_own(tiny_dataset, tmp_path, monkeypatch):
    taken, update = [], Trainer.update

    def noted(self, batch, step, generator):
        taken.append((batch.source_images, generator.initial_seed()))
        return update(self, batch, step, generator)

    monkeypatch.setattr(Trainer, "update", noted)
    rows, seeds = {}, {}
    for parts in (1, 2):
        train(tiny_dataset, tmp_path / f"{parts}", settings(steps=1, batch_parts=parts), console=Console(quiet=True))
        images, seeds[parts] = zip(*taken, strict=True)
        rows[parts] = torch.cat(images)
        taken.clear()
    assert torch.equal(rows[1], rows[2])
    assert len(seeds[1]) == 1 and len(set(seeds[2])) == 2


def test_batches_are_drawn_by_a_share_of_this_machine_and_not_of_all(tiny_dataset, tmp_path, monkeypatch):
    shared_by = []

    def draw(*arguments):
        shared_by.append(arguments[3])
        return draw_ahead(*arguments)

    monkeypatch.setattr(loop, "draw_ahead", draw)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    train(tiny_dataset, tmp_path, settings(steps=1), console=Console(quiet=True))
    assert shared_by == [8]
    assert processes.processes_here(16) == 8
    monkeypatch.delenv("LOCAL_WORLD_SIZE")
    assert processes.processes_here(16) == 16


def test_gradients_are_averaged_in_one_message_and_stay_where_they_lie(monkeypatch):
    """Beside a process whose gradients are three times as large."""
    messages = []
    monkeypatch.setattr(processes.dist, "all_reduce", lambda tensor: messages.append(tensor.mul_(4.0)))
    monkeypatch.setattr(processes.dist, "get_world_size", lambda: 2)
    networks = build(settings().model).to(memory_format=torch.channels_last)
    unused, *used = networks.encoder.parameters()
    for parameter in used:
        parameter.grad = torch.randn_like(parameter)
    before = [(parameter.grad, parameter.grad.clone()) for parameter in used]
    average_gradients([unused, *used])
    assert len(messages) == 1 and unused.grad is None
    for parameter, (held, own) in zip(used, before, strict=True):
        assert parameter.grad is held and held.stride() == parameter.stride()
        torch.testing.assert_close(held, 2.0 * own)


@pytest.mark.parametrize(("batch_size", "shares"), [(8, 3), (4, 4)])
def test_batches_that_cannot_be_dealt_out_are_refused(batch_size, shares):
    with pytest.raises(InputError, match=f"multiple of {shares}, of at least {2 * shares}"):
        check_shares(batch_size, shares)
    check_shares(8, 4)
    check_shares(1, 1)
