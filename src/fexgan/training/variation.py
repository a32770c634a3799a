"""How a pair of pictures is varied together: camera, light, colour, occluders, and what files do to pictures.

Source and truth get exactly the same variation, so what differs between them stays the affect alone. All of it is drawn
from a generator on the CPU, so that every device gets the same.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.config import VariationConfig
from fexgan.training.caricature import caricature
from fexgan.training.overlays import occlude, wear_glasses

_LIGHT_CELLS = 3
_BLOCK_PX = 8
_BLACK = 1.0 / 255.0
_DARKEST = -0.95


def vary_place(count: int, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Affine maps [count, 2, 3] from places in the varied square to places in the face's own, both spanning [-1, 1]."""
    draw = _signed((count, 4), generator)
    angle = math.radians(config.rotation_deg) * draw[:, 0]
    size = 1.0 + config.scale * draw[:, 1]
    shift = 2.0 * config.shift * draw[:, 2:]
    side = torch.ones(count)
    if config.mirror:
        side = 1.0 - 2.0 * (torch.rand(count, generator=generator) < 0.5)
    cosine, sine = angle.cos() / size, angle.sin() / size
    rows = [torch.stack([side * cosine, -side * sine, shift[:, 0]], 1), torch.stack([sine, cosine, shift[:, 1]], 1)]
    return torch.stack(rows, 1)


