"""What a character wears: a shirt with a round neck, a collar, a hood or a rolled neck, as pieces of cloth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fexgan.studio.anatomy import smoothstep
from fexgan.studio.cast import Color
from fexgan.studio.clothing import make_close_neck, make_round_neck
from fexgan.studio.figure import Figure, PosedFace
from fexgan.studio.mesh import Mesh, grid
from fexgan.studio.neck import Neck

AROUND = 96
BACK = -np.pi / 2
LEAF_DM, POINT_DM = 0.30, 0.14


@dataclass(frozen=True)
class Piece:
    """One piece of cloth: its mesh at rest, its colour, and whether it is what lies about the neck.

    `head_share` [n]: how much each vertex follows the head's turn; None for what stays where it is.
    """

    mesh: Mesh
    color: Color
    at_neck: bool = False
    head_share: np.ndarray | None = None

    def turned(self, face: PosedFace) -> np.ndarray:
        """The piece's vertices [n, 3] in a pose; it must follow the head."""
        offset = self.mesh.vertices - face.pivot
        return self.mesh.vertices + self.head_share[:, None] * (offset @ face.rotation.T - offset)


def dress(figure: Figure) -> list[Piece]:
    """Every piece of what the figure's character wears."""
    character = figure.character
    if character.clothing.kind == "tee":
        cloth, band = make_round_neck(figure)
        edge = character.collar or tuple(0.8 * channel for channel in character.shirt)
        return [Piece(cloth, character.shirt), Piece(band, edge, at_neck=True)]
    neck = Neck(figure)
    mesh = {"shirt": _folded_collar, "turtleneck": _rolled_neck, "hoodie": _hood}[character.clothing.kind](neck)
    return [
        Piece(make_close_neck(figure, neck), character.shirt),
        Piece(mesh, character.collar or character.shirt, True, neck.head_share(mesh.vertices)),
    ]


def _folded_collar(neck: Neck) -> Mesh:
    """A shirt's collar, open at the throat: a stand about the neck, folded outwards into a leaf with two points."""
    side = np.linspace(-1, 1, AROUND)
    fold = neck.chin - 0.06 - 0.21 * smoothstep(0.45, 1.0, np.abs(side))
    length = LEAF_DM + POINT_DM * smoothstep(0.7, 1.0, np.abs(side))
    rows = [
        neck.at(_round(side, gap), neck.foot - 0.05 + (fold - neck.foot + 0.05) * up, clearance)
        for up, clearance, gap in ((0, 0.05, 0.06), (0.33, 0.055, 0.12), (0.67, 0.065, 0.20), (1, 0.08, 0.28))
    ]
    rows.append(neck.at(_round(side, 0.29), fold + 0.02, 0.11))
    for down, clearance in ((0, 0.14), (0.2, 0.16), (0.4, 0.17), (0.6, 0.17), (0.8, 0.17), (1.0, 0.17), (1.0, 0.13)):
        rows.append(neck.below(_round(side, 0.30 + 0.22 * down), fold, length * down, clearance))
    return grid(np.stack(rows), closed=False)


def _round(side: np.ndarray, gap: float) -> np.ndarray:
    """Angles about the neck for places from -1 to 1, 0 at the back, that leave `gap` on either side of the throat."""
    return BACK + side * (np.pi - gap)


def _rolled_neck(neck: Neck) -> Mesh:
    """A tube up the neck, turned down over itself."""
    top = neck.chin - 0.12
    tall = top - neck.foot
    # From within the tube over the fold and down: heights below the top in shares of the tube, clearance in dm.
    profile = (
        (-0.30, 0.03), (-0.05, 0.035), (0.01, 0.06), (0.03, 0.09), (0.01, 0.13), (-0.06, 0.155), (-0.16, 0.165),
        (-0.30, 0.170), (-0.42, 0.168), (-0.50, 0.15), (-0.52, 0.12), (-0.48, 0.09), (-0.60, 0.085), (-0.8, 0.085),
        (-1.0, 0.085), (-1.2, 0.08),
    )  # fmt: skip
    angle = _full_turn()
    return grid(np.stack([neck.at(angle, np.full(AROUND, top + tall * up), out) for up, out in profile]), closed=True)


def _hood(neck: Neck) -> Mesh:
    """A hood that lies on the shoulders: its hem about the neck, then a roll, thin at the throat and full behind."""
    angle = _full_turn()
    behind = smoothstep(0.85, -0.5, np.sin(angle))
    crumpled = 0.02 * np.sin(5 * angle + 1) + 0.015 * np.sin(11 * angle)
    top = neck.foot + 0.02 + (neck.chin - 0.04 - neck.foot) * behind + crumpled
    width = 0.20 + 0.26 * behind + crumpled
    tall = top - neck.foot + 0.2
    # From the neck over the hem and the roll: heights below its top in shares of its height, clearance of its width.
    profile = (
        (-1.0, 0.1), (-0.75, 0.14), (-0.50, 0.20), (-0.30, 0.24), (-0.24, 0.29), (-0.26, 0.36), (-0.36, 0.40),
        (-0.46, 0.43), (-0.40, 0.47), (-0.22, 0.52), (-0.08, 0.60), (0.0, 0.71), (-0.02, 0.83), (-0.12, 0.94),
        (-0.3, 1.0), (-0.5, 1.0), (-0.7, 0.9), (-0.85, 0.75), (-1.0, 0.5), (-1.1, 0.2),
    )  # fmt: skip
    return grid(np.stack([neck.at(angle, top + tall * up, width * out) for up, out in profile]), closed=True)


def _full_turn() -> np.ndarray:
    return np.linspace(-np.pi, np.pi, AROUND, endpoint=False)
