"""Batches drawn ahead are those that would have been drawn in turn."""

from __future__ import annotations

import threading

import pytest
import torch

from fexgan.training.ahead import Ahead, batches_ahead


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


def test_what_breaks_a_batch_is_told_where_that_is_taken():
    def draw(number: int) -> int:
        if number == 2:
            raise ValueError("no such batch")
        return number

    with Ahead(draw, 2) as batches:
        assert batches.take(1) == 1
        with pytest.raises(ValueError, match="no such batch"):
            batches.take(2)


def test_processors_draw_in_turn_and_devices_ahead():
    drawn: list[int] = []
    with Ahead(lambda number: drawn.append(number) or number, batches_ahead(torch.device("cpu"))) as batches:
        assert batches.take(1) == 1
    assert drawn == [1]
    assert batches_ahead(torch.device("cuda")) >= 1
