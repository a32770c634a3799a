"""Filmed mixtures, edited with the strengths that were filmed and with those that the network's own reading asks for.

A network that pleases its own reader is not yet nearer to the truth, so both stand beside the filmed still, and beside
what a recogniser trained apart reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, NEUTRAL_INDEX, Mixture
from fexgan.evaluation.comparison import compare
from fexgan.evaluation.held_out import Edited, HeldOut
from fexgan.evaluation.identity import IdentityReader
from fexgan.evaluation.recogniser import Recogniser
from fexgan.media import Pixels
from fexgan.model import EditingFamily, apply_edits
from fexgan.optimising import STEPS, gap, search
from fexgan.tensors import images_to_pixels, pixels_to_images
from fexgan.terminal import tracked


@dataclass(frozen=True)
class MixtureStrengths:
    """Pictures of mixtures, all figures means over them."""

    pictures: int
    gap: float
    """How far what the network reads off them is from the strengths filmed, in nats; what is optimised."""
    recognised_error: float
    """Mean absolute difference of the strengths of all emotions, recognised and filmed."""
    ssim: float
    """To the filmed stills, inside the face box."""
    difference: float
    """To the filmed stills, inside the face box, in levels of 255."""
    likeness: float | None
    """Cosine of SFace to the neutral stills; None where no face is found in any."""


def mixture_strengths(
    networks: EditingFamily, held_out: HeldOut, edited: Edited, recogniser: Recogniser, steps: int = STEPS
) -> dict[str, MixtureStrengths]:
    """By strengths, `asked` (as filmed) and `optimised`, and of the stills themselves, `filmed`; empty where no mixture
    was filmed."""
    mixed = held_out.mixed()
    if not len(mixed):
        return {}
    made = {
        "asked": edited.pixels[:, mixed],
        "optimised": optimised_mixtures(networks, held_out, mixed, steps),
        "filmed": held_out.pixels[:, mixed],
    }
    return {kind: _figures(networks, held_out, mixed, pixels, recogniser) for kind, pixels in made.items()}


def optimised_mixtures(
    networks: EditingFamily, held_out: HeldOut, mixed: NDArray[np.int64], steps: int = STEPS
) -> Pixels:
    """Each neutral square edited to the mixtures of some stills, with strengths found for it: uint8 [characters, mixed,
    side, side, 3]."""
    made = []
    neutral = torch.from_numpy(held_out.affects[[held_out.neutral]])  # [1, 7]
    for character in tracked(range(len(held_out.characters)), "optimising held-out mixtures"):
        source = pixels_to_images(held_out.pixels[character, held_out.neutral])
        with torch.no_grad():
            features = networks.analyse(source)
        for still in mixed:
            wanted = torch.from_numpy(held_out.affects[[still]])  # [1, 7]
            variants = torch.from_numpy(held_out.variants[character, [still]])

            def show(affect: torch.Tensor, features=features, variants=variants, source=source) -> torch.Tensor:
                return apply_edits(source, networks.edit(features, neutral, affect, variants))

            shown = np.flatnonzero(held_out.emotions[still])
            asked = Mixture(tuple((AFFECTS[index], float(held_out.affects[still, index])) for index in shown))
            found = search(show, networks.read, asked, wanted, steps)
            with torch.no_grad():
                made.append(images_to_pixels(show(torch.tensor([found.mixture.vector()])))[0])
    return np.stack(made).reshape(len(held_out.characters), len(mixed), *made[0].shape)


@torch.inference_mode()
def _figures(
    networks: EditingFamily, held_out: HeldOut, mixed: NDArray[np.int64], pixels: Pixels, recogniser: Recogniser
) -> MixtureStrengths:
    """`pixels`: uint8 [characters, mixed, side, side, 3]."""
    wanted = torch.from_numpy(held_out.affects[mixed])  # [mixed, 7]
    emotional = [index for index in range(len(AFFECTS)) if index != NEUTRAL_INDEX]
    off = recogniser.recognise(pixels)[..., emotional] - held_out.affects[mixed][:, emotional]
    compared = compare(held_out, pixels, held_out.pixels[:, mixed], recogniser)
    return MixtureStrengths(
        pictures=pixels.shape[0] * pixels.shape[1],
        gap=float(np.mean([gap(networks.read(pixels_to_images(own)), wanted).item() for own in pixels])),
        recognised_error=float(np.abs(off).mean()),
        ssim=float(compared.ssim.mean()),
        difference=float(compared.difference.mean()),
        likeness=_likeness(held_out, pixels),
    )


def _likeness(held_out: HeldOut, pixels: Pixels) -> float | None:
    reader = IdentityReader()
    cosines = [
        reader.read(own, face) @ reader.read(squares[[held_out.neutral]], face)[0]
        for own, squares, face in zip(pixels, held_out.pixels, held_out.faces, strict=True)
        if face is not None
    ]
    return float(np.mean(cosines)) if cosines else None
