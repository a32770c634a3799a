"""How strongly to draw what is asked for, so that it is shown as strongly as asked."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL_INDEX

POINTS = 11
"""Asked strengths, evenly spread over [0, 1], for which a curve tells the strength to draw with."""
_EMOTIONS = [AFFECTS.index(affect) for affect in EMOTIONS]


class StrengthCurves(nn.Module):
    """Turns asked affect vectors into those to draw with, both [batch, 7]; unchanged until calibrated.

    A decoder learns from frames of every strength and yet shows half a smile as three quarters of one: it is paid for
    being read. A curve for each emotion takes that back. A mixture is scaled as a whole, by its emotions' curves at
    its total strength, each by its share; so strengths that sum to 1 stay, and so do their proportions. What a curve
    cannot tell of stays as well: a negative strength, as training draws where it knows none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("curves", torch.zeros(len(EMOTIONS), POINTS))
        """The strength to draw each emotion with, rising from 0 to 1; all zero until calibrated."""

    def forward(self, affect: Tensor) -> Tensor:
        emotions = affect[:, _EMOTIONS]  # [batch, 6]
        total = emotions.sum(dim=1, keepdim=True).clamp(min=1e-6)  # [batch, 1]
        place = total.clamp(max=1.0) * (POINTS - 1)
        below = place.detach().long().clamp(max=POINTS - 2)
        low, high = (self.curves.T[below.squeeze(1) + step] for step in (0, 1))
        alone = torch.lerp(low, high, place - below)  # [batch, 6]: the strength of each, were it alone
        wanted = (emotions * alone).sum(dim=1, keepdim=True) / total
        drawn = emotions * (wanted / total.clamp(max=1.0))
        neutral = (1.0 - drawn.sum(dim=1, keepdim=True)).clamp(min=0.0)
        vector = torch.cat([drawn[:, :NEUTRAL_INDEX], neutral, drawn[:, NEUTRAL_INDEX:]], dim=1)
        told = self.curves.any() & (emotions >= 0.0).all(dim=1, keepdim=True)
        return torch.where(told, vector, affect)
