"""Teaching a checkpoint that draws a new character, from as little as one picture.

A checkpoint that edits shows the character with every emotion at four strengths. Those pictures are learned beside
frames of the old characters, so that these are not forgotten.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL
from fexgan.config import Config, FramingConfig
from fexgan.dataset import FaceDataset, check_framing, read_metadata, shard_paths, shard_schema, split_names
from fexgan.editing import Editor, Portrait
from fexgan.errors import InputError
from fexgan.evaluation.evaluate import rebuilt_likeness
from fexgan.evaluation.reconstruction import mean_likeness
from fexgan.familiarity import similarities
from fexgan.loading import load
from fexgan.media import atomic_folder, read_image, write_image, write_text_atomically
from fexgan.prepare import find_footage, prepare
from fexgan.prepare.listing import OPTIONAL, REQUIRED
from fexgan.retouch import user_files
from fexgan.sheets import sheet
from fexgan.synthesis import Model
from fexgan.tables import Section, counted
from fexgan.terminal import tracked
from fexgan.training.loop import train

LARGEST_SIDE_PX = 512
"""Larger pictures are shrunk: the networks that learn from them see far less."""
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
WEIGHT = 0.4
"""How many copies of the new character are learned for each old one, rounded up. Of the sources that are drawn by
character, which are half, two in seven are then the new one; of those that are drawn by frame as many as there are
frames of it, and how many that is depends on the data: 34 % of all sources on the bundled data."""
TAUGHT_AT_ONCE = 16
"""One character is learned in hardly more steps of 16 than of 32, each of which takes twice as long."""
SAVE_EVERY_STEPS = 50
"""About: a run has some hundred steps, and is to go on where it was killed. Each time all that networks draw from is
measured, which takes as long as ten steps, so none comes shortly before the last."""
LIST, PICTURES, DATASET = "list.csv", "pictures", "dataset"
TAUGHT = "taught.txt"
"""Written first into the folder of a run: what it teaches, so that the same call goes on wherever it was cut short,
with the pictures and the dataset that it made: made again under another number of threads they would differ."""


@dataclass(frozen=True)
class Standing:
    """What a checkpoint makes of the new character and of the old ones."""

    similarity: dict[str, float]
    """By affect, the mean SFace cosine of the pictures and what is drawn from them with the affect in full."""
    ssim: float
    """Of the old characters' test frames, rebuilt, in the mean over characters."""
    drawn: list[Image.Image]
    """The first picture's face, and then drawn with every affect."""


@dataclass(frozen=True)
class Adaptation:
    """A character that was taught, and how the checkpoint stood before and after."""

    checkpoint: Path
    character: str
    pictures: int
    steps: int
    before: Standing
    after: Standing

    def section(self) -> Section:
        """The figures as a table."""
        before, after = self.before, self.after
        figures = {affect: (before.similarity[affect], after.similarity[affect]) for affect in AFFECTS}
        figures["mean"] = tuple(float(np.mean(list(one.similarity.values()))) for one in (before, after))
        figures["old characters, SSIM"] = (before.ssim, after.ssim)
        return Section(
            f"{self.character}, taught from {counted(self.pictures, 'picture')} in {counted(self.steps, 'step')}",
            "SFace similarity of the pictures and what is drawn from them, by affect in full; likeness of the old "
            "characters' test frames when rebuilt.",
            ["what", "before", "after"],
            [[name, *(f"{figure:.3f}" for figure in pair)] for name, pair in figures.items()],
            ("adapt.png",),
        )

    def write(self, out: Path) -> list[Path]:
        """Write `adapt.md` and the sheet `adapt.png` into the folder `out`; return their paths."""
        rows = [[np.asarray(picture) for picture in one.drawn] for one in (self.before, self.after)]
        write_image(out / "adapt.png", sheet(rows, ["source", *AFFECTS], ["before", "after"]))
        write_text_atomically(out / "adapt.md", self.section().markdown() + "\n")
        return [out / "adapt.md", out / "adapt.png"]


