"""Sample sheets of an editing network: faces it never saw beside the filmed truth, and how far it is from that."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fexgan import sheets
from fexgan.affects import AFFECTS, NEUTRAL_INDEX
from fexgan.config import PortraitConfig
from fexgan.framing.stills import cut_squares, face_squares
from fexgan.model import EditingFamily, apply_edits
from fexgan.stills import StillSet, first_in_full
from fexgan.tensors import images_to_pixels, pixels_to_images

MOST_SHOWN = 8


class PortraitPreview:
    """The neutral stills of held-out characters, to be edited to every emotion that was filmed at full strength."""

    def __init__(self, stills: StillSet, config: PortraitConfig) -> None:
        full = first_in_full(stills.affects[0])
        emotions = sorted(full.keys() - {NEUTRAL_INDEX})
        shown = [stills.neutral_index, *(full[emotion] for emotion in emotions)]
        pixels = stills.pixels[:, shown]
        cut = cut_squares(pixels, face_squares(stills, config.framing), config.model.image_size_px)
        self.characters = stills.characters
        self.emotions = [AFFECTS[emotion] for emotion in emotions]
        self.affects = torch.from_numpy(stills.affects[0, shown])  # [1 + emotions, 7]
        variants = stills.variant_weights(config.model.variants)[:, shown].swapaxes(0, 1)
        self.variants = torch.from_numpy(variants)  # [1 + emotions, characters, variants]
        by_affect = cut.swapaxes(0, 1)  # [1 + emotions, characters, side, side, 3]
        images = pixels_to_images(by_affect.reshape(-1, *cut.shape[2:]))
        self.images = images.unflatten(0, by_affect.shape[:2])  # [1 + emotions, characters, 3, side, side]

    @torch.no_grad()
    def draw(self, networks: EditingFamily, title: str) -> tuple[Image.Image, dict[str, float]]:
        """A row per character: its source, then result and truth of each emotion.

        Figures: `test_difference`, between results and truths, and `copy_difference`, between sources and truths; means
        over all held-out characters and emotions, of 255.
        """
        device = next(networks.parameters()).device
        sources, truths = self.images[0].to(device), self.images[1:].to(device)
        affects = self.affects.to(device)[:, None].expand(-1, len(sources), -1)
        features = networks.analyse(sources)
        results = torch.stack(
            [
                apply_edits(sources, networks.edit(features, affects[0], target_affect, variants))
                for target_affect, variants in zip(affects[1:], self.variants[1:].to(device), strict=True)
            ]
        )
        figures = {
            "test_difference": _difference(results, truths),
            "copy_difference": _difference(sources.expand_as(truths), truths),
        }
        columns = [images_to_pixels(sources[:MOST_SHOWN])]
        for result, truth in zip(results, truths, strict=True):
            columns += [images_to_pixels(result[:MOST_SHOWN]), images_to_pixels(truth[:MOST_SHOWN])]
        labels = ["source", *(label for emotion in self.emotions for label in (emotion, "filmed"))]
        title += f": {figures['test_difference']:.2f} from the truth, the source {figures['copy_difference']:.2f}"
        rows = list(np.stack(columns, axis=1))
        return sheets.sheet(rows, labels, self.characters, cell_px=rows[0].shape[1], title=title), figures


def _difference(images: Tensor, truths: Tensor) -> float:
    return 127.5 * (images - truths).abs().mean().item()
