"""The verbs that make things: footage, dataset, model.

Each is its flags and what it calls. What a verb needs is imported when it runs, so `--help` answers at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from fexgan.affects import AFFECTS
from fexgan.config import FramingConfig, load_preset
from fexgan.errors import InputError
from fexgan.tables import counted
from fexgan.verbs.flags import BUNDLED, JobsText, Mixtures, Names, bundled_by_name, given_of

FRAMING = FramingConfig()
USED_IN_CHECKING = ("out", "characters", "check", "landmarker")
"""All that `film --check` goes by."""
UNUSED_IN_FILMING = {
    "preview": ("affects", "stills", "performance", "takes", "frames", "fps", "crf", "variants", "jobs"),
    "stills": ("affects", "takes", "frames"),
    "performance": ("affects", "takes", "frames", "variants"),
}  # fmt: skip
"""Flags of `film` that say nothing beside another flag, by that one's name."""


@dataclass(frozen=True)
class Film:
    """Film characters acting affects: one clip and one sidecar of per-frame truth per take (extra: studio).

    The same command again keeps finished takes and goes on.

    $ fexgan film out/footage
    $ fexgan film out/mine --cast my-cast.yaml --preview
    $ fexgan film out/trial --characters ada --affects joy fear --takes 1 --frames 12
    $ fexgan film open-cast --check out/check
    """

    out: Annotated[Positional[Path], arg(metavar="FOOTAGE")]
    """Folder to film into, as CHARACTER/AFFECT/TAKE.mp4."""
    cast: Annotated[Path | None, arg(metavar="FILE")] = None
    """YAML file that describes the characters; the open cast where none is given."""
    random: int = 0
    """Film this many characters drawn at random from the seed, instead of a cast file."""
    wardrobe: bool = False
    """Dress the random characters in shirts, turtlenecks, hoodies and glasses, drawn from the seed as well."""
    characters: Names = ()
    """Only these characters of the cast; all where none is named."""
    affects: Mixtures = AFFECTS
    """Affects to act; a mixture such as anger+sadness films under that name."""
    stills: Literal["", "truth", "crowd", "turned", "people", "poses"] = ""
    """Film a set of stills with exact strengths, instead of takes: in one pose, those of poses in 60."""
    performance: Annotated[Path | None, arg(metavar="CSV")] = None
    """Film the face that this recording of ARKit's 52 blend shapes plays, as Live Link Face writes it, on each
    character; all of it, into FOOTAGE/CHARACTER/performance."""
    takes: int = 3
    """Takes of each character and affect."""
    frames: int = 36
    """Frames of a take, at least 8."""
    fps: float = 24
    """Frames a second."""
    size_px: int = 144
    """Side of the square picture, even."""
    samples: int = 4
    """Light samples per pixel; more are slower and cleaner."""
    crf: int = 13
    """Quality of the H.264 clips, 0 (lossless) to 51; smaller is better."""
    seed: int = 0
    """Seed of all performances, poses of stills, variants, random characters and varied sets."""
    variants: bool = False
    """Let each character show each affect in a variant of its own; the crowd's stills then show a second one too."""
    light: bool = False
    """Vary the light from take to take."""
    camera: bool = False
    """Vary the camera's distance and height from take to take."""
    backdrop: bool = False
    """Vary the backdrop's colour from take to take."""
    close_up: bool = False
    """Film only the part around the mouth of a picture of --size-px."""
    jobs: JobsText = "1"
    """Processes that film side by side: a number, auto for one per core, or a Ray cluster (extra: ray)."""
    preview: bool = False
    """Film nothing; show every character at rest, smiling and angry on FOOTAGE/preview.png."""
    check: Annotated[Path | None, arg(metavar="DIR")] = None
    """Film nothing; tell how FOOTAGE, or open-cast, reads to MediaPipe, and write the table into this folder (extra:
    landmarks)."""
    landmarker: Annotated[Path | None, arg(metavar="FILE")] = None
    """MediaPipe's face_landmarker.task, for --check; the one that the extra brings where not given."""

    def run(self) -> None:
        self._refuse_unused()
        if self.check is not None:
            self._check(self.check)
            return
        try:
            self._film()
        except ModuleNotFoundError as error:
            raise InputError(
                f"filming needs {error.name}, which is missing; pip install 'fexgan-meta[studio]'"
            ) from None

    def _refuse_unused(self) -> None:
        """Raise InputError where a flag was given that says nothing of what is done."""
        if self.check is None and self.landmarker is not None:
            raise InputError(f"--landmarker {self.landmarker} is for --check; add that, or leave it out")
        not_checking = tuple(flag.name for flag in fields(self) if flag.name not in USED_IN_CHECKING)
        unused_beside = {"check": not_checking, **UNUSED_IN_FILMING}
        for flag in given_of(self, tuple(unused_beside)):
            for unused in given_of(self, unused_beside[flag.removeprefix("--")]):
                raise InputError(f"{unused} says nothing beside {flag}; leave one of them out")

    def _check(self, folder: Path) -> None:
        from fexgan.media import check_folder
        from fexgan.studio.check import check, write_check
        from fexgan.studio.landmarker import BlendshapeReader, landmarker_path
        from fexgan.terminal import console, say, say_wrote, warn

        check_folder(folder, "the table")
        with BlendshapeReader(landmarker_path(self.landmarker)) as reader:
            result = check(_footage(self.out), reader.read, self.characters)
        console.print(result.terminal_table())
        say(result.summary())
        for line in result.left_out_lines():
            warn(line)
        for path in write_check(folder, result):
            say_wrote(path)

    def _film(self) -> None:
        from fexgan.studio.film import Shoot, film
        from fexgan.terminal import say, say_wrote

        if str(self.out) == BUNDLED and not self.out.exists():  # a folder of that name would hide it
            raise InputError(
                f"{self.out} is the bundled footage; add --check DIR, or film into another such as ./my-cast"
            )
        shoot = Shoot(**{setting.name: getattr(self, setting.name) for setting in fields(Shoot)})
        if self.preview:
            if self.close_up:
                raise InputError("a preview shows whole faces; leave out --close-up")
            from fexgan.studio.preview import preview

            sheet = self.out / "preview.png"
            preview(sheet, shoot)
            say_wrote(sheet)
            return
        report = film(self.out, shoot, self.jobs)
        pace = f"{counted(report.frames, 'frame')} in {report.seconds:.0f} s"
        say(f"{counted(report.filmed, 'take')} filmed, {pace}; {report.kept} stood already")


