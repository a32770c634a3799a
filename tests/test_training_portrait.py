"""Training an editing network: pairs stay aligned, losses weigh what they say, and a run owes what any run does."""

from __future__ import annotations

import csv
import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from drawn import film_stills
from rich.console import Console
from torch.utils.data._utils.pin_memory import pin_memory

from fexgan.affects import NEUTRAL_INDEX, Mixture, affect_index
from fexgan.checkpoints import load_checkpoint, newest_checkpoint, read_resume_state
from fexgan.config import PortraitConfig, PortraitModelConfig, PortraitTrainingConfig, VariationConfig
from fexgan.errors import InputError
from fexgan.framing.square import EYE_DISTANCE, EYE_HEIGHT, STUDIO_FRAMING
from fexgan.framing.stills import cut_squares, face_squares
from fexgan.losses import mixture_labels, movement
from fexgan.media import read_image
from fexgan.model import build
from fexgan.stills import StillSet
from fexgan.tensors import pixels_to_images
from fexgan.training.batches import step_generator
from fexgan.training.caricature import caricature
from fexgan.training.cartoons import EYES
from fexgan.training.creases import Folds, crease
from fexgan.training.loop import train
from fexgan.training.lots import LOT, draw_in_lots
from fexgan.training.openings import any_openings
from fexgan.training.pairs import PairBatch, Pairs, amplified
from fexgan.training.portrait_preview import PortraitPreview
from fexgan.training.portrait_step import PortraitTrainer
from fexgan.training.tasks import open_task
from fexgan.training.variation import vary_look, vary_place, vary_shape

SIZE = 32
JOY = affect_index("joy")
MOUTH = {8: (48, 80), 27: (48, 40), 31: (42, 52), 35: (54, 52), 48: (36, 62), 51: (48, 60), 54: (60, 62)}
"""Points of a face in 96 px: chin and nose, then mouth."""
SHOWN = ("neutral", "joy:0.5", "joy", "anger", "joy:0.5+anger:0.5")
NOTHING = VariationConfig(mirror=False, **{
    item.name: 0.0 for item in dataclasses.fields(VariationConfig) if item.name not in ("mirror", "degraded_share")
}, degraded_share=1.0)  # fmt: skip
STUDIO = dataclasses.replace(STUDIO_FRAMING, image_size_px=SIZE)


def settings(variation: VariationConfig = NOTHING, **training) -> PortraitConfig:
    """Networks of two narrow stages in fp32."""
    model = PortraitModelConfig(
        image_size_px=SIZE, widths=(8, 16), middle_blocks=1, decoder_blocks=1, condition_width=8,
        reader_widths=(8, 16), discriminator_widths=(8, 16),
    )  # fmt: skip
    values = {
        "precision": "fp32", "batch_size": 4, "preview_every_steps": 0, "decay_share": 0.0, "log_every_steps": 1,
        "test_share": 0.34, "adversarial_from_step": 3,
    }  # fmt: skip
    return PortraitConfig(
        model, training=PortraitTrainingConfig(**(values | training), variation=variation), framing=STUDIO
    )


def batch_of(pairs: Pairs, generator: torch.Generator) -> PairBatch:
    return pairs.draw(pairs.config.training.batch_size, generator)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Path:
    return film_stills(tmp_path_factory.mktemp("crowd"), ("ada", "bo", "cy"), SHOWN)


@pytest.fixture(scope="module")
def stills(crowd) -> StillSet:
    return StillSet.load(crowd)


@pytest.fixture
def quiet() -> Console:
    return Console(file=open(os.devnull, "w"))


def noise_pairs(count: int = 8) -> torch.Tensor:
    """Pairs [count, 2, 3, 32, 32] in [0, 1] that differ in one corner only."""
    source = torch.rand(count, 1, 3, SIZE, SIZE, generator=step_generator(1, 1))
    target = source.clone()
    target[..., :8, :8] = 1.0 - target[..., :8, :8]
    return torch.cat([source, target], dim=1)


def everywhere(count: int = 8) -> torch.Tensor:
    """The places of the pixels of an unvaried square."""
    grid = torch.nn.functional.affine_grid(torch.eye(2, 3)[None], [1, 1, SIZE, SIZE], align_corners=False)
    return grid.expand(count, -1, -1, -1)


