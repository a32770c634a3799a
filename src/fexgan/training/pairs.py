"""What one step of an editing network trains on: two stills of one character, and the affects they show."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fexgan.affects import NEUTRAL_INDEX
from fexgan.config import FramingConfig, PortraitConfig
from fexgan.errors import InputError
from fexgan.framing import face_square, find_faces
from fexgan.framing.square import BOX_HEIGHT, BOX_MIDDLE
from fexgan.losses import mixture_labels
from fexgan.picture import LoadedPicture
from fexgan.prepare.faces import FaceFinder
from fexgan.stills import WAY_OUT, StillSet
from fexgan.training.variation import vary_look, vary_place


@dataclass(frozen=True)
class PairBatch:
    """Pairs of a source and the truth: the same character in the same pose, under the same variation."""

    source_images: Tensor
    """[batch, 3, side, side] in [-1, 1]"""
    source_affect: Tensor
    """[batch, 7]: the affect vector of what the source shows."""
    target_images: Tensor
    """[batch, 3, side, side] in [-1, 1]: the truth."""
    target_affect: Tensor
    """[batch, 7]: the affect vector of what the truth shows."""
    target_labels: Tensor
    """[batch, 7]: how certain each affect is in the truth, summing to 1."""


class Pairs:
    """Draws pairs from stills; what it draws follows from the generator alone."""

    def __init__(self, stills: StillSet, config: PortraitConfig) -> None:
        self.stills, self.config = stills, config
        self.squares = face_squares(stills, config.framing)

    def draw(self, generator: torch.Generator, device: torch.device) -> PairBatch:
        """A batch: a share of sources is neutral, the others and all truths are any still of the character."""
        stills, training, loss = self.stills, self.config.training, self.config.loss
        count, still_count = training.batch_size, stills.pixels.shape[1]
        character = torch.randint(len(stills), (count,), generator=generator)
        source, target = torch.randint(still_count, (2, count), generator=generator)
        neutral = torch.rand(count, generator=generator) < training.neutral_source_share
        source = torch.where(neutral, stills.neutral_index, source)
        shown = np.stack([source, target], axis=1)  # [batch, 2]

        place = vary_place(count, training.variation, generator)
        pairs = cut_squares(
            stills.pixels[character.numpy()[:, None], shown],
            _compose(self.squares[character], place),
            self.config.model.image_size_px,
        )
        places = F.affine_grid(place, [count, 1, *pairs.shape[-2:]], align_corners=False)  # [batch, side, side, 2]
        places = _in_studio(places, self.config.framing)
        images = vary_look(pairs, places, training.variation, generator).mul_(2.0).sub_(1.0).transpose(0, 1)
        images = images.flatten(0, 1).to(device).contiguous(memory_format=torch.channels_last)
        source_images, target_images = images.chunk(2)
        affects = torch.from_numpy(stills.affects[character.numpy()[:, None], shown]).to(device)
        source_affect, target_affect = affects.unbind(1)
        labels = mixture_labels(target_affect, loss.full_label_strength, NEUTRAL_INDEX)
        return PairBatch(source_images, source_affect, target_images, target_affect, labels)


def face_squares(stills: StillSet, framing: FramingConfig) -> Tensor:
    """Affine maps [characters, 2, 3] from each character's square, as an edit cuts it, to the filmed picture.

    Both span [-1, 1]. The face is looked for in the neutral still, for all stills of a character are of one pose; one
    that is not found is taken to lie where the others do on average. Raises InputError where none is found at all.
    """
    finder = FaceFinder()
    size = np.array(stills.pixels.shape[3:1:-1])  # width, height
    maps = np.full((len(stills), 2, 3), np.nan)
    for index, pixels in enumerate(stills.pixels[:, stills.neutral_index]):
        faces = find_faces(LoadedPicture(pixels), finder)
        if faces:
            square = face_square(faces[0].landmarks, framing)
            centre = 2.0 * (np.array([square.centre_x, square.centre_y]) + 0.5) / size - 1.0
            maps[index] = np.column_stack([square.turn() / size[:, None], centre])
    found = ~np.isnan(maps[:, 0, 0])
    if not found.any():
        raise InputError(f"no face is found in any of {len(stills)} characters' stills; {WAY_OUT}")
    maps[~found] = maps[found].mean(axis=0)
    return torch.from_numpy(maps).float()


def cut_squares(pixels: NDArray[np.uint8], maps: Tensor, size_px: int) -> Tensor:
    """Squares [batch, stills, 3, size_px, size_px] in [0, 1], resampled once.

    `pixels` uint8 [batch, stills, height, width, 3]; `maps` [batch, 2, 3] from square to picture, both spanning
    [-1, 1]. Beyond the picture its edge goes on.
    """
    half = np.array(pixels.shape[3:1:-1])[:, None] / 2.0  # of width and height
    matrices = maps.double().numpy() * half  # from the square to pixels from the picture's middle
    matrices[:, :, :2] *= 2.0 / size_px
    matrices[:, :, 2] += half[:, 0] - 0.5 - matrices[:, :, :2].sum(axis=2) * (size_px - 1) / 2.0
    how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REPLICATE}
    cuts = [
        [cv2.warpAffine(still, matrix, (size_px, size_px), **how) for still in row]
        for row, matrix in zip(pixels, matrices, strict=True)
    ]
    return torch.from_numpy(np.array(cuts)).permute(0, 1, 4, 2, 3).float().div_(255.0)


def _compose(outer: Tensor, inner: Tensor) -> Tensor:
    """The affine map [batch, 2, 3] that applies `inner` first."""
    last = torch.tensor([[[0.0, 0.0, 1.0]]]).expand(len(inner), -1, -1)
    return outer @ torch.cat([inner, last], dim=1)


def _in_studio(places: Tensor, framing: FramingConfig) -> Tensor:
    """Places [..., 2] in a face's square as those in the studio's frame of that face, both spanning [-1, 1]."""
    frames = BOX_HEIGHT / framing.face_fraction
    down = 2.0 * (BOX_MIDDLE + framing.vertical_offset * frames) - 1.0
    return frames * places + torch.tensor([0.0, down])
