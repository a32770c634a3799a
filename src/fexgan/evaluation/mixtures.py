"""Filmed mixtures, shown with the strengths that were filmed and with those that the model's own reading asks for.

A model that pleases its own classifier is not yet nearer to the truth, so both stand beside the filmed still, and
beside what a recogniser trained apart reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, NEUTRAL_INDEX, Mixture
from fexgan.checkpoints import Checkpoint
from fexgan.evaluation.comparison import compare
from fexgan.evaluation.held_out import HeldOut
from fexgan.evaluation.recogniser import Recogniser
from fexgan.evaluation.recognition import similarity
from fexgan.media import Pixels
from fexgan.model import Family, apply_edits, edit_by_way
from fexgan.optimising import STEPS, Show, gap, read_of, search, wanted_of
from fexgan.tables import Section
from fexgan.tensors import images_to_pixels, pixels_to_images
from fexgan.terminal import tracked

TITLE = "Mixtures with optimised strengths"
TEXT = (
    "Strengths as filmed, and those found by gradient with which the model itself reads what was filmed. Gap: how far "
    "its reading is from that, in nats, which the search lowers; all else it never sees. Recognised: mean error "
    "of all emotions' strengths to a recogniser trained apart. SSIM, and difference in levels of 255, in the face box; "
    "SFace to the neutral still. At the bottom the filmed stills themselves, judged alike."
)
HEADER = ["mixtures", "stills", "gap", "recognised off by", "SSIM", "off by", "SFace"]


@dataclass(frozen=True)
class MixtureStrengths:
    """Pictures of mixtures, all figures means over them."""

    pictures: int
    gap: float
    """How far what the model reads off them is from the strengths filmed, in nats; what is optimised."""
    recognised_error: float
    """Mean absolute difference of the strengths of all emotions, recognised and filmed."""
    ssim: float
    """To the filmed stills, inside the face box."""
    difference: float
    """To the filmed stills, inside the face box, in levels of 255."""
    similarity: float | None
    """Cosine of SFace to the neutral stills; None where no face is found in any."""


def mixture_strengths(
    checkpoint: Checkpoint, held_out: HeldOut, recogniser: Recogniser, steps: int = STEPS
) -> dict[str, MixtureStrengths]:
    """By strengths, `asked` (as filmed) and `optimised`, and of the stills themselves, `filmed`; empty where no mixture
    was filmed. Every picture is made of the neutral still of its character."""
    networks, mixed = checkpoint.networks, held_out.mixed()
    if not len(mixed):
        return {}
    read = read_of(networks)
    asked, optimised = [], []
    for character in tracked(range(len(held_out.characters)), "optimising filmed mixtures"):
        for still in mixed:
            show = _show(networks, held_out, character, still)
            vector = torch.from_numpy(held_out.affects[[still]])  # [1, 7]
            shown = np.flatnonzero(held_out.emotions[still])
            mixture = Mixture(tuple((AFFECTS[index], float(held_out.affects[still, index])) for index in shown))
            found = search(show, read, mixture, wanted_of(networks, checkpoint.config, vector), steps).mixture
            with torch.no_grad():
                asked.append(images_to_pixels(show(vector))[0])
                optimised.append(images_to_pixels(show(torch.tensor([found.vector()])))[0])
    filmed = held_out.pixels[:, mixed]
    made = {"asked": np.stack(asked), "optimised": np.stack(optimised), "filmed": filmed}
    wanted = wanted_of(networks, checkpoint.config, torch.from_numpy(held_out.affects[mixed]))
    return {
        kind: _figures(networks, held_out, mixed, wanted, pixels.reshape(filmed.shape), recogniser)
        for kind, pixels in made.items()
    }


def section(strengths: Mapping[str, MixtureStrengths]) -> Section:
    """A row for each kind of strengths."""
    rows = [
        [kind, f"{part.pictures:,}"]
        + [f"{figure:.3f}" for figure in (part.gap, part.recognised_error, part.ssim)]
        + [f"{part.difference:.2f}", "-" if part.similarity is None else f"{part.similarity:.3f}"]
        for kind, part in strengths.items()
    ]
    return Section(TITLE, TEXT, HEADER, rows)


@torch.no_grad()
def _show(networks: Family, held_out: HeldOut, character: int, still: int) -> Show:
    """Shows the neutral still of a character with any affect, in the variants of another still."""
    source = pixels_to_images(held_out.pixels[character, held_out.neutral])
    neutral = torch.from_numpy(held_out.affects[[held_out.neutral]])  # [1, 7]
    if "edit" not in networks.capabilities:
        return partial(networks.decode, networks.encode(source, neutral)[0])
    features = networks.analyse(source)
    variants = torch.from_numpy(held_out.variants[character, [still]])
    return lambda affect: apply_edits(source, edit_by_way(networks, source, features, neutral, affect, variants))


@torch.inference_mode()
def _figures(
    networks: Family,
    held_out: HeldOut,
    mixed: NDArray[np.int64],
    wanted: torch.Tensor,
    pixels: Pixels,
    recogniser: Recogniser,
) -> MixtureStrengths:
    """`wanted`: [mixed, 7], what the networks are to read. `pixels`: uint8 [characters, mixed, side, side, 3]."""
    read = read_of(networks)
    emotional = [index for index in range(len(AFFECTS)) if index != NEUTRAL_INDEX]
    off = recogniser.recognise(pixels)[..., emotional] - held_out.affects[mixed][:, emotional]
    cosines = similarity(held_out, pixels)
    compared = compare(held_out, pixels, held_out.pixels[:, mixed], recogniser)
    return MixtureStrengths(
        pictures=pixels.shape[0] * pixels.shape[1],
        gap=float(np.mean([gap(read(pixels_to_images(own)), wanted).item() for own in pixels])),
        recognised_error=float(np.abs(off).mean()),
        ssim=float(compared.ssim.mean()),
        difference=float(compared.difference.mean()),
        similarity=None if cosines is None else float(cosines.mean()),
    )