def test_pairs_are_stills_of_one_character_with_what_they_show(stills):
    batch = batch_of(Pairs(stills, settings(batch_size=32)), step_generator(0, 1))
    cut = cut_squares(stills.pixels, face_squares(stills, STUDIO), SIZE)
    known = pixels_to_images(cut.reshape(-1, SIZE, SIZE, 3)).unflatten(0, cut.shape[:2])
    neutral = 0
    for source, source_affect, target, target_affect in zip(
        batch.source_images, batch.source_affect, batch.target_images, batch.target_affect, strict=True
    ):
        at_source = (known - source).abs().mean(dim=(2, 3, 4)).argmin()
        at_target = (known - target).abs().mean(dim=(2, 3, 4)).argmin()
        assert at_source // len(SHOWN) == at_target // len(SHOWN)
        for at, affect in ((at_source, source_affect), (at_target, target_affect)):
            torch.testing.assert_close(affect, torch.tensor(Mixture.parse(SHOWN[at % len(SHOWN)]).vector()))
        neutral += int(source_affect[NEUTRAL_INDEX] == 1.0)
    assert neutral > 32 // 3


def test_pairs_start_and_end_neutral_as_often_as_asked(stills):
    by_chance = 1 / len(SHOWN)
    for start, end in ((0.5, 0.0), (0.0, 1.0), (0.25, 0.5)):
        config = settings(
            batch_size=1024, neutral_source_share=start, smiling_source_share=0.0, neutral_target_share=end
        )
        batch = batch_of(Pairs(stills, config), step_generator(0, 1))
        starts, ends = (vector[:, NEUTRAL_INDEX] == 1.0 for vector in (batch.source_affect, batch.target_affect))
        assert starts.float().mean() == pytest.approx(start + (1 - start) * by_chance, abs=0.15)
        assert ends[~starts].float().mean() == pytest.approx(end + (1 - end) / (len(SHOWN) - 1), abs=0.08)


def test_as_many_pairs_start_with_a_smile_as_asked(stills):
    """A smile is joy alone: a mixture with it is none."""
    by_chance = 2 / len(SHOWN)
    for neutral, smiling in ((0.0, 0.6), (0.5, 0.5), (1.0, 0.5)):
        config = settings(
            batch_size=1024, neutral_source_share=neutral, smiling_source_share=smiling, neutral_target_share=0.0
        )
        sources = batch_of(Pairs(stills, config), step_generator(0, 1)).source_affect
        smiles = (sources[:, JOY] > 0) & ((sources > 0).sum(dim=1) - (sources[:, NEUTRAL_INDEX] > 0).int() == 1)
        expected = min(smiling, 1 - neutral) + max(0.0, 1 - neutral - smiling) * by_chance
        assert smiles.float().mean() == pytest.approx(expected, abs=0.15)


def creased_pairs(stills: StillSet, crease_share: float = 1.0) -> Pairs:
    """Pairs of flat faces of whose smiles a share folds: only folds differ from the skin."""
    landmarks = np.tile(np.linspace(30, 60, 68, dtype=np.float32)[:, None], (len(stills), len(SHOWN), 1, 2))
    for point, place in MOUTH.items():
        landmarks[:, :, point] = place
    variation = dataclasses.replace(NOTHING, crease_share=crease_share, degraded_share=0.0)
    pairs = Pairs(stills, settings(variation, batch_size=64))
    pairs.stills = dataclasses.replace(stills, pixels=np.full_like(stills.pixels, 200), landmarks=landmarks)
    return pairs


def test_smiles_fold_deeper_in_source_and_truth_alike_as_far_as_they_smile(stills):
    batch = batch_of(creased_pairs(stills), step_generator(0, 1))
    level = 200 / 127.5 - 1
    dark = {
        name: (level - images).amax(dim=(1, 2, 3)) > 0.02
        for name, images in (("source", batch.source_images), ("target", batch.target_images))
    }
    smiles = {"source": batch.source_affect[:, JOY] > 0, "target": batch.target_affect[:, JOY] > 0}
    assert torch.equal(dark["source"], smiles["source"]) and dark["source"].any()
    assert torch.equal(dark["target"], smiles["source"] & smiles["target"]) and dark["target"].any()
    full = batch.source_affect[:, JOY] == 1.0
    assert (level - batch.source_images[full]).amax() > (level - batch.source_images[~full]).amax()


