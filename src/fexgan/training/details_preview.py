"""Sample sheets of the network for details: mouths of held-out people as edited, refined, and as filmed."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fexgan import sheets
from fexgan.model import CloseUp, RefiningFamily, reach
from fexgan.tensors import images_to_pixels
from fexgan.training.mouths import Mouths

MOST_CHARACTERS, ROWS = 4, 8
LABELS = ("edited", "refined", "filmed")


class DetailsPreview:
    """Edits of some held-out characters' neutral faces: a column of each, its mouths that are painted most."""

    def __init__(self, mouths: Mouths) -> None:
        characters = range(min(MOST_CHARACTERS, len(mouths.stills)))
        self.characters = [mouths.stills.characters[index] for index in characters]
        self.batches = [mouths.all_of(index) for index in characters]
        self.shown = [batch.mask.mean(dim=(1, 2, 3)).argsort(descending=True)[:ROWS] for batch in self.batches]

    @torch.no_grad()
    def draw(self, networks: RefiningFamily, title: str) -> tuple[Image.Image, dict[str, float]]:
        """Mouths as edited, refined and filmed. Figures: `edges` and `edited_edges`, how sharp what is painted
        looks in refined and in edited mouths, as a share of the filmed ones."""
        device = next(networks.parameters()).device
        columns, sharp = [], []
        for batch, shown in zip(self.batches, self.shown, strict=True):
            refined = networks.refine(CloseUp(*(part.to(device) for part in batch.close_ups)))
            pictures = (batch.close_ups.images(), refined.images().cpu(), batch.truth)
            counts = reach(batch.mask, networks.config) * batch.known
            sharp.append([edge_strength(images, counts) for images in pictures])
            columns += [images_to_pixels(images[shown]) for images in pictures]
        edited, refined, filmed = np.mean(sharp, axis=0)
        figures = {"edges": refined / max(filmed, 1e-6), "edited_edges": edited / max(filmed, 1e-6)}
        title += f": {figures['edges']:.2f} as sharp as filmed mouths, edited {figures['edited_edges']:.2f}"
        rows = list(np.stack(columns, axis=1))
        labels = LABELS * len(self.characters)
        return sheets.sheet(rows, labels, [""] * len(rows), cell_px=rows[0].shape[2], title=title), figures


def edge_strength(images: Tensor, counts: Tensor) -> float:
    """Mean absolute difference of neighbours, across plus down, over what counts [batch, 1, rows, columns]."""
    across = (images.diff(dim=3).abs() * counts[..., 1:]).sum()
    down = (images.diff(dim=2).abs() * counts[..., 1:, :]).sum()
    return float((across + down) / (images.shape[1] * counts.sum()).clamp(min=1.0))
