"""What an editing network says about a picture, and how the picture follows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

OUTLIERS = 200
"""One of so many pixels may lie beyond what counts as a face's most; its lips and the whites of its eyes are more."""
TINT = 0.8
"""How much more of a shade a colour takes for each factor of e by which a face has less of it, fitted to the shadows of
14 held-out characters of the crowd (correlation 0.93): light that comes out of skin is red."""
_LEAST_PAINT = 1e-3
"""How much the later of two paints counts beside the earlier where its mask is zero: enough to stand alone there."""


@dataclass(frozen=True, eq=False)
class Edits:
    """A change of each picture of a batch.

    Pixel p becomes mask(p) paint(p) + (1 - mask(p)) (1 + tint (exp(shade(p)) - 1)) source(p + flow(p)), with black at 0
    and the `shade_tint` of the source.
    """

    flow: Tensor
    """[batch, 2, height, width]: how far right and how far down to fetch, as fractions of the picture's sides."""
    mask: Tensor
    """[batch, 1, height, width]: how much of the paint shows, in [0, 1]."""
    shade: Tensor
    """[batch, 1, height, width]: logarithm of the light that falls on what is fetched: folds darken, cheeks shine."""
    paint: Tensor
    """[batch, 3, height, width] in [-1, 1]."""


class CloseUp(NamedTuple):
    """A part of edited squares as it is put together, at any size: a pixel is mask * paint + (1 - mask) * under."""

    under: Tensor
    """[batch, 3, rows, columns] in [-1, 1], or lit beyond: what the edit fetches of the picture itself."""
    paint: Tensor
    """[batch, 3, rows, columns]."""
    mask: Tensor
    """[batch, 1, rows, columns] in [0, 1]."""

    def images(self) -> Tensor:
        """What it looks like, [batch, 3, rows, columns]."""
        return self.mask * self.paint + (1.0 - self.mask) * self.under


def apply_edits(images: Tensor, edits: Edits) -> Tensor:
    """The edited pictures, fp32, of images [batch, 3, height, width] at the size of the edits.

    Where flow, mask and shade are zero the source comes back bit by bit; gradients reach the flow there all the same.
    What is lit beyond white stays beyond 1.
    """
    images, flow, mask, shade, paint = (
        tensor.float() for tensor in (images, edits.flow, edits.mask, edits.shade, edits.paint)
    )
    return CloseUp(lit(_fetched(images, flow), shade, shade_tint(images)), paint, mask).images()


def lit(images: Tensor, shade: Tensor, tint: Tensor) -> Tensor:
    """Images in another light: exp(shade) times as bright, black being at -1, by the `tint` of each colour."""
    return images + (images + 1.0) * (tint * shade.expm1())


def shade_tint(images: Tensor) -> Tensor:
    """How much of a shade each colour of faces in their squares takes, [batch, 3, 1, 1], 1 on average.

    Shadows on skin are warm: of red, which skin has most of, they take least. On a grey drawing all colours take alike.
    """
    colours = (_middle(images.float()).mean(dim=(2, 3), keepdim=True) + 1.0) / 2.0
    logarithms = colours.clamp(min=1e-2).log()
    return 1.0 - TINT * (logarithms - logarithms.mean(dim=1, keepdim=True)).clamp(-0.5, 0.5)


def followed_by(first: Edits, second: Edits) -> Edits:
    """The one edit that does what `first` and then `second` do, fetching pixels once instead of twice.

    `first` may be a batch of one, for all of `second`. Where neither paints, the paint is that of `second`, for masks
    that are enlarged uncover some of it.
    """
    earlier = torch.cat([first.flow, first.mask, first.shade, first.paint], dim=1).float()
    earlier = _fetched(earlier.expand(second.flow.shape[0], -1, -1, -1), second.flow.float())
    flow, mask, shade, paint = earlier.split([2, 1, 1, 3], dim=1)
    # What the second leaves of the first's paint, and how it lights that: black is at 0 there, at -1 in paint.
    left = (1.0 - second.mask) * mask.clamp(0.0, 1.0)
    lit = left * second.shade.exp() * (paint + 1.0)
    own = second.mask + _LEAST_PAINT
    painted = (own * (second.paint + 1.0) + lit) / (own + left) - 1.0
    return Edits(second.flow + flow, second.mask + left, second.shade + shade, painted)


@dataclass(frozen=True, eq=False)
class Palette:
    """How far the colours of each picture of a batch go."""

    spread: Tensor
    """[batch, 1, 1, 1]: how far apart the channels of its colourful pixels lie, in [0, 2]."""
    coldness: Tensor
    """[batch, 2, 1, 1]: how much greener, and bluer, than red the coldest pixels around its middle are, where the face
    is, in [-2, 2]; 0 is white, and warm light leaves a face below it."""


def palette_of(images: Tensor) -> Palette:
    """The palette of images [batch, 3, height, width], outliers apart."""
    images = images.float()
    face = _middle(images)
    return Palette(_most(_spread(images)), _most(face[:, 1:] - face[:, :1]))


def keep_to(palette: Palette, edits: Edits) -> Edits:
    """The edits with paint that is nowhere colder nor more colourful than the picture it goes on.

    Teeth were learned in white light, and look blue in a photograph taken in warm light. Gums and tongues are red, and
    an ink drawing has no red: there they become grey, as everything else is.
    """
    return replace(edits, paint=paint_within(palette, edits.paint))


def paint_within(palette: Palette, paint: Tensor) -> Tensor:
    """Paint [batch, 3, height, width] without what `keep_to` leaves out."""
    paint = paint.float()
    red, others = paint[:, :1], paint[:, 1:]
    coldest = (red + 1.0) * (1.0 + 0.5 * palette.coldness) - 1.0  # as light does: white by all of it, black not at all
    paint = torch.cat([red, torch.minimum(others, coldest)], dim=1)
    grey = paint.mean(dim=1, keepdim=True)
    return grey + (paint - grey) * (palette.spread / _spread(paint).clamp(min=1e-6)).clamp(max=1.0)


def _spread(images: Tensor) -> Tensor:
    """The largest channel less the smallest, [batch, 1, height, width]."""
    return images.amax(dim=1, keepdim=True) - images.amin(dim=1, keepdim=True)


def _middle(images: Tensor) -> Tensor:
    """The middle half of squares, where the face is."""
    top, left = images.shape[2] // 4, images.shape[3] // 4
    return images[:, :, top : images.shape[2] - top, left : images.shape[3] - left]


def _most(values: Tensor) -> Tensor:
    """What all but a 200th of the pixels of each channel reach at most, [batch, channels, 1, 1]."""
    values = values.flatten(2)
    return values.topk(max(1, values.shape[2] // OUTLIERS), dim=2).values[:, :, -1:, None]


def _fetched(images: Tensor, flow: Tensor) -> Tensor:
    """Images or fields [batch, channels, height, width], each pixel fetched from where `flow` leads."""
    unmoved = torch.eye(2, 3, device=images.device).expand(flow.shape[0], 2, 3)
    grid = F.affine_grid(unmoved, list(flow.shape), align_corners=False)  # [batch, height, width, 2]
    moved = grid + 2.0 * flow.permute(0, 2, 3, 1)  # the grid spans two units
    # Sampling in place rounds, so what the flow changes is added to the source instead.
    return images + (_sample(images, moved) - _sample(images, grid))


def _sample(images: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)
