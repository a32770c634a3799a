"""Where on a tooth each vertex of the mouth's two bands of teeth lies, so that their material can part them.

The base mesh has one smooth band for each jaw. Widths are mean crown widths of adults (Ash & Nelson, Wheeler's Dental
Anatomy, 2003), from the middle back, in dm.
"""

from __future__ import annotations

import itertools

import numpy as np

CROWNS_DM = {
    "upper_teeth": (0.085, 0.065, 0.075, 0.07, 0.07, 0.10),
    "lower_teeth": (0.050, 0.055, 0.07, 0.07, 0.07, 0.11),
}
# Heights of crowns above the biting edge, as long as the band leaves room for; it goes on as gums.
CROWN_HEIGHT_DM = {"upper_teeth": 0.165, "lower_teeth": 0.14}
ARCH_CENTER_Z_DM = 1.0
# How far the biting edge falls back towards the molars, in dm of height for a dm of depth.
EDGE_SLOPE = 0.24


def gaps_dm(jaw: str) -> tuple[float, ...]:
    """Where teeth meet, as lengths along the arch from its middle, the same for both sides."""
    return tuple(itertools.accumulate(CROWNS_DM[jaw], initial=0.0))


def along_arch(band: np.ndarray) -> np.ndarray:
    """How far along the arch from its middle each vertex of a band, [n, 3] at rest, lies; [n] in dm."""
    turn = np.arctan2(np.abs(band[:, 0]), band[:, 2] - ARCH_CENTER_Z_DM)
    reach = np.hypot(band[:, 0], band[:, 2] - ARCH_CENTER_Z_DM)
    # The outermost vertices are the front of the teeth; the rest lie behind them.
    steps = np.linspace(0, turn.max(), 24)
    outline = np.array([reach[np.abs(turn - step) < 0.2].max() for step in steps])
    points = np.column_stack([np.sin(steps), np.cos(steps)]) * outline[:, None]
    lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    return np.interp(turn, steps, lengths)


def above_edge(band: np.ndarray, jaw: str) -> np.ndarray:
    """How far towards the gums from the biting edge each vertex of a band, [n, 3] at rest, lies; [n] in dm."""
    front = band[np.abs(band[:, 0]) < 0.12]
    towards_gums = 1.0 if jaw == "upper_teeth" else -1.0
    edge = (front[:, 1] * towards_gums).min() * towards_gums + EDGE_SLOPE * (front[:, 2].max() - band[:, 2])
    return (band[:, 1] - edge) * towards_gums
