"""Measure an editing network on filmed stills of characters that it never saw, beside copying the source."""

from __future__ import annotations

from pathlib import Path

from fexgan.checkpoints import Checkpoint
from fexgan.errors import InputError
from fexgan.evaluation.blendshapes import named_by_blendshapes
from fexgan.evaluation.comparison import mixture_score, nearness
from fexgan.evaluation.edit_report import EditReport
from fexgan.evaluation.edit_sheet import edit_sheet
from fexgan.evaluation.held_out import HeldOut, edit_held_out
from fexgan.evaluation.mixtures import mixture_strengths
from fexgan.evaluation.recogniser import STEPS, obtain_recogniser
from fexgan.evaluation.recognition import person_similarity, recognition
from fexgan.stills import StillSet
from fexgan.studio.check import ReadBlendshapes

RECOGNISER_FILE = "recogniser.safetensors"


def evaluate_edits(
    checkpoint: Checkpoint,
    data: Path,
    name: str,
    out: Path,
    optimise: bool = False,
    blendshapes: ReadBlendshapes | None = None,
    recogniser_steps: int = STEPS,
) -> EditReport:
    """Measure `checkpoint`, called `name` in the report, on the test characters of a folder of stills.

    The split is that of the checkpoint's own training, less characters it was trained on. A recogniser learns from the
    other side's stills and is kept in the folder `out`, for the next time. `optimise`: find strengths for the mixtures
    of every character too, seconds each. `blendshapes`: a reader of those, which then names edits too. Nothing is left
    to chance: two runs give the same report. Raises InputError where no character is left to test with.
    """
    config = checkpoint.config
    everyone = StillSet.load(data)
    train, test = everyone.split(config.training.test_share, config.training.seed)
    test = test.without(checkpoint.metadata.characters)
    if not len(test):
        raise InputError(f"{name} was trained on every test character of {data}; give stills of other characters")
    recogniser = obtain_recogniser(out / RECOGNISER_FILE, train, config.framing, steps=recogniser_steps)
    held_out = HeldOut.of(test, config.framing, config.model.variants)
    edited = edit_held_out(checkpoint.networks, held_out)
    return EditReport(
        checkpoint=name,
        step=checkpoint.metadata.steps_in_all,
        stills_fingerprint=everyone.fingerprint,
        characters=held_out.characters,
        nearness=nearness(held_out, edited, recogniser),
        recognition={
            "edited": recognition(held_out, recogniser.recognise(edited.pixels)),
            "filmed": recognition(held_out, recogniser.recognise(held_out.pixels)),
            "read": recognition(held_out, edited.read),
        },
        blendshapes={
            "edited": named_by_blendshapes(held_out, edited.pixels, blendshapes),
            "filmed": named_by_blendshapes(held_out, held_out.pixels, blendshapes),
        }
        if blendshapes
        else {},
        similarity=person_similarity(held_out, edited),
        mixtures=mixture_score(held_out, edited),
        strengths=mixture_strengths(checkpoint, held_out, recogniser) if optimise else {},
        unchanged=int(edited.unchanged.sum()),
        stills=edited.unchanged.size,
        sheet=edit_sheet(held_out, edited, f"{name}, step {checkpoint.metadata.steps_in_all:,}"),
    )
