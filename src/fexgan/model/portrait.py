"""The networks that edit a face they never saw: a U-Net that says what to fetch from where, and what to paint.

A flow moves the picture's own pixels, so the person stays; a shade darkens and lights them where folds form, so skin
keeps its texture; a mask lets paint through where nothing fits can be fetched, as for teeth behind closed lips. Shapes
in comments are those of preset `portrait`, 128x128 pictures.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fexgan.affects import AFFECTS, NEUTRAL_INDEX, affect_index, affect_of
from fexgan.config import NORM_GROUPS, PortraitModelConfig
from fexgan.model.edits import Edits
from fexgan.model.family import Capability
from fexgan.model.layers import draw_weights, halving_stages

FULL_EDIT_FROM = 0.4
"""Change of an affect's strength from which an edit is ungated; the weakest strength that is filmed."""
FIRST_LOGIT = -2.0
"""Of the mask and of each emotion that is read, before training: little is painted, most faces are calm."""
LEAST_MASK = 0.1
"""A sigmoid never ends; what it leaves below this is no paint at all, so a picture's sharpness stays where it can."""
LARGEST_SHADE = 0.7
"""Furthest that a fold is darkened or lit, as a logarithm: to half the light, or to twice as much."""
LEAKY_SLOPE = 0.2


class Features(NamedTuple):
    """What is kept of a picture while its affect is edited; nothing in it depends on any target."""

    stages: tuple[Tensor, ...]
    """The encoder's answer at each side, from the largest: 48x64x64, 96x32x32, 192x16x16, 256x8x8."""


def norm(width: int) -> nn.GroupNorm:
    """A norm that treats every picture alone, in training as in use."""
    return nn.GroupNorm(NORM_GROUPS, width)


