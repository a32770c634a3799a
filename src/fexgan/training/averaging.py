"""The averaged copy of the networks that is drawn with and saved: calmer than the weights of any one step."""

from __future__ import annotations

import copy

import torch

from fexgan.model import Family


class AveragedNetworks:
    """An exponential moving average of the parameters of `networks`, in evaluation mode; buffers stay as they were.

    Running statistics of batch norm belong to the weights they were measured under. Averaged along with the weights,
    they lag behind them and grey every face out for hundreds of steps; so a training measures them anew before the copy
    is used.
    """

    def __init__(self, networks: Family, decay: float) -> None:
        self.networks: Family = copy.deepcopy(networks).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, networks: Family, step: int) -> None:
        """Follow `networks` after its step `step` (from 1); the average begins short and lengthens to `decay`."""
        decay = min(self.decay, step / (step + 9))
        torch._foreach_lerp_(list(self.networks.parameters()), list(networks.parameters()), 1.0 - decay)
