"""Ctrl-C and SIGTERM as a wish to stop soon, so that what was trained is saved."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class StopRequest:
    """While its block runs, the first Ctrl-C or SIGTERM sets `requested`; the second ends the process as ever.

    Outside the main thread signals cannot be caught: then nothing is ever requested.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> StopRequest:
        self._previous = {}
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._request) for number in self.SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self.__exit__()
