"""Layers that several families are built of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn


def halve(in_width: int, out_width: int) -> nn.Conv2d:
    """A convolution that halves height and width."""
    return nn.Conv2d(in_width, out_width, kernel_size=4, stride=2, padding=1, bias=False)


def halving_stages(
    in_width: int, widths: Sequence[int], leaky_slope: float, norm: Callable[[int], nn.Module] = nn.BatchNorm2d
) -> list[nn.Module]:
    """Convolutions that halve, each activated; `norm` of its width in all but the first."""
    first, *others = widths
    layers: list[nn.Module] = [halve(in_width, first), nn.LeakyReLU(leaky_slope, inplace=True)]
    width = first
    for next_width in others:
        layers += [halve(width, next_width), norm(next_width), nn.LeakyReLU(leaky_slope, inplace=True)]
        width = next_width
    return layers


@torch.no_grad()
def draw_weights(networks: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all convolutions and linear layers so that activations keep their size; biases are zero."""
    for module in networks.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear", generator=generator)
            if module.bias is not None:
                module.bias.zero_()