def test_cartoons_are_labelled_with_what_they_show(stills):
    """Features go farther in some than they were filmed, and so does the affect; nobody is more than wholly joyful."""
    landmarks = np.tile(np.random.default_rng(0).uniform(30, 60, (68, 2)), (len(stills), len(SHOWN), 1, 1))
    drawn, filmed = (
        Pairs(stills, settings(dataclasses.replace(NOTHING, cartoon_share=share), batch_size=64))
        for share in (1.0, 0.0)
    )
    for pairs in (drawn, filmed):
        pairs.stills = dataclasses.replace(stills, landmarks=landmarks.astype(np.float32))
    batch, before = (batch_of(pairs, step_generator(0, 1)) for pairs in (drawn, filmed))
    for name in ("source_affect", "target_affect"):
        shown, were = getattr(batch, name), getattr(before, name)
        torch.testing.assert_close(shown.sum(dim=1), torch.ones(64))
        strength, was = 1.0 - shown[:, NEUTRAL_INDEX], 1.0 - were[:, NEUTRAL_INDEX]
        assert not strength[was == 0.0].any()
        half = strength[was == 0.5]
        assert half.min() < 0.6 and half.max() > 0.8 and (strength[was == 1.0] == 1.0).all()
    assert torch.equal(batch.target_labels, mixture_labels(batch.target_affect, 0.5, NEUTRAL_INDEX))


def test_emotions_are_amplified_as_far_as_they_fit():
    half, mixed = np.float32([0, 0, 0, 0.5, 0.5, 0, 0]), np.float32([0.5, 0, 0, 0.25, 0.25, 0, 0])
    times = np.float32([1.5, 4.0])
    expected = [[0, 0, 0, 0.75, 0.25, 0, 0], [2 / 3, 0, 0, 1 / 3, 0, 0, 0]]
    assert amplified(np.stack([half, mixed]), times) == pytest.approx(np.float32(expected))


def test_paint_may_cover_folds_that_go_and_none_that_stay(stills):
    batch, smooth = (batch_of(creased_pairs(stills, share), step_generator(0, 1)) for share in (1.0, 0.0))
    before, after = batch.source_affect[:, JOY], batch.target_affect[:, JOY]
    gone, stay = (before == 1.0) & (after == 0.0), (before > 0.0) & (after >= before)
    assert gone.any() and stay.any()
    assert torch.equal(batch.openings[stay], smooth.openings[stay])
    dark = (smooth.source_images - batch.source_images).amax(dim=1, keepdim=True)
    for index in torch.nonzero(gone).flatten():
        assert batch.openings[index][dark[index] > 0.6 * dark[index].max()].min() > 0.7
        assert (batch.openings[index] > smooth.openings[index] + 0.1).any()


def test_folds_lie_beside_the_mouth():
    landmarks = np.zeros((68, 2))
    for point, place in MOUTH.items():
        landmarks[point] = place
    picture = np.full((96, 96, 3), 200, np.uint8)
    crease(picture, landmarks, 1.0, Folds(depth=0.5, width=0.04, outwards=0.15, below=0.2))
    dark = 200.0 - picture[..., 1]
    assert dark[62, 26:36].max() > 60 and dark[62, 61:71].max() > 60
    assert dark[62, 44:53].max() < 2 and dark[:44].max() < 2 and dark[80:].max() < 2


