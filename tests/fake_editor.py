"""An editor whose networks are so simple that tests know what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from fexgan.affects import AFFECTS, Mixture
from fexgan.config import FramingConfig
from fexgan.editing import Editor

SIZE = 64


@dataclass(frozen=True)
class Edits:
    flow: Tensor
    mask: Tensor
    shade: Tensor
    paint: Tensor


class FakeNetworks(nn.Module):
    """Paints the middle of the square: joy white, a laugh light grey, anger black; it reads what it is told to."""

    capabilities = frozenset({"edit", "classify"})

    def __init__(self) -> None:
        super().__init__()
        self.shown = Mixture.parse("neutral").vector()
        self.analysed = 0

    def analyse(self, images: Tensor) -> Tensor:
        assert images.shape == (1, 3, SIZE, SIZE) and images.abs().max() <= 1
        self.analysed += 1
        return images

    def read(self, features: Tensor) -> Tensor:
        return torch.tensor([self.shown])

    def edit(self, features: Tensor, source_affect: Tensor, target_affect: Tensor, variants=None) -> Edits:
        change = (target_affect - source_affect)[0]
        mask = torch.zeros(1, 1, SIZE, SIZE)
        mask[..., SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4] = change.abs().max()
        light = (
            change[AFFECTS.index("joy")] * (1.0 if variants is None else 1.0 - 0.5 * variants[0, 0])
            - change[AFFECTS.index("anger")]
        )
        return Edits(torch.zeros(1, 2, SIZE, SIZE), mask, torch.zeros_like(mask), light * torch.ones(1, 3, SIZE, SIZE))

    def discriminate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, 1, 2, 2), images.mean() * torch.arange(7.0)[None]


def fake_editor() -> Editor:
    model = SimpleNamespace(image_size_px=SIZE, variants=("joy.laugh",))
    config = SimpleNamespace(model=model, framing=FramingConfig(image_size_px=SIZE))
    return Editor(SimpleNamespace(networks=FakeNetworks(), config=config, weights_sha256="simple"))
