"""The editing networks keep their promises before any training: shapes, identity, gate, reading, learning."""

from __future__ import annotations

import pytest
import torch
from narrow import EDITING_MODEL as TINY
from torch import nn

from fexgan.affects import AFFECTS, NEUTRAL_INDEX, affect_index, affect_vector
from fexgan.config import load_preset
from fexgan.model import DrawingFamily, EditingFamily, apply_edits, build
from fexgan.model.portrait import LARGEST_SHADE, Block, PortraitNetworks

NEUTRAL, JOY = (torch.tensor([affect_vector(affect, 1.0)]) for affect in ("neutral", "joy"))


def count(parameters) -> int:
    return sum(parameter.numel() for parameter in parameters)


def random_images(batch: int, side: int = TINY.image_size_px) -> torch.Tensor:
    return torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(5)) * 2 - 1


@pytest.fixture
def networks() -> PortraitNetworks:
    """Tiny networks whose flow and shade no longer start at zero, so that nothing is zero by chance."""
    networks = build(TINY, seed=1).eval().requires_grad_(False)
    for weight in (networks.decoder.flow.weight, networks.decoder.picture.weight[4:8]):
        weight.normal_(generator=torch.Generator().manual_seed(2))
    return networks


@pytest.fixture(scope="module")
def portrait() -> PortraitNetworks:
    return build(load_preset("portrait").model).eval().requires_grad_(False)


def test_portrait_has_its_number_of_parameters_and_fits_into_fifteen_megabytes_at_half_precision(portrait):
    assert count(portrait.generator_parameters()) == 5_426_956
    assert count(portrait.discriminator.parameters()) == 430_216
    assert 2 * count(portrait.parameters()) < 15_000_000


def test_every_stage_of_portrait_has_the_shape_that_is_written_beside_it(portrait):
    shapes = []
    for block in portrait.decoder.modules():
        if isinstance(block, Block):
            block.register_forward_hook(lambda block, given, features: shapes.append(tuple(features.shape[1:3])))
    features = portrait.analyse(random_images(1, 128))
    sides = [(48, 64), (96, 32), (192, 16), (256, 8)]
    assert [tuple(stage.shape[1:3]) for stage in features.stages] == sides
    edits = portrait.edit(features, NEUTRAL, JOY)
    assert shapes == [size for size in reversed(sides) for _ in range(2)]
    planes = [(part.shape[1], *part.shape[2:]) for part in (edits.flow, edits.mask, edits.shade, edits.paint)]
    assert planes == [(channels, 128, 128) for channels in (2, 1, 1, 3)]
    real_logits, affect_logits = portrait.discriminate(random_images(1, 128))
    assert (real_logits.shape, affect_logits.shape) == ((1, 1, 8, 8), (1, len(AFFECTS)))


def test_each_family_speaks_its_own_protocol(portrait):
    paper = build(load_preset("tiny").model)
    assert isinstance(portrait, EditingFamily) and not isinstance(portrait, DrawingFamily)
    assert isinstance(paper, DrawingFamily) and not isinstance(paper, EditingFamily)
    assert portrait.capabilities == {"edit", "classify"} and "edit" not in paper.capabilities


@pytest.mark.parametrize("affect", [NEUTRAL, JOY, 0.3 * JOY + 0.7 * NEUTRAL])
def test_asking_for_what_is_there_returns_the_source_bit_by_bit(networks, affect):
    images = random_images(2)
    affects = affect.expand(2, -1)
    edits = networks.edit(networks.analyse(images), affects, affects.clone())
    assert not edits.flow.any() and not edits.mask.any() and not edits.shade.any()
    assert torch.equal(apply_edits(images, edits), images)


@pytest.mark.parametrize(("strength", "share"), [(0.1, 0.25), (0.2, 0.5), (0.4, 1.0), (1.0, 1.0)])
def test_an_edit_fades_in_with_the_change_and_is_whole_from_the_weakest_filmed_strength(networks, strength, share):
    features = networks.analyse(random_images(1))
    target = torch.lerp(NEUTRAL, JOY, strength)
    edits, whole = networks.edit(features, NEUTRAL, target), networks.decoder(features, NEUTRAL, target, None)
    torch.testing.assert_close(edits.flow, share * whole.flow)
    torch.testing.assert_close(edits.mask, share * whole.mask)
    torch.testing.assert_close(edits.shade, share * whole.shade)
    assert whole.flow.any() and torch.equal(edits.paint, whole.paint)


def test_a_variant_changes_an_edit_by_as_much_as_its_affect_is_asked_for(networks):
    features = networks.analyse(random_images(1))
    default = networks.edit(features, NEUTRAL, JOY)
    laugh, shout, none = (
        networks.edit(features, NEUTRAL, JOY, torch.tensor([variants]))
        for variants in ((0.0, 1.0), (1.0, 0.0), (0.0, 0.0))
    )
    assert not torch.equal(laugh.flow, default.flow)
    assert torch.equal(shout.flow, default.flow) and torch.equal(none.flow, default.flow)


