"""Film a cast: every character, affect and take as a clip with its sidecar of truth; finished takes are kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fexgan.affects import AFFECTS
from fexgan.errors import InputError
from fexgan.manifest import Take, affects_of_folder, write_sidecar
from fexgan.media import write_clip
from fexgan.studio.cast import Character, character_to_dict, open_cast_file, read_cast
from fexgan.studio.figure import Figure
from fexgan.studio.performance import perform, plan_performance


@dataclass(frozen=True)
class Shoot:
    """What to film. Sizes in pixels, `fps` in frames per second."""

    cast: Path | None = None
    """Cast file (YAML); the open cast where none is given."""
    characters: tuple[str, ...] = ()
    """Names of those to film; everyone where none is given."""
    affects: tuple[str, ...] = AFFECTS
    """Affects or mixtures such as `anger+sadness`."""
    takes: int = 3
    """Takes of each affect."""
    frames: int = 36
    """Frames of a take, at least 8."""
    fps: float = 24.0
    size_px: int = 160
    """Side of the square picture, even."""
    samples: int = 8
    """Light samples per pixel before denoising."""
    crf: int = 18
    """H.264 quality, 0 (lossless) to 51."""
    seed: int = 0
    """Draws every take's timing and motion."""

    def __post_init__(self) -> None:
        for name, low, high in (("takes", 1, 1000), ("frames", 8, 100_000), ("size_px", 16, 8192), ("samples", 1, 4096),
                                ("crf", 0, 51)):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} {getattr(self, name)} is out of range; give {low} to {high}")
        if self.size_px % 2:
            raise InputError(f"size_px {self.size_px} is odd; H.264 needs an even size")
        if not 0 < self.fps <= 240:
            raise InputError(f"fps {self.fps:g} is out of range; give more than 0, at most 240")
        for affect in self.affects:
            affects_of_folder(affect)


@dataclass(frozen=True)
class FilmReport:
    """How many takes were filmed now and how many stood already, frames filmed, and seconds it took."""

    filmed: int
    kept: int
    frames: int
    seconds: float


def film(out: Path, shoot: Shoot) -> FilmReport:
    """Film `shoot` into `out/<character>/<affect>/<take>.mp4|json`; the same call again goes on where it stopped.

    A take is finished when its clip stands: the sidecar is written before it, the clip under a temporary name until
    whole. Raises InputError for unknown names and where Blender cannot be loaded.
    """
    cast = _chosen(shoot)
    # Take by take over the whole cast, so that an interrupted shoot leaves everyone with every affect.
    jobs = [
        (character, affect, take)
        for take in range(1, shoot.takes + 1)
        for character in cast
        for affect in shoot.affects
    ]
    missing = [job for job in jobs if not _clip(out, *job).exists()]
    started = time.monotonic()
    if missing:
        _film_all(out, shoot, missing)
    return FilmReport(
        filmed=len(missing),
        kept=len(jobs) - len(missing),
        frames=len(missing) * shoot.frames,
        seconds=time.monotonic() - started,
    )


def _film_all(out: Path, shoot: Shoot, jobs: Sequence[tuple[Character, str, int]]) -> None:
    from fexgan.studio.renderer import Renderer, RenderSettings

    renderer = Renderer(RenderSettings(shoot.size_px, shoot.samples))
    seated: Figure | None = None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("filming", total=len(jobs) * shoot.frames)
        for character, affect, take in jobs:
            if seated is None or seated.character != character:
                seated = Figure(character)
                renderer.seat(seated)
            progress.update(task, description=f"{character.name} {affect} {take}")
            plan = plan_performance(character.name, affect, take, shoot.frames, shoot.fps, shoot.seed)
            poses, truth = perform(plan)
            clip = _clip(out, character, affect, take)
            clip.parent.mkdir(parents=True, exist_ok=True)
            record = Take(
                character=character.name,
                affect=affect,
                take=str(take),
                fps=shoot.fps,
                seed=plan.seed,
                size_px=shoot.size_px,
                frames=truth,
                character_parameters=character_to_dict(character),
                performance=plan.to_dict(),
            )
            write_sidecar(clip.with_suffix(".json"), record)

            def pictures() -> Iterator:
                for pose in poses:  # noqa: B023 - consumed before the loop goes on
                    yield renderer.shoot(seated.pose(pose))  # noqa: B023
                    progress.advance(task)

            write_clip(clip, pictures(), fps=shoot.fps, crf=shoot.crf, preset="veryslow")


def _chosen(shoot: Shoot) -> list[Character]:
    path = shoot.cast or open_cast_file()
    cast = read_cast(path)
    names = [character.name for character in cast]
    for name in shoot.characters:
        if name not in names:
            raise InputError(f"character {name!r} is not in {path.name}; choose from {', '.join(names)}")
    return [character for character in cast if not shoot.characters or character.name in shoot.characters]


def _clip(out: Path, character: Character, affect: str, take: int) -> Path:
    return out / character.name / affect / f"{take}.mp4"
