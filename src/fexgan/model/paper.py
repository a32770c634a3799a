"""The networks of FExGAN-Meta (arXiv 2203.05975): encoder, decoder and discriminator.

Shapes in comments are those of preset `paper`, 128x128 pictures; other presets change widths and depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fexgan.affects import AFFECTS, NEUTRAL_INDEX
from fexgan.config import ModelConfig
from fexgan.model.family import Capability
from fexgan.model.latents import RandomLatents
from fexgan.model.layers import halve, halving_stages
from fexgan.model.strengths import StrengthCurves

WEIGHT_SIGMA = 0.02
GLANCE_PX, FACES_AT_ONCE = 16, 32
"""How small faces are when they are compared at a glance, and how many are drawn for that at once."""


def double(in_width: int, out_width: int, bias: bool = False) -> nn.ConvTranspose2d:
    """A transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(in_width, out_width, kernel_size=4, stride=2, padding=1, bias=bias)


class Encoder(nn.Module):
    """A picture and the affect it shows -> a normal distribution over what is the character's own."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.side = config.image_size_px
        self.affect_plane = nn.Sequential(nn.Linear(len(AFFECTS), self.side**2), nn.ReLU())
        *widths, last = config.encoder_widths
        stages = halving_stages(4, widths, config.leaky_slope)
        self.stages = nn.Sequential(*stages, halve(widths[-1], last), nn.BatchNorm2d(last))
        self.mean = nn.Linear(last, config.latent_size)
        self.log_sigma = nn.Linear(last, config.latent_size)

    def forward(self, images: Tensor, source_affect: Tensor) -> tuple[Tensor, Tensor]:
        """images [batch, 3, 128, 128], source_affect [batch, 7] -> latent_mean, latent_log_sigma, both [batch, 128]."""
        plane = self.affect_plane(source_affect)  # [batch, 16384]
        plane = plane.view(-1, 1, self.side, self.side).to(images.dtype)  # [batch, 1, 128, 128]
        features = torch.cat([images, plane], dim=1)  # [batch, 4, 128, 128]
        features = self.stages(features)  # 128x64x64, 256x32x32, 512x16x16, 512x8x8, 512x4x4, 512x2x2, 128x1x1
        features = features.flatten(1)  # [batch, 128]
        return self.mean(features), self.log_sigma(features)


class Refinement(nn.Module):
    """What a stage of the decoder still lacks, added to its features: a residual block told character and affect.

    Published, both are told the decoder at one pixel alone, from where every wrinkle has to come through all stages.
    Here they also scale and shift what a later stage sees, channel by channel (Perez et al., arXiv 1709.07871). A fresh
    one adds nothing, so a network that is given some draws what it drew before.
    """

    def __init__(self, width: int, code_width: int) -> None:
        super().__init__()
        self.seen = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.told = nn.Linear(code_width, 2 * width)
        self.added = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """features [batch, width, height, width], code [batch, code_width] -> features of the same shape."""
        scale, shift = self.told(code)[:, :, None, None].chunk(2, dim=1)  # both [batch, width, 1, 1]
        seen = F.relu(self.norm(self.seen(features)) * (1.0 + scale) + shift)
        return features + self.added(seen)


class Finish(nn.Module):
    """What a picture still lacks at its full size, added before it is squashed into its range.

    Published, each two by two pixels come by one linear map from features half the picture's size, where a lip or the
    rim of an iris is one pixel wide. A fresh one adds nothing, like a `Refinement`.
    """

    def __init__(self, in_width: int, width: int, code_width: int) -> None:
        super().__init__()
        self.grown = nn.Sequential(double(in_width, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.refinement = Refinement(width, code_width)
        self.added = nn.Conv2d(width, 3, kernel_size=3, padding=1, bias=False)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """features [batch, in_width, height, width], code [batch, code_width] -> [batch, 3, 2 height, 2 width]."""
        return self.added(self.refinement(self.grown(features), code))


class Decoder(nn.Module):
    """A character and an affect -> the picture of the one showing the other."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.affect_code = nn.Sequential(
            nn.Linear(len(AFFECTS), config.affect_hidden_width),
            nn.Linear(config.affect_hidden_width, config.code_width),
            nn.ReLU(),
        )
        self.character_code = nn.Sequential(nn.Linear(config.latent_size, config.code_width), nn.ReLU())
        layers: list[nn.Module] = []
        width = 2 * config.code_width
        for stage, next_width in enumerate(config.decoder_widths):
            layers += [double(width, next_width), nn.BatchNorm2d(next_width)]
            if config.dropout > 0 and stage < config.dropout_stages:
                layers.append(nn.Dropout(config.dropout))
            layers.append(nn.ReLU(inplace=True))
            width = next_width
        self.stages = nn.Sequential(*layers)
        blocks = config.decoder_refinements or (0,) * len(config.decoder_widths)
        self.refinements = nn.ModuleList(
            nn.ModuleList(Refinement(stage_width, 2 * config.code_width) for _ in range(count))
            for stage_width, count in zip(config.decoder_widths, blocks, strict=True)
        )
        self.picture = nn.Sequential(double(width, 3, bias=True), nn.Tanh())
        finish_width = config.decoder_finish_width
        self.finish = Finish(width, finish_width, 2 * config.code_width) if finish_width else None

    def forward(self, latent: Tensor, target_affect: Tensor) -> Tensor:
        """latent [batch, 128], target_affect [batch, 7] -> images [batch, 3, 128, 128] in [-1, 1]."""
        affect = self.affect_code(target_affect)  # [batch, 256]
        character = self.character_code(latent)  # [batch, 256]
        code = torch.cat([affect, character], dim=1)  # [batch, 512]
        features = code[:, :, None, None]  # [batch, 512, 1, 1]
        refinements = iter(self.refinements)
        for layer in self.stages:  # 512x2x2, 512x4x4, 512x8x8, 512x16x16, 256x32x32, 128x64x64
            features = layer(features)
            if isinstance(layer, nn.ReLU):
                for refinement in next(refinements):
                    features = refinement(features, code)
        if self.finish is None:
            return self.picture(features)  # [batch, 3, 128, 128]
        drawn, squash = self.picture
        return squash(drawn(features) + self.finish(features, code))


