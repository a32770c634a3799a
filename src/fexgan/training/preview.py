"""Sample sheets: fixed sources with each affect, to see training get somewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fexgan import sheets
from fexgan.affects import AFFECTS, NEUTRAL_INDEX
from fexgan.dataset import FaceDataset, split_names
from fexgan.model import DrawingFamily
from fexgan.tensors import images_to_pixels, pixels_to_images
from fexgan.training.batches import affect_vectors

MOST_SOURCES = 10


class Preview:
    """One frame of each of the first characters, held out from training where the dataset has a test split."""

    def __init__(self, dataset: Path) -> None:
        faces = FaceDataset.load(dataset, "test" if "test" in split_names(dataset) else "train")
        shown = np.unique(faces.character)[:MOST_SOURCES]
        frames = np.array([_calmest_frame(faces, character) for character in shown])
        self.names = [faces.characters[character] for character in shown]
        self.pixels = faces.pixels[frames]
        self.affect = affect_vectors(torch.from_numpy(faces.affect[frames]), torch.from_numpy(faces.strength[frames]))

    @torch.no_grad()
    def draw(self, networks: DrawingFamily, title: str) -> tuple[Image.Image, dict[str, float]]:
        """A row per source: itself, then all seven affects at full strength. No figures."""
        device = next(networks.parameters()).device
        latent, _ = networks.encode(pixels_to_images(self.pixels, device), self.affect.to(device))
        full = torch.eye(len(AFFECTS), device=device)
        drawn = [images_to_pixels(networks.decode(one.expand(len(AFFECTS), -1), full)) for one in latent]
        rows = [[source, *faces] for source, faces in zip(self.pixels, drawn, strict=True)]
        return sheets.sheet(rows, ("source", *AFFECTS), self.names, cell_px=self.pixels.shape[1], title=title), {}


def _calmest_frame(faces: FaceDataset, character: int) -> int:
    """The character's first neutral frame; its first frame where there is none."""
    rows = np.flatnonzero(faces.character == character)
    return int(rows[np.argmax(faces.affect[rows] == NEUTRAL_INDEX)])
