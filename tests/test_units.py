from __future__ import annotations

import csv
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from fexgan.affects import AFFECTS, Mixture
from fexgan.errors import InputError
from fexgan.studio.recipes import mixed_units
from fexgan.units import ARKIT_UNITS, arkit_weights, write_units


def test_there_are_the_52_units_and_every_recipe_uses_only_those():
    assert len(set(ARKIT_UNITS)) == 52
    played = {unit for affect in AFFECTS for unit in mixed_units(Mixture(((affect, 1.0),)))[0]}
    assert {unit for unit in played if not unit.startswith("expression/")} <= set(ARKIT_UNITS)


@pytest.mark.parametrize("affect", AFFECTS)
def test_weights_stay_in_range_and_grow_with_strength(affect: str):
    rows = [arkit_weights(Mixture(((affect, strength),))) for strength in (0.0, 0.3, 0.7, 1.0)]
    assert all(tuple(row) == ARKIT_UNITS and all(0.0 <= weight <= 1.0 for weight in row.values()) for row in rows)
    assert all(earlier[unit] <= later[unit] for earlier, later in pairwise(rows) for unit in earlier)
    assert not any(rows[0].values()) and (affect == "neutral") == (not any(rows[3].values()))


def test_strengths_that_sum_to_more_than_one_share_it():
    assert arkit_weights(Mixture.parse("joy+fear")) == arkit_weights(Mixture.parse("joy:0.5+fear:0.5"))


def test_a_smile_smiles():
    joy = arkit_weights(Mixture.parse("joy:0.5"))
    assert joy["mouthSmileLeft"] == joy["mouthSmileRight"] > 0.3 and joy["mouthFrownLeft"] == 0.0


def test_a_variant_moves_other_units_and_an_unknown_one_is_refused():
    joy, laugh = (arkit_weights(Mixture.parse(text)) for text in ("joy", "joy.laugh"))
    assert laugh["jawOpen"] > joy["jawOpen"]
    with pytest.raises(InputError, match=r"'joy\.grin' is unknown; choose from .*laugh"):
        arkit_weights(Mixture.parse("joy.grin"))


def test_json_and_csv_hold_the_same(tmp_path: Path):
    mixtures = {"wry": Mixture.parse("joy:0.4+disgust:0.25"), "fear": Mixture.parse("fear")}
    write_units(tmp_path / "units.json", mixtures)
    write_units(tmp_path / "units.csv", mixtures)
    written = json.loads((tmp_path / "units.json").read_text())
    with (tmp_path / "units.csv").open() as file:
        for row in csv.DictReader(file):
            assert {unit: float(row[unit]) for unit in ARKIT_UNITS} == written[row["expression"]]
    with pytest.raises(InputError, match=r"\.json or \.csv"):
        write_units(tmp_path / "units.fbx", mixtures)


def test_no_renderer_and_no_networks_are_needed():
    program = (
        "import sys, fexgan.units as units\nfrom fexgan.affects import Mixture\n"
        "units.arkit_weights(Mixture.parse('joy'))\nprint([name for name in ('bpy', 'torch') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
