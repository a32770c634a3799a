"""Film a cast: every character, affect and take as a clip with its sidecar of truth; finished takes are kept."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from joblib import cpu_count, delayed
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fexgan.affects import AFFECTS, NEUTRAL, Mixture
from fexgan.errors import InputError
from fexgan.manifest import PERFORMANCE, STILLS, Take, write_sidecar
from fexgan.media import Pixels, check_folder, writable_folder
from fexgan.studio.capture import Capture, read_capture
from fexgan.studio.cast import Character, character_to_dict, open_cast_file, read_cast
from fexgan.studio.close_up import mouth_window
from fexgan.studio.crowd import random_cast
from fexgan.studio.figure import Figure, Pose
from fexgan.studio.landmarks import with_geometry, with_units
from fexgan.studio.performance import perform, plan_performance
from fexgan.studio.staging import Staging, draw_staging
from fexgan.studio.standing import check_standing
from fexgan.studio.stills import STILL_SETS, pose_stills, still_count
from fexgan.terminal import tracked, warn
from fexgan.video import FASTEST_FPS, SLOWEST_FPS, write_clip
from fexgan.workers import Jobs, check_jobs, processes, share


@dataclass(frozen=True)
class Shoot:
    """What to film. Sizes in pixels, `fps` in frames per second."""

    cast: Path | None = None
    """Cast file (YAML); the open cast where none is given."""
    random: int = 0
    """Film this many characters drawn at random from `seed` instead of a cast file."""
    wardrobe: bool = False
    """Draw clothing and glasses for the random characters, who wear plain round necks otherwise."""
    characters: tuple[str, ...] = ()
    """Names of those to film; everyone where none is given."""
    affects: tuple[str, ...] = AFFECTS
    """Affects or mixtures such as `anger+sadness`."""
    stills: str = ""
    """Film this set of stills (`truth`, `crowd`, `turned`, `people` or `poses`) instead of takes."""
    performance: Path | None = None
    """Film the face recorded in this CSV instead of affects, all of it, on each character."""
    takes: int = 3
    """Takes of each affect."""
    frames: int = 36
    """Frames of a take, at least 8."""
    fps: float = 24.0
    size_px: int = 144
    """Side of the square picture, even."""
    samples: int = 4
    """Light samples per pixel before denoising."""
    crf: int = 13
    """H.264 quality, 0 (lossless) to 51."""
    seed: int = 0
    """Draws every take's timing and motion, stills' poses, varied sets, variants and the random characters."""
    variants: bool = False
    """Let each character show each affect in a variant of its own; the crowd's stills then show a second one too."""
    light: bool = False
    """Vary the light from take to take."""
    camera: bool = False
    """Vary the camera's distance and height from take to take."""
    backdrop: bool = False
    """Vary the backdrop's colour from take to take."""
    close_up: bool = False
    """Film only the part around the mouth of a picture of `size_px`."""

    def __post_init__(self) -> None:
        for name, low, high in (("takes", 1, 1000), ("frames", 8, 100_000), ("size_px", 16, 8192), ("samples", 1, 4096),
                                ("crf", 0, 51)):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} {getattr(self, name)} is out of range; give {low} to {high}")
        if self.size_px % 2:
            raise InputError(f"size_px {self.size_px} is odd; H.264 needs an even size")
        if not SLOWEST_FPS <= self.fps <= FASTEST_FPS:
            raise InputError(f"fps {self.fps:g} is out of range; give {SLOWEST_FPS:g} to {FASTEST_FPS:g}")
        _check_affects(self.affects)
        if self.random < 0 or (self.random and self.cast):
            raise InputError(f"random {self.random} cannot be filmed; give a count above 0, and no cast file with it")
        if self.wardrobe and not self.random:
            raise InputError("wardrobe dresses random characters; give random a count, or clothing in the cast file")
        if self.stills and self.stills not in STILL_SETS:
            raise InputError(f"set of stills {self.stills!r} is unknown; choose from {', '.join(STILL_SETS)}")
        if self.stills and self.performance:
            raise InputError(f"{self.performance} cannot be filmed as stills; give either stills or a performance")

    @property
    def folders(self) -> tuple[str, ...]:
        """What of `affects` is filmed: what is asked for twice, be it in another order, once, as it is first named."""
        named: dict[frozenset[str], str] = {}
        for folder in self.affects:
            named.setdefault(frozenset(folder.split("+")), folder)
        return tuple(named.values())


