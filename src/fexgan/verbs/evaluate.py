"""The verb that measures a checkpoint."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from fexgan.errors import InputError
from fexgan.verbs.flags import Folder, bundled_by_name, given_of

if TYPE_CHECKING:
    from fexgan.checkpoints import Checkpoint
    from fexgan.studio.landmarker import BlendshapeReader

OF_DRAWING, OF_EDITING = ("all_frames", "judges", "stills"), ("optimise", "blendshapes", "landmarker")
"""Flags that only one kind of checkpoint is measured by."""


@dataclass(frozen=True)
class Evaluate:
    """Measure a checkpoint on what it never saw, and write the figures as pages, JSON and pictures.

    One that draws, on a prepared dataset: classification on train, test and generated faces, likeness of rebuilt ones.
    One that edits, on filmed stills: edits of characters it never saw beside the truth.

    $ fexgan evaluate open-cast --data out/dataset --out out/report --judges
    $ fexgan evaluate out/portrait --data out/crowd --out out/report
    """

    checkpoint: Annotated[Positional[str], arg(metavar="CHECKPOINT")]
    """Bundled name or folder of a checkpoint."""
    data: Path
    """Folder of a prepared dataset, or of filmed stills."""
    out: Path
    """Folder to write into."""
    all_frames: bool = False
    """Look at every frame of a dataset instead of evenly spaced ones: minutes instead of a minute."""
    judges: bool = False
    """Also train recognisers of affects on real and on generated faces, and let them and SFace judge a model that
    draws: strength, persons, distribution, use as data; minutes."""
    optimise: bool = False
    """Also find strengths by gradient for the mixtures of a model that edits, and measure those; minutes."""
    blendshapes: bool = False
    """Also let MediaPipe's blendshapes name what a model that edits made (extra: landmarks)."""
    landmarker: Annotated[Path | None, arg(metavar="FILE")] = None
    """MediaPipe's face_landmarker.task, for --blendshapes; the one that the extra brings where not given."""
    stills: Folder = None
    """Stills of the characters of a model that draws, filmed with --stills truth, or open-cast for the bundled ones:
    with --judges, mixtures with strengths as filmed and found by gradient are measured beside them."""

    def run(self) -> None:
        from fexgan.checkpoints import load_checkpoint
        from fexgan.media import check_folder

        check_folder(self.out, "the figures")
        checkpoint = load_checkpoint(self.checkpoint)
        if "edit" in checkpoint.networks.capabilities:
            self._refuse(OF_DRAWING, "draw")
            self._measure_editing(checkpoint)
        elif "draw" not in checkpoint.networks.capabilities:
            raise InputError(
                f"checkpoint {self.checkpoint} only refines what others edit; benchmarks/details.py measures it"
            )
        else:
            self._refuse(OF_EDITING, "edit")
            self._measure_drawing(checkpoint)

    def _measure_drawing(self, checkpoint: Checkpoint) -> None:
        from fexgan.bundled import stills_path
        from fexgan.evaluation.evaluate import evaluate
        from fexgan.evaluation.report import write_report
        from fexgan.terminal import console, say, say_wrote

        if self.stills is not None and not self.judges:
            raise InputError(f"the mixtures in {self.stills} are measured by judges; add --judges")
        stills = None if self.stills is None else bundled_by_name(self.stills, stills_path)
        report = evaluate(checkpoint, self.data, self.checkpoint, self.all_frames, self.judges, stills)
        console.print(*report.terminal_tables())
        for note in report.notes:
            say(note)
        for path in write_report(report, self.out):
            say_wrote(path)

    def _measure_editing(self, checkpoint: Checkpoint) -> None:
        from fexgan.evaluation.edit_report import write_edit_report
        from fexgan.evaluation.edits import evaluate_edits
        from fexgan.terminal import console, say_wrote

        with self._reader() as reader:
            report = evaluate_edits(
                checkpoint, self.data, self.checkpoint, self.out, self.optimise, reader and reader.read
            )
        console.print(*report.terminal_tables())
        for path in write_edit_report(report, self.out):
            say_wrote(path)

    def _refuse(self, flags: tuple[str, ...], what: str) -> None:
        """Raise InputError where one of the flags is given, which measure checkpoints that do something else."""
        for flag in given_of(self, flags):
            raise InputError(f"{flag} is for checkpoints that {what}, and {self.checkpoint} does not; leave it out")

    def _reader(self) -> AbstractContextManager[BlendshapeReader | None]:
        if not self.blendshapes:
            if self.landmarker is not None:
                raise InputError(f"--landmarker {self.landmarker} is for --blendshapes; add that, or leave it out")
            return nullcontext()
        from fexgan.studio.landmarker import BlendshapeReader, landmarker_path

        return BlendshapeReader(landmarker_path(self.landmarker))