def adapt(
    checkpoint: str,
    character: Path,
    data: Sequence[Path],
    out: Path,
    editor: str,
    steps: int,
    console: Console | None = None,
) -> Adaptation:
    """Teach `checkpoint` the face on the picture or folder of pictures `character`, whose name becomes the character's.

    `data`: datasets of the old characters, one of them with a test split. `out`: receives what `train` writes, the
    pictures that are learned and their dataset, and `taught.txt`, which tells whose folder it is. `editor`: the
    checkpoint that makes those pictures. The same call goes on with a run that was cut short, its training where that
    stopped. Raises InputError for what does not fit, before anything is written, and KeyboardInterrupt where a signal
    ended the training.
    """
    files = picture_files(character, "one or more of one face")
    model, painter = open_painter(checkpoint), load(editor)
    if not isinstance(painter, Editor):
        raise InputError(f"checkpoint {editor} cannot edit a new face; give one that edits, such as portrait")
    config = settings_of(model, steps, TAUGHT_AT_ONCE)
    known, old = old_characters(checkpoint, config.framing, data)
    name = character.resolve().name if character.is_dir() else character.stem
    used = model.checkpoint.weights_sha256, painter.checkpoint.weights_sha256, _details_of(painter)
    taught, key = f"character {name}", key_of(files, *used, repr(config.framing))
    check_run(out, taught, key)
    portraits = _open_pictures(painter, files)
    before = _standing(model, portraits, old)
    begin_run(out, taught, key)
    if not (out / DATASET).exists():
        pictures = out / PICTURES / name
        if not pictures.exists():
            _write_pictures(pictures, name, portraits)
        prepare(find_footage(pictures / LIST), out / DATASET, config.framing, test_share=0.0)
    copies = [out / DATASET] * math.ceil(WEIGHT * len(known))
    summary = train([*data, *copies], out, config, start_from=checkpoint, console=console)
    if summary.stopped:
        raise KeyboardInterrupt
    after = _standing(load(str(summary.checkpoint)), portraits, old)
    return Adaptation(summary.checkpoint, name, len(portraits), summary.step, before, after)


def _details_of(painter: Editor) -> str:
    """What tells the networks that paint an editor's mouths anew from others, by their weights; empty without any."""
    if painter.details is None:
        return ""
    weights = painter.details.networks.state_dict().values()
    return hashlib.sha256(b"".join(tensor.cpu().numpy().tobytes() for tensor in weights)).hexdigest()


def key_of(files: Sequence[Path], *others: str) -> str:
    """What tells these files, by name and content, and `others` from all else: a SHA-256. Raises InputError for files
    that cannot be read."""
    told = list(others)
    for path in files:
        try:
            told += [path.name, hashlib.sha256(path.read_bytes()).hexdigest()]
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"{path} cannot be read ({reason}); give pictures that can") from None
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()


def check_run(out: Path, taught: str, key: str) -> None:
    """Raise InputError unless `out` is missing, empty, or a folder in which `taught`, one line, is being taught from
    what has the `key`."""
    begun = (out / TAUGHT).read_bytes().split(b"\n") if (out / TAUGHT).is_file() else []
    if not out.exists() or begun == [taught.encode(), key.encode(), b""]:
        return
    if begun[:1] == [taught.encode()]:
        raise InputError(f"{out} was begun with other pictures, checkpoints or framing; give another folder")
    half_written = f".{Path(TAUGHT).stem}."
    if out.is_file() or any(not path.name.startswith(half_written) for path in out.iterdir()):
        raise InputError(f"{out} holds something else than {taught} being taught; give another folder")


def begin_run(out: Path, taught: str, key: str) -> None:
    """Say in the folder `out`, made where it is missing, what is being taught there. Raises InputError where nothing
    can be written."""
    write_text_atomically(out / TAUGHT, f"{taught}\n{key}\n")


def open_painter(checkpoint: str) -> Model:
    """The checkpoint to be taught. Raises InputError for one that does not draw."""
    model = load(checkpoint)
    if not isinstance(model, Model):
        raise InputError(f"checkpoint {checkpoint} edits any face as it is; give one that draws, such as open-cast")
    return model