def test_a_cheek_may_end_at_an_edge_and_shine_beside_it():
    landmarks = np.zeros((68, 2))
    for point, place in MOUTH.items():
        landmarks[point] = place
    faces = {}
    for name, folds in (
        ("even", Folds(depth=0.5, width=0.04, outwards=0.15, below=0.2)),
        ("edge", Folds(depth=0.5, width=0.04, outwards=0.15, below=0.2, inwards=6.0, upwards=1.0, cheek=0.2)),
    ):
        faces[name] = np.full((96, 96, 3), 200, np.uint8)
        crease(faces[name], landmarks, 1.0, folds)
    row = {name: picture[62, :48, 1].astype(float) for name, picture in faces.items()}
    darkest = int(row["edge"].argmin())
    assert (row["edge"][:darkest] > 200).sum() > 4 and (row["even"] <= 200).all()
    assert row["edge"][darkest + 4] < row["even"][darkest + 4] - 5  # the shadow reaches further towards the mouth


def test_openings_end_softly():
    """A hard end of the paint shows as a band on skin of another colour."""
    landmarks = np.full((1, 2, 68, 2), 64.0)
    landmarks[..., 48:60, :] += 20.0 * np.stack([np.cos(np.arange(12)), np.sin(np.arange(12))], axis=1)
    openings = any_openings(landmarks, 128)[0, 0]
    steps = torch.cat([openings.diff(dim=0).abs().flatten(), openings.diff(dim=1).abs().flatten()])
    assert openings.max() > 0.99 and openings.min() < 0.01
    assert steps.max() < 0.25


def test_coloured_lights_tint_places_apart():
    lights = dataclasses.replace(NOTHING, coloured_share=1.0, coloured=0.5, degraded_share=0.0)
    lit = vary_look(torch.full((8, 2, 3, SIZE, SIZE), 0.4), everywhere(), lights, step_generator(0, 1))
    torch.testing.assert_close(lit[:, 0], lit[:, 1])
    tints = lit[:, 0, 0] - lit[:, 0, 2]
    assert (tints.amax(dim=(1, 2)) - tints.amin(dim=(1, 2))).min() > 0.1


