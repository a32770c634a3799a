"""What a training differs in from family to family: its data, its updates, its sample sheets."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from accelerate import Accelerator
from PIL import Image

from fexgan.checkpoints import load_checkpoint
from fexgan.config import AnyConfig, Config, DetailsConfig, PortraitConfig, same_square
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.model import Family
from fexgan.stills import StillSet
from fexgan.training.averaging import AveragedNetworks
from fexgan.training.batches import Batch, faces_at_rest, make_batch, step_generator
from fexgan.training.details_preview import DetailsPreview
from fexgan.training.details_step import DetailsTrainer
from fexgan.training.examples import Examples
from fexgan.training.lots import Drawn, draw_in_lots
from fexgan.training.measuring import measure_drawing
from fexgan.training.mouths import open_mouths
from fexgan.training.pairs import Pairs
from fexgan.training.portrait_preview import PortraitPreview
from fexgan.training.portrait_step import PortraitTrainer
from fexgan.training.preview import Preview
from fexgan.training.processes import rows_of
from fexgan.training.step import Trainer, loss_names
from fexgan.training.updates import Updates

MEASURED_BATCHES = 16


class SampleSheet(Protocol):
    """Draws what networks can do by now."""

    def draw(self, networks: Family, title: str) -> tuple[Image.Image, dict[str, float]]:
        """A sheet, and figures by name."""
        ...


class Task(Protocol):
    """A training's data, and what its family does with it."""

    config: AnyConfig
    characters: tuple[str, ...]
    """Who is trained on."""
    held_out: tuple[str, ...]
    """Who is kept apart to test with; nobody where takes are, not characters."""
    fingerprint: str
    """The data's."""
    columns: tuple[str, ...]
    """All losses and figures that there may be."""
    drawn_in_processes: bool
    """Whether a batch takes so much Python that beside a device processes draw it faster than threads do."""

    def updates(self, networks: Family, accelerator: Accelerator) -> Updates: ...

    def draw(self, step: int, shares: range, count: int, device: torch.device) -> list[Drawn]:
        """Those of the `count` equal shares of the batch of a step: the batch follows from the training's seed and the
        step alone, into however many shares it is dealt out."""
        ...

    def finish(self, averaged: AveragedNetworks) -> None:
        """Measure in the averaged networks what belongs to their weights alone, before they are used."""
        ...

    def preview(self) -> SampleSheet: ...


def open_task(data: Sequence[Path], config: AnyConfig, examples: Examples | None = None) -> Task:
    """The task of the config's family on the folders `data`. Raises InputError where they do not fit."""
    if isinstance(config, Config):
        return PaperTask(data, config, examples)
    if examples is not None:
        raise InputError(f"{config.model.family} learns mixtures from stills; film them with --stills crowd")
    return PortraitTask(data, config) if isinstance(config, PortraitConfig) else DetailsTask(data, config)


class PaperTask:
    """Faces of prepared datasets, drawn anew; those of the first are shown in previews.

    A dataset that is given several times is drawn from the more often; its characters are named once. `examples`:
    pictures of mixtures to learn beside them.
    """

    drawn_in_processes = False
    held_out = ()

    def __init__(self, data: Sequence[Path], config: Config, examples: Examples | None = None) -> None:
        parts = {folder: FaceDataset.load(folder, "train") for folder in data}
        self.data, self.faces = data[0], FaceDataset.join([parts[folder] for folder in data])
        self.people = FaceDataset.join(list(parts.values()))
        """The same with every dataset once, however often it is drawn from."""
        if self.faces.image_size_px != config.model.image_size_px:
            raise InputError(
                f"dataset {self.data} has pictures of {self.faces.image_size_px} px, the model reads "
                f"{config.model.image_size_px}; choose another preset or prepare the dataset with "
                f"--size-px {config.model.image_size_px}"
            )
        self.config = dataclasses.replace(config, framing=self.faces.framing)
        self.columns = loss_names(config)
        self.characters = tuple(dict.fromkeys(name for part in parts.values() for name in part.characters))
        self.examples = examples
        self.fingerprint = "-".join(part.fingerprint for part in (self.faces, examples) if part is not None)

    def updates(self, networks: Family, accelerator: Accelerator) -> Trainer:
        return Trainer(networks, self.config, accelerator)

    def draw(self, step: int, shares: range, count: int, device: torch.device) -> list[Drawn]:
        """The whole batch is drawn: it takes less than a picture's step."""
        training = self.config.training
        size, generator = training.batch_size // count, step_generator(training.seed, step)
        batch = self._batch(step, generator, device)
        return [
            (
                rows_of(batch, index * size, (index + 1) * size),
                step_generator(training.seed, step, index) if index else generator,
            )
            for index in shares
        ]

    def _batch(self, step: int, generator: torch.Generator, device: torch.device) -> Batch:
        batch = make_batch(self.faces, self.config, step, generator, device)
        if self.examples is None:
            return batch
        return self.examples.put_into(batch, self.faces, self.config, generator)

    def finish(self, averaged: AveragedNetworks) -> None:
        """Always over the same faces, so that two checkpoints differ by their weights alone."""
        seed, device = self.config.training.seed, next(averaged.networks.parameters()).device
        steps = range(1, MEASURED_BATCHES + 1)
        batches = [self._batch(step, step_generator(seed, step), device) for step in steps]
        at_rest = faces_at_rest(self.people, self.config.training.batch_size, device)
        measure_drawing(averaged.networks, batches, at_rest, self.config.training.frozen_norms)

    def preview(self) -> Preview:
        return Preview(self.data)


