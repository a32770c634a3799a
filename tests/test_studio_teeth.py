"""Teeth stand apart along the arch, in gums, where a mouth opens."""

from __future__ import annotations

import numpy as np
import pytest

from fexgan.studio.anatomy import anatomy
from fexgan.studio.teeth import CROWN_HEIGHT_DM, CROWNS_DM, above_edge, along_arch, gaps_dm


@pytest.fixture(params=sorted(CROWNS_DM))
def jaw(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def band(jaw: str) -> np.ndarray:
    """The vertices of a jaw's band of teeth, [n, 3]."""
    body = anatomy()
    return body.base[np.unique(body.parts[jaw])]


def test_the_arch_is_measured_from_its_middle_alike_on_both_sides(band: np.ndarray):
    along = along_arch(band)
    mirrored = along_arch(band * np.array([-1, 1, 1]))
    assert np.allclose(along, mirrored)
    assert np.allclose(along[np.abs(band[:, 0]) < 1e-6], 0)
    front = band[:, 2] > 1.3
    order = np.argsort(np.abs(band[front, 0]))
    assert np.all(np.diff(along[front][order][::4]) > 0)


def test_teeth_go_on_beyond_what_is_seen_from_the_front(band: np.ndarray, jaw: str):
    assert gaps_dm(jaw)[0] == 0
    assert np.all(np.diff(gaps_dm(jaw)) > 0.04)
    assert gaps_dm(jaw)[-1] > along_arch(band)[band[:, 2] > 1.25].max()


def test_crowns_end_inside_the_band_so_that_gums_are_seen_above_them(band: np.ndarray, jaw: str):
    above = above_edge(band, jaw)
    front = (np.abs(band[:, 0]) < 0.12) & (band[:, 2] > 1.4)
    assert above[front].min() == pytest.approx(0, abs=0.02)
    assert above[front].max() > CROWN_HEIGHT_DM[jaw]
    towards_gums = 1 if jaw == "upper_teeth" else -1
    assert np.corrcoef(above[front], towards_gums * band[front, 1])[0, 1] > 0.9


def test_a_smile_shows_single_teeth(blender):
    from fexgan.studio.cast import Character
    from fexgan.studio.figure import Figure, Pose
    from fexgan.studio.recipes import both_sides
    from fexgan.studio.renderer import Renderer, RenderSettings

    figure = Figure(Character(name="smiling"))
    renderer = Renderer(RenderSettings(size_px=512, samples=4))
    renderer.seat(figure)
    bared = both_sides({"mouthUpperUp*": 1.5, "mouthSmile*": 0.6, "mouthLowerDown*": 0.6})
    mouth = renderer.shoot(figure.pose(Pose(bared)))[290:370, 216:296].mean(axis=2)
    row = mouth[np.argmax(np.sort(mouth, axis=1)[:, -30:].mean(axis=1))]
    beside = np.minimum(np.roll(row, 4), np.roll(row, -4))
    assert np.sum((row < beside - 20) & (row == np.minimum(np.roll(row, 1), np.minimum(np.roll(row, -1), row)))) >= 3
