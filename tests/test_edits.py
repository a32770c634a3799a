"""Edits mean what they say: what is fetched, what is painted, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from fexgan.affects import Mixture
from fexgan.model import Edits, apply_edits, followed_by, in_common, is_detour

HEIGHT, WIDTH = 5, 7


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)) * 2 - 1


def edits(right_px: float = 0.0, down_px: float = 0.0, mask: float = 0.0, shade: float = 0.0) -> Edits:
    flow = torch.tensor([right_px / WIDTH, down_px / HEIGHT])[None, :, None, None].expand(2, 2, HEIGHT, WIDTH)
    paint = torch.linspace(-1, 1, 2 * 3 * HEIGHT * WIDTH).reshape(2, 3, HEIGHT, WIDTH)
    return Edits(flow, torch.full((2, 1, HEIGHT, WIDTH), mask), torch.full((2, 1, HEIGHT, WIDTH), shade), paint)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_no_flow_no_mask_and_no_shade_return_the_source_bit_by_bit(images, layout):
    assert torch.equal(apply_edits(images.to(memory_format=layout), edits()), images)


def test_a_flow_fetches_from_the_right_and_from_below_and_the_border_goes_on(images):
    moved = apply_edits(images, edits(right_px=1))
    torch.testing.assert_close(moved[..., :-1], images[..., 1:])
    torch.testing.assert_close(moved[..., -1], images[..., -1])
    moved = apply_edits(images, edits(down_px=2))
    torch.testing.assert_close(moved[..., :-2, :], images[..., 2:, :])
    torch.testing.assert_close(moved[..., -1, :], images[..., -1, :])


def test_half_a_pixel_lies_halfway_between_neighbours(images):
    moved = apply_edits(images, edits(right_px=0.5))
    torch.testing.assert_close(moved[..., :-1], (images[..., :-1] + images[..., 1:]) / 2)


def test_a_full_mask_shows_the_paint_alone_and_half_a_mask_shows_half_of_each(images):
    assert torch.equal(apply_edits(images, edits(right_px=1, mask=1.0)), edits().paint)
    torch.testing.assert_close(apply_edits(images, edits(mask=0.5)), (images + edits().paint) / 2)


def test_shade_scales_the_light_of_what_is_fetched_and_leaves_paint_alone(images):
    grey = images[:, :1].expand(-1, 3, -1, -1)
    dimmed = apply_edits(grey, edits(right_px=1, shade=math.log(0.5)))
    torch.testing.assert_close((dimmed + 1)[..., :-1], (grey + 1)[..., 1:] / 2)
    assert torch.equal(apply_edits(images, edits(mask=1.0, shade=1.0)), edits().paint)


def test_shadows_on_skin_take_least_of_red_and_most_of_blue_and_as_much_as_asked_on_average():
    skin = torch.tensor([0.8, 0.6, 0.45])[None, :, None, None].expand(2, 3, HEIGHT, WIDTH)
    dimmed = apply_edits(2 * skin - 1, edits(shade=math.log(0.5)))
    taken = 1 - (dimmed + 1) / 2 / skin
    red, green, blue = taken.mean(dim=(0, 2, 3)).tolist()
    assert red < 0.42 and 0.48 < green < 0.52 and blue > 0.57
    assert (red + green + blue) / 3 == pytest.approx(0.5, abs=1e-5)


def test_gradients_reach_a_flow_of_zero(images):
    still = edits()
    flow = still.flow.clone().requires_grad_()
    apply_edits(images, replace(still, flow=flow)).square().sum().backward()
    assert (flow.grad[..., 1:-1, 1:-1] != 0).float().mean() > 0.9


def test_edits_in_half_precision_leave_the_source_in_full(images):
    still = edits()
    edited = apply_edits(images, Edits(*(part.bfloat16() for part in vars(still).values())))
    assert edited.dtype == torch.float32 and torch.equal(edited, images)


def uneven(seed: int, right_px: int = 0, down_px: int = 0) -> Edits:
    """Edits that differ from pixel to pixel but for their flow, and paint half of the pixels not at all."""
    generator = torch.Generator().manual_seed(seed)
    mask, shade, *paint = torch.rand(5, 2, 1, HEIGHT, WIDTH, generator=generator)
    painted = (mask > 0.5) * mask
    return Edits(edits(right_px, down_px).flow, painted, shade - 0.5, 2 * torch.cat(paint, dim=1) - 1)


def test_one_edit_does_what_two_in_turn_do(images):
    """By whole pixels, for two samplings between pixels blur where one does not; in grey, for of colours the second
    takes what the first has left of them."""
    first, second = (
        replace(one, paint=one.paint[:, :1].expand(-1, 3, -1, -1))
        for one in (uneven(1, right_px=1), uneven(2, down_px=1))
    )
    grey = images[:, :1].expand(-1, 3, -1, -1)
    in_turn = apply_edits(apply_edits(grey, first), second)
    torch.testing.assert_close(apply_edits(grey, followed_by(first, second)), in_turn, atol=4e-3, rtol=0)
    first, second = uneven(1, right_px=1), uneven(2, down_px=1)
    apart = apply_edits(images, followed_by(first, second)) - apply_edits(apply_edits(images, first), second)
    assert apart.abs().mean() < 0.02  # in colours, of 2


def test_an_edit_followed_by_none_stays_and_one_may_precede_many(images):
    first, none = uneven(1, right_px=1), edits()
    torch.testing.assert_close(
        apply_edits(images, followed_by(first, none)), apply_edits(images, first), atol=4e-3, rtol=0
    )
    alone = Edits(*(part[:1] for part in vars(first).values()))
    both = followed_by(alone, edits(down_px=1))
    torch.testing.assert_close(both.flow[0], both.flow[1])
    assert both.flow.shape == (2, 2, HEIGHT, WIDTH)


def test_where_neither_edit_paints_the_paint_is_the_seconds_and_no_rounding_blows_it_up():
    first, second = uneven(1), uneven(2)
    slight = replace(second, flow=torch.rand(2, 2, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(3)) / WIDTH)
    for one in (second, slight):
        both = followed_by(replace(first, mask=torch.zeros_like(first.mask)), one)
        torch.testing.assert_close(both.paint, one.paint)
        both = followed_by(first, one)
        assert both.paint.abs().max() <= 1 + 2 * one.shade.exp().max() and both.mask.min() >= 0


@pytest.mark.parametrize(
    ("source", "target", "common", "detour"),
    [
        ("joy", "anger:0.5", "neutral", True),
        ("joy:0.8", "joy:0.3+anger:0.7", "joy:0.3", True),
        ("joy:0.8", "joy:0.3", "joy:0.3", False),
        ("joy:0.3", "joy:0.3+anger:0.7", "joy:0.3", False),
        ("neutral", "anger", "neutral", False),
        ("joy:0.4", "joy:0.4", "joy:0.4", False),
    ],
)
def test_a_detour_leads_by_what_source_and_target_share(source, target, common, detour):
    start, end, between = (torch.tensor([Mixture.parse(text).vector()]) for text in (source, target, common))
    torch.testing.assert_close(in_common(start, end), between)
    assert is_detour(start, in_common(start, end), end) == detour