def test_where_eyes_show_follows_them_however_a_pair_is_varied(stills):
    """White eyes on black faces; those of one still are closed to half."""
    height, width = stills.pixels.shape[2:4]
    pixels, landmarks = np.zeros_like(stills.pixels), np.zeros((len(stills), len(SHOWN), 68, 2), np.float32)
    for still in range(len(SHOWN)):
        top, bottom = height // 3 + (6 if still == 1 else 0), height // 3 + 12
        for eye, left in zip(EYES, (width // 5, width // 5 * 3), strict=True):
            right = left + width // 5
            pixels[:, still, top : bottom + 1, left : right + 1] = 255
            middle = (left + right) / 2
            landmarks[:, still, eye] = [
                (left, top), (middle, top), (right, top), (right, bottom), (middle, bottom), (left, bottom)
            ]  # fmt: skip
    places = dataclasses.replace(
        NOTHING, mirror=True, shift=0.1, scale=0.2, rotation_deg=15.0, caricature_share=0.5, degraded_share=0.0
    )
    pairs = Pairs(stills, settings(places, batch_size=32))  # finds the faces
    pairs.stills = dataclasses.replace(stills, pixels=pixels, landmarks=landmarks)
    batch = batch_of(pairs, step_generator(0, 1))
    white = torch.minimum(batch.source_images, batch.target_images).mean(dim=1, keepdim=True) > 0.0
    eyes = batch.eyes > 0.5
    assert batch.eyes.sum(dim=(1, 2, 3)).min() > 5
    assert (eyes & white).sum() > 0.8 * (eyes | white).sum()
    assert (batch.openings[eyes] > 0.5).all() and 0 < batch.openings.mean() < 0.5
    untold = batch_of(Pairs(stills, settings()), step_generator(0, 1))
    assert not untold.eyes.any() and untold.openings.all()


def test_eyes_that_move_cost_and_lids_do_not():
    still = torch.zeros(2, 1, 4, 4)
    still[:, :, 1, 1] = 1.0
    flow = torch.zeros(2, 2, 4, 4)
    flow[:, :, 0, 0] = 9.0
    assert movement(flow, still) == pytest.approx(0.0, abs=1e-5)
    flow[:, :, 1, 1] = torch.tensor([3.0, 4.0])
    assert movement(flow, still) == pytest.approx(5.0)


def test_pairs_follow_from_the_steps_seed_alone(stills):
    pairs = Pairs(stills, settings(VariationConfig()))
    first, again, other = (batch_of(pairs, step_generator(0, step)) for step in (1, 1, 2))
    assert torch.equal(first.target_images, again.target_images)
    assert not torch.equal(first.target_images, other.target_images)
    assert first.target_images.abs().max() <= 1.0


class Numbers:
    """Pairs that are as many numbers, and the count of those that were drawn."""

    drawn = 0

    def draw(self, count, generator):
        self.drawn += count
        names = (item.name for item in dataclasses.fields(PairBatch))
        return PairBatch(**{name: torch.rand(count, 3, generator=generator) for name in names})


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_a_batch_is_the_same_dealt_out_in_however_many_shares_and_nobody_draws_all(count):
    training = settings(batch_size=12).training
    numbers, alone = Numbers(), Numbers()
    ((whole, _),) = draw_in_lots(alone, training, 7, range(1), 1)
    shares = [draw_in_lots(numbers, training, 7, range(index, index + 1), count)[0] for index in range(count)]
    together = torch.cat([share.target_images for share, _ in shares])
    assert torch.equal(together, whole.target_images) and len(together.unique()) == together.numel()
    assert numbers.drawn <= count * (12 // count + LOT) and alone.drawn == 12
    noises = [torch.rand(1, generator=generator).item() for _, generator in shares]
    assert len({*noises, *whole.target_images.flatten().tolist()}) == count + whole.target_images.numel()


def test_a_batch_of_pairs_differs_from_lot_to_lot_and_step_to_step(stills):
    pairs, training = Pairs(stills, settings(VariationConfig())), settings(batch_size=2 * LOT).training
    (first, _), (again, _), (other, _) = (draw_in_lots(pairs, training, step, range(1), 1)[0] for step in (1, 1, 2))
    assert torch.equal(first.target_images, again.target_images)
    assert not torch.equal(first.target_images, other.target_images)
    assert not torch.equal(*first.target_images.chunk(2))


def test_a_batch_holds_no_more_memory_than_it_shows_and_is_pinned_whole(stills, monkeypatch):
    config = settings()
    batch = batch_of(Pairs(stills, config), step_generator(0, 1))
    held = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in vars(batch).values()}
    assert sum(held.values()) == sum(tensor.nbytes for tensor in vars(batch).values())
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: -tensor)
    pinned, left = pin_memory((batch, step_generator(0, 1)))  # as a DataLoader does it
    assert all(torch.equal(getattr(pinned, name), -tensor) for name, tensor in vars(batch).items())
    assert isinstance(left, torch.Generator)


def test_no_variation_leaves_pairs_as_they_are():
    places = vary_place(8, NOTHING, step_generator(0, 1))
    torch.testing.assert_close(places, torch.eye(2, 3).expand(8, -1, -1))
    pairs = noise_pairs().clamp(min=0.01)
    torch.testing.assert_close(vary_look(pairs.clone(), everywhere(), NOTHING, step_generator(0, 1)), pairs)


def test_in_caricatures_both_eyes_are_larger_on_most_faces_and_as_large_as_one_another():
    count, side = 64, 64
    own = (torch.arange(side) + 0.5) * 2.0 / side - 1.0
    places = torch.stack(torch.meshgrid(own, own, indexing="xy"), dim=-1).expand(count, -1, -1, -1)
    eye = torch.tensor([EYE_DISTANCE, 2.0 * EYE_HEIGHT - 1.0])
    seen = torch.stack([places[0, ..., 0].abs(), places[0, ..., 1]], dim=-1)
    disc = ((seen - eye).square().sum(-1) < 0.1**2).float()
    pairs = disc.expand(count, 2, 3, -1, -1).clone()
    drawn = caricature(pairs, places, step_generator(0, 1))
    assert torch.equal(drawn[:, 0], drawn[:, 1]) and drawn.shape == pairs.shape
    left, right = (half.sum(dim=(1, 2)) for half in drawn[:, 0, 0].chunk(2, dim=2))
    assert (left > disc.sum() / 2).float().mean() > 0.6
    assert torch.corrcoef(torch.stack([left, right]))[0, 1] > 0.8


@pytest.mark.parametrize("name", ["mirror", "shift", "scale", "rotation_deg"])
def test_each_variation_of_place_differs_from_pair_to_pair_and_repeats_by_seed(name):
    config = dataclasses.replace(NOTHING, **{name: True if name == "mirror" else 0.4})
    places = vary_place(8, config, step_generator(0, 1))
    assert torch.equal(places, vary_place(8, config, step_generator(0, 1)))
    assert len(places.flatten(1).unique(dim=0)) > 1
    if name in ("mirror", "rotation_deg"):
        torch.testing.assert_close(places[:, :, :2] @ places[:, :, :2].mT, torch.eye(2).expand(8, -1, -1))


@pytest.mark.parametrize(
    "name",
    [
        "caricature_share",
        "brightness",
        "contrast",
        "saturation",
        "tint",
        "gamma",
        "light",
        "drawn_share",
        "glasses_share",
        "occluded_share",
        "blur_px",
        "noise",
        "compression",
    ],
)
def test_each_variation_of_look_changes_source_and_truth_alike(name):
    amount = 1.0 if name == "blur_px" or name.endswith("_share") else 0.5
    config = dataclasses.replace(NOTHING, **{name: amount})
    pairs = noise_pairs()
    varied, again = (
        vary_look(
            vary_shape(pairs.clone(), everywhere(), config, step_generator(0, 1)),
            everywhere(), config, step_generator(0, 1),
        )
        for _ in range(2)
    )  # fmt: skip
    assert torch.equal(varied, again)
    assert varied.min() >= 0.0 and varied.max() <= 1.0
    assert (varied - pairs).abs().mean(dim=(1, 2, 3, 4)).unique().numel() > 4
    same = varied[..., 20:, 20:]  # beyond the reach of any blur or block of the corner that differs
    torch.testing.assert_close(same[:, 0], same[:, 1], atol=1e-4, rtol=0)
    assert (varied - pairs).abs().max() > 0.02


def test_compression_keeps_flat_blocks_flat_and_rounds_fine_detail():
    config = dataclasses.replace(NOTHING, compression=1.0)
    flat = torch.full((8, 2, 3, SIZE, SIZE), 0.5)
    varied = vary_look(flat.clone(), everywhere(), config, step_generator(0, 1))
    assert varied.flatten(3).std(dim=3).max() < 1e-5
    faint = 0.5 + 0.05 * (noise_pairs() - 0.5)
    rounded = vary_look(faint.clone(), everywhere(), config, step_generator(0, 1))
    assert rounded.std() < 0.8 * faint.std()


@pytest.mark.parametrize("side", [20, 100])
def test_compression_reaches_the_edges_of_pictures_that_no_blocks_fill(side):
    compressed = dataclasses.replace(NOTHING, compression=1.0)
    pairs = torch.rand(1, 2, 3, side, side, generator=step_generator(2, 2))
    rounded = vary_look(pairs.clone(), everywhere(1), compressed, step_generator(0, 1))
    assert rounded.shape == pairs.shape
    changed = (rounded - pairs).abs().amax(dim=(0, 1, 2)) > 1e-3
    assert changed[-1].float().mean() > 0.9 and changed[:, -1].float().mean() > 0.9


def test_drawings_have_flat_colours_with_lines_where_dark_meets_light():
    config = dataclasses.replace(NOTHING, drawn_share=1.0)
    halves = torch.full((8, 2, 3, SIZE, SIZE), 0.8)
    halves[..., : SIZE // 2] = 0.3
    drawn = vary_look(halves, everywhere(), config, step_generator(0, 1))
    rows = drawn[:, 0, 0, SIZE // 2]  # [pairs, SIZE]
    assert rows[:, :4].std(dim=1).max() < 1e-5 and rows[:, -4:].std(dim=1).max() < 1e-5
    assert (rows.min(dim=1).values < rows[:, 0] - 0.02).all()
    assert rows[:, -1].max() > 0.9 > rows[:, -1].min()  # some are paler than any rounding of 0.8


def updated(trainer: PortraitTrainer, pairs: Pairs, step: int) -> dict[str, torch.Tensor]:
    return trainer.update(batch_of(pairs, step_generator(0, step)), step, step_generator(0, step))


def test_the_discriminator_rests_until_its_step(stills):
    config = settings()
    trainer = PortraitTrainer(build(config.model), config, Accelerator())
    pairs = Pairs(stills, config)
    before = [parameter.clone() for parameter in trainer.networks.discriminator.parameters()]
    for step in (1, 2):
        assert not any("adversarial" in name or "discriminator" in name for name in updated(trainer, pairs, step))
    assert all(map(torch.equal, before, trainer.networks.discriminator.parameters()))
    assert {"adversarial", "classification", "discriminator_adversarial"} <= updated(trainer, pairs, 3).keys()
    assert not all(map(torch.equal, before, trainer.networks.discriminator.parameters()))


def test_equal_affects_ask_for_no_change(stills):
    config = settings()
    trainer = PortraitTrainer(build(config.model), config, Accelerator())
    batch = batch_of(Pairs(stills, config), step_generator(0, 1))
    same = dataclasses.replace(batch, target_affect=batch.source_affect, target_images=batch.source_images)
    images, losses = trainer.draw(same)
    assert torch.equal(images, batch.source_images)
    assert losses["reconstruction"] == losses["gradient"] == losses["sparsity"] == losses["shading"] == 0


def test_paint_on_skin_costs_and_paint_in_eyes_and_mouths_does_not(stills):
    config = settings()
    trainer = PortraitTrainer(build(config.model), config, Accelerator())
    batch = batch_of(Pairs(stills, config), step_generator(0, 1))
    _, untold = trainer.draw(batch)
    _, losses = trainer.draw(dataclasses.replace(batch, openings=torch.zeros_like(batch.openings)))
    assert untold["strays"] == 0 and losses["strays"] == losses["sparsity"] > 0


def test_a_run_comes_nearer_to_the_truth_and_leaves_everything_it_owes(crowd, tmp_path, quiet):
    config = settings(
        steps=80, batch_size=8, learning_rate=3e-3, ema_decay=0.8, preview_every_steps=20, log_every_steps=80,
        adversarial_from_step=78,
    )  # fmt: skip
    summary = train(crowd, tmp_path / "run", config, console=quiet)
    with (tmp_path / "run" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["20", "40", "60", "80"]
    first, last = rows[0], rows[-1]
    assert first["adversarial"] == "" and float(last["adversarial"]) > 0
    assert float(last["test_difference"]) < 0.75 * float(first["test_difference"])
    assert first["copy_difference"] == last["copy_difference"]
    assert summary.losses["test_difference"] == pytest.approx(float(last["test_difference"]), rel=1e-4)
    assert read_image(tmp_path / "run" / "previews" / "000080.png").shape[1] > 5 * SIZE
    checkpoint = load_checkpoint(summary.checkpoint)
    assert checkpoint.config == config and len(checkpoint.metadata.characters) == 2


def test_copying_the_source_differs_from_the_truth_by_what_was_filmed(stills):
    config = settings()
    preview = PortraitPreview(stills, config)
    assert preview.emotions == ["anger", "joy"]
    networks = build(config.model)
    networks.decoder.picture.bias.data[:4] = -200.0  # no paint: with no flow yet, the source comes back
    _, figures = preview.draw(networks, "")
    assert figures["test_difference"] == pytest.approx(figures["copy_difference"], rel=1e-6)
    squares = cut_squares(stills.pixels, face_squares(stills, STUDIO), SIZE)
    differences = np.abs(squares[:, [2, 3]].astype(float) - squares[:, [0]]).mean()
    assert figures["copy_difference"] == pytest.approx(differences, rel=1e-4)


@pytest.mark.parametrize("halfway", [1, 4])
def test_a_run_goes_on_as_if_never_stopped_before_and_after_the_discriminator_has_begun(
    crowd, tmp_path, quiet, halfway
):
    config = settings(VariationConfig(), steps=5)
    train(crowd, tmp_path / "whole", config, console=quiet)
    train(crowd, tmp_path / "parts", config, steps=halfway, console=quiet)
    train(crowd, tmp_path / "parts", config, console=quiet)
    whole, parts = (read_resume_state(newest_checkpoint(tmp_path / run)) for run in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name
    first = newest_checkpoint(tmp_path / "whole")
    started = train(crowd, tmp_path / "next", config, start_from=first, steps=1, console=quiet)
    assert started.step == 1


def test_nobody_is_kept_apart_to_test_with_whom_the_weights_to_start_from_have_learned(crowd, tmp_path, quiet):
    def apart(config: PortraitConfig) -> tuple[str, ...]:
        return open_task([crowd], config).held_out

    config = settings(steps=1)
    other = next(one for seed in range(1, 9) if apart(one := settings(steps=1, seed=seed)) != apart(config))
    first = train(crowd, tmp_path / "first", config, console=quiet).checkpoint
    with pytest.raises(InputError, match="learned from 1 character that this run keeps apart"):
        train(crowd, tmp_path / "second", other, start_from=first, console=quiet)
    assert not (tmp_path / "second").exists()
    train(crowd, tmp_path / "second", other, start_from=first, allow_change=True, console=quiet)


@pytest.mark.parametrize("drawers", ["batches_ahead", "processes_ahead"])
def test_batches_drawn_ahead_train_the_same_networks(crowd, tmp_path, quiet, monkeypatch, drawers):
    config = settings(VariationConfig(), steps=4)
    train(crowd, tmp_path / "in-turn", config, console=quiet)
    monkeypatch.setattr(f"fexgan.training.ahead.{drawers}", lambda *_: 2)
    train(crowd, tmp_path / "ahead", config, console=quiet)
    in_turn, ahead = (read_resume_state(newest_checkpoint(tmp_path / run)) for run in ("in-turn", "ahead"))
    for name, tensor in in_turn.items():
        assert torch.equal(tensor, ahead[name]), name


def test_folders_are_joined_and_nobody_held_out_of_one_is_trained_on_in_another(crowd, tmp_path):
    other = film_stills(tmp_path, ("bo", "cy", "di", "ed"), SHOWN)
    config = settings()
    apart = [StillSet.load(folder).split(0.34, config.training.seed) for folder in (crowd, other)]
    held_out = {name for _, test in apart for name in test.characters}
    task = open_task([crowd, other], config)
    assert set(task.characters) == {"ada", "bo", "cy", "di", "ed"} - held_out and held_out
    assert task.test.characters == apart[0][1].characters
    assert set(task.pairs.stills.characters) == set(task.characters)
    assert len({open_task(folders, config).fingerprint for folders in ([crowd], [other], [crowd, other])}) == 3


def test_a_prepared_dataset_is_no_folder_of_stills(tiny_dataset, tmp_path, quiet):
    with pytest.raises(InputError, match="no stills in"):
        train(tiny_dataset, tmp_path / "run", settings(), console=quiet)


def test_a_pair_tells_the_variant_and_the_label_of_its_truth_and_the_networks_hear_of_it(stills):
    told = (({}, {"joy": "laugh"}, {}, {"anger": "shout"}, {}),) * len(stills)
    config = settings(batch_size=32)
    model = dataclasses.replace(config.model, variants=("anger.shout", "joy.laugh"))
    config = dataclasses.replace(config, model=model)
    batch = batch_of(Pairs(dataclasses.replace(stills, variants=told), config), step_generator(0, 1))
    shown = [affect_vector_of(SHOWN[index]) for index in (3, 1)]
    expected = torch.stack([(batch.target_affect == one).all(dim=1) for one in shown], dim=1).float()
    assert torch.equal(batch.target_variants, expected) and expected.any(dim=0).all()
    labels = mixture_labels(batch.target_affect, config.loss.full_label_strength, NEUTRAL_INDEX)
    torch.testing.assert_close(batch.target_labels, labels)
    trainer = PortraitTrainer(build(model), config, Accelerator())
    with torch.no_grad():
        for weight in trainer.networks.decoder.parameters():
            weight.add_(0.05)
    usual = dataclasses.replace(batch, target_variants=torch.zeros_like(expected))
    assert not torch.equal(trainer.draw(batch)[0], trainer.draw(usual)[0])


def affect_vector_of(mixture: str) -> torch.Tensor:
    return torch.tensor(Mixture.parse(mixture).vector())
