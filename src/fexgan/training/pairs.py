"""What one step of an editing network trains on: two stills of one character, and the affects they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fexgan.affects import NEUTRAL_INDEX, affect_index
from fexgan.config import FramingConfig, PortraitConfig
from fexgan.framing.square import BOX_HEIGHT, BOX_MIDDLE
from fexgan.framing.stills import cut_squares, face_squares, in_squares
from fexgan.losses import mixture_labels
from fexgan.media import Pixels
from fexgan.stills import StillSet
from fexgan.training.cartoons import Points, draw_some
from fexgan.training.creases import Folds, crease
from fexgan.training.openings import any_openings, shared_openings
from fexgan.training.processes import Pinnable
from fexgan.training.variation import vary_look, vary_place, vary_shape

_JOY = affect_index("joy")
_FOLDED = 2.5
"""A fold counts in full where it is darker than one such part of its darkest."""


@dataclass(frozen=True)
class PairBatch(Pinnable):
    """Pairs of a source and the truth: the same character in the same pose, under the same variation."""

    source_images: Tensor
    """[batch, 3, side, side] in [-1, 1]"""
    source_affect: Tensor
    """[batch, 7]: the affect vector of what the source shows."""
    target_images: Tensor
    """[batch, 3, side, side] in [-1, 1]: the truth."""
    target_affect: Tensor
    """[batch, 7]: the affect vector of what the truth shows."""
    target_variants: Tensor
    """[batch, variants of the model]: which of them the truth shows, 0 or 1."""
    target_labels: Tensor
    """[batch, 7]: how certain each affect is in the truth, summing to 1."""
    eyes: Tensor
    """[batch, 1, side, side] in [0, 1]: where the eyeballs show in both; nowhere in stills that do not tell."""
    openings: Tensor
    """[batch, 1, side, side] in [0, 1]: eyes, brows and mouth of either, and deep folds that are to go; everywhere in
    stills that do not tell."""


class Pairs:
    """Draws pairs from stills; what it draws follows from the generator alone."""

    def __init__(self, stills: StillSet, config: PortraitConfig) -> None:
        self.stills, self.config = stills, config
        self.variants = stills.variant_weights(config.model.variants)
        self.squares = torch.from_numpy(face_squares(stills, config.framing)).float()
        emotions = np.delete(stills.affects[0] > 0, NEUTRAL_INDEX, axis=1)  # [stills, 6]
        smiles = np.flatnonzero((stills.affects[0, :, _JOY] > 0) & (emotions.sum(axis=1) == 1))
        self.smiles = torch.from_numpy(smiles if len(smiles) else np.arange(len(emotions)))
        """Stills that show nothing but joy; all where none does."""

    def draw(self, count: int, generator: torch.Generator) -> PairBatch:
        """`count` pairs: a share of sources is neutral and a share smiles; of the truths of all but the neutral ones
        again a share is neutral; the rest is any still of the character.

        A source that shows what its truth does, be it in another variant, gives way to the neutral still: there is
        nothing to edit.
        """
        stills, training, loss = self.stills, self.config.training, self.config.loss
        still_count = stills.pixels.shape[1]
        character = torch.randint(len(stills), (count,), generator=generator)
        source, target = torch.randint(still_count, (2, count), generator=generator)
        start = torch.rand(count, generator=generator)
        neutral = start < training.neutral_source_share
        smiling = ~neutral & (start < training.neutral_source_share + training.smiling_source_share)
        smile = self.smiles[torch.randint(len(self.smiles), (count,), generator=generator)]
        source = torch.where(smiling, smile, source)
        calmed = ~neutral & (torch.rand(count, generator=generator) < training.neutral_target_share)
        target = torch.where(calmed, stills.neutral_index, target)
        equal = torch.from_numpy((stills.affects[0, source] == stills.affects[0, target]).all(axis=1))
        source = torch.where(neutral | equal, stills.neutral_index, source)
        shown = character.numpy()[:, None], np.stack([source, target], axis=1)  # picks [batch, 2] stills

        place = vary_place(count, training.variation, generator)
        maps, side = compose(self.squares[character], place).double().numpy(), self.config.model.image_size_px
        cut = cut_squares(stills.pixels[shown], maps, side)
        affects = stills.affects[shown]  # [batch, 2, 7]
        eyes, openings = torch.zeros(count, 1, side, side), torch.ones(count, 1, side, side)
        if stills.landmarks is not None:
            landmarks = in_squares(stills.landmarks[shown], maps, stills.pixels.shape[2:4], side)
            folds = self._crease_some(cut, landmarks, affects[..., _JOY], generator)
            calm = stills.landmarks[character.numpy(), stills.neutral_index, None]  # [batch, 1, 68, 2]
            at_rest = in_squares(calm, maps, stills.pixels.shape[2:4], side)
            times = draw_some(cut, landmarks, at_rest[:, 0], training.variation.cartoon_share, generator)
            affects = amplified(affects, times[:, None])
            eyes, openings = shared_openings(landmarks, side), torch.maximum(any_openings(landmarks, side), folds)
        pairs = torch.from_numpy(cut).permute(0, 1, 4, 2, 3).float().div_(255.0)  # [batch, 2, 3, side, side]
        places = F.affine_grid(place, [count, 1, *pairs.shape[-2:]], align_corners=False)  # [batch, side, side, 2]
        places = _in_studio(places, self.config.framing)
        where_open = torch.cat([eyes, openings], dim=1)[:, None].expand(-1, 2, -1, -1, -1)
        shaped = vary_shape(torch.cat([pairs, where_open], dim=2), places, training.variation, generator)
        pairs = shaped[:, :, :3].contiguous()
        eyes, openings = (part.clone() for part in shaped[:, 0, 3:].split(1, dim=1))  # alone, not in all
        images = vary_look(pairs, places, training.variation, generator).mul_(2.0).sub_(1.0).transpose(0, 1)
        images = images.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        source_images, target_images = images.chunk(2)
        variants = torch.from_numpy(self.variants[character.numpy(), target.numpy()])
        source_affect, target_affect = torch.from_numpy(affects).unbind(1)
        labels = mixture_labels(target_affect, loss.full_label_strength, NEUTRAL_INDEX)
        return PairBatch(source_images, source_affect, target_images, target_affect, variants, labels, eyes, openings)

    def _crease_some(
        self, pictures: Pixels, landmarks: Points, smiles: NDArray[np.float32], generator: torch.Generator
    ) -> Tensor:
        """Fold the cheeks of a share of those who smile in the source, in place, and in the truth as far as they still
        smile there. `smiles` [batch, 2]. Returns where folds go that light alone may not take away, [batch, 1, side,
        side] in [0, 1]."""
        count, side = pictures.shape[0], pictures.shape[2]
        going = torch.zeros(count, 1, side, side)
        chosen = torch.rand(count, generator=generator) < self.config.training.variation.crease_share
        seed = int(torch.randint(2**31, (), generator=generator))
        for pair in np.flatnonzero(chosen.numpy() & (smiles[:, 0] > 0)).tolist():
            folds = Folds.draw(np.random.default_rng((seed, pair)))
            before, after = smiles[pair].tolist()
            faces = zip(pictures[pair], landmarks[pair], (before, after), strict=True)
            either = np.maximum(*(crease(picture, points, smile, folds) for picture, points, smile in faces))
            going[pair, 0] = torch.from_numpy((_FOLDED * either).clip(max=1.0) * max(before - after, 0.0))
        return going


def amplified(affects: NDArray[np.float32], times: NDArray[np.float32]) -> NDArray[np.float32]:
    """Affect vectors [..., 7] with all emotions so many times as strong, `times` [...], as far as they sum to 1."""
    emotions = np.delete(affects, NEUTRAL_INDEX, axis=-1)
    total = emotions.sum(axis=-1, keepdims=True)
    emotions = emotions * np.minimum(times[..., None], 1.0 / np.maximum(total, np.finfo(np.float32).tiny))
    return np.insert(emotions, NEUTRAL_INDEX, (1.0 - emotions.sum(axis=-1)).clip(min=0.0), axis=-1)


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """The affine map [batch, 2, 3] that applies `inner` first."""
    last = torch.tensor([[[0.0, 0.0, 1.0]]]).expand(len(inner), -1, -1)
    return outer @ torch.cat([inner, last], dim=1)


def _in_studio(places: Tensor, framing: FramingConfig) -> Tensor:
    """Places [..., 2] in a face's square as those in the studio's frame of that face, both spanning [-1, 1]."""
    frames = BOX_HEIGHT / framing.face_fraction
    down = 2.0 * (BOX_MIDDLE + framing.vertical_offset * frames) - 1.0
    return frames * places + torch.tensor([0.0, down])
