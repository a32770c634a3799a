"""What one step of the network for details trains on: mouths as an editor paints them and as they were filmed."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fexgan.config import DetailsConfig, VariationConfig
from fexgan.errors import InputError
from fexgan.framing.stills import Maps, cut_squares, face_squares, in_squares, pixel_maps
from fexgan.media import Pixels
from fexgan.model import CloseUp, EditingFamily, close_up, edit_by_way
from fexgan.stills import StillSet
from fexgan.tensors import images_to_pixels, pixels_to_images
from fexgan.training.cartoons import draw_some
from fexgan.training.pairs import amplified, compose
from fexgan.training.precision import autocast
from fexgan.training.processes import Pinnable
from fexgan.training.variation import vary_look, vary_place

Shown = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Characters [batch, 1] and two of their stills each [batch, 2]: the source, and the truth."""
CROWD_WAY_OUT = "film them with the flags of the stills, but --close-up and four times their --size-px"
FARTHEST_MARK = 0.01
"""By how much the landmarks of stills and of close-ups may differ, in sides of the picture: roundings are less."""
SEEN_PX, SMOOTH_PX, FARTHEST_PX = 5.0, 16.0, 12.0
"""Of the flow that lays the truth over an edit, in pixels of the close-up: sigma of the blur under which both are
compared, sigma of the flow's own, and how far it goes at most."""
EDGE_PX = 6
"""A close-up fades into the small picture around it over so many of its own pixels."""
PLACES = VariationConfig(shift=0.03, scale=0.12, rotation_deg=8.0)
LOOKS = VariationConfig(
    light=0.0, coloured_share=0.0, tint=0.2, drawn_share=0.0, glasses_share=0.0, occluded_share=0.0, degraded_share=0.0
)
"""Variations that treat every pixel alike, so that small and large pictures are varied alike as well."""


@dataclass(frozen=True)
class MouthBatch(Pinnable):
    """Close-ups to refine, and what they should look like."""

    under: Tensor
    """[batch, 3, rows, columns]; this and the next two as in `CloseUp`."""
    paint: Tensor
    mask: Tensor
    truth: Tensor
    """[batch, 3, rows, columns] in [-1, 1]: what was filmed, laid where the paint lies."""
    known: Tensor
    """[batch, 1, rows, columns] in [0, 1]: where the truth was filmed large."""

    @property
    def close_ups(self) -> CloseUp:
        """What is to be refined."""
        return CloseUp(self.under, self.paint, self.mask)


