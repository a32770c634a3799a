"""What the renderer makes of a figure before any light falls on it."""

from __future__ import annotations

import numpy as np
import pytest

from fexgan.studio.cast import Character, Glasses, Hair


def _mean_radius_m(blender, size_px: int) -> float:
    """How thick the strands of a head of short hair are in a picture of this size."""
    from fexgan.studio.figure import Figure
    from fexgan.studio.renderer import Renderer, RenderSettings

    Renderer(RenderSettings(size_px, samples=1)).seat(Figure(Character(name="short", hair=Hair("short", 0.3))))
    (hair,) = [curves for curves in blender.data.hair_curves if curves.name == "hair"]
    radius = np.empty(len(hair.points), np.float32)
    hair.attributes["radius"].data.foreach_get("value", radius)
    return float(radius.mean())


def test_strands_thicken_in_small_pictures_and_are_as_grown_in_large_ones(blender):
    small, middle, large, largest = (_mean_radius_m(blender, size_px) for size_px in (100, 200, 400, 800))
    assert small == pytest.approx(2 * middle, rel=1e-3) and middle == pytest.approx(2 * large, rel=1e-3)
    assert large == pytest.approx(largest, rel=1e-6)


def test_who_leaves_leaves_nothing_behind(blender):
    from fexgan.studio.figure import Figure
    from fexgan.studio.renderer import Renderer, RenderSettings

    renderer, kept = Renderer(RenderSettings(64, samples=1)), []
    for name in ("ada", "bo", "cy"):
        renderer.seat(Figure(Character(name, hair=Hair("short", 0.3), glasses=Glasses())))
        kept.append([len(blender.data.materials), len(blender.data.meshes), len(blender.data.objects)])
    assert kept[0] == kept[1] == kept[2]
