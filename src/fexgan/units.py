"""Mixtures as weights of the 52 face units of ARKit, for game engines and face rigs: from the studio's recipes.

What the recipes add from MPFB has no unit of ARKit and is left out, and weights that the studio plays beyond 1 are held
at 1, as engines do.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from fexgan.affects import Mixture
from fexgan.errors import InputError
from fexgan.media import write_text_atomically
from fexgan.studio.arkit import ARKIT_UNITS
from fexgan.studio.recipes import mixed_units, recipes
from fexgan.variants import check_known


def arkit_weights(mixture: Mixture) -> dict[str, float]:
    """The weight of each of the 52 units, in [0, 1] and four decimals; strengths that sum to more than 1 share it.

    Raises InputError for unknown variants.
    """
    mixture = mixture.shared()
    for affect, variant in mixture.variants:
        check_known([f"{affect}.{variant}"], [f"{affect}.{name}" for name in recipes()[affect]])
    units, _ = mixed_units(mixture, dict(mixture.variants))
    return {name: round(min(max(units.get(name, 0.0), 0.0), 1.0), 4) for name in ARKIT_UNITS}


def write_units(out: Path, mixtures: Mapping[str, Mixture]) -> None:
    """Write the weights of named mixtures atomically: JSON, an object of 52 weights by name, or CSV, a line for each.

    Raises InputError for other suffixes.
    """
    weights = {name: arkit_weights(mixture) for name, mixture in mixtures.items()}
    suffix = out.suffix.lower()
    if suffix == ".json":
        text = json.dumps(weights, indent=1, ensure_ascii=False) + "\n"
    elif suffix == ".csv":
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["expression", *ARKIT_UNITS])
        writer.writerows([name, *row.values()] for name, row in weights.items())
        text = lines.getvalue()
    else:
        raise InputError(f"cannot write face units as {out}; end its name in .json or .csv")
    write_text_atomically(out, text)
