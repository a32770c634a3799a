"""The networks are the published ones, to the digit, and start as published."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from fexgan.affects import AFFECTS
from fexgan.config import load_preset
from fexgan.model import DrawingFamily, build, sample_latent
from fexgan.model.paper import PaperNetworks, Refinement
from fexgan.tensors import sample_latents

# The paper's layers in order, as design tables give them: output [channels, side], or [features].
ENCODER = [(128, 64), (256, 32), (512, 16), (512, 8), (512, 4), (512, 2), (128, 1), (128,), (128,)]
DECODER = [(64,), (256,), (256,), (512, 2), (512, 4), (512, 8), (512, 16), (256, 32), (128, 64), (3, 128)]
DISCRIMINATOR = [(64, 64), (128, 32), (512, 16), (1,), (7,)]
WEIGHTED = (torch.nn.Conv2d, torch.nn.ConvTranspose2d, torch.nn.Linear)


@pytest.fixture(scope="module")
def paper() -> PaperNetworks:
    return build(load_preset("paper").model).eval()


def count(parameters) -> int:
    return sum(parameter.numel() for parameter in parameters)


def test_paper_has_the_published_number_of_parameters(paper):
    assert count(paper.generator_parameters()) == 35_889_923
    assert count(paper.discriminator.parameters()) == 2_232_584
    assert count(paper.parameters()) == 35_889_923 + 2_232_584


def layer_shapes(network, *inputs) -> list[tuple[int, ...]]:
    """Output shape of every weighted layer in the order they run: (channels, side) or (features,)."""
    shapes = []

    def note(module, arguments, output):
        shapes.append(tuple(output.shape[1:-1] if output.ndim == 4 else output.shape[1:]))

    hooks = [module.register_forward_hook(note) for module in network.modules() if isinstance(module, WEIGHTED)]
    with torch.no_grad():
        network(*inputs)
    for hook in hooks:
        hook.remove()
    return shapes


def test_every_layer_of_paper_has_the_published_output_shape(paper):
    images, affect, latent = torch.zeros(2, 3, 128, 128), torch.eye(7)[:2], torch.zeros(2, 128)
    assert layer_shapes(paper.encoder, images, affect) == [(128 * 128,), *ENCODER]
    assert layer_shapes(paper.decoder, latent, affect) == DECODER
    assert layer_shapes(paper.discriminator, images) == DISCRIMINATOR


def test_paper_has_the_published_biases_norms_and_dropouts(paper):
    convolutions = [m for m in paper.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)]
    assert [layer for layer in convolutions if layer.bias is not None] == [paper.decoder.picture[0]]
    kinds = [type(layer).__name__ for layer in paper.encoder.stages]
    assert kinds == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 5 + ["Conv2d", "BatchNorm2d"]
    kinds = [type(layer).__name__ for layer in paper.decoder.stages]
    dropped = ["ConvTranspose2d", "BatchNorm2d", "Dropout", "ReLU"]
    assert kinds == dropped * 3 + ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 3
    kinds = [type(layer).__name__ for layer in paper.discriminator.stages]
    assert kinds == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 2
    assert {layer.p for layer in paper.modules() if isinstance(layer, torch.nn.Dropout)} == {0.5}
    assert {layer.negative_slope for layer in paper.modules() if isinstance(layer, torch.nn.LeakyReLU)} == {0.3}


def test_weights_start_with_a_spread_of_two_hundredths_and_biases_at_zero(paper):
    for module in paper.modules():
        if isinstance(module, WEIGHTED) and module is not paper.encoder.log_sigma:
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.15)
            assert module.bias is None or not module.bias.any()


def test_sigma_is_one_for_every_picture_at_the_start(paper):
    with torch.no_grad():
        _, latent_log_sigma = paper.encode(torch.rand(2, 3, 128, 128), torch.eye(7)[:2])
    assert torch.equal(latent_log_sigma.exp(), torch.ones(2, 128))


@pytest.mark.parametrize("name", ["paper", "small", "refined", "tiny"])
def test_every_preset_speaks_the_protocol_with_the_shapes_it_promises(name):
    config = load_preset(name).model
    networks = build(config).eval()
    assert isinstance(networks, DrawingFamily)
    images, affect = torch.rand(2, 3, config.image_size_px, config.image_size_px), torch.eye(len(AFFECTS))[:2]
    with torch.no_grad():
        latent_mean, latent_log_sigma = networks.encode(images, affect)
        drawn = networks.decode(latent_mean, affect)
        real_logit, affect_logits = networks.discriminate(drawn)
    assert latent_mean.shape == latent_log_sigma.shape == (2, config.latent_size)
    assert drawn.shape == images.shape and drawn.abs().max() <= 1
    assert real_logit.shape == (2,) and affect_logits.shape == (2, len(AFFECTS))


def test_a_refinement_is_told_character_and_affect_and_a_fresh_one_adds_nothing():
    refinement = Refinement(width=8, code_width=4).eval()
    features, code = torch.rand(2, 8, 6, 6), torch.rand(2, 4)
    with torch.no_grad():
        refinement.added.weight.zero_()
        assert torch.equal(refinement(features, code), features)
        refinement.added.weight.normal_()
        added = refinement(features, code) - features
        assert not torch.allclose(added, refinement(features, 0.5 * code) - features, atol=1e-3)
        refinement.told.weight.zero_()
        refinement.told.bias[:8], refinement.told.bias[8:] = -1.0, -0.5
        assert torch.equal(refinement(features, code), features)  # scaled to nothing, shifted below it


def test_refined_is_small_with_refinements_and_they_start_by_adding_nothing():
    small, refined = load_preset("small").model, load_preset("refined").model
    assert dataclasses.replace(refined, decoder_refinements=(), decoder_finish_width=0) == small
    decoder = build(refined).decoder
    blocks = [module for module in decoder.modules() if isinstance(module, Refinement)]
    assert len(blocks) == sum(refined.decoder_refinements) + 1 > 1
    assert all(block.seen.weight.any() and not block.added.weight.any() for block in blocks)
    assert decoder.finish.refinement in blocks and not decoder.finish.added.weight.any()


def test_a_finish_adds_single_pixels_to_a_picture_that_is_squashed_after_it():
    config = dataclasses.replace(load_preset("tiny").model, decoder_finish_width=4)
    decoder = build(config).decoder.eval()
    latent, affect = torch.rand(2, config.latent_size), torch.eye(len(AFFECTS))[:2]
    with torch.no_grad():
        before = decoder(latent, affect)
        decoder.finish.added.weight.normal_()
        added = decoder(latent, affect).atanh() - before.atanh()
    assert added.abs().max() > 0 and decoder(latent, affect).abs().max() <= 1
    even, odd = added[..., 0::2], added[..., 1::2]
    assert (even - odd).abs().mean() > 0.1 * added.abs().mean()  # no enlarged picture of half the size


def test_weights_follow_from_the_seed():
    config = load_preset("tiny").model
    first, same, other = (build(config, seed).decoder.picture[0].weight for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_drawn_latent_is_the_mean_without_noise_and_one_sigma_away_with_noise_of_one():
    latent_mean, latent_log_sigma = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, -1.0]])
    assert torch.equal(sample_latent(latent_mean, latent_log_sigma, torch.zeros(1, 2)), latent_mean)
    shifted = sample_latent(latent_mean, latent_log_sigma, torch.ones(1, 2))
    torch.testing.assert_close((shifted - latent_mean).log(), latent_log_sigma)


def test_random_latents_are_the_noise_until_fitted():
    networks = build(load_preset("tiny").model)
    assert torch.equal(networks.draw_latents(range(8)), sample_latents(range(8), networks.config.latent_size))


def test_a_joint_head_answers_for_real_and_generated_and_names_by_both():
    networks = build(dataclasses.replace(load_preset("tiny").model, affect_head="adcgan")).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        real_logit, joint_logits = networks.discriminator.read(images)
        same_logit, affect_logits = networks.discriminate(images)
    assert joint_logits.shape == (2, 14)
    assert torch.equal(real_logit, same_logit)
    probabilities = joint_logits.softmax(dim=1)
    torch.testing.assert_close(affect_logits.softmax(dim=1), probabilities[:, :7] + probabilities[:, 7:])


def test_feature_maps_are_those_of_every_stage_and_the_last_is_what_the_heads_read():
    discriminator = build(load_preset("tiny").model).eval().discriminator
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        maps = discriminator.features(images)
        last = discriminator.stages(images)
    assert [tuple(one.shape[1:]) for one in maps] == [(16, 32, 32), (32, 16, 16), (128, 8, 8)]
    assert torch.equal(maps[-1], last)
