"""Characters that training never saw, in their squares, and what an editing network makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fexgan.affects import AFFECTS, NEUTRAL, NEUTRAL_INDEX
from fexgan.config import FramingConfig
from fexgan.faces import Face, FaceBox, own_finder
from fexgan.framing.square import BOX_HEIGHT, BOX_WIDTH
from fexgan.framing.stills import cut_squares, face_squares
from fexgan.framing.upright import cut_upright, upright_square
from fexgan.media import Pixels
from fexgan.model import EditingFamily, apply_edits, edit_by_way
from fexgan.stills import StillSet, first_in_full
from fexgan.tensors import images_to_pixels, pixels_to_images
from fexgan.terminal import tracked

Region = tuple[slice, slice]
"""Rows and columns of a square."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Stills of test characters, cut to each one's square as in training; still i shows the same on all."""

    pixels: Pixels
    """uint8 [characters, stills, side, side, 3]"""
    affects: NDArray[np.float32]
    """[stills, 7]: the affect vectors shown."""
    characters: tuple[str, ...]
    variants: NDArray[np.float32]
    """[characters, stills, variants of the model]: which of them each still shows, 0 or 1."""
    neutral: int
    """Which still is neutral."""
    faces: tuple[Face | None, ...]
    """By character, as found in the neutral square; None where the finder sees none."""
    regions: tuple[Region, ...]
    """By character, the face box; that of the framing where the finder sees none."""
    emotions: NDArray[np.bool_] = field(init=False)
    """[stills, 7]: the emotions shown."""

    def __post_init__(self) -> None:
        emotions = self.affects > 0
        emotions[:, NEUTRAL_INDEX] = False
        object.__setattr__(self, "emotions", emotions)

    @classmethod
    def of(cls, stills: StillSet, framing: FramingConfig, variants: Sequence[str] = ()) -> HeldOut:
        """Cut the squares and find the faces in them. `variants`: those that the model has names for."""
        pixels = cut_squares(stills.pixels, face_squares(stills, framing), framing.image_size_px)
        return cls._found(pixels, stills, framing, variants)

    @classmethod
    def cropped(cls, stills: StillSet, framing: FramingConfig) -> HeldOut:
        """The same, but cut as the frames of datasets are, for models that draw: around the face box of the neutral
        still."""
        height, width = stills.pixels.shape[2:4]
        pixels = []
        for shown in stills.pixels:
            square = upright_square(own_finder().find(shown[stills.neutral_index]), width, height, framing)
            pixels.append([cut_upright(still, square, framing.image_size_px) for still in shown])
        return cls._found(np.array(pixels), stills, framing, ())

    @classmethod
    def _found(cls, pixels: Pixels, stills: StillSet, framing: FramingConfig, variants: Sequence[str]) -> HeldOut:
        found = [own_finder().find_all(square)[:1] for square in pixels[:, stills.neutral_index]]
        faces = tuple(seen[0] if seen else None for seen in found)
        framed = _framed_box(framing)
        regions = tuple(_region(face.box if face else framed, framing.image_size_px) for face in faces)
        shown = stills.variant_weights(variants)
        return cls(pixels, stills.affects[0], stills.characters, shown, stills.neutral_index, faces, regions)

    def full(self) -> dict[str, int]:
        """The first still of each affect at strength 1, neutral among them."""
        return {AFFECTS[affect]: still for affect, still in first_in_full(self.affects).items()}

    def single(self) -> NDArray[np.int64]:
        """The stills that show one emotion."""
        return np.flatnonzero(self.emotions.sum(axis=1) == 1)

    def mixed(self) -> NDArray[np.int64]:
        """The stills that show several emotions."""
        return np.flatnonzero(self.emotions.sum(axis=1) > 1)

    def swaps(self) -> NDArray[np.int64]:
        """Two stills for each emotion and each other one, both in full: [pairs, 2]."""
        full = [still for affect, still in self.full().items() if affect != NEUTRAL]
        return np.array([(one, other) for one in full for other in full if one != other], np.int64).reshape(-1, 2)

    def sources(self) -> Pixels:
        """The neutral squares, as wide as all stills: uint8 [characters, stills, side, side, 3]."""
        return np.broadcast_to(self.pixels[:, self.neutral, None], self.pixels.shape)


@dataclass(frozen=True, eq=False)
class Edited:
    """What a network made of held-out characters."""

    pixels: Pixels
    """uint8 [characters, stills, side, side, 3]: each neutral square, edited to what each still shows."""
    calmed: Pixels
    """The same, but each still, edited to neutral."""
    swapped: Pixels
    """uint8 [characters, pairs, side, side, 3]: the first still of each pair of `HeldOut.swaps`, edited to what the
    second shows."""
    unchanged: NDArray[np.bool_]
    """[characters, stills]: whether a still comes back bit by bit that is edited to what it shows."""
    read: NDArray[np.float32]
    """[characters, stills, 7]: the affect vectors that the network reads off the stills."""


@torch.inference_mode()
def edit_held_out(networks: EditingFamily, held_out: HeldOut) -> Edited:
    """Every edit that is measured. Each character is a batch of its own."""
    affects, swaps = torch.from_numpy(held_out.affects), torch.from_numpy(held_out.swaps())
    neutral = affects[held_out.neutral].expand_as(affects)
    made: list[tuple[NDArray, ...]] = []
    people = list(zip(held_out.pixels, torch.from_numpy(held_out.variants), strict=True))
    for pixels, variants in tracked(people, "editing held-out characters"):
        images = pixels_to_images(pixels)  # [stills, 3, side, side]
        source = images[[held_out.neutral]]
        edits = edit_by_way(networks, source, networks.analyse(source), neutral, affects, variants)
        edited = apply_edits(source.expand_as(images), edits)
        features = networks.analyse(images)
        calmed = apply_edits(images, edit_by_way(networks, images, features, affects, neutral))
        swapped = _swap(networks, images, affects, variants, swaps)
        equal = apply_edits(images, edit_by_way(networks, images, features, affects, affects)) == images
        read = networks.read(images)
        unchanged = equal.flatten(1).all(dim=1)
        pictures = map(images_to_pixels, (edited, calmed, swapped))
        made.append((*pictures, unchanged.numpy(), read.numpy()))
    return Edited(*map(np.stack, zip(*made, strict=True)))


def _swap(networks: EditingFamily, images: Tensor, affects: Tensor, variants: Tensor, swaps: Tensor) -> Tensor:
    """Images [pairs, 3, side, side]: those that show one emotion with another, by way of what they have in common."""
    if not len(swaps):
        return images[:0]
    start, end = swaps.unbind(1)
    sources = images[start]
    edits = edit_by_way(networks, sources, networks.analyse(sources), affects[start], affects[end], variants[end])
    return apply_edits(sources, edits)


def _framed_box(framing: FramingConfig) -> FaceBox:
    """Where the framing puts the face box."""
    side, height = framing.image_size_px, framing.image_size_px * framing.face_fraction
    width = BOX_WIDTH / BOX_HEIGHT * height
    return FaceBox((side - width) / 2, side * (0.5 - framing.vertical_offset) - height / 2, width, height)


def _region(box: FaceBox, side: int) -> Region:
    """A box as rows and columns, as far as it lies in the square."""
    edges = np.array([box.top, box.top + box.height, box.left, box.left + box.width])
    top, bottom, left, right = np.rint(edges).clip(0, side).astype(int).tolist()
    return slice(top, bottom), slice(left, right)