def test_flow_mask_shade_and_paint_stay_in_their_ranges(networks):
    networks.decoder.picture.weight.mul_(1000)
    networks.decoder.flow.weight.mul_(1000)
    edits = networks.edit(networks.analyse(random_images(2)), NEUTRAL, JOY)
    assert 0 <= edits.mask.min() < 0.01 and 0.99 < edits.mask.max() <= 1
    assert edits.paint.abs().max() <= 1
    assert 0.9 * LARGEST_SHADE < edits.shade.abs().max() <= LARGEST_SHADE
    assert 0.9 * TINY.largest_flow < edits.flow.abs().max() <= TINY.largest_flow


def test_paint_that_barely_shows_does_not_show_and_can_still_come_back(networks):
    networks.decoder.picture.bias[:4] = -4.0
    bias = networks.decoder.picture.bias.requires_grad_()
    edits = networks.edit(networks.analyse(random_images(1)), NEUTRAL, JOY)
    assert not edits.mask.any()
    edits.mask.sum().backward()
    assert bias.grad[:4].min() > 0


def test_features_of_one_picture_serve_many_affects_at_once(networks):
    features = networks.analyse(random_images(1))
    targets = torch.eye(len(AFFECTS))
    together = networks.edit(features, NEUTRAL.expand(len(targets), -1), targets)
    for index, target in enumerate(targets):
        alone = networks.edit(features, NEUTRAL, target[None])
        torch.testing.assert_close(together.flow[index], alone.flow[0])
        torch.testing.assert_close(together.mask[index], alone.mask[0])
        torch.testing.assert_close(together.shade[index], alone.shade[0])
        torch.testing.assert_close(together.paint[index], alone.paint[0])
    assert not torch.allclose(together.flow[affect_index("joy")], together.flow[affect_index("anger")])


@pytest.mark.parametrize("training", [False, True])
def test_neighbours_in_a_batch_never_change_a_picture(networks, training):
    networks.train(training)
    images = random_images(3)
    many, one = networks.analyse(images), networks.analyse(images[1:2])
    torch.testing.assert_close(networks.read(images)[1:2], networks.read(images[1:2]))
    torch.testing.assert_close(networks.edit(many, NEUTRAL, JOY).flow[1:2], networks.edit(one, NEUTRAL, JOY).flow)
    for logits_many, logits_one in zip(networks.discriminate(images), networks.discriminate(images[1:2]), strict=True):
        torch.testing.assert_close(logits_many[1:2], logits_one)


def test_what_is_read_is_an_affect_vector_whose_neutral_is_what_emotions_leave(networks):
    images = random_images(4)
    calm = networks.read(images)
    emotions = torch.cat([calm[:, :NEUTRAL_INDEX], calm[:, NEUTRAL_INDEX + 1 :]], dim=1)
    assert emotions.min() > 0 and 0 < emotions.sum(dim=1).max() < 1
    torch.testing.assert_close(calm[:, NEUTRAL_INDEX], 1 - emotions.sum(dim=1))
    networks.reader.emotions[-1].bias.fill_(2.0)
    excited = networks.read(images)
    assert excited.max() <= 1 and not excited[:, NEUTRAL_INDEX].any()


def test_training_begins_with_the_source_under_a_little_paint():
    networks = build(TINY).requires_grad_(False)
    edits = networks.edit(networks.analyse(random_images(2)), NEUTRAL, JOY)
    assert not edits.flow.any() and not edits.shade.any()
    assert edits.mask.mean() > 0 and edits.mask.max() < 0.25


def test_weights_follow_from_the_seed_and_all_are_trained_by_one_side():
    first, same, other = (build(TINY, seed) for seed in (1, 1, 2))
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, same.state_dict()[name])
    assert not torch.equal(first.encoder.enter[0].weight, other.encoder.enter[0].weight)
    sides = [*first.generator_parameters(), *first.discriminator.parameters()]
    assert sorted(map(id, sides)) == sorted(map(id, first.parameters()))


def test_every_weight_is_reached_by_a_gradient():
    networks = build(TINY)
    nn.init.normal_(networks.decoder.flow.weight)  # at zero, as it starts, nothing passes it in the first step
    images = random_images(2)
    features = networks.analyse(images)
    edited = apply_edits(images, networks.edit(features, NEUTRAL, JOY))
    logits = networks.discriminate(edited)
    (edited.square().mean() + networks.read(images).square().mean() + sum(map(torch.mean, logits))).backward()
    still = {name for name, parameter in networks.named_parameters() if not parameter.grad.any()}
    assert not still


def test_a_few_steps_teach_joy_to_move_pixels_and_fear_to_paint_them():
    networks = build(TINY)
    optimizer = torch.optim.Adam(networks.generator_parameters(), 3e-3)
    coarse = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    images = nn.functional.interpolate(coarse, size=(32, 32), mode="bilinear")
    moved, painted = images.roll(-3, dims=3), images.clone()
    painted[:, :, 16:] = 1.0
    truth = torch.cat([moved, painted])
    targets = torch.eye(len(AFFECTS))[[affect_index("joy")] * 4 + [affect_index("fear")] * 4]
    sources = torch.cat([images, images])
    copying = (sources - truth).abs().mean(dim=(1, 2, 3))
    for _ in range(60):
        edited = apply_edits(sources, networks.edit(networks.analyse(sources), NEUTRAL.expand(8, -1), targets))
        differences = (edited - truth).abs().mean(dim=(1, 2, 3))
        optimizer.zero_grad()
        differences.mean().backward()
        optimizer.step()
    assert (differences < 0.6 * copying).all()
