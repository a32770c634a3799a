"""The bundled network for details, on mouths of people it never saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fexgan
from fexgan import bundled
from fexgan.checkpoints import load_checkpoint
from fexgan.model import RefiningFamily, reach
from fexgan.training.details_preview import edge_strength
from fexgan.training.mouths import MouthBatch
from fexgan.training.tasks import DetailsTask

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def networks() -> RefiningFamily:
    return load_checkpoint("details").networks.requires_grad_(False)


@pytest.fixture(scope="module")
def held_out() -> list[MouthBatch]:
    mouths = DetailsTask([ROOT / "crowd", ROOT / "crowd-mouths"], load_checkpoint("details").config).test
    return [mouths.all_of(index) for index in range(4)]


def test_no_held_out_mouth_was_trained_on(held_out):
    trained = load_checkpoint("details").metadata.characters
    test = DetailsTask([ROOT / "crowd", ROOT / "crowd-mouths"], load_checkpoint("details").config).test
    assert len(test.stills) >= 4 and not {*test.stills.characters} & {*trained}


def test_mouths_become_sharper_and_come_no_farther_from_the_truth(networks, held_out):
    for batch in held_out:
        counts = reach(batch.mask, networks.config) * batch.known
        edited, refined = batch.close_ups.images(), networks.refine(batch.close_ups).images()
        sharp = [edge_strength(images, counts) / edge_strength(batch.truth, counts) for images in (edited, refined)]
        assert sharp[1] > sharp[0] + 0.08 and sharp[1] < 1.25
        off = [((images - batch.truth).abs() * counts).mean() for images in (edited, refined)]
        assert off[1] < 1.05 * off[0]


def test_what_is_not_painted_stays_bit_by_bit(networks, held_out):
    unpainted = held_out[0].close_ups._replace(mask=torch.zeros_like(held_out[0].mask))
    assert torch.equal(networks.refine(unpainted).images(), unpainted.images())


def test_photographs_change_in_the_mouth_alone():
    picture = Image.open(bundled.pictures_path() / "hopper.jpg").convert("RGB")
    editor, plain = fexgan.load("portrait"), fexgan.load("portrait", details=None)
    square = editor.open(picture).faces[0].square
    before, after = (np.asarray(one.transform(picture, "joy")).astype(int) for one in (plain, editor))
    places = square.to_square(np.argwhere((before != after).any(axis=2))[:, ::-1])
    assert len(places) > 100
    assert ((places > (0.29, 0.54)) & (places < (0.71, 0.87))).all()


def test_without_details_an_edit_is_the_small_square_s_alone():
    picture = Image.open(bundled.pictures_path() / "hopper.jpg").convert("RGB")
    fine, plain = (fexgan.load("portrait", details=name).open(picture) for name in ("details", None))
    without = fine.edit("joy", details=False).levels
    assert np.array_equal(without, plain.edit("joy").levels) and not np.array_equal(without, fine.edit("joy").levels)


@pytest.mark.parametrize("name", ["cartoon.png", "ink.png", "flat.png"])
def test_drawings_get_no_colours_that_they_lack(name: str):
    picture = Image.open(bundled.pictures_path() / name).convert("RGB").convert("L").convert("RGB")
    after = np.asarray(fexgan.load("portrait").transform(picture, "joy.laugh")).astype(int)
    assert np.ptp(after, axis=2).max() <= 8
