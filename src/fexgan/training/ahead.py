"""The next batches are drawn while a device works on this one."""

from __future__ import annotations

import itertools
import pickle
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, TypeVar

import cv2
import torch
from joblib import cpu_count
from torch.utils.data import DataLoader, Dataset

Drawn = TypeVar("Drawn")
MOST_AHEAD = 4
MOST_PROCESSES = 12
AHEAD_OF_EACH = 2
"""Batches that each process has ready, or is drawing."""
SHARED_MEMORY = Path("/dev/shm")
"""Where processes pass batches on; containers often have 64 MB there, and end without a word once it is full."""


class Batches(Protocol[Drawn]):
    """Batches by number, within a `with` block."""

    def take(self, number: int) -> Drawn: ...

    def __enter__(self) -> Batches[Drawn]: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def processes_ahead(device: torch.device, trainings: int, draw: Callable[[], object]) -> int:
    """How many processes draw batches for networks on `device`, each like one that `draw` returns; 0 where threads or
    none do it better, or where batches have no room on their way. `trainings`: how many share this machine.

    Drawing a pair takes thousands of small steps of Python, which threads take in turns.
    """
    wanted = min(MOST_PROCESSES, cpu_count() - 1) // trainings
    if device.type == "cpu" or not wanted or not SHARED_MEMORY.is_dir():
        return 0
    most_bytes = len(pickle.dumps(draw()))  # tensors that share memory are in it twice
    room = shutil.disk_usage(SHARED_MEMORY).free // trainings // most_bytes
    return min(wanted, room // AHEAD_OF_EACH)


def batches_ahead(device: torch.device) -> int:
    """How many batches are drawn ahead for networks on `device`.

    On processors none: what draws them is taken from the networks, and steps became no faster.
    """
    return 0 if device.type == "cpu" else max(1, min(MOST_AHEAD, cpu_count() - 1))


def draw_ahead(
    draw: Callable[[int, torch.device], Drawn], device: torch.device, in_processes: bool, trainings: int = 1
) -> Batches[Drawn]:
    """The batches that `draw` makes of their number for networks on `device`, drawn ahead where that pays.

    `in_processes`: whether processes draw them faster than threads; they draw on the processor. `trainings`: how many
    share this machine.
    """
    on_processor = partial(draw, device=torch.device("cpu"))
    processes = processes_ahead(device, trainings, lambda: on_processor(0)) if in_processes else 0
    if processes:
        return AheadInProcesses(on_processor, processes, pinned=device.type == "cuda")
    return Ahead(lambda number: draw(number, device), batches_ahead(device))


class Ahead(Generic[Drawn]):
    """Draws batches by number, `count` of them ahead of their turns, each in a thread of its own.

    A batch follows from its number alone, so nothing depends on when it is drawn. What `draw` raises is raised where
    that batch is taken.
    """

    def __init__(self, draw: Callable[[int], Drawn], count: int) -> None:
        self._draw, self._count = draw, count
        self._threads = ThreadPoolExecutor(max(1, count), "batches")
        self._coming: dict[int, Future[Drawn]] = {}

    def take(self, number: int) -> Drawn:
        """Batch `number`; those after it are begun, and what was begun in their stead is dropped."""
        if not self._count:
            return self._draw(number)
        wanted = range(number, number + self._count + 1)
        for other in self._coming.keys() - {*wanted}:
            self._coming.pop(other).cancel()
        for one in wanted:
            if one not in self._coming:
                self._coming[one] = self._threads.submit(self._draw, one)
        return self._coming.pop(number).result()

    def __enter__(self) -> Ahead[Drawn]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)


class AheadInProcesses(Dataset, Generic[Drawn]):
    """The same from processes, forked, so that they share what `draw` reads; what it returns, they pass on.

    On its way it may use no device. `pinned`: put it where a CUDA device reads it by itself.
    """

    def __init__(self, draw: Callable[[int], Drawn], count: int, pinned: bool = False) -> None:
        self._draw, self._count, self._pinned = draw, count, pinned
        self._coming: Iterator[Drawn] = iter(())
        self._next: int | None = None

    def __getitem__(self, number: int) -> Drawn:
        return self._draw(number)

    def take(self, number: int) -> Drawn:
        """Batch `number`; where that is not the one after the last, what was drawn ahead is dropped."""
        if number != self._next:
            self._coming = iter(
                DataLoader(
                    self,
                    batch_size=None,
                    sampler=itertools.count(number),
                    num_workers=self._count,
                    prefetch_factor=AHEAD_OF_EACH,
                    pin_memory=self._pinned,
                    worker_init_fn=_become_one_of_many,
                    multiprocessing_context="fork",
                )
            )
        self._next = number + 1
        return next(self._coming)

    def __enter__(self) -> AheadInProcesses[Drawn]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._coming, self._next = iter(()), None  # processes whose reader has gone end


def _become_one_of_many(_: int) -> None:
    """A process that draws is one of many, and the training alone answers signals."""
    cv2.setNumThreads(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
