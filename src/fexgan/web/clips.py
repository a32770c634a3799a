"""Clips while they are made: how far each of them is, and whether anybody still waits for it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False)
class Making:
    """A clip that is being made: written by the thread that draws it, read by those that ask how far it is."""

    asked: Hashable
    """What tells the requests for it from others."""
    frames_done: int = 0
    frames: int = 0
    """How many it will have; 0 until its keyframes have been read."""
    is_wanted: bool = True
    """Whether somebody waits for it; not once its request is over, be it broken off."""

    def tell(self, frames_done: int, frames: int) -> None:
        self.frames_done, self.frames = frames_done, frames


class Clips:
    """The clips that are being made, each until its request is answered. Not safe to use from several threads."""

    def __init__(self) -> None:
        self._made: list[Making] = []

    @contextmanager
    def making(self, asked: Hashable) -> Iterator[Making]:
        """A clip that is among them from here on, and no longer after this, however that ends."""
        begun = Making(asked)
        self._made.append(begun)
        try:
            yield begun
        finally:
            begun.is_wanted = False
            self._made.remove(begun)

    def find(self, asked: Hashable) -> Making | None:
        """The clip that is asked for so, of several the newest: one given up may be among them for a while yet."""
        return next((one for one in reversed(self._made) if one.asked == asked), None)
