"""What people see while they wait: one console, and progress with the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn, track

from fexgan.errors import InputError
from fexgan.tables import counted

Item = TypeVar("Item")
Result = TypeVar("Result")

console = Console(highlight=False)


def tracked(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """The items one by one, `total` where they do not tell, with a progress bar that goes when it is done; silent where
    output is no terminal."""
    yield from track(items, description, total, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def stage_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to be told (stage, done, total), total 0 where nobody knows; it shows a bar for each stage, with
    the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[reached]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, reached="")
            reached = f"{100 * done / total:.0f} %" if total else f"{done:,}"
            progress.update(tasks[stage], completed=done, total=total or None, reached=reached)
            if total and done >= total:  # else the bars of many clips push that of the one at work out of sight
                progress.remove_task(tasks.pop(stage))

        yield tell


def size_text(size_bytes: int) -> str:
    """A file's size for people, as in `3.4 MB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes < 1e6 else f"{size_bytes / 1e6:.1f} MB"


def say(text: str, style: str | None = None) -> None:
    """Print one line as it is: unbroken, so that paths and commands can be copied, and without markup."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Say one line on stderr, where it does not mix with results."""
    Console(stderr=True, highlight=False).print(text, style="yellow", markup=False, soft_wrap=True)


def usable(
    items: Iterable[Item],
    use: Callable[[Item], Result],
    refusal: Callable[[Item, InputError], str],
    tell: Callable[[str], None] = say,
) -> Iterator[tuple[Item, Result]]:
    """Yield the items one by one with what `use` makes of each, but for those that it refuses: of these `tell` is told
    at the end, each with its `refusal`. Raises InputError, the first one, where it refuses all."""
    refusals: list[str] = []
    used = 0
    for item in items:
        try:
            result = use(item)
        except InputError as error:
            refusals.append(refusal(item, error))
            continue
        used += 1
        yield item, result
    if refusals and not used:
        raise InputError(refusals[0])
    for one in refusals:
        tell(f"left out {one}")


def say_wrote(path: Path) -> None:
    """Tell that a file is written, and its size; of a folder, how many files it holds."""
    if path.is_dir():
        say(f"wrote {counted(sum(1 for _ in path.iterdir()), 'file')} to {path}")
    else:
        say(f"wrote {path} ({size_text(path.stat().st_size)})")