DEALT_WHOLE = ("take", "character")
"""Splits that may come out far from the share that is asked for."""
NO_TEST = {
    "take": "for nobody has two takes of one affect",
    "frame": "for nobody has two frames of one affect",
    "character": "for there is one character",
    "time-block": "for no take is long enough",
}


@dataclass(frozen=True)
class Prepare:
    """Turn footage into a labelled dataset of cropped faces, in train and test.

    Footage is a folder of CHARACTER/AFFECT/TAKE.mp4, CHARACTER/AFFECT/*.png or AFFECT/CHARACTER*.png, or a CSV or
    Parquet list of files in its folder with the columns file, affect and, where known, character, take, strength and
    frame, or a Hugging Face dataset, on the hub or at hand (extra: hub).

    $ fexgan prepare open-cast --out out/dataset
    $ fexgan prepare recordings --out out/mine --split character
    $ fexgan prepare kdef --labels kdef --out out/kdef
    $ fexgan prepare list.csv --columns file=image affect=emotion --leave-out contempt --out out/listed
    $ fexgan prepare hf:owner/name --columns affect=label --out out/hub
    """

    footage: Annotated[Positional[Path], arg(metavar="FOOTAGE")]
    """Folder of footage, CSV or Parquet list, hf:OWNER/NAME or hf:FOLDER of a Hugging Face dataset, or open-cast for
    the bundled footage."""
    out: Path
    """Folder of the dataset to write."""
    labels: Annotated[str, arg(metavar="DATASET|FILE")] = ""
    """Read the codes and file names of fer2013, raf-db, affectnet, ck+, kdef, rafd or ferg, or of a YAML file such as
    'joy: [glee]'. Words such as happy, angry and sad are always understood."""
    leave_out: Annotated[tuple[str, ...], arg(metavar="LABEL ...")] = ()
    """Labels or affects that are not wanted, such as contempt."""
    columns: Annotated[tuple[str, ...], arg(metavar="NAME=COLUMN ...")] = ()
    """What a list or a dataset calls its columns, where otherwise."""
    split: Literal["take", "frame", "character", "time-block"] = "take"
    """What is kept whole on one side: takes, nothing (as in the paper; neighbouring frames leak), characters, or a run
    of frames of each take, for long takes."""
    test_share: float = 0.3
    """Share that goes to test."""
    guard_frames: int = 30
    """Frames on either side of a time block that are in neither split."""
    seed: int = 0
    """Seed of the split."""
    size_px: int = FRAMING.image_size_px
    """Side of the square pictures."""
    face_fraction: float = FRAMING.face_fraction
    """Height of the face box as a share of the picture's side; larger is closer."""
    only_faces: bool = False
    """Look for a face in each picture by itself, and leave out those and clips in which none is found; else their
    middle is taken, and the card names them."""
    jobs: JobsText = "1"
    """Processes that work side by side: a number, auto for one per core, or a Ray cluster (extra: ray)."""

    def run(self) -> None:
        from fexgan.prepare import (
            check_out,
            choose_test_frames,
            find_footage,
            kept_beside,
            kept_when_killed,
            load_vocabulary,
            prepare,
        )
        from fexgan.terminal import say, stage_progress
        from fexgan.workers import check_jobs

        framing = FramingConfig(image_size_px=self.size_px, face_fraction=self.face_fraction)
        load_vocabulary(self.labels)  # what is wrong is told before a dataset is downloaded
        choose_test_frames([], self.split, self.test_share, self.seed, self.guard_frames)
        check_out(self.out)
        check_jobs(self.jobs)
        try:
            with kept_when_killed(self.out, "rows") as rows, stage_progress() as tell:
                footage = find_footage(_footage(self.footage), self.labels, self.leave_out, self.columns, rows, tell)
                report = prepare(
                    footage,
                    self.out,
                    framing,
                    self.split,
                    self.test_share,
                    self.seed,
                    tell,
                    self.guard_frames,
                    self.jobs,
                    self.only_faces,
                )
        except KeyboardInterrupt:
            if any(kept_beside(self.out, kind).exists() for kind in ("rows", "parts")):
                say(f"interrupted; what is done stays beside {self.out}, and the same command goes on from there")
            raise
        for label, files in footage.unknown_labels.most_common():
            left_out = f"{counted(files, 'file')} {'is' if files == 1 else 'are'}"
            way_out = f"say --leave-out if that is right, or make it one by --labels FILE with, say, 'joy: [{label}]'"
            say(f"label {label!r} names no affect that is known: {left_out} left out; {way_out}", style="yellow")
        say(report.summary())
        if self.test_share and not report.frames_in("test"):
            say(f"nothing is kept to test with, {NO_TEST[self.split]}; another --split would keep some")
        kept = report.frames_in("test") / max(1, report.frames_in("train") + report.frames_in("test"))
        if self.split in DEALT_WHOLE and kept and not self.test_share / 2 <= kept <= 2 * self.test_share:
            way_out = f"for each {self.split} is kept whole; more of them come nearer to it, or --split time-block"
            say(f"{kept:.0%} of the frames are to test with, not {self.test_share:.0%}, {way_out}", style="yellow")
        tested = counted(report.leak.test_frames, "frame")
        say(f"leak check: {report.leak.twin_count:,} of {tested} to test with have a near twin in train")