def convolve(in_width: int, out_width: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps or, with a stride of 2, halves height and width."""
    return nn.Conv2d(in_width, out_width, kernel_size=3, stride=stride, padding=1)


class Block(nn.Module):
    """A residual step at one side and width; in the decoder the code of the affects scales and shifts its features."""

    def __init__(self, width: int, code_width: int = 0) -> None:
        super().__init__()
        self.norm = norm(width)
        self.modulate = nn.Linear(code_width, 2 * width) if code_width else None
        self.convolution = convolve(width, width)

    def forward(self, features: Tensor, code: Tensor | None = None) -> Tensor:
        """features [batch, width, side, side], code [batch, code_width] -> features of the same shape."""
        change = self.norm(features)
        if self.modulate is not None:
            scale, shift = self.modulate(code)[:, :, None, None].chunk(2, dim=1)  # [batch, width, 1, 1]
            change = torch.addcmul(shift, change, 1.0 + scale)
        return features + self.convolution(F.silu(change))


class Encoder(nn.Module):
    """A picture -> its features at every side."""

    def __init__(self, config: PortraitModelConfig) -> None:
        super().__init__()
        self.unshuffle = nn.PixelUnshuffle(2)
        in_widths = (12, *config.widths[:-1])
        stages = zip(in_widths, config.widths, strict=True)
        self.enter = nn.ModuleList(
            convolve(in_width, width, stride=2 if stage else 1) for stage, (in_width, width) in enumerate(stages)
        )
        counts = [1] * (len(config.widths) - 1) + [config.middle_blocks]
        self.blocks = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count)))
            for width, count in zip(config.widths, counts, strict=True)
        )

    def forward(self, images: Tensor) -> Features:
        """images [batch, 3, 128, 128] -> 48x64x64, 96x32x32, 192x16x16, 256x8x8."""
        features, stages = self.unshuffle(images), []  # [batch, 12, 64, 64]
        for enter, blocks in zip(self.enter, self.blocks, strict=True):
            features = blocks(enter(features))
            stages.append(features)
        return Features(tuple(stages))


class Reader(nn.Module):
    """A picture -> the affect vector that it shows.

    It shares nothing with the encoder, whose features tell how to move a face, and keeps places apart to the end: what
    tells affects is where brows, lids and lips are.
    """

    def __init__(self, config: PortraitModelConfig) -> None:
        super().__init__()
        widths = config.reader_widths
        places = (config.image_size_px // 2 ** (len(widths) + 1)) ** 2
        self.stages = nn.Sequential(*halving_stages(3, widths, LEAKY_SLOPE, norm))
        self.emotions = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * places, config.condition_width),
            nn.SiLU(),
            nn.Linear(config.condition_width, len(AFFECTS) - 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """images [batch, 3, 128, 128] -> affect vectors [batch, 7]."""
        features = self.stages(F.avg_pool2d(images, 2))  # 32x32x32, 64x16x16, 128x8x8, 128x4x4
        emotions = self.emotions(features).float().sigmoid()  # [batch, 6]
        neutral = (1.0 - emotions.sum(dim=1, keepdim=True)).clamp(min=0.0)  # [batch, 1]
        return torch.cat([emotions[:, :NEUTRAL_INDEX], neutral, emotions[:, NEUTRAL_INDEX:]], dim=1)


class Decoder(nn.Module):
    """The features of a picture, the affects it shows and is to show -> flow, mask, shade and paint."""

    def __init__(self, config: PortraitModelConfig) -> None:
        super().__init__()
        code_width = config.condition_width
        self.affect_of_variant = [affect_index(affect_of(variant)) for variant in config.variants]
        self.code = nn.Sequential(
            nn.Linear(3 * len(AFFECTS) + len(config.variants), code_width),
            nn.SiLU(),
            nn.Linear(code_width, code_width),
            nn.SiLU(),
        )
        *others, last = config.widths
        self.middle = nn.ModuleList(Block(last, code_width) for _ in range(config.middle_blocks))
        pairs = list(zip(config.widths[1:], others, strict=True))[::-1]
        self.narrow = nn.ModuleList(nn.Conv2d(wide, width, kernel_size=1) for wide, width in pairs)
        self.blocks = nn.ModuleList(
            nn.ModuleList(Block(width, code_width) for _ in range(config.decoder_blocks)) for _, width in pairs
        )
        first = config.widths[0]
        self.norm = norm(first)
        self.flow = convolve(first, 2)
        self.picture = convolve(first, 5 * 4)
        self.shuffle = nn.PixelShuffle(2)
        self.largest_flow = config.largest_flow

    def forward(
        self, features: Features, source_affect: Tensor, target_affect: Tensor, variants: Tensor | None
    ) -> Edits:
        """features of `Encoder`, affects [batch, 7], variants [batch, 12] -> edits of 128x128 pictures, ungated."""
        shown = target_affect[:, self.affect_of_variant]  # [batch, 12]: a variant counts as much as its affect
        variants = torch.zeros_like(shown) if variants is None else variants * shown
        asked = [source_affect, target_affect, target_affect - source_affect, variants]
        code = self.code(torch.cat(asked, dim=1))  # [batch, 128]
        *skipped, decoded = features.stages
        for block in self.middle:
            decoded = block(decoded, code)  # [batch, 256, 8, 8]
        for narrow, blocks, skip in zip(self.narrow, self.blocks, reversed(skipped), strict=True):
            decoded = skip + F.interpolate(narrow(decoded), scale_factor=2)
            for block in blocks:
                decoded = block(decoded, code)  # 192x16x16, 96x32x32, 48x64x64
        decoded = F.silu(self.norm(decoded))
        flow = self.largest_flow * self.flow(decoded).float().tanh()  # [batch, 2, 64, 64]
        flow = F.interpolate(flow, scale_factor=2, mode="bilinear")  # [batch, 2, 128, 128]
        picture = self.shuffle(self.picture(decoded)).float()  # [batch, 5, 128, 128]
        mask, shade, paint = picture.split([1, 1, 3], dim=1)
        return Edits(flow, _end(mask.sigmoid()), LARGEST_SHADE * shade.tanh(), paint.tanh())


def _end(mask: Tensor) -> Tensor:
    """`mask` in [0, 1] stretched so that all below `LEAST_MASK` is exactly zero, with the gradients of `mask` itself:
    paint that has gone could else never learn to come back."""
    ended = ((mask - LEAST_MASK) / (1.0 - LEAST_MASK)).clamp(min=0.0)
    return mask + (ended - mask).detach()


class Discriminator(nn.Module):
    """A picture -> is each patch real, and which affect does the face show; both as logits."""

    def __init__(self, config: PortraitModelConfig) -> None:
        super().__init__()
        widths = config.discriminator_widths
        self.stages = nn.Sequential(*halving_stages(3, widths, LEAKY_SLOPE, norm))
        self.real = convolve(widths[-1], 1)
        self.affect = nn.Linear(widths[-1], len(AFFECTS))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images [batch, 3, 128, 128] -> real_logits [batch, 1, 8, 8], affect_logits [batch, 7]."""
        features = self.stages(images)  # 32x64x64, 64x32x32, 128x16x16, 128x8x8
        return self.real(features), self.affect(features.mean(dim=(2, 3)))


class PortraitNetworks(nn.Module):
    """The networks as one `EditingFamily`."""

    capabilities: frozenset[Capability] = frozenset({"edit", "classify"})

    def __init__(self, config: PortraitModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.reader = Reader(config)
        self.decoder = Decoder(config)
        self.discriminator = Discriminator(config)

    def analyse(self, images: Tensor) -> Features:
        return self.encoder(images)

    def read(self, images: Tensor) -> Tensor:
        return self.reader(images)

    def edit(
        self, features: Features, source_affect: Tensor, target_affect: Tensor, variants: Tensor | None = None
    ) -> Edits:
        """The edits, faded out towards equal affects: there flow, mask and shade are exactly zero."""
        edits = self.decoder(features, source_affect, target_affect, variants)
        change = (target_affect - source_affect).abs().amax(dim=1)  # [batch]
        gate = (change / FULL_EDIT_FROM).clamp(max=1.0)[:, None, None, None]
        return Edits(gate * edits.flow, gate * edits.mask, gate * edits.shade, edits.paint)

    def discriminate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.discriminator(images)

    def generator_parameters(self) -> list[nn.Parameter]:
        """What the generator's update trains: all but the discriminator."""
        parts = (self.encoder, self.reader, self.decoder)
        return [parameter for part in parts for parameter in part.parameters()]

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw all weights so that activations keep their size and affects count from the first step.

        At the start nothing is fetched from elsewhere or shaded, little paint shows, and every face reads as faintly
        emotional.
        """
        generator = torch.Generator().manual_seed(seed)
        draw_weights(self, generator)
        self.decoder.code[0].weight.normal_(generator=generator)  # a code of Normal(0, 1) for each affect alone
        self.decoder.flow.weight.zero_()
        self.decoder.picture.weight.mul_(0.1)
        self.decoder.picture.bias[:4] = FIRST_LOGIT  # the shuffle makes the mask of the first four channels
        self.decoder.picture.weight[4:8] = 0.0  # and the shade of the next four
        self.reader.emotions[-1].bias.fill_(FIRST_LOGIT)