def _check_affects(folders: Sequence[str]) -> None:
    """Raise InputError unless each of these is an affect, or a mixture of emotions."""
    if not folders:
        raise InputError(f"no affect is named; choose from {', '.join(AFFECTS)}")
    for folder in folders:
        if ":" in folder:
            raise InputError(f"affect {folder!r}: takes play from 0 to their peak; leave the strength out")
        affects = folder.split("+")
        Mixture(tuple((affect, 1.0) for affect in affects))  # which says what is wrong with it
        if NEUTRAL in affects and len(affects) > 1:
            raise InputError(f"mixture {folder!r} holds {NEUTRAL}, the face at rest; name the emotions alone")


@dataclass(frozen=True)
class FilmReport:
    """How many takes were filmed now and how many stood already, frames filmed, and seconds it took."""

    filmed: int
    kept: int
    frames: int
    seconds: float


def film(out: Path, shoot: Shoot, workers: Jobs = 1) -> FilmReport:
    """Film `shoot` into `out/<character>/<affect>/<take>.mp4|json`; the same call again goes on where it stopped.

    A take is finished when its clip stands: the sidecar is written before it, the clip under a temporary name until
    whole. `workers`: processes that film side by side; those of this machine have their share of its cores, on a
    cluster, which must see `out`, each has one. Raises InputError for unknown names, for a clip that stands and was
    filmed otherwise than `shoot` says, for a mouth that moves out of its close-up, where nothing can be written, where
    Blender cannot be loaded, and where a worker was killed.
    """
    check_folder(out, "footage")
    check_jobs(workers)
    cast = chosen_cast(shoot)
    jobs = _recorded_jobs(cast, shoot.performance, shoot.fps) if shoot.performance else _planned_jobs(cast, shoot)
    missing = []
    for job in jobs:
        if job.clip(out).exists():
            check_standing(job.clip(out), job.record(shoot)[1], shoot.close_up)
        else:
            missing.append(job)
    started = time.monotonic()
    if missing:
        if shoot.close_up:
            _check_close_ups(out, shoot, missing)
        writable_folder(out)  # told before Blender, which takes long, starts
        _film_all(out, shoot, missing, workers)
    return FilmReport(
        filmed=len(missing),
        kept=len(jobs) - len(missing),
        frames=sum(job.frames(shoot) for job in missing),
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True)
class _Job:
    """One clip to film: a take of a folder, an affect, a mixture, `stills`, or `performance` with its recording."""

    character: Character
    folder: str
    take: str
    recording: Capture | None = None

    def frames(self, shoot: Shoot) -> int:
        """How many pictures the clip has."""
        if self.recording:
            return len(self.recording)
        return still_count(shoot.stills, shoot.variants) if shoot.stills else shoot.frames

    def clip(self, out: Path) -> Path:
        return out / self.character.name / self.folder / f"{self.take}.mp4"

    def staging(self, shoot: Shoot) -> Staging:
        """The set of this clip."""
        label = f"{shoot.seed}/{self.character.name}/{self.folder}/{self.take}"
        return draw_staging(label, shoot.light, shoot.camera, shoot.backdrop)

    def plan(self, shoot: Shoot, figure: Figure) -> tuple[list[Pose], Take]:
        """The poses to shoot, and the sidecar that tells of them."""
        poses, record = self.record(shoot)
        frames = with_geometry(record.frames, figure, poses, self.staging(shoot), shoot.size_px)
        window = mouth_window(np.array(frames.extra["landmarks_px"]), shoot.size_px) if shoot.close_up else None
        return poses, replace(record, frames=frames, window_px=window)

    def record(self, shoot: Shoot) -> tuple[list[Pose], Take]:
        """The same, but for what takes a figure to tell: landmarks, their box and the window."""
        name = self.character.name
        if self.recording:
            poses, truth = self.recording.perform()
            seed, performance = shoot.seed, self.recording.to_dict()
        elif shoot.stills:
            poses, truth = pose_stills(name, shoot.stills, shoot.seed, shoot.variants)
            seed, performance = shoot.seed, {"stills": shoot.stills}
        else:
            plan = plan_performance(
                name, self.folder, int(self.take), shoot.frames, shoot.fps, shoot.seed, shoot.variants
            )
            poses, truth = perform(plan)
            seed, performance = plan.seed, plan.to_dict()
        return poses, Take(
            character=name,
            affect=self.folder,
            take=self.take,
            fps=shoot.fps,
            seed=seed,
            size_px=shoot.size_px,
            frames=with_units(truth, poses),
            character_parameters=character_to_dict(self.character),
            performance=performance
            | {"staging": self.staging(shoot).to_dict(), "samples": shoot.samples, "crf": shoot.crf},
        )


