"""A cast at a glance: every character at rest, smiling and angry, on one sheet."""

from __future__ import annotations

from pathlib import Path

from fexgan.affects import Mixture
from fexgan.media import Pixels, writable_folder, write_image
from fexgan.sheets import sheet
from fexgan.studio.figure import Figure, Pose
from fexgan.studio.film import Shoot, chosen_cast
from fexgan.studio.recipes import mixed_units
from fexgan.studio.staging import draw_staging
from fexgan.terminal import tracked

SHOWN = ("neutral", "joy", "anger")


def preview(path: Path, shoot: Shoot) -> None:
    """Write a sheet of `shoot`'s characters, at its size and samples, to `path`.

    Raises InputError for unknown names, where nothing can be written and where Blender cannot be loaded.
    """
    cast = chosen_cast(shoot)
    writable_folder(path.parent)
    from fexgan.studio.renderer import Renderer, RenderSettings

    renderer = Renderer(RenderSettings(shoot.size_px, shoot.samples))
    rows: list[list[Pixels | None]] = []
    for character in tracked(cast, "previewing"):
        figure = Figure(character)
        renderer.seat(figure)
        renderer.stage(draw_staging(f"{shoot.seed}/{character.name}", shoot.light, shoot.camera, shoot.backdrop))
        rows.append([renderer.shoot(figure.pose(_posed(affect))) for affect in SHOWN])
    write_image(path, sheet(rows, SHOWN, [character.name for character in cast], cell_px=shoot.size_px))


def _posed(affect: str) -> Pose:
    units, lean = mixed_units(Mixture.parse(affect))
    return Pose(units, head_deg=lean)
