"""Batches drawn ahead are those that would have been drawn in turn."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import torch

from fexgan.training import ahead
from fexgan.training.ahead import Ahead, AheadInProcesses, batches_ahead, draw_ahead


def test_batches_come_in_the_order_they_are_asked_for_and_are_drawn_before():
    drawn: list[int] = []
    with Ahead(lambda number: drawn.append(number) or number * number, 3) as batches:
        assert [batches.take(number) for number in (1, 2, 3)] == [1, 4, 9]
    assert sorted(drawn) == list(range(1, max(drawn) + 1)) and max(drawn) <= 6


def test_the_next_is_drawn_while_this_one_is_used():
    begun = {number: threading.Event() for number in range(4)}

    def draw(number: int) -> int:
        begun[number].set()
        return number

    with Ahead(draw, 2) as batches:
        assert batches.take(0) == 0
        assert begun[1].wait(10) and begun[2].wait(10) and not begun[3].is_set()


def test_another_number_than_the_next_is_drawn_anew():
    with Ahead(lambda number: number, 2) as batches:
        assert [batches.take(number) for number in (1, 1_000, 1_001, 2)] == [1, 1_000, 1_001, 2]


@pytest.mark.parametrize("batches_of", [Ahead, AheadInProcesses])
def test_what_breaks_a_batch_is_told_where_that_is_taken(batches_of):
    def draw(number: int) -> int:
        if number == 2:
            raise ValueError("no such batch")
        return number

    with batches_of(draw, 2) as batches:
        assert batches.take(1) == 1
        with pytest.raises(ValueError, match="no such batch"):
            batches.take(2)


def test_processors_draw_in_turn_and_devices_ahead():
    drawn: list[int] = []
    with Ahead(lambda number: drawn.append(number) or number, batches_ahead(torch.device("cpu"))) as batches:
        assert batches.take(1) == 1
    assert drawn == [1]
    assert batches_ahead(torch.device("cuda")) >= 1


def random_batch(number: int) -> tuple[torch.Tensor, torch.Generator, int]:
    generator = torch.Generator().manual_seed(number)
    return torch.rand(2, 3, 8, 8, generator=generator).to(memory_format=torch.channels_last), generator, os.getpid()


def test_processes_draw_what_would_have_been_drawn_in_turn():
    with AheadInProcesses(random_batch, 2) as batches:
        for number in (4, 5, 6, 1_000, 1_001, 5):  # a rollback goes on with others
            (images, left, process), (expected, expected_left, _) = batches.take(number), random_batch(number)
            assert torch.equal(images, expected) and images.stride() == expected.stride()
            assert torch.equal(torch.rand(3, generator=left), torch.rand(3, generator=expected_left))
            assert process != os.getpid()


def test_processes_end_with_the_training():
    with AheadInProcesses(lambda number: os.getpid(), 2) as batches:
        drawers = {batches.take(number) for number in range(4)}
    for _ in range(100):
        if not any(Path(f"/proc/{drawer}").exists() for drawer in drawers):
            break
        threading.Event().wait(0.1)
    assert len(drawers) == 2 and not any(Path(f"/proc/{drawer}").exists() for drawer in drawers)


MIB = 2**20


def big_batch(number: int, device: torch.device) -> torch.Tensor:
    """A batch of one MiB."""
    return torch.zeros(MIB // 4)


@pytest.mark.parametrize(
    ("kind", "in_processes", "free_bytes", "expected"),
    [
        ("cuda", True, 100 * MIB, AheadInProcesses),
        ("cuda", False, 100 * MIB, Ahead),
        ("cuda", True, MIB, Ahead),
        ("cpu", True, 100 * MIB, Ahead),
    ],
)
def test_processes_draw_beside_a_device_where_they_are_faster_and_have_room(
    monkeypatch, kind, in_processes, free_bytes, expected
):
    monkeypatch.setattr(ahead.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free_bytes}))
    monkeypatch.setattr(ahead, "cpu_count", lambda: 4)
    assert type(draw_ahead(big_batch, torch.device(kind), in_processes)) is expected


@pytest.mark.parametrize(("trainings", "expected"), [(1, 4), (2, 2), (4, 1)])
def test_as_many_batches_are_drawn_ahead_as_have_room(monkeypatch, trainings, expected):
    """Two by each process, and another share of the room for each training."""
    monkeypatch.setattr(ahead.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 9 * MIB}))
    monkeypatch.setattr(ahead, "cpu_count", lambda: 100)
    assert draw_ahead(big_batch, torch.device("cuda"), True, trainings)._count == expected


def test_trainings_that_share_a_machine_share_its_cores(monkeypatch):
    monkeypatch.setattr(ahead.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100 * MIB}))
    monkeypatch.setattr(ahead, "cpu_count", lambda: 9)
    counts = [draw_ahead(big_batch, torch.device("cuda"), True, trainings)._count for trainings in (1, 2, 8)]
    assert counts == [8, 4, 1]


def test_cores_that_may_not_be_used_draw_nothing(monkeypatch):
    monkeypatch.setattr(ahead.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100 * MIB}))
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    cuda = torch.device("cuda")
    assert batches_ahead(cuda) == 1 and isinstance(draw_ahead(big_batch, cuda, True), Ahead)


def test_batches_for_cuda_alone_are_pinned(monkeypatch):
    monkeypatch.setattr(ahead, "processes_ahead", lambda *_: 2)
    asked: list[bool] = []
    monkeypatch.setattr(ahead, "DataLoader", lambda *_, pin_memory, **__: asked.append(pin_memory) or [None])
    for kind in ("cuda", "xpu"):
        draw_ahead(big_batch, torch.device(kind), True).take(1)
    assert asked == [True, False]
