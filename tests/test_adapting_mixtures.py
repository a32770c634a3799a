"""A mixture is learned from a few pictures beside the data; what they show and whom is taken from their names."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from narrow import settings
from PIL import Image

from fexgan.adapting.mixtures import whom_it_shows
from fexgan.affects import Mixture
from fexgan.checkpoints import Metadata, load_checkpoint, save_checkpoint
from fexgan.dataset import FaceDataset
from fexgan.model import DrawingFamily, build
from fexgan.tensors import pixels_to_images
from fexgan.training.batches import make_batch, step_generator
from fexgan.training.examples import NOBODY, SHARE, Examples
from fexgan.training.loop import train
from fexgan.training.step import Trainer

CPU = torch.device("cpu")
MIXED = Mixture.parse("anger:0.5+sadness:0.5")


@pytest.fixture
def bitter(tmp_path: Path) -> Path:
    """White pictures: two of ada and one of somebody else, at the model's own size."""
    folder = tmp_path / "bitter"
    folder.mkdir()
    for name in ("ada.png", "ada-2.png", "adam.png"):
        Image.new("RGB", (64, 64), (255, 255, 255)).save(folder / name)
    return folder


def examples_of(faces: FaceDataset, character: int) -> Examples:
    pixels = np.full((1, faces.image_size_px, faces.image_size_px, 3), 255, np.uint8)
    return Examples(pixels, np.array([MIXED.vector()], np.float32), np.array([character]))


@pytest.mark.parametrize(
    ("stem", "shown"),
    [("ada", 0), ("ada-2", 0), ("ada_x", 0), ("adam", NOBODY), ("bo 1", 1), ("my-ada", NOBODY), ("ada-lovelace-2", 2)],
)
def test_a_picture_is_of_the_character_whose_name_its_own_begins_with(stem, shown):
    assert whom_it_shows(stem, ("ada", "bo", "ada-lovelace")) == shown


@pytest.mark.parametrize("character", [0, 1, 2, NOBODY])  # 2 has no frame to train on
def test_a_share_of_a_batch_arrives_at_examples_from_frames_of_the_same_character(tiny_dataset, character):
    faces, config = FaceDataset.load(tiny_dataset), settings(batch_size=8)
    plain = make_batch(faces, config, 1, step_generator(0, 1), CPU)
    examples = examples_of(faces, character)
    batch = examples.put_into(plain, faces, config, step_generator(0, 2))
    kept = len(plain.source_images) - round(SHARE * 8)
    for name, tensor in vars(batch).items():
        assert torch.equal(tensor[:kept], getattr(plain, name)[:kept]) and tensor.shape == getattr(plain, name).shape
    assert (batch.target_images[kept:] == 1).all()
    torch.testing.assert_close(batch.target_affect[kept:], torch.tensor([MIXED.vector()] * 2))
    torch.testing.assert_close(batch.target_labels[kept:].sum(dim=1), torch.ones(2))
    own = faces.pixels if character in (2, NOBODY) else faces.pixels[faces.character == character]
    for image, shown in zip(batch.source_images[kept:], batch.source_affect[kept:], strict=True):
        pixels = ((image.permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
        if character in (2, NOBODY):
            assert (pixels == 255).all() and shown.tolist() == pytest.approx(list(MIXED.vector()))
        else:
            assert any((pixels == frame).all() or (pixels[:, ::-1] == frame).all() for frame in own)
            assert shown.sum() == pytest.approx(1.0)


def test_examples_are_learned_beside_the_data_and_the_same_command_goes_on(
    run_command, tiny_dataset, bitter, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    config = settings(batch_size=8, learning_rate=2e-3)
    faces = FaceDataset.load(tiny_dataset)
    save_checkpoint(Path("base"), build(config.model), Metadata(config, faces.characters, faces.fingerprint, step=0))
    command = ("adapt", "base", "--mixture", "anger+sadness", "--data", tiny_dataset, "--out", "run", "--steps", 60)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "update", cut_short)
        assert run_command(*command, "--examples", bitter) == 130 and not Path("run/checkpoints").exists()
    others = ("--mixture", "joy+fear", "--examples", bitter)
    assert run_command("adapt", "base", *others, "--data", tiny_dataset, "--out", "run") == 2
    assert "run holds something else than mixture joy:0.5+fear:0.5 being taught" in capsys.readouterr().err
    assert run_command(*command, "--examples", bitter) == 0
    text = Path("run/adapt.md").read_text(encoding="utf-8")
    assert "anger:0.5+sadness:0.5, taught from 3 examples in 60 steps" in text
    with Image.open("run/adapt.png") as picture:
        assert picture.width > 2 * 64 and picture.height > 3 * 64
    alone = dataclasses.replace(config, training=dataclasses.replace(config.training, steps=60))
    train(tiny_dataset, Path("alone"), alone, start_from="base")
    taught, untaught = (mean_light(load_checkpoint(run).networks, faces) for run in ("run", "alone"))
    assert taught > untaught + 0.05, "white examples leave their light"
    capsys.readouterr()
    assert run_command(*command, "--examples", bitter) == 0
    (bitter / "ada.png").unlink()
    assert run_command(*command, "--examples", bitter) == 2
    assert "begun with other pictures" in capsys.readouterr().err


def cut_short(*_: object) -> None:
    """In the place of a step."""
    raise KeyboardInterrupt


@torch.no_grad()
def mean_light(networks: DrawingFamily, faces: FaceDataset) -> float:
    """Of faces of the data, drawn with the mixture."""
    images = pixels_to_images(faces.pixels[:8])
    shown = torch.tensor([MIXED.vector()] * 8, dtype=torch.float32)
    return networks.decode(networks.encode(images, shown)[0], shown).mean().item()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--mixture", "joy+fear"), "give --mixture and --examples together"),
        (("--examples", "bitter"), "give either --character, or --mixture"),
        (("--mixture", "joy+fear", "--examples", "bitter", "--character", "bitter"), "one thing is taught at a time"),
        (("--mixture", "joy", "--examples", "bitter"), "a blend needs two or more"),
        (("--mixture", "joy+glee", "--examples", "bitter"), "affect 'glee' is unknown"),
        (("--mixture", "joy+fear", "--examples", "nowhere"), "no picture at nowhere"),
    ],
)
def test_what_does_not_fit_is_one_line_and_writes_nothing(
    run_command, tiny_checkpoint, tiny_dataset, bitter, tmp_path, monkeypatch, capsys, flags, told
):
    monkeypatch.chdir(tmp_path)
    assert run_command("adapt", tiny_checkpoint, *flags, "--data", tiny_dataset, "--out", "run") == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1 and not Path("run").exists()
