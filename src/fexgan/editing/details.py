"""Mouths of edited faces painted anew, in pictures that show more of a face than the network that edits it sees."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fexgan.framing import Details, FaceSquare, cut, details_pay
from fexgan.model import Edits, Palette, RefiningFamily, close_up, paint_within
from fexgan.picture import LoadedPicture
from fexgan.tensors import pixels_to_images

LEAST_MASK, FULL_MASK = 0.02, 0.1
"""Details come in while the strongest of a mouth's mask grows from the one to the other: nothing jumps where a mouth
begins to open."""


class DetailPainter:
    """Networks for details, ready to use."""

    def __init__(self, networks: RefiningFamily, device: str) -> None:
        self.networks, self.device = ready(networks, device), device

    def look(self, picture: LoadedPicture, square: FaceSquare) -> Tensor | None:
        """What a square shows, as large as close-ups see it, [1, 3, fineness * size, fineness * size]; None where the
        picture shows no more than the editor sees."""
        config = self.networks.config
        if not details_pay(square, config.image_size_px):
            return None
        pixels = cut(picture, square, config.fineness * config.image_size_px, oversampling=1)
        return pixels_to_images(pixels, self.device)

    def paint(self, edits: Edits, large: Tensor, palette: Palette) -> Details | None:
        """Mask and paint of the mouth, as finely as `large` shows it, in the colours of `palette`; None where hardly
        any of it is painted."""
        config = self.networks.config
        seen = close_up(edits, large, config)
        share = (float(seen.mask.max()) - LEAST_MASK) / (FULL_MASK - LEAST_MASK)
        if share <= 0.0:
            return None
        refined = self.networks.refine(seen)
        parts = (refined.mask, paint_within(palette, refined.paint))
        return Details(config.window_px, *(part[0].float().cpu().numpy() for part in parts), min(1.0, share))


def ready(networks: Any, device: str) -> Any:
    """Networks on their device, to use and not to train."""
    moved = networks.to(device, memory_format=torch.channels_last)  # a tenth faster on processors
    return moved.eval().requires_grad_(False)