def vary_shape(pairs: Tensor, places: Tensor, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Pairs [count, 2, channels, side, side], some of them with other proportions.

    `places` [count, side, side, 2]: where on a face that the studio frames each pixel lies; its frame spans [-1, 1].
    """
    rows = _some(len(pairs), config.caricature_share, generator)
    if len(rows):
        pairs[rows] = caricature(pairs[rows], places[rows], generator)
    return pairs


def vary_look(pairs: Tensor, places: Tensor, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Pairs [count, 2, 3, side, side] of values in [0, 1] under another light and camera, in the same range.

    `places`: as in `vary_shape`.
    """
    for cover, share in ((wear_glasses, config.glasses_share), (occlude, config.occluded_share)):
        rows = _some(len(pairs), share, generator)
        if len(rows):
            pairs[rows] = cover(pairs[rows], places[rows], generator)
    pairs = _light(pairs, config, generator)
    pairs = _colour(pairs, config, generator)
    pairs = _draw(pairs, config, generator)
    amounts = {_blur: config.blur_px, _add_noise: config.noise / 2, _compress: config.compression / 2}
    for degrade, largest in amounts.items():
        rows = _some(len(pairs), config.degraded_share, generator)
        if len(rows) and largest > 0:
            amount = largest * torch.rand(len(rows), 1, 1, 1, 1, generator=generator)
            pairs[rows] = degrade(pairs[rows], amount, generator)
    return pairs.clamp_(0.0, 1.0)


def _light(pairs: Tensor, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Light that falls unevenly, brighter here and darker there without edges, of several colours on some, on film of
    another gamma."""
    coarse = config.light * _signed((len(pairs), 1, _LIGHT_CELLS, _LIGHT_CELLS), generator).expand(-1, 3, -1, -1)
    rows = _some(len(pairs), config.coloured_share, generator)
    colours = config.coloured * _signed((len(rows), 3, _LIGHT_CELLS, _LIGHT_CELLS), generator)
    coarse = coarse.index_add(0, rows, colours).clamp(min=_DARKEST)
    light = F.interpolate(coarse, pairs.shape[-2:], mode="bilinear", align_corners=True)[:, None].log1p()
    gamma = (config.gamma * _signed((len(pairs), 1, 1, 1, 1), generator)).exp()
    # This is (pairs * (1 + coarse)) ** gamma; a power of its own takes five times as long.
    return pairs.clamp(min=_BLACK).log_().add_(light).mul_(gamma).exp_()


def _colour(pairs: Tensor, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Hue, saturation, tint, contrast and brightness as one matrix and one offset per pair."""
    count = len(pairs)
    saturation, contrast, brightness = _signed((3, count, 1, 1), generator)
    tint = 1.0 + config.tint * _signed((count, 3, 1), generator)
    saturation, contrast = 1.0 + config.saturation * saturation, 1.0 + config.contrast * contrast
    hue = _turned_hues(count, config.hue_share, generator)
    matrix = contrast * tint * (saturation * hue + (1.0 - saturation) / 3.0)  # [count, 3, 3]
    offset = 0.5 * (1.0 - contrast) + 0.5 * config.brightness * brightness  # [count, 1, 1]
    flat = pairs.transpose(1, 2).reshape(count, 3, -1)  # [count, 3, 2 * side * side]
    changed = torch.baddbmm(offset, matrix, flat)
    return changed.view(count, 3, 2, *pairs.shape[3:]).transpose(1, 2).clamp_(0.0, 1.0)


def _turned_hues(count: int, share: float, generator: torch.Generator) -> Tensor:
    """Turns of colours about the axis of greys, [count, 3, 3], by any angle; of all but a share of them by none."""
    turned = torch.rand(count, generator=generator) < share
    angle = 2.0 * math.pi * torch.rand(count, generator=generator) * turned
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    across = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3.0)
    return cosine * torch.eye(3) + sine * across + (1.0 - cosine) / 3.0


def _draw(pairs: Tensor, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Some pairs as drawings: smooth colours in few levels of light, paler up to white paper, under lines where it was
    dark.

    Lines are where a narrow blur is darker than a wide one, as in XDoG (Winnemöller et al. 2012).
    """
    rows = _some(len(pairs), config.drawn_share, generator)
    if not len(rows):
        return pairs
    pen_px, levels, pale, ink = torch.rand(4, len(rows), 1, 1, 1, 1, generator=generator)
    narrow = _blur(pairs[rows], 0.5 + 0.7 * pen_px, generator)
    grey = narrow.mean(dim=2, keepdim=True)  # [rows, 2, 1, side, side]
    lines = ((_blur(grey, 2.0 + 2.0 * pen_px, generator) - grey - 0.01) * (4.0 + 16.0 * ink)).clamp(0.0, 1.0)
    steps = 3.0 + 9.0 * levels
    smooth = _blur(narrow, 1.0 + pen_px, generator)
    light = smooth.mean(dim=2, keepdim=True)
    flat = smooth + ((light * steps).round() / steps - light)  # each channel in levels of its own would shift the hue
    paper = (2.0 * pale - 1.0).clamp(min=0.0)  # half of the drawings are coloured in full
    pairs[rows] = torch.lerp(flat, torch.ones(()), paper) * (1.0 - lines)
    return pairs


def _blur(pairs: Tensor, sigma_px: Tensor, generator: torch.Generator) -> Tensor:
    """A Gaussian lens blur of each pair's own sigma [count, 1, 1, 1, 1]."""
    rows, columns = (torch.arange(side).float() for side in pairs.shape[-2:])

    def spread(places: Tensor) -> Tensor:
        """What each place of a line gets from each other one: [count, 1, 1, places, places]."""
        return torch.softmax(-0.5 * ((places - places[:, None]) / sigma_px.clamp(min=0.1)).square(), dim=-1)

    return spread(rows) @ pairs @ spread(columns).mT


def _add_noise(pairs: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
    """Grain of each pair's own sigma, the same field on source and truth."""
    return pairs + sigma * torch.randn(len(pairs), 1, *pairs.shape[2:], generator=generator)


def _compress(pairs: Tensor, step: Tensor, generator: torch.Generator) -> Tensor:
    """Round the cosine transform of 8 x 8 blocks, finer details to coarser steps, as JPEG does.

    Where sides are no multiples of 8, the last blocks go on as the edge does.
    """
    height, width = pairs.shape[-2:]
    beyond = (0, -width % _BLOCK_PX, 0, -height % _BLOCK_PX)
    whole = F.pad(pairs.flatten(0, 1), beyond, mode="replicate").unflatten(0, pairs.shape[:2])
    index = torch.arange(_BLOCK_PX)
    basis = torch.cos(math.pi / _BLOCK_PX * index[:, None] * (index + 0.5)) * (2.0 / _BLOCK_PX) ** 0.5
    basis[0] /= 2.0**0.5
    transform = torch.kron(basis, basis)  # [64, 64]: of a block's pixels, row after row
    steps = step.clamp(min=1e-4) * (0.5 + 0.25 * (index[:, None] + index)).flatten()
    blocks = whole.unfold(-2, _BLOCK_PX, _BLOCK_PX).unfold(-2, _BLOCK_PX, _BLOCK_PX)  # [.., rows, columns, 8, 8]
    coefficients = blocks.flatten(-2).flatten(1, -2) @ transform.T  # [count, blocks, 64]
    steps = steps.view(len(pairs), 1, -1)
    rounded = coefficients.div_(steps).round_().mul_(steps) @ transform
    return rounded.view(blocks.shape).transpose(-3, -2).reshape(whole.shape)[..., :height, :width]


def _some(count: int, share: float, generator: torch.Generator) -> Tensor:
    """Which of `count` pairs: each with probability `share`."""
    return torch.nonzero(torch.rand(count, generator=generator) < share).flatten()


def _signed(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Numbers in [-1, 1)."""
    return 2.0 * torch.rand(shape, generator=generator) - 1.0
