"""A run begins with what another learned, and with all of it."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from narrow import EDITING_MODEL, settings

from fexgan.affects import AFFECTS
from fexgan.checkpoints import Checkpoint, Metadata
from fexgan.config import AnyConfig, Config, PortraitConfig, load_preset
from fexgan.errors import InputError
from fexgan.model import build
from fexgan.training.beginning import begin_with, go_on_with

PLAIN = load_preset("tiny")
EDITING = PortraitConfig(
    EDITING_MODEL, framing=dataclasses.replace(PLAIN.framing, image_size_px=EDITING_MODEL.image_size_px)
)


def refined(*blocks: int, finish: int = 0) -> Config:
    model = dataclasses.replace(PLAIN.model, decoder_refinements=blocks, decoder_finish_width=finish)
    return dataclasses.replace(PLAIN, model=model)


def trained(config: AnyConfig) -> Checkpoint:
    """A checkpoint whose weights no fresh networks have."""
    networks = build(config.model, seed=3).eval()
    with torch.no_grad():
        for tensor in networks.parameters():
            tensor.add_(0.01 * torch.randn(tensor.shape))
    return Checkpoint(networks, Metadata(config, (), "", 1))


@pytest.mark.parametrize("more", [refined(0, 0, 1, 1, 2), refined(finish=4), refined(0, 0, 0, 1, 1, finish=4)])
def test_networks_given_refinements_or_a_finish_draw_what_was_drawn_without_until_they_are_trained(more: Config):
    checkpoint, networks = trained(PLAIN), build(more.model).eval()
    latents, affects = torch.randn(len(AFFECTS), PLAIN.model.latent_size), torch.eye(len(AFFECTS))
    begin_with(networks, checkpoint, "before")
    with torch.no_grad():
        assert torch.equal(networks.decode(latents, affects), checkpoint.networks.decode(latents, affects))


def test_refinements_that_were_trained_are_taken_over_and_never_lost():
    checkpoint, networks = trained(refined(0, 0, 0, 0, 1)), build(refined(0, 0, 0, 1, 2).model)
    begin_with(networks, checkpoint, "before")
    given, taken = checkpoint.networks.decoder.refinements[4][0], networks.decoder.refinements[4][0]
    assert torch.equal(given.added.weight, taken.added.weight) and taken.added.weight.any()
    for fewer in (PLAIN, refined(0, 0, 1, 0, 0), refined(finish=4)):
        with pytest.raises(InputError, match=r"checkpoint before is of other networks: model\.decoder_re"):
            begin_with(build(fewer.model), checkpoint, "before")


def test_a_run_goes_on_with_networks_of_its_own_shape_only():
    checkpoint, same = trained(PLAIN), build(PLAIN.model)
    go_on_with(same, checkpoint, "before")
    assert all(
        torch.equal(tensor, same.state_dict()[name]) for name, tensor in checkpoint.networks.state_dict().items()
    )
    for other, named in ((refined(0, 0, 0, 0, 1), "decoder_refinements"), (load_preset("portrait"), "family")):
        with pytest.raises(InputError, match=rf"before is of other networks: model\.{named} was"):
            go_on_with(build(other.model), checkpoint, "before")


@pytest.mark.parametrize("take", [begin_with, go_on_with])
@pytest.mark.parametrize(
    ("config", "setting", "value"),
    [(PLAIN, "head_dropout", 0.3), (settings(), "dropout", 0.1), (EDITING, "largest_flow", 0.4)],
)
def test_what_acts_in_training_alone_or_is_a_limit_may_change(take, config, setting, value):
    checkpoint, networks = trained(config), build(dataclasses.replace(config.model, **{setting: value}))
    take(networks, checkpoint, "before")
    weights = checkpoint.networks.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in networks.state_dict().items())


@pytest.mark.parametrize("take", [begin_with, go_on_with])
@pytest.mark.parametrize(
    ("config", "setting", "value"),
    [
        (PLAIN, "leaky_slope", 0.1),
        (settings(), "dropout", 0.0),  # its layers go, and those after them move up
        (PLAIN, "code_width", 8),
        (EDITING, "variants", EDITING_MODEL.variants[::-1]),
    ],
)
def test_what_decides_the_meaning_of_weights_may_not_change_and_is_named(take, config, setting, value):
    networks = build(dataclasses.replace(config.model, **{setting: value}))
    with pytest.raises(
        InputError, match=rf"before is of other networks: model\.{setting} was .* and is .*; train with"
    ):
        take(networks, trained(config), "before")
