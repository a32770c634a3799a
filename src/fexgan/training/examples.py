"""A handful of pictures of a mixture, learned beside a dataset, in which every picture has one affect."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fexgan.affects import NEUTRAL_INDEX
from fexgan.config import Config
from fexgan.dataset import FaceDataset
from fexgan.losses import mixture_labels
from fexgan.media import Pixels
from fexgan.tensors import pixels_to_images
from fexgan.training.batches import Batch, affect_and_strength, affect_vectors, mirror_pairs

SHARE = 0.25
"""Of each batch: how many of its pairs arrive at an example."""
NOBODY = -1
"""Who an example shows, where the dataset does not show them too."""


@dataclass(frozen=True, eq=False)
class Examples:
    """What is to be learned of a mixture.

    `pixels`: uint8 [n, side, side, 3]. `affects`: float32 [n, 7], the affect vector that each shows. `character`: int64
    [n], index into the dataset's characters, or `NOBODY`.
    """

    pixels: Pixels
    affects: NDArray[np.float32]
    character: NDArray[np.int64]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all of it."""
        parts = (self.pixels, self.affects, self.character)
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()

    def put_into(self, batch: Batch, faces: FaceDataset, config: Config, generator: torch.Generator) -> Batch:
        """`batch` with examples for the targets of its last pairs.

        The source of such a pair is any frame of `faces` of the same character; of somebody whom the dataset does not
        show, in this split, it is the example itself.
        """
        count = max(1, round(SHARE * len(batch.source_images)))
        chosen = torch.randint(len(self.pixels), (count,), generator=generator).numpy()
        places = torch.rand(count, generator=generator).numpy()
        sources, affects = self.pixels[chosen].copy(), torch.from_numpy(self.affects[chosen])
        shown = affects.clone()
        for pair, (character, place) in enumerate(zip(self.character[chosen], places, strict=True)):
            frames = np.flatnonzero(faces.character == character)  # none is NOBODY's
            if len(frames):
                frame = frames[[int(place * len(frames))]]
                sources[pair] = faces.pixels[frame[0]]
                shown[pair] = affect_vectors(*affect_and_strength(faces, frame))[0]
        images = pixels_to_images(np.concatenate([sources, self.pixels[chosen]]))
        if config.training.augmentation.mirror_pairs:
            images = mirror_pairs(images, generator)
        source_images, target_images = images.chunk(2)
        return replace(
            batch,
            source_images=_last(batch.source_images, source_images),
            source_affect=_last(batch.source_affect, shown),
            target_images=_last(batch.target_images, target_images),
            target_affect=_last(batch.target_affect, affects),
            target_labels=_last(
                batch.target_labels, mixture_labels(affects, config.loss.full_label_strength, NEUTRAL_INDEX)
            ),
        )


def _last(tensor: Tensor, replacing: Tensor) -> Tensor:
    """`tensor` with its last rows replaced, in its own memory layout."""
    layout = torch.channels_last if tensor.ndim == 4 else torch.contiguous_format
    whole = torch.cat([tensor[: -len(replacing)], replacing.to(tensor)])
    return whole.contiguous(memory_format=layout)