def _planned_jobs(cast: Sequence[Character], shoot: Shoot) -> list[_Job]:
    """Take by take over the whole cast, so that an interrupted shoot leaves everyone with every affect."""
    return [
        _Job(character, folder, str(take))
        for take in range(1, (1 if shoot.stills else shoot.takes) + 1)
        for character in cast
        for folder in ((STILLS,) if shoot.stills else shoot.folders)
    ]


def _recorded_jobs(cast: Sequence[Character], recording: Path, fps: float) -> list[_Job]:
    """One take of each character, called as the recording's file."""
    capture = read_capture(recording, fps)
    for note in capture.notes:
        warn(f"{recording.name}: {note}")
    return [_Job(character, PERFORMANCE, capture.name, capture) for character in cast]


def _check_close_ups(out: Path, shoot: Shoot, jobs: Sequence[_Job]) -> None:
    """Raise InputError where a mouth moves out of its close-up, so that this is told before anything is filmed."""
    figure = None
    for job in tracked(sorted(jobs, key=lambda job: job.character.name), "planning"):
        if figure is None or figure.character != job.character:
            figure = Figure(job.character)
        try:
            job.plan(shoot, figure)
        except InputError as error:
            raise InputError(f"{job.clip(out)}: {error}") from None


def _film_all(out: Path, shoot: Shoot, jobs: Sequence[_Job], workers: Jobs) -> None:
    out = out.absolute()  # workers of a cluster have another folder at hand
    here = processes(workers, len(jobs))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("filming", total=sum(job.frames(shoot) for job in jobs))
        if here == 1:
            stage = _Set(shoot.size_px, shoot.samples)
            for job in jobs:
                progress.update(task, description=f"{job.character.name} {job.folder} {job.take}")
                stage.film(out, shoot, job, partial(progress.advance, task))
            return
        threads = max(1, cpu_count() // here) if here else 1
        work = (delayed(_film_in_worker)(out, shoot, job, threads) for job in jobs)
        for frames in share(work, here or workers, ordered=False):
            progress.advance(task, frames)


def _film_in_worker(out: Path, shoot: Shoot, job: _Job, threads: int) -> int:
    """Film a take; how many frames it has."""
    # A process that has loaded Blender hands its path on, and Blender's folders there hide the module that loads it.
    sys.path[:] = [folder for folder in sys.path if f"{os.sep}bpy{os.sep}" not in folder]
    _set_of_worker(shoot.size_px, shoot.samples, threads).film(out, shoot, job)
    return job.frames(shoot)


@lru_cache(maxsize=1)  # Blender holds one scene
def _set_of_worker(size_px: int, samples: int, threads: int) -> _Set:
    return _Set(size_px, samples, threads)


class _Set:
    """A renderer, and who sits before it: takes of one character follow one another without building anew."""

    def __init__(self, size_px: int, samples: int, threads: int = 0) -> None:
        from fexgan.studio.renderer import Renderer, RenderSettings

        self._renderer = Renderer(RenderSettings(size_px, samples, threads))
        self._seated: Figure | None = None

    def film(self, out: Path, shoot: Shoot, job: _Job, advance: Callable[[], None] = lambda: None) -> None:
        """Write a take's sidecar and clip; `advance` is told of each frame."""
        if self._seated is None or self._seated.character != job.character:
            self._seated = Figure(job.character)
            self._renderer.seat(self._seated)
        self._renderer.stage(job.staging(shoot))
        poses, record = job.plan(shoot, self._seated)
        self._renderer.crop(record.window_px)
        clip = job.clip(out)
        clip.parent.mkdir(parents=True, exist_ok=True)
        write_sidecar(clip.with_suffix(".json"), record)
        write_clip(clip, self._shot(self._seated, poses, advance), fps=shoot.fps, crf=shoot.crf, preset="veryslow")

    def _shot(self, figure: Figure, poses: Sequence[Pose], advance: Callable[[], None]) -> Iterator[Pixels]:
        for pose in poses:
            yield self._renderer.shoot(figure.pose(pose))
            advance()


def chosen_cast(shoot: Shoot) -> list[Character]:
    """The characters that a shoot films. Raises InputError for a name that its cast lacks."""
    path = shoot.cast or open_cast_file()
    cast = random_cast(shoot.random, shoot.seed, shoot.wardrobe) if shoot.random else read_cast(path)
    source = "the random cast" if shoot.random else path.name
    names = [character.name for character in cast]
    for name in shoot.characters:
        if name not in names:
            raise InputError(f"character {name!r} is not in {source}; choose from {', '.join(names)}")
    return [character for character in cast if not shoot.characters or character.name in shoot.characters]