@dataclass(frozen=True)
class Train:
    """Train a model, with a live display. The same command again goes on where it stopped.

    Preset portrait trains on stills, as filmed with --stills crowd, details on such stills and their close-ups; the
    others on prepared datasets.

    $ fexgan train out/dataset --preset small --out out/run
    $ fexgan train out/dataset out/people --preset small --out out/run
    $ fexgan train out/crowd --preset portrait --out out/portrait
    $ fexgan train out/dataset --start-from open-cast --steps 30 --out out/run
    """

    data: Annotated[Positional[tuple[Path, ...]], arg(metavar="DATA [DATA ...]")]
    """Folders of prepared datasets, or of filmed stills."""
    out: Path
    """Folder of the run: checkpoint, log, sample sheets."""
    preset: Annotated[str | None, arg(metavar="PRESET")] = None
    """paper, small, refined, tiny, paper-256, paper-512, portrait, details, or a YAML file of settings; where not
    given, those of --start-from, else small."""
    steps: Annotated[int | None, arg(metavar="INT")] = None
    """Steps in all; the preset says where not given."""
    start_from: Annotated[str | None, arg(metavar="CHECKPOINT")] = None
    """Checkpoint whose weights to begin with: a bundled name or a folder. Its calibrated strengths go along, and fit
    less and less: after a long training fexgan calibrate finds them anew."""
    keep: int = 2
    """Checkpoints that stay, the newest."""
    on_nan: Literal["stop", "rollback"] = "stop"
    """What to do when a loss is no number or explodes: end, or go back to the newest checkpoint and on with other
    batches."""
    allow_change: bool = False
    """Go on with a run that was begun with other settings, other data or another version, or start from a checkpoint
    that learned from faces framed otherwise."""

    def run(self) -> None:
        from accelerate import PartialState

        from fexgan.checkpoints import read_metadata, resolve_checkpoint
        from fexgan.terminal import console, say
        from fexgan.training.loop import train

        if self.preset is None and self.start_from is not None:
            config = read_metadata(resolve_checkpoint(self.start_from)).config
        else:
            config = load_preset(self.preset or "small")
        summary = train(
            self.data,
            self.out,
            config,
            start_from=self.start_from,
            steps=self.steps,
            keep=self.keep,
            on_nan=self.on_nan,
            allow_change=self.allow_change,
            console=console,
        )
        if PartialState().is_main_process:
            steps = counted(summary.steps_taken, "step")
            say(f"{steps} in {summary.seconds:.0f} s; newest checkpoint: {summary.checkpoint}")
        if summary.stopped:
            raise KeyboardInterrupt


def _footage(path: Path) -> Path:
    from fexgan.bundled import footage_path

    return bundled_by_name(path, footage_path)
