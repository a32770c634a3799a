"""Does `fexgan transform` tell people whom a model knows from strangers: the measure behind its warning.

    fexgan prepare open-cast --out out/dataset
    python benchmarks/familiarity.py open-cast --data out/dataset --strangers crowd

Known are evenly spaced frames of each character's held-out takes, strangers the neutral stills of a set that the model
never saw. Each is redrawn as it is, and SFace says how like itself it then is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from fexgan.dataset import FaceDataset
from fexgan.evaluation.choosing import evenly_spaced
from fexgan.familiarity import LEAST_FAMILIAR, familiarity
from fexgan.loading import load
from fexgan.media import Pixels
from fexgan.stills import StillSet
from fexgan.synthesis import Model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--strangers", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=17, help="of each character")
    given = parser.parse_args()
    model = load(given.checkpoint)
    faces, stills = FaceDataset.load(given.data, "test"), StillSet.load(given.strangers)
    people = [np.flatnonzero(faces.character == index) for index in range(len(faces.characters))]
    known = np.concatenate([evenly_spaced(rows, given.frames) for rows in people])
    report("known", model, [faces.pixels[row] for row in known])
    report("strangers", model, list(stills.pixels[:, stills.neutral_index]))


def report(who: str, model: Model, pictures: list[Pixels]) -> None:
    """Print how like themselves faces are when they are redrawn, and how many are below the limit."""
    found = [familiarity(model.open(picture)) for picture in pictures]
    cosines = np.array([one for one in found if one is not None])
    print(
        f"{who}: {len(cosines)} of {len(found)} faces found, in the middle {np.median(cosines):.2f}, "
        f"{cosines.min():.2f} to {cosines.max():.2f}; {(cosines < LEAST_FAMILIAR).sum()} below {LEAST_FAMILIAR:g}"
    )


if __name__ == "__main__":
    main()