class PortraitTask:
    """Stills of many characters, edited; of every folder some characters are kept apart to test with, and those of the
    first are shown in previews."""

    drawn_in_processes = True
    columns = (
        "reconstruction", "gradient", "smoothness", "eyes", "sparsity", "strays", "compactness", "shading",
        "painting", "reading", "adversarial", "classification", "discriminator_adversarial",
        "discriminator_classification", "test_difference", "copy_difference",
    )  # fmt: skip

    def __init__(self, data: Sequence[Path], config: PortraitConfig) -> None:
        self.config = config
        training = config.training
        parts = [StillSet.load(folder).split(training.test_share, training.seed) for folder in data]
        self.held_out = tuple(dict.fromkeys(name for _, test in parts for name in test.characters))
        train, self.test = StillSet.join([part for part, _ in parts]).without(self.held_out), parts[0][1]
        self.pairs = Pairs(train, config)
        self.characters, self.fingerprint = tuple(dict.fromkeys(train.characters)), train.fingerprint

    def updates(self, networks: Family, accelerator: Accelerator) -> PortraitTrainer:
        return PortraitTrainer(networks, self.config, accelerator)

    def draw(self, step: int, shares: range, count: int, device: torch.device) -> list[Drawn]:
        return draw_in_lots(self.pairs, self.config.training, step, shares, count)

    def finish(self, averaged: AveragedNetworks) -> None:
        """Nothing: group norm keeps no statistics."""

    def preview(self) -> PortraitPreview:
        return PortraitPreview(self.test, self.config)


class DetailsTask:
    """Mouths of many characters as an editor paints them, and as they were filmed large; sheets show those of some whom
    neither it nor the editor learned from."""

    drawn_in_processes = True
    columns = (
        "reconstruction", "gradient", "adversarial", "discriminator_adversarial", "edges", "edited_edges",
    )  # fmt: skip

    def __init__(self, data: Sequence[Path], config: DetailsConfig) -> None:
        self.config = config
        if len(data) != 2:
            raise InputError(f"details are learned from two folders, stills and their close-ups, not from {len(data)}")
        editor = load_checkpoint(config.training.editor)
        if "edit" not in editor.networks.capabilities or not same_square(editor.config.framing, config.framing):
            raise InputError(
                f"checkpoint {config.training.editor} edits no faces framed as these; give training.editor another"
            )
        networks, known = editor.networks.requires_grad_(False), editor.metadata
        stills, large = StillSet.load(data[0]), StillSet.load(data[1], close_ups=True)
        self.train, self.test = open_mouths(stills, large, networks, known.characters, config)
        self.characters, self.held_out = self.train.stills.characters, self.test.stills.characters
        taught = f"{known.dataset_fingerprint[:16]}@{known.steps_in_all}"
        self.fingerprint = f"{stills.fingerprint}-{large.fingerprint}-{taught}"

    def updates(self, networks: Family, accelerator: Accelerator) -> DetailsTrainer:
        return DetailsTrainer(networks, self.config, accelerator)

    def draw(self, step: int, shares: range, count: int, device: torch.device) -> list[Drawn]:
        return draw_in_lots(self.train, self.config.training, step, shares, count)

    def finish(self, averaged: AveragedNetworks) -> None:
        """Nothing: group norm keeps no statistics."""

    def preview(self) -> DetailsPreview:
        return DetailsPreview(self.test)
