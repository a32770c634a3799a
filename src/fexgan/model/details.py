"""The network that paints mouths at four times the size at which they were edited.

Faces are edited in a small square, where a tooth is a pixel or two wide; brought to the size of a photograph that paint
is a blur with a sharp picture around it. Here it is painted anew, in a close-up of the square: which paint shows, how
crisply, follows from the small paint and from the picture's own pixels around it, never from what affect was asked for.
Shapes in comments are those of preset `details`, close-ups of 160 rows and 208 columns.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fexgan.config import DetailsModelConfig
from fexgan.model.edits import CloseUp, Edits, lit, shade_tint
from fexgan.model.family import Capability
from fexgan.model.layers import draw_weights, halving_stages
from fexgan.model.portrait import LEAKY_SLOPE, Block, convolve, norm

MARGIN_PX = 2
"""Pixels of the square around a close-up that its enlarged rim still depends on."""
_CHANNELS = 7
"""Of a close-up: what is under the paint, the paint, and the mask."""
FULL_FROM = 0.25
"""How much of the small paint has to show nearby for the new mask to be free."""


def close_up(edits: Edits, pictures: Tensor, config: DetailsModelConfig) -> CloseUp:
    """The close-ups of edits at the size of the square.

    `pictures` [batch, 3, fineness * side, fineness * side]: what the squares show, as large as close-ups see it.
    """
    left, top, right, bottom = config.window_px
    parts = torch.cat([edits.flow, edits.mask, edits.shade, edits.paint], dim=1).float()
    parts = F.pad(parts, [MARGIN_PX] * 4, mode="replicate")
    parts = parts[:, :, top : bottom + 2 * MARGIN_PX, left : right + 2 * MARGIN_PX]
    parts = F.interpolate(parts, scale_factor=config.fineness, mode="bicubic", align_corners=False)
    rim = MARGIN_PX * config.fineness
    flow, mask, shade, paint = parts[:, :, rim:-rim, rim:-rim].split([2, 1, 1, 3], dim=1)
    down, across = (
        (2.0 * torch.arange(config.fineness * first, config.fineness * last, device=flow.device) + 1.0)
        / pictures.shape[-1]
        - 1.0
        for first, last in ((top, bottom), (left, right))
    )
    grid = torch.stack([across.expand(len(down), -1), down[:, None].expand(-1, len(across))], dim=2)
    moved = grid + 2.0 * flow.permute(0, 2, 3, 1)  # [batch, rows, columns, 2]; the grid spans two units
    fetched = F.grid_sample(pictures, moved, padding_mode="border", align_corners=False)
    return CloseUp(lit(fetched, shade, shade_tint(pictures)), paint.clamp(-1.0, 1.0), mask.clamp(0.0, 1.0))


def reach(mask: Tensor, config: DetailsModelConfig) -> Tensor:
    """Where a mask [batch, 1, rows, columns] may be painted anew, in [0, 1]: 0 farther from any paint than a pixel of
    the square is wide."""
    rim, side = config.fineness, 2 * config.fineness + 1
    near = F.max_pool2d(mask, (side, 1), stride=1, padding=(rim, 0))
    near = F.max_pool2d(near, (1, side), stride=1, padding=(0, rim))  # a fifth of the work of both at once
    return (near / FULL_FROM).clamp(max=1.0)


class Painter(nn.Module):
    """A close-up -> how its paint and its mask change."""

    def __init__(self, config: DetailsModelConfig) -> None:
        super().__init__()
        widths = config.widths
        self.unshuffle = nn.PixelUnshuffle(2)
        self.enter = nn.ModuleList(
            convolve(in_width, width, stride=2 if stage else 1)
            for stage, (in_width, width) in enumerate(zip((4 * _CHANNELS, *widths[:-1]), widths, strict=True))
        )

        def blocks(width: int) -> nn.Sequential:
            return nn.Sequential(*(Block(width) for _ in range(config.blocks)))

        self.blocks = nn.ModuleList(map(blocks, widths))
        pairs = list(zip(widths[1:], widths[:-1], strict=True))[::-1]
        self.narrow = nn.ModuleList(nn.Conv2d(wide, width, kernel_size=1) for wide, width in pairs)
        self.out_blocks = nn.ModuleList(blocks(width) for _, width in pairs)
        self.norm = norm(widths[0])
        self.leave = convolve(widths[0], 4 * 4)  # paint and mask of four pixels
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, close_ups: CloseUp) -> tuple[Tensor, Tensor]:
        """Close-ups of 160x208 -> changes of their paint, 3x160x208, and of their masks, 1x160x208 in [-1, 1]."""
        features = self.unshuffle(torch.cat(close_ups, dim=1))  # [batch, 28, 80, 104]
        stages = []
        for enter, blocks in zip(self.enter, self.blocks, strict=True):
            features = blocks(enter(features))
            stages.append(features)  # 32x80x104, 64x40x52, 96x20x26
        features = stages.pop()
        for narrow, blocks, skip in zip(self.narrow, self.out_blocks, reversed(stages), strict=True):
            features = blocks(skip + F.interpolate(narrow(features), size=skip.shape[-2:]))
        changes = self.shuffle(self.leave(F.silu(self.norm(features)))).float()  # [batch, 4, 160, 208]
        return changes[:, :3], changes[:, 3:].tanh()


class Discriminator(nn.Module):
    """A close-up's picture -> is each patch filmed, as logits."""

    def __init__(self, config: DetailsModelConfig) -> None:
        super().__init__()
        widths = config.discriminator_widths
        self.stages = nn.Sequential(*halving_stages(3, widths, LEAKY_SLOPE, norm))
        self.real = convolve(widths[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        """images [batch, 3, 160, 208] -> real_logits [batch, 1, 10, 13]."""
        return self.real(self.stages(images))


class DetailNetworks(nn.Module):
    """The networks as one `RefiningFamily`."""

    capabilities: frozenset[Capability] = frozenset({"refine"})

    def __init__(self, config: DetailsModelConfig) -> None:
        super().__init__()
        self.config = config
        self.painter = Painter(config)
        self.discriminator = Discriminator(config)

    def refine(self, close_ups: CloseUp) -> CloseUp:
        """Close-ups with new paint and masks, [batch, 3 and 1, 160, 208]; what is under them stays."""
        paint, mask = self.painter(close_ups)
        masks = (close_ups.mask + reach(close_ups.mask, self.config) * mask).clamp(0.0, 1.0)
        return CloseUp(close_ups.under, close_ups.paint + paint, masks)

    def discriminate(self, images: Tensor) -> Tensor:
        """Real logits [batch, 1, rows, columns], one per patch, of close-ups' images."""
        return self.discriminator(images)

    def generator_parameters(self) -> list[nn.Parameter]:
        return list(self.painter.parameters())

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw all weights so that activations keep their size; at the start close-ups stay as they are."""
        generator = torch.Generator().manual_seed(seed)
        draw_weights(self, generator)
        self.painter.leave.weight.zero_()
