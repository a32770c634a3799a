"""The next batches are drawn while a device works on this one."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

import torch

Drawn = TypeVar("Drawn")
MOST_AHEAD = 4


def batches_ahead(device: torch.device) -> int:
    """How many batches are drawn ahead for networks on `device`.

    On processors none: what draws them is taken from the networks, and steps became no faster.
    """
    return 0 if device.type == "cpu" else max(1, min(MOST_AHEAD, (os.cpu_count() or 1) - 1))


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
