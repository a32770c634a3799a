"""One stream of results to several writers, each of which takes its own as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Any

from fexgan.media import Pixels

Writer = Callable[[Iterator[Pixels]], None]
"""Takes pictures until there are no more."""

LOOK_EVERY_S = 0.1
"""How often one that waits for a writer looks whether that still works."""
_END, _CUT = object(), object()


class _CutShort(Exception):
    """Ends a writer where no more pictures come and none of its results is to stay."""


def feed(frames: Iterable[Sequence[Pixels]], writers: Sequence[Writer]) -> None:
    """Hand every writer its own picture of each frame, in order, while the writers work side by side.

    No more than two frames wait for a writer. What a writer raises, or `frames`, ends all of them, and is raised.
    """
    if len(writers) == 1:
        writers[0](picture for (picture,) in frames)
        return
    queues: list[Queue[Any]] = [Queue(maxsize=1) for _ in writers]
    with ThreadPoolExecutor(len(writers)) as pool:
        working = [pool.submit(writer, _taken(queue)) for writer, queue in zip(writers, queues, strict=True)]
        try:
            for pictures in frames:
                for picture, queue, writer in zip(pictures, queues, working, strict=True):
                    _put(picture, queue, writer)
            for queue, writer in zip(queues, working, strict=True):
                _put(_END, queue, writer)
            for writer in working:
                writer.result()
        except BaseException:
            for queue in queues:  # which may be full, of what nobody is to write any more
                with suppress(Empty):
                    queue.get_nowait()
                queue.put_nowait(_CUT)
            raise


def _taken(queue: Queue[Any]) -> Iterator[Pixels]:
    while (picture := queue.get()) is not _END:
        if picture is _CUT:
            raise _CutShort
        yield picture


def _put(picture: Any, queue: Queue[Any], writer: Future[None]) -> None:
    """Wait until there is room. Raises what ended the writer, where nobody takes anything any more."""
    while True:
        try:
            return queue.put(picture, timeout=LOOK_EVERY_S)
        except Full:
            if writer.done():
                return writer.result()
