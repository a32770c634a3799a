"""Varied sets: plain unless asked for, drawn from a label alone, and seen in the picture."""

from __future__ import annotations

import colorsys
import json

import numpy as np
import pytest

from fexgan.manifest import read_sidecar
from fexgan.studio.film import Shoot, film
from fexgan.studio.staging import Staging, draw_staging
from fexgan.video import read_clip

PARTS = {
    "light": ("light_turn_deg", "light_gains", "light_color", "ambient"),
    "camera": ("camera_distance", "camera_height_m"),
    "backdrop": ("backdrop",),
}


def varied(label: str, *parts: str) -> dict:
    return draw_staging(label, **{part: part in parts for part in PARTS}).to_dict()


def test_what_is_not_varied_stays_plain():
    plain = Staging().to_dict()
    assert varied("a") == plain
    for part, names in PARTS.items():
        drawn = varied("a", part)
        assert {name for name in plain if drawn[name] != plain[name]} == set(names)


def test_a_part_is_drawn_alike_whatever_else_varies():
    everything = varied("a", *PARTS)
    for part, names in PARTS.items():
        alone = varied("a", part)
        assert [alone[name] for name in names] == [everything[name] for name in names]


def test_a_label_draws_one_set_and_others_draw_others():
    assert varied("a", *PARTS) == varied("a", *PARTS)
    assert len({json.dumps(varied(str(label), *PARTS)) for label in range(50)}) == 50


@pytest.mark.parametrize("label", range(40))
def test_someone_is_always_lit_from_the_front(label):
    staging = draw_staging(str(label), light=True, camera=True, backdrop=True)
    assert max(staging.light_gains[:2]) >= 0.6 and staging.ambient >= 0.5
    assert abs(staging.light_turn_deg) <= 75 and 0.5 < staging.camera_distance < 2


def test_backdrops_are_grey_and_coloured_dark_and_light():
    colours = [draw_staging(str(label), False, False, True).backdrop for label in range(200)]
    saturation, value = np.array([colorsys.rgb_to_hsv(*colour)[1:] for colour in colours]).T
    assert 0.3 < (saturation < 0.01).mean() < 0.7
    assert value.min() < 0.05 and value.max() > 0.5


def test_a_varied_set_is_in_the_picture_and_in_the_sidecar(tmp_path, blender):
    def first_picture(name: str, **settings):
        shoot = Shoot(characters=("cole",), affects=("joy",), takes=1, frames=8, size_px=48, samples=1, **settings)
        film(tmp_path / name, shoot)
        clip = tmp_path / name / "cole/joy/1.mp4"
        return next(iter(read_clip(clip)))[0].astype(float), read_sidecar(clip.with_suffix(".json"))

    plain, told_plain = first_picture("plain")
    varied, told = first_picture("varied", backdrop=True, seed=0)
    assert told_plain.performance["staging"] == json.loads(json.dumps(Staging().to_dict()))
    assert told.performance["staging"]["backdrop"] != told_plain.performance["staging"]["backdrop"]
    corner, centre = np.s_[:6, :6], np.s_[20:32, 20:28]
    assert np.abs(varied[corner] - plain[corner]).mean() > 8
    assert np.abs(varied[centre] - plain[centre]).mean() < 8
