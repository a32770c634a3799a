"""Training the network for details: mouths lie where they were filmed, and a run owes what any run does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import film_stills
from rich.console import Console

from fexgan.checkpoints import Metadata, load_checkpoint, save_checkpoint
from fexgan.config import DetailsConfig, DetailsLossConfig, DetailsTrainingConfig, PortraitConfig, PortraitModelConfig
from fexgan.errors import InputError
from fexgan.framing.square import STUDIO_FRAMING
from fexgan.manifest import read_sidecar, write_sidecar
from fexgan.model import build
from fexgan.stills import StillSet, Windows
from fexgan.tensors import pixels_to_images
from fexgan.training.details_preview import DetailsPreview
from fexgan.training.loop import train
from fexgan.training.mouths import LOOKS, Mouths, laid_over, open_mouths, varied
from fexgan.training.tasks import open_task
from fexgan.video import read_clip, write_clip

SIZE, SIDE, TIMES = 32, 96, 4
SHOWN = ("neutral", "joy:0.5", "joy", "anger")
WINDOW = (130, 210, 258, 310)
"""Of the close-ups, in pictures four times as large."""
FRAMING = dataclasses.replace(STUDIO_FRAMING, image_size_px=SIZE)
MODEL = {"image_size_px": SIZE, "window_px": (12, 18, 20, 26), "widths": (8, 16), "blocks": 1}
EDITOR = PortraitModelConfig(
    image_size_px=SIZE, widths=(8, 16), middle_blocks=1, decoder_blocks=1, condition_width=8, reader_widths=(8, 16),
    discriminator_widths=(8, 16),
)  # fmt: skip


def film_close_ups(folder: Path, crowd: Path, window=WINDOW) -> Path:
    """The crowd's faces drawn four times as large, and only a part of them; returns the folder."""
    for sidecar in sorted(crowd.glob("*/stills/1.json")):
        take = read_sidecar(sidecar)
        small = [pixels for pixels, _ in read_clip(sidecar.with_suffix(".mp4"))]
        left, top, right, bottom = window
        large = [np.kron(pixels, np.ones((TIMES, TIMES, 1), np.uint8))[top:bottom, left:right] for pixels in small]
        clip = folder / take.character / "stills" / "1.mp4"
        write_clip(clip, large, fps=24, crf=4)
        marks = TIMES * (np.array(take.frames.extra["landmarks_px"]) + 0.5) - 0.5
        frames = dataclasses.replace(take.frames, extra={"landmarks_px": marks.tolist()})
        told = dataclasses.replace(take, frames=frames, size_px=TIMES * take.size_px, window_px=window)
        write_sidecar(clip.with_suffix(".json"), told)
    return folder


def film_crowd(folder: Path, characters: tuple[str, ...], shown: tuple[str, ...] = SHOWN, first_mark: int = 30) -> Path:
    """Stills that tell landmarks, which lie on a line from `first_mark` on; returns the folder."""
    film_stills(folder, characters, shown)
    for sidecar in folder.glob("*/stills/1.json"):
        take = read_sidecar(sidecar)
        points = np.tile(np.linspace(first_mark, 60, 68)[:, None], (len(shown), 1, 2))
        points *= take.size_px / SIDE
        frames = dataclasses.replace(take.frames, extra={"landmarks_px": points.tolist()})
        write_sidecar(sidecar, dataclasses.replace(take, frames=frames))
    return folder


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Path:
    return film_crowd(tmp_path_factory.mktemp("crowd"), ("ada", "bo", "cy"))


@pytest.fixture(scope="module")
def close_ups(tmp_path_factory, crowd) -> Path:
    return film_close_ups(tmp_path_factory.mktemp("close-ups"), crowd)