class Mouths:
    """Draws pairs of stills and edits the one to look like the other; all follows from the generator alone."""

    def __init__(self, stills: StillSet, large: StillSet, editor: EditingFamily, config: DetailsConfig) -> None:
        """`stills`: whole pictures; `large`: close-ups of the same stills of the same characters."""
        self.stills, self.large, self.editor, self.config = stills, large, editor, config
        self.variants = stills.variant_weights(editor.config.variants)
        self.squares = torch.from_numpy(face_squares(stills, config.framing)).float()

    def draw(self, count: int, generator: torch.Generator) -> MouthBatch:
        """`count` pairs: a share of sources is neutral, a share of pairs drawn as cartoons, and a share has paint
        that is the truth made small, and so lies exactly where the truth does."""
        training = self.config.training
        still_count = self.stills.pixels.shape[1]
        character = torch.randint(len(self.stills), (count,), generator=generator)
        source, target = torch.randint(still_count, (2, count), generator=generator)
        neutral = torch.rand(count, generator=generator) < training.neutral_source_share
        equal = torch.from_numpy((self.stills.affects[0, source] == self.stills.affects[0, target]).all(axis=1))
        source = torch.where(neutral | equal, self.stills.neutral_index, source)
        shown = character.numpy()[:, None], np.stack([source, target], axis=1)  # picks [batch, 2] stills
        maps = compose(self.squares[character], vary_place(count, PLACES, generator)).double().numpy()
        pictures, filmed = self._pictures(shown, maps)
        affects = amplified(self.stills.affects[shown], self._draw_some(pictures, shown, maps, generator)[:, None])
        looking = torch.Generator().manual_seed(int(torch.randint(2**31, (), generator=generator)))
        small, large = (varied(pixels, LOOKS, looking) for pixels in (self._shrunk(pictures), pictures))
        large = self._softened(large, generator)
        truth, known = (self._window(images) for images in (large[:, 1], torch.from_numpy(filmed)))
        made = self._edited(small[:, 0], large[:, 0], shown, affects)
        exact = (torch.rand(count, 1, 1, 1, generator=generator) < training.exact_share).float()
        under, paint = self._exact(made, truth, generator)
        under, paint = torch.lerp(made.under, under, exact), torch.lerp(made.paint, paint, exact)
        truth = torch.lerp(laid_over(truth, made.images()), truth, exact)
        tensors = (under, paint, made.mask, truth, known)
        return MouthBatch(*(tensor.contiguous(memory_format=torch.channels_last) for tensor in tensors))

    def all_of(self, character: int) -> MouthBatch:
        """One character's neutral still edited to all others, and these as and where they were filmed."""
        others = np.setdiff1d(np.arange(self.stills.pixels.shape[1]), self.stills.neutral_index)
        shown = (
            np.full((len(others), 1), character),
            np.stack([np.full_like(others, self.stills.neutral_index), others], 1),
        )
        maps = self.squares[[character] * len(others)].double().numpy()
        pictures, filmed = self._pictures(shown, maps)
        small, large = (
            pixels_to_images(pixels.reshape(-1, *pixels.shape[2:])).unflatten(0, (-1, 2))
            for pixels in (self._shrunk(pictures), pictures)
        )
        truth, known = (self._window(images) for images in (large[:, 1], torch.from_numpy(filmed)))
        made = self._edited(small[:, 0], large[:, 0], shown, self.stills.affects[shown])
        return MouthBatch(*made, truth, known)

    def _pictures(self, shown: Shown, maps: Maps) -> tuple[Pixels, NDArray[np.float32]]:
        """Pairs of squares as large as close-ups see them, uint8 [batch, 2, side, side, 3], and where they were filmed
        large, [batch, 1, side, side] in [0, 1]."""
        model = self.config.model
        side = model.fineness * model.image_size_px
        pictures = cut_squares(self.stills.pixels[shown], maps, side)
        closer = self.large.windows
        matrices = pixel_maps(maps, (closer.picture_px,) * 2, side)
        matrices[:, :, 2] -= closer.corners_px[shown[0][:, 0]]
        rows, columns = self.large.pixels.shape[2:4]
        whole = np.zeros((rows, columns), np.float32)
        whole[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX] = 1.0
        whole = cv2.GaussianBlur(whole, (0, 0), EDGE_PX / 2)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        filmed = []
        for pair, close, matrix in zip(pictures, self.large.pixels[shown], matrices, strict=True):
            cover = cv2.warpAffine(whole, matrix, (side, side), flags=flags)
            left, top, width, height = cv2.boundingRect((cover > 0).astype(np.uint8))
            part = np.s_[top : top + height, left : left + width]
            share = cover[part][..., None]
            for picture, still in zip(pair, close, strict=True):
                larger = cv2.warpAffine(still, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
                picture[part] = np.rint(picture[part] + share * (larger[part].astype(np.float32) - picture[part]))
            filmed.append(cover[None])
        return pictures, np.array(filmed)

    def _draw_some(self, pictures: Pixels, shown: Shown, maps: Maps, generator: torch.Generator) -> NDArray[np.float32]:
        """Turn a share of the pairs into cartoons, in place; returns how many times as strong their affects are then,
        [batch]."""
        side = pictures.shape[2]
        calm = shown[0], np.full_like(shown[0], self.stills.neutral_index)
        marks, at_rest = (
            in_squares(self.stills.landmarks[which], maps, self.stills.pixels.shape[2:4], side)
            for which in (shown, calm)
        )  # both [batch, .., 68, 2]
        return draw_some(pictures, marks, at_rest[:, 0], self.config.training.cartoon_share, generator, fineness=1)

    def _shrunk(self, pictures: Pixels) -> Pixels:
        """Pairs of squares as the editor sees them."""
        size = (self.config.model.image_size_px,) * 2
        return np.array([[cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in pair] for pair in pictures])

    def _softened(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Pairs [batch, 2, 3, side, side], a share of them as if they came from smaller pictures."""
        model = self.config.model
        soft = torch.rand(len(images), generator=generator) < self.config.training.soft_share
        sizes = torch.rand(len(images), generator=generator).mul_(-math.log(model.fineness)).exp_()
        for pair in torch.nonzero(soft).flatten().tolist():
            side = images.shape[-1]
            smaller = round(side * float(sizes[pair]))
            shrunk = F.interpolate(images[pair], size=smaller, mode="bilinear", antialias=True)
            images[pair] = F.interpolate(shrunk, size=side, mode="bicubic", align_corners=False).clamp_(-1.0, 1.0)
        return images

    @torch.no_grad()
    def _edited(self, sources: Tensor, large: Tensor, shown: Shown, affects: NDArray[np.float32]) -> CloseUp:
        """Close-ups of the editor's edits of `sources` [batch, 3, size, size], which `large` are larger.

        `shown`: sources and what they are to look like; `affects` [batch, 2, 7]: of both.
        """
        source_affect, target_affect = torch.from_numpy(affects).unbind(1)
        variants = torch.from_numpy(self.variants[shown[0][:, 0], shown[1][:, 1]])
        asked = self.config.training.precision
        with autocast("fp32" if asked == "fp32" else "auto", sources.device):  # half is asked of another device
            features = self.editor.analyse(sources)
            edits = edit_by_way(self.editor, sources, features, source_affect, target_affect, variants)
        return close_up(edits, large, self.config.model)

    def _window(self, images: Tensor) -> Tensor:
        """The close-up's part of squares [..., side, side]."""
        model = self.config.model
        left, top, right, bottom = (model.fineness * side for side in model.window_px)
        return images[..., top:bottom, left:right]

    def _exact(self, made: CloseUp, truth: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """What is under the paint, and the paint, where the one is the truth itself but for what the paint hides, and
        the other the truth made small and blurred."""
        fineness = self.config.model.fineness
        small = F.avg_pool2d(truth, fineness)
        blur = self.config.training.exact_blur_px * torch.rand(len(truth), generator=generator)
        small = torch.stack([_blurred(one, float(sigma)) for one, sigma in zip(small, blur, strict=True)])
        paint = F.interpolate(small, scale_factor=fineness, mode="bicubic", align_corners=False)
        return torch.lerp(truth, made.under, made.mask), paint.clamp(-1.0, 1.0)


def open_mouths(
    stills: StillSet, large: StillSet, editor: EditingFamily, learned: Collection[str], config: DetailsConfig
) -> tuple[Mouths, Mouths]:
    """Those of the characters to train on, and of those to test with, of whom there are stills and close-ups.

    `learned`: whom the editor learned from; they are not tested with. Raises InputError where nobody is left on either
    side, and for close-ups of other stills.
    """
    if stills.landmarks is None or large.landmarks is None:
        raise InputError(f"landmarks of the stills or of their close-ups are not told; {CROWD_WAY_OUT}")
    if not np.array_equal(stills.affects[0], large.affects[0]):
        raise InputError(f"close-ups show other mixtures than the stills; {CROWD_WAY_OUT}")
    training, parts = config.training, []
    everyone = {*stills.characters, *large.characters}
    train, test = stills.split(training.test_share, training.seed)
    for part, left_out in ((train, ()), (test, learned)):
        both = {*part.characters} & {*large.characters} - {*left_out}
        if not both:
            raise InputError(f"no character to train on, or none to test with, has close-ups; {CROWD_WAY_OUT}")
        small, close = part.without(everyone - both), large.without(everyone - both)
        _check_alike(small, close)
        parts.append(Mouths(small, close, editor, config))
    return parts[0], parts[1]


def _check_alike(stills: StillSet, large: StillSet) -> None:
    """Raise InputError unless close-ups show the same poses and variants of the same characters."""
    small_marks = (stills.landmarks + 0.5) / stills.pixels.shape[2]
    marks = (large.landmarks + 0.5) / large.windows.picture_px
    apart = np.abs(small_marks - marks).max(axis=(1, 2, 3)) > FARTHEST_MARK
    for name, other, one, two in zip(stills.characters, apart, stills.variants, large.variants, strict=True):
        if other or one != two:
            raise InputError(
                f"close-ups of {name} show another pose or other variants than the stills; {CROWD_WAY_OUT}"
            )


def laid_over(truth: Tensor, images: Tensor) -> Tensor:
    """Filmed close-ups moved, smoothly and a little, to where edited ones show the same; [batch, 3, rows, columns].

    An edit lies some pixels beside the truth, and what is best on average over such pairs is a blur again.
    """
    dense = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    laid = []
    for filmed, edited in zip(images_to_pixels(truth), images_to_pixels(images), strict=True):
        blurred = [cv2.GaussianBlur(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (0, 0), SEEN_PX) for one in (edited, filmed)]
        flow = cv2.GaussianBlur(dense.calc(*blurred, None), (0, 0), SMOOTH_PX).clip(-FARTHEST_PX, FARTHEST_PX)
        rows, columns = np.indices(filmed.shape[:2], np.float32)
        places = columns + flow[..., 0], rows + flow[..., 1]
        laid.append(cv2.remap(filmed, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    return pixels_to_images(np.stack(laid))


def varied(pixels: Pixels, looks: VariationConfig, generator: torch.Generator) -> Tensor:
    """Pairs [batch, 2, 3, side, side] in [-1, 1] of pixels [batch, 2, side, side, 3], under the same looks whatever
    their side."""
    generator = generator.clone_state()
    pairs = torch.from_numpy(pixels).permute(0, 1, 4, 2, 3).float().div_(255.0)
    nowhere = torch.zeros(len(pairs), 1, 1, 2)
    return vary_look(pairs, nowhere, looks, generator).mul_(2.0).sub_(1.0)


def _blurred(image: Tensor, sigma: float) -> Tensor:
    """An image [3, rows, columns] under a Gaussian of `sigma` pixels."""
    if sigma < 0.1:
        return image
    return torch.from_numpy(cv2.GaussianBlur(image.permute(1, 2, 0).numpy(), (0, 0), sigma)).permute(2, 0, 1)
