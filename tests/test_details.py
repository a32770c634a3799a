"""The network for details: it paints anew where an editor painted, and nowhere else."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from fexgan.config import DetailsConfig, DetailsModelConfig, config_from_dict
from fexgan.errors import InputError
from fexgan.model import CloseUp, Edits, apply_edits, build, close_up, reach

MODEL = DetailsModelConfig(
    image_size_px=32, window_px=(8, 16, 24, 28), widths=(8, 16), blocks=1, discriminator_widths=(8, 8)
)
ROWS, COLUMNS = 48, 64


@pytest.fixture(scope="module")
def networks():
    """Networks whose changes are large."""
    built = build(MODEL, seed=1)
    with torch.no_grad():
        built.painter.leave.weight.normal_(generator=torch.Generator().manual_seed(2))
    return built.eval().requires_grad_(False)


def masks(count: int) -> torch.Tensor:
    return torch.rand(count, 1, ROWS, COLUMNS, generator=torch.Generator().manual_seed(4))


def close_ups(mask: torch.Tensor) -> CloseUp:
    under, paint = torch.rand(2, len(mask), 3, ROWS, COLUMNS, generator=torch.Generator().manual_seed(3)) * 2 - 1
    return CloseUp(under, paint, mask)


def test_untrained_networks_leave_close_ups_as_they_are():
    seen = close_ups(masks(2))
    refined = build(MODEL, seed=0).refine(seen)
    assert torch.equal(refined.images(), seen.images())


def test_paint_spreads_no_farther_than_its_reach(networks):
    mask = torch.zeros(1, 1, ROWS, COLUMNS)
    mask[..., 20:28, 30:40] = 1.0
    seen = close_ups(mask)
    changed = (networks.refine(seen).images() != seen.images()).any(dim=1)[0]
    near = torch.zeros(ROWS, COLUMNS, dtype=torch.bool)
    near[20 - MODEL.fineness : 28 + MODEL.fineness, 30 - MODEL.fineness : 40 + MODEL.fineness] = True
    assert changed[20:28, 30:40].float().mean() > 0.9
    assert not changed[~near].any()


def test_masks_stay_masks(networks):
    mask = networks.refine(close_ups(masks(4))).mask
    assert mask.min() >= 0.0 and mask.max() <= 1.0


def test_the_reach_is_a_pixel_of_the_square_however_fine_close_ups_are():
    for fineness in (2, 4):
        config = dataclasses.replace(MODEL, fineness=fineness, window_px=(8, 16, 24, 24))
        mask = torch.zeros(1, 1, 40, 40)
        mask[..., 20, 20] = 1.0
        assert (reach(mask, config) > 0).sum() == (2 * fineness + 1) ** 2


def test_close_ups_show_what_edits_do_to_the_small_square():
    """Of smooth pictures and edits, which enlarging leaves as they are."""
    side, fine = 32, 128
    places = (torch.arange(fine) + 0.5) / fine
    picture = torch.stack(
        [places.expand(fine, -1), places[:, None].expand(-1, fine), 0.5 + 0 * places.expand(fine, -1)]
    )
    large = (picture[None] * 1.6 - 0.8).contiguous()
    small = F.avg_pool2d(large, 4)
    across = (torch.arange(side) / side)[None, None, None].expand(1, 1, side, side)
    edits = Edits(
        torch.cat([0.05 * across, -0.04 + 0 * across], dim=1),
        0.5 * across,
        0.2 - 0.3 * across,
        0.3 + 0 * across.expand(1, 3, -1, -1),
    )
    seen = close_up(edits, large, MODEL).images()
    left, top, right, bottom = MODEL.window_px
    expected = apply_edits(small, edits)[..., top:bottom, left:right]
    assert seen.shape == (1, 3, ROWS, COLUMNS)
    assert (F.avg_pool2d(seen, 4) - expected).abs().max() < 0.01


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"window_px": [30, 70, 82, 130]}, "part of a square of 128 px"),
        ({"window_px": [38, 70, 38, 110]}, "part of a square of 128 px"),
        ({"window_px": [38, 70, 91, 110]}, "multiples of 16"),
        ({"window_px": [38, 70, 52]}, "left, top, right and bottom"),
        ({"widths": [32, 60]}, "widths"),
        ({"fineness": 0}, "fineness"),
    ],
)
def test_settings_that_fit_no_close_up_are_refused(settings, named):
    with pytest.raises(InputError, match=named):
        config_from_dict({"model": {"family": "details", **settings}})


def test_a_close_up_of_squares_of_another_size_is_refused():
    with pytest.raises(InputError, match="make both equal"):
        DetailsConfig(dataclasses.replace(MODEL, image_size_px=64))
