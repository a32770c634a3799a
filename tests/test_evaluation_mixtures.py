from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import film_stills
from torch import Tensor

from fexgan.affects import AFFECTS
from fexgan.checkpoints import Checkpoint, Metadata, load_checkpoint, save_checkpoint
from fexgan.cli import run
from fexgan.config import FramingConfig, PortraitConfig, PortraitModelConfig, PortraitTrainingConfig
from fexgan.evaluation.edits import evaluate_edits
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.mixtures import mixture_strengths
from fexgan.evaluation.recogniser import train_recogniser
from fexgan.model import Edits, build
from fexgan.stills import StillSet
from fexgan.synthesis import Model

SIZE = 64
SHOWN = ("neutral", "joy", "anger", "joy:0.5+anger:0.5")
FRAMING = FramingConfig(image_size_px=SIZE)


class Tipping:
    """Paints joy and anger in a colour each, and reads them at once from a strength of 0.7 and 0.3 on."""

    capabilities = frozenset({"edit", "classify"})

    def analyse(self, images: Tensor) -> Tensor:
        return images

    def edit(self, features: Tensor, source: Tensor, target: Tensor, variants: Tensor | None = None) -> Edits:
        count = len(target)
        colours = torch.stack([target[:, 3], target[:, 0], torch.zeros(count)], dim=1)
        paint = colours[:, :, None, None].expand(count, 3, SIZE, SIZE)
        plane = torch.ones(count, 1, SIZE, SIZE)
        return Edits(torch.zeros(count, 2, SIZE, SIZE), plane, 0 * plane, paint)

    def read(self, images: Tensor) -> Tensor:
        joy, anger, _ = (12.0 * (images.mean(dim=(2, 3)) - torch.tensor([0.7, 0.3, 0.0]))).sigmoid().unbind(1)
        vector = torch.zeros(len(images), 7)
        places = torch.tensor([AFFECTS.index("joy"), AFFECTS.index("anger")])
        return vector.index_copy(1, places, torch.stack([joy, anger], dim=1))


TIPPING = Checkpoint(Tipping(), Metadata(PortraitConfig(), (), "", step=0))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film_stills(tmp_path_factory.mktemp("stills"), ("ada", "bo"), SHOWN)


@pytest.fixture(scope="module")
def held_out(crowd: Path) -> HeldOut:
    return HeldOut.of(StillSet.load(crowd), FRAMING)


@pytest.fixture(scope="module")
def recogniser(held_out: HeldOut):
    return train_recogniser(held_out.pixels[0], held_out.affects, steps=2)


def test_strengths_that_are_read_better_stand_beside_those_filmed(held_out: HeldOut, recogniser):
    scores = mixture_strengths(TIPPING, held_out, recogniser)
    assert list(scores) == ["asked", "optimised", "filmed"]
    assert all(score.pictures == 2 for score in scores.values())
    assert scores["optimised"].gap < 0.3 * scores["asked"].gap


def test_the_filmed_stills_are_the_truth(held_out: HeldOut, recogniser):
    filmed = mixture_strengths(TIPPING, held_out, recogniser, steps=1)["filmed"]
    assert filmed.ssim == pytest.approx(1.0) and filmed.difference == 0.0
    assert filmed.similarity is None or filmed.similarity < 1.0


def test_where_no_mixture_was_filmed_none_is_measured(tmp_path: Path, recogniser):
    held_out = HeldOut.of(StillSet.load(film_stills(tmp_path, ("ada", "bo"), SHOWN[:3])), FRAMING)
    assert mixture_strengths(TIPPING, held_out, recogniser) == {}


def test_models_that_draw_are_measured_alike(held_out: HeldOut, tiny_checkpoint: Path, recogniser):
    checkpoint = load_checkpoint(tiny_checkpoint)
    scores = mixture_strengths(checkpoint, held_out, recogniser, steps=2)
    assert scores["optimised"].gap <= scores["asked"].gap + 1e-6 and scores["filmed"].difference == 0.0


def test_models_that_draw_see_stills_cut_as_they_cut_pictures(crowd: Path, tiny_model: Model):
    stills = StillSet.load(crowd)
    squares = HeldOut.cropped(stills, tiny_model.checkpoint.config.framing).pixels
    for own, filmed in zip(squares, stills.pixels, strict=True):
        assert np.array_equal(own[stills.neutral_index], tiny_model.frame(filmed[stills.neutral_index]))
        assert own.shape == (len(SHOWN), SIZE, SIZE, 3)


def test_stills_of_strangers_and_stills_without_judges_are_refused(
    crowd: Path, tiny_checkpoint: Path, tiny_dataset: Path, tmp_path: Path, run_command, capsys
):
    strangers = film_stills(tmp_path / "strangers", ("cy", "di"), SHOWN)
    arguments = ("evaluate", tiny_checkpoint, "--data", tiny_dataset, "--out", tmp_path / "report")
    for complaint, more in {
        "add --judges": ("--stills", crowd),
        "knows none of the characters": ("--stills", strangers, "--judges"),
    }.items():
        assert run_command(*arguments, *more) == 2
        error = capsys.readouterr().err
        assert complaint in error and error.count("\n") == 1
    assert not (tmp_path / "report").exists()


def test_the_verb_adds_the_table_where_it_is_asked_to(crowd: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(evaluate_edits, "__defaults__", (2,))
    config = PortraitConfig(
        PortraitModelConfig(image_size_px=SIZE, widths=(8, 16), condition_width=8, discriminator_widths=(8,)),
        training=PortraitTrainingConfig(test_share=0.5),
        framing=FRAMING,
    )
    checkpoint = tmp_path / "checkpoint"
    save_checkpoint(checkpoint, build(config.model), Metadata(config, (), "", step=0))
    arguments = ["evaluate", str(checkpoint), "--data", str(crowd), "--out", str(tmp_path / "report")]
    run(arguments)
    assert "optimised" not in (tmp_path / "report" / "edits.md").read_text(encoding="utf-8")
    run([*arguments, "--optimise"])
    assert "| optimised | 1 |" in (tmp_path / "report" / "edits.md").read_text(encoding="utf-8")
    assert "optimised" in capsys.readouterr().out