class Discriminator(nn.Module):
    """A picture -> is it real, and which affect does it show; both as logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.stages = nn.Sequential(*halving_stages(3, config.discriminator_widths, config.leaky_slope))
        width = config.discriminator_widths[-1]
        side = config.image_size_px // 2 ** len(config.discriminator_widths)
        self.real = nn.Linear(width * side**2, 1)
        self.drop_channels = nn.Dropout2d(config.head_dropout)
        answers = {"acgan": 1, "adcgan": 2}[config.affect_head] * len(AFFECTS)
        self.affect = nn.Linear(width * side**2, answers)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images [batch, 3, 128, 128] -> real_logit [batch], affect_logits [batch, 7]."""
        real_logit, affect_logits = self.read(images)
        if affect_logits.shape[1] > len(AFFECTS):
            affect_logits = torch.logaddexp(*affect_logits.chunk(2, dim=1))  # real or generated
        return real_logit, affect_logits

    def read(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images [batch, 3, 128, 128] -> real_logit [batch], and what the affect head says: of the affects [batch, 7],
        or with ADC-GAN of the affects of real pictures and then of generated ones [batch, 14]."""
        features = self.stages(images)  # 64x64x64, 128x32x32, 512x16x16
        real_logit = self.real(_flatten(features)).squeeze(1)
        return real_logit, self.affect(_flatten(self.drop_channels(features)))

    def features(self, images: Tensor) -> list[Tensor]:
        """images [batch, 3, 128, 128] -> the feature maps of every stage."""
        maps = []
        for layer in self.stages:
            images = layer(images)
            if isinstance(layer, nn.LeakyReLU):
                maps.append(images)
        return maps


def _flatten(features: Tensor) -> Tensor:
    """[batch, 512, 16, 16] -> [batch, 131072] in the order in which channels-last features lie in memory.

    The other order would hand the convolutions gradients of another layout, which takes them ten times as long.
    """
    return features.permute(0, 2, 3, 1).flatten(1)


class PaperNetworks(nn.Module):
    """The three networks as one `DrawingFamily`."""

    capabilities: frozenset[Capability] = frozenset({"draw", "encode", "classify"})

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.discriminator = Discriminator(config)
        self.latents = RandomLatents(config.latent_size)
        self.strengths = StrengthCurves()

    def encode(self, images: Tensor, source_affect: Tensor) -> tuple[Tensor, Tensor]:
        return self.encoder(images, source_affect)

    def decode(self, latent: Tensor, target_affect: Tensor) -> Tensor:
        return self.decoder(latent, target_affect if self.training else self.strengths(target_affect))

    def discriminate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.discriminator(images)

    def draw_latents(self, seeds: Sequence[int]) -> Tensor:
        return self.latents(seeds)

    def fit_latents(self, latent_mean: Tensor) -> None:
        """Faces count as different by how they look at rest, at a glance."""
        neutral = F.one_hot(torch.tensor(NEUTRAL_INDEX), len(AFFECTS)).to(latent_mean)
        faces = [self.decode(part, neutral.expand(len(part), -1)) for part in latent_mean.split(FACES_AT_ONCE)]
        glances = [F.adaptive_avg_pool2d(part, GLANCE_PX).flatten(1).float() for part in faces]
        self.latents.fit(latent_mean, torch.cat(glances))

    def set_curves(self, curves: Tensor) -> None:
        self.strengths.curves.copy_(curves)

    def generator_parameters(self) -> list[nn.Parameter]:
        """What the generator's update trains: encoder and decoder."""
        return [*self.encoder.parameters(), *self.decoder.parameters()]

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw all weights from Normal(0, 0.02); biases are zero, refinements and finish add nothing, sigma starts at
        one."""
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                module.weight.normal_(0.0, WEIGHT_SIGMA, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
        for module in self.decoder.modules():
            if isinstance(module, Refinement | Finish):
                module.added.weight.zero_()
        self.encoder.log_sigma.weight.zero_()