@pytest.fixture(scope="module")
def editor(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("models") / "editor"
    networks = build(EDITOR, seed=1)
    with torch.no_grad():
        networks.decoder.picture.weight.normal_(std=0.5, generator=torch.Generator().manual_seed(2))
    save_checkpoint(folder, networks, Metadata(PortraitConfig(EDITOR, framing=FRAMING), (), "", step=0))
    return str(folder)


def settings(editor: str, **training) -> DetailsConfig:
    values = {
        "precision": "fp32", "batch_size": 4, "preview_every_steps": 0, "log_every_steps": 1, "test_share": 0.34,
        "adversarial_from_step": 2, "editor": editor, "steps": 3,
    }  # fmt: skip
    model = dataclasses.replace(DetailsConfig().model, **MODEL)
    return DetailsConfig(model, training=DetailsTrainingConfig(**(values | training)), framing=FRAMING)


def mouths(crowd: Path, close_ups: Path, config: DetailsConfig) -> Mouths:
    networks = load_checkpoint(config.training.editor).networks
    return open_mouths(StillSet.load(crowd), StillSet.load(close_ups, close_ups=True), networks, (), config)[0]


def test_close_ups_lie_where_the_small_stills_show_the_same(crowd, close_ups, editor):
    drawn = mouths(crowd, close_ups, settings(editor))
    shown = np.array([[0], [1]]), np.full((2, 2), SHOWN.index("anger"))
    maps = drawn.squares.double().numpy()
    pictures, filmed = drawn._pictures(shown, maps)
    drawn.large = dataclasses.replace(drawn.large, pixels=np.zeros_like(drawn.large.pixels))
    dark, _ = drawn._pictures(shown, maps)
    inside, outside = (np.broadcast_to(where, (2, 2, *where.shape[-2:])) for where in (filmed > 0.99, filmed == 0.0))
    assert inside.any() and outside.any()
    assert dark[inside].max() <= 3 and np.array_equal(dark[outside], pictures[outside])
    drawn.large = dataclasses.replace(drawn.large, windows=Windows(np.full((2, 2), 10**6), TIMES * SIDE))
    small_alone, nowhere = drawn._pictures(shown, maps)
    assert nowhere.max() == 0.0
    assert np.abs(pictures.astype(int) - small_alone)[inside].mean() < 3.0


def test_exact_paint_is_the_truth_made_small(crowd, close_ups, editor):
    config = settings(editor, exact_share=1.0, exact_blur_px=0.0, soft_share=0.0, batch_size=8)
    batch = mouths(crowd, close_ups, config).draw(8, torch.Generator().manual_seed(0))
    pooled = torch.nn.functional.avg_pool2d
    assert (pooled(batch.paint, 4) - pooled(batch.truth, 4)).abs().mean() < 0.04
    unpainted = (batch.mask == 0.0).expand_as(batch.truth)
    assert torch.equal(batch.under[unpainted], batch.truth[unpainted])


def test_the_truth_is_laid_where_an_edit_shows_it():
    """A filmed mouth that lies five pixels beside a blurred edit of it."""
    rows, columns = np.indices((96, 128))
    mouth = np.exp(-(((rows - 48) / 12) ** 2) - ((columns - 64) / 26) ** 2) + 0.1 * np.sin(columns / 2)
    sharp = torch.from_numpy(mouth)[None, None].expand(1, 3, -1, -1).float().clamp(0, 1) * 1.6 - 0.8
    filmed = torch.roll(sharp, (3, 5), dims=(2, 3))
    edited = torch.nn.functional.avg_pool2d(sharp, 5, stride=1, padding=2, count_include_pad=False)
    inner = np.s_[..., 24:72, 32:96]
    before, after = ((one - sharp)[inner].abs().mean() for one in (filmed, laid_over(filmed, edited)))
    assert after < 0.35 * before


def test_batches_follow_from_the_generator_alone(crowd, close_ups, editor):
    drawn = mouths(crowd, close_ups, settings(editor))
    one, same, other = (vars(drawn.draw(4, torch.Generator().manual_seed(seed))) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["under"], other["under"])


def test_the_editor_computes_in_no_format_that_the_processor_imitates(crowd, close_ups, editor, monkeypatch):
    """Half precision is asked of the device that trains."""
    monkeypatch.setattr("fexgan.training.precision.computes_bf16", lambda device: device.type == "cuda")
    drawn, halved = mouths(crowd, close_ups, settings(editor, precision="bf16")), []
    analyse = drawn.editor.analyse
    monkeypatch.setattr(
        drawn.editor, "analyse", lambda images: halved.append(torch.is_autocast_enabled("cpu")) or analyse(images)
    )
    drawn.draw(4, torch.Generator().manual_seed(1))
    assert halved == [False]
    monkeypatch.setattr("fexgan.training.precision.computes_bf16", lambda device: True)
    for precision in ("bf16", "fp32"):
        drawn.config = settings(editor, precision=precision)
        drawn.draw(4, torch.Generator().manual_seed(1))
    assert halved == [False, True, False]


def test_small_and_large_pictures_are_varied_alike(crowd, close_ups, editor):
    """Large pairs made small again show the same as small ones, whatever was drawn before."""
    small = mouths(crowd, close_ups, settings(editor)).stills.pixels[:, :2]
    large = np.kron(small, np.ones((1, 1, 2, 2, 1), np.uint8))
    looking = torch.Generator().manual_seed(5)
    one, other = (varied(pixels, LOOKS, looking) for pixels in (small, large))
    shrunk = torch.nn.functional.avg_pool2d(other.flatten(0, 1), 2).unflatten(0, (-1, 2))
    torch.testing.assert_close(shrunk, one)
    plain = pixels_to_images(small.reshape(-1, SIDE, SIDE, 3)).unflatten(0, (-1, 2))
    assert (one - plain).abs().amax(dim=(1, 2, 3, 4)).min() > 0.05


def test_a_run_trains_the_painter_and_then_its_discriminator_too(crowd, close_ups, editor, tmp_path):
    config = settings(editor)
    summary = train([crowd, close_ups], tmp_path, config, console=Console(quiet=True))
    assert summary.step == 3 and summary.losses["adversarial"] > 0
    checkpoint, fresh = load_checkpoint(tmp_path), build(config.model, seed=0).state_dict()
    weights = checkpoint.networks.state_dict()
    assert all(
        not torch.equal(weights[name], fresh[name]) for name in ("painter.leave.weight", "discriminator.real.weight")
    )
    assert len(checkpoint.metadata.characters) == 2 and checkpoint.config == config


def test_the_painter_learns_to_sharpen(crowd, close_ups, editor, tmp_path):
    config = settings(editor, steps=60, exact_share=1.0, soft_share=0.0, learning_rate=3e-3, adversarial_from_step=999)
    train([crowd, close_ups], tmp_path, config, console=Console(quiet=True))
    learned = load_checkpoint(tmp_path).networks
    batch = mouths(crowd, close_ups, config).draw(4, torch.Generator().manual_seed(9))
    off = [
        ((seen.images() - batch.truth).abs() * batch.known).mean()
        for seen in (learned.refine(batch.close_ups), batch.close_ups)
    ]
    assert off[0] < 0.8 * off[1]


def test_sheets_show_held_out_mouths_and_how_sharp_they_are(crowd, close_ups, editor):
    task = open_task([crowd, close_ups], settings(editor))
    assert set(task.test.stills.characters).isdisjoint(task.characters)
    sheet, figures = DetailsPreview(task.test).draw(build(task.config.model, seed=0), "step 0")
    assert figures["edges"] == pytest.approx(figures["edited_edges"])
    assert sheet.width > sheet.height // 2


def test_folders_that_do_not_fit_are_refused(crowd, close_ups, editor, tmp_path):
    config = settings(editor)
    with pytest.raises(InputError, match="two folders"):
        open_task([crowd], config)
    with pytest.raises(InputError, match="whole pictures, not close-ups"):
        open_task([crowd, crowd], config)
    with pytest.raises(InputError, match="is a close-up"):
        open_task([close_ups], PortraitConfig(EDITOR, framing=FRAMING))
    strangers = film_crowd(tmp_path / "strangers", ("xu", "yo", "zed"))
    with pytest.raises(InputError, match="no character to train on"):
        open_task([crowd, film_close_ups(tmp_path / "apart", strangers)], config)
    fewer = film_crowd(tmp_path / "fewer", ("ada", "bo", "cy"), SHOWN[:3])
    with pytest.raises(InputError, match="other mixtures"):
        open_task([crowd, film_close_ups(tmp_path / "others", fewer)], config)
    moved = film_crowd(tmp_path / "moved", ("ada", "bo", "cy"), first_mark=36)
    with pytest.raises(InputError, match="another pose"):
        open_task([crowd, film_close_ups(tmp_path / "turned", moved)], config)
    plain = film_stills(tmp_path / "plain", ("ada", "bo", "cy"), SHOWN)
    with pytest.raises(InputError, match="landmarks"):
        open_task([plain, close_ups], config)
    with pytest.raises(InputError, match="edits no faces framed as these"):
        open_task([crowd, close_ups], settings("portrait"))


def test_nobody_whom_the_editor_learned_from_is_tested_with(crowd, close_ups, editor, tmp_path):
    known = load_checkpoint(editor)
    save_checkpoint(
        tmp_path / "knows", known.networks, dataclasses.replace(known.metadata, characters=("ada", "bo", "cy"))
    )
    with pytest.raises(InputError, match="none to test with"):
        open_task([crowd, close_ups], settings(str(tmp_path / "knows")))


def test_negative_weights_are_refused():
    with pytest.raises(InputError, match=r"loss\.adversarial"):
        DetailsLossConfig(adversarial=-1.0)
