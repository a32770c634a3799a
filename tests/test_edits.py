"""Edits mean what they say: what is fetched, what is painted, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from fexgan.model import Edits, apply_edits

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
    dimmed = apply_edits(images, edits(right_px=1, shade=math.log(0.5)))
    torch.testing.assert_close((dimmed + 1)[..., :-1], (images + 1)[..., 1:] / 2)
    assert torch.equal(apply_edits(images, edits(mask=1.0, shade=1.0)), edits().paint)


def test_gradients_reach_a_flow_of_zero(images):
    still = edits()
    flow = still.flow.clone().requires_grad_()
    apply_edits(images, replace(still, flow=flow)).square().sum().backward()
    assert (flow.grad[..., 1:-1, 1:-1] != 0).float().mean() > 0.9


def test_edits_in_half_precision_leave_the_source_in_full(images):
    still = edits()
    edited = apply_edits(images, Edits(*(part.bfloat16() for part in vars(still).values())))
    assert edited.dtype == torch.float32 and torch.equal(edited, images)
