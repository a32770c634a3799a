"""The comparison of recipes: its variants are what they say, and its table tells differences from chance."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import ModuleType

import pytest

from fexgan.config import config_to_dict, load_preset

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        return importlib.import_module("recipe")


@pytest.fixture(scope="module")
def variants(recipe):
    return recipe.read_variants(recipe.VARIANTS)


def flat(values: dict, prefix: str = "") -> dict[str, object]:
    """Nested settings by dotted name."""
    found = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def test_every_variant_but_the_base_changes_just_what_it_names(variants):
    base = variants[0].config(load_preset("tiny"))
    before = flat(config_to_dict(base))
    for variant in variants[1:]:
        after = flat(config_to_dict(variant.config(base)))
        changed = {name: value for name, value in after.items() if before[name] != value}
        assert changed == flat(variant.changes) != {}, variant.name
    assert variants[0].config(base) == base


def test_the_preset_is_the_variant_that_won(variants):
    preset = load_preset("tiny")
    winner = next(variant for variant in variants if variant.name == "features")
    assert winner.config(variants[0].config(preset)) == preset


def test_variants_go_by_names_and_folders_of_their_own_and_say_what_they_change(variants, tmp_path):
    assert len({variant.name for variant in variants}) == len(variants)
    folders = {variant.folder(tmp_path, seed) for variant in variants for seed in (0, 1)}
    assert len(folders) == 2 * len(variants)
    assert all(variant.says[0].isupper() and variant.says.endswith(".") for variant in variants)


def test_the_base_comes_first_with_every_seed_and_all_others_once_before_they_come_again(recipe, variants):
    turns = [(variant.name, seed) for variant, seed in recipe.in_turn(variants, [3, 4])]
    names = [variant.name for variant in variants]
    assert turns[:2] == [(names[0], 3), (names[0], 4)]
    assert turns[2:] == [(name, seed) for seed in (3, 4) for name in names[1:]]


def test_a_schedule_is_set_beside_a_variants_changes(recipe):
    variant = recipe.Variant("slow", "", {"training": {"learning_rate": 0.01, "augmentation": {"mirror": False}}})
    config = variant.config(load_preset("tiny"), steps=3)
    assert (config.training.steps, config.training.learning_rate) == (3, 0.01)
    assert not config.training.augmentation.mirror and config.training.augmentation.mirror_pairs


def test_the_deviation_of_seeds_is_pooled_over_variants_that_have_several(recipe):
    assert recipe.deviation([[1.0, 3.0], [5.0, 5.0], [9.0]]) == pytest.approx(1.0)  # variances 2 and 0
    assert recipe.deviation([[1.0, 2.0, 3.0], [4.0, 8.0]]) == pytest.approx(math.sqrt((2 * 1.0 + 8.0) / 3))
    assert math.isnan(recipe.deviation([[1.0], [2.0]]))


@pytest.mark.parametrize(
    ("values", "lower_is_better", "expected"),
    [
        ([0.2, 0.4], False, "0.300 (0.200)"),
        ([0.7, 0.9], False, "0.800 (0.200) ▲"),
        ([0.7, 0.9], True, "0.800 (0.200) ▼"),
        ([0.5], False, "0.500"),
        ([0.7], True, "0.700 ▼"),
    ],
)
def test_a_difference_is_marked_from_three_standard_errors_on(recipe, values, lower_is_better, expected):
    # Two seeds each: 3 * 0.1 * sqrt(1/2 + 1/2) = 0.3; one beside two: 0.37.
    assert recipe.cell(values, [0.3, 0.3], 0.1, lower_is_better) == expected


def test_without_several_seeds_nothing_is_marked(recipe):
    assert recipe.cell([0.9], [0.1], math.nan, False) == "0.900"


def test_the_table_has_a_row_for_each_variant_the_seeds_and_filmed_pictures(recipe):
    names = list(recipe.HEADERS)
    figures = [recipe.Figures(*(float(value + column) for column in range(len(names)))) for value in (0, 2, 10)]
    filmed = dict.fromkeys(names, 1.0)
    lines = recipe.table({"base": figures[:2], "other": figures[2:]}, filmed).splitlines()
    cells = [[one.strip() for one in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in cells] == ["", "---", "base", "other", "seeds, standard deviation", "filmed"]
    assert {len(row) for row in cells} == {len(names) + 1}
    assert cells[2][1] == "1.000 (2.000)" and cells[3][1] == "10.000 ▲" and cells[4][1] == "1.414"
    assert {name for name, cell in zip(names, cells[3][1:], strict=True) if "▼" in cell} == recipe.LOWER_IS_BETTER