def settings_of(model: Model, steps: int, largest_batch: int | None = None) -> Config:
    """A checkpoint's own settings, to go on learning for some steps at an even rate, from just what it draws: batches
    show whoever is taught more often than anybody else, and statistics over those would change how all are drawn.

    `largest_batch`: smaller batches stay as they are; None keeps all.
    """
    training = model.checkpoint.config.training
    if largest_batch is not None:
        training = replace(training, batch_size=min(training.batch_size, largest_batch))
    saved = math.ceil(steps / max(1, round(steps / min(SAVE_EVERY_STEPS, training.save_every_steps))))
    training = replace(training, steps=steps, decay_share=0.0, save_every_steps=saved, frozen_norms=True)
    return replace(model.checkpoint.config, training=training)


def old_characters(checkpoint: str, framing: FramingConfig, data: Sequence[Path]) -> tuple[list[str], FaceDataset]:
    """What is not to be forgotten: the characters of `data`, one after another, and all their test frames.

    Raises InputError where there is none of either, and where one is framed otherwise than the checkpoint.
    """
    if not data:
        raise InputError("no data of the old characters; give datasets that fexgan prepare wrote")
    known: list[str] = []
    for folder in data:
        if "train" not in split_names(folder):
            raise InputError(f"dataset {folder} has no train split to learn from; prepare it with one")
        record, characters = read_metadata(shard_schema(shard_paths(folder)[0]), folder)  # and no picture is decoded
        check_framing(record.framing, framing, folder, checkpoint)
        known += characters
    tests = [FaceDataset.load(folder, "test") for folder in data if "test" in split_names(folder)]
    if not tests:
        raise InputError("no dataset of the old characters has a test split to tell what is forgotten; add one")
    return known, FaceDataset.join(tests)


def picture_files(given: Path, wanted: str) -> list[Path]:
    """The picture files that a file or folder means. Raises InputError, with what is `wanted`, where there is none."""
    files = [file.path for file in user_files([given]) if not file.is_clip]
    if not any(map(Path.exists, files)):
        where = "in" if given.is_dir() else "at"
        raise InputError(f"no picture {where} {given}; give {wanted}")
    return files


def _open_pictures(painter: Editor, files: Sequence[Path]) -> list[Portrait]:
    portraits = []
    for path in tracked(files, "opening pictures"):
        image = Image.fromarray(read_image(path))
        image.thumbnail((LARGEST_SIDE_PX, LARGEST_SIDE_PX), Image.Resampling.LANCZOS)
        try:
            portraits.append(painter.open(image))
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    return portraits


def _standing(model: Model, portraits: Sequence[Portrait], old: FaceDataset) -> Standing:
    sitters = [model.open(portrait.picture.to_image()) for portrait in portraits]
    drawn = [[sitter.close_up(affect) for affect in AFFECTS] for sitter in sitters]
    cosines = [similarities(*pair) for pair in zip(sitters, drawn, strict=True)]
    if any(one is None for one in cosines):
        raise InputError("no face is seen in a picture once it is cut out; give sharp ones, from the front")
    return Standing(
        similarity=dict(zip(AFFECTS, np.mean(cosines, axis=0).tolist(), strict=True)),
        ssim=mean_likeness(list(rebuilt_likeness(model.networks, old).values())).ssim,
        drawn=[sitters[0].close_up(), *drawn[0]],
    )


def _write_pictures(folder: Path, character: str, portraits: Sequence[Portrait]) -> None:
    """Write every picture edited to neutral and to every emotion, and their list, which `read_list` reads."""
    shown = [(NEUTRAL, 1.0), *((emotion, strength) for emotion in EMOTIONS for strength in STRENGTHS)]
    with atomic_folder(folder) as partial, (partial / LIST).open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow((*REQUIRED, *OPTIONAL))
        for take, portrait in enumerate(tracked(portraits, "editing pictures"), start=1):
            for affect, strength in shown:
                name = f"{take}-{affect}-{strength:g}.png"
                write_image(partial / name, portrait.edit(f"{affect}:{strength}").to_image())
                table.writerow((name, affect, character, take, strength))
