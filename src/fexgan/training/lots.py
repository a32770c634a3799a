"""Pairs drawn in lots, so that each process of a training draws its own share of a batch and no more."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from fexgan.config import DetailsTrainingConfig, PortraitTrainingConfig
from fexgan.training.batches import step_generator
from fexgan.training.processes import joined, rows_of

Drawn = tuple[Any, torch.Generator]
"""A batch, or a share of one, and the source of the randomness that is left to its step."""
LOT = 4
"""Pairs drawn together. More take as long each (15 to 20 ms on a slow core), and shares of a batch end in mid-lot."""


class DrawsPairs(Protocol):
    """What makes pairs of filmed stills."""

    def draw(self, count: int, generator: torch.Generator) -> Any:
        """A batch of `count` pairs, on the processor; it follows from the generator alone."""
        ...


def draw_in_lots(
    pairs: DrawsPairs,
    training: PortraitTrainingConfig | DetailsTrainingConfig,
    step: int,
    shares: range,
    count: int,
) -> list[Drawn]:
    """Those of the `count` equal shares of the batch of a step; lots have seeds of their own, and only those that are
    in a share are drawn."""
    size = training.batch_size // count
    return [
        (_rows(pairs, training, step, index * size, (index + 1) * size), step_generator(training.seed, step, index))
        for index in shares
    ]


def _rows(
    pairs: DrawsPairs, training: PortraitTrainingConfig | DetailsTrainingConfig, step: int, first: int, end: int
) -> Any:
    """Pairs `first` to `end` of the batch of a step."""
    begin = first // LOT * LOT
    lots = [
        pairs.draw(min(LOT, training.batch_size - start), step_generator(training.seed, step, start // LOT, 1))
        for start in range(begin, end, LOT)
    ]
    return rows_of(joined(lots), first - begin, end - begin)
