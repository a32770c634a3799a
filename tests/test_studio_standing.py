"""Takes that stand: kept where they are what is asked for, refused where they were filmed otherwise."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fexgan.bundled import footage_path, stills_path
from fexgan.errors import InputError
from fexgan.manifest import write_sidecar
from fexgan.studio import film as film_module
from fexgan.studio.film import Shoot, chosen_cast, film
from fexgan.studio.recipes import recipes

ROOT = Path(__file__).parents[1]
BUNDLED = {"stills": (stills_path(), Shoot(stills="truth")), "takes": (footage_path(), Shoot())}
VARIED = dict(light=True, camera=True, backdrop=True, variants=True)
REPOSITORY = {
    **BUNDLED,
    "crowd": (ROOT / "crowd", Shoot(random=150, seed=7, stills="crowd", size_px=192, **VARIED)),
    "turned": (
        ROOT / "crowd-turned",
        Shoot(random=80, seed=11, stills="turned", size_px=192, wardrobe=True, **VARIED),
    ),
    "mouths": (
        ROOT / "crowd-mouths",
        Shoot(
            random=150,
            seed=7,
            characters=tuple(f"r7-{index:03d}" for index in range(40)),
            stills="crowd",
            size_px=768,
            close_up=True,
            **VARIED,
        ),
    ),
    "some of the people": (ROOT / "people", Shoot(random=150, seed=8, stills="people")),
    "poses": (ROOT / "cast-poses", Shoot(stills="poses")),
}


@pytest.mark.parametrize("name", REPOSITORY)
def test_footage_of_the_repository_is_what_its_command_asks_for(name):
    folder, shoot = REPOSITORY[name]
    clips = (1 if shoot.stills else 7 * shoot.takes) * len(chosen_cast(shoot))
    assert sum(len(list(folder.glob(f"{one.name}/*/*.mp4"))) for one in chosen_cast(shoot)) == clips, "none is filmed"
    report = film(folder, shoot)
    assert (report.filmed, report.kept) == (0, clips)


@pytest.mark.parametrize("name", ["stills", "takes"])
def test_a_recipe_that_has_changed_since_is_told(monkeypatch, name):
    changed = {
        affect: {
            name: replace(recipe, units=dict.fromkeys(recipe.units, 0.05)) if affect == "joy" else recipe
            for name, recipe in variants.items()
        }
        for affect, variants in recipes().items()
    }
    monkeypatch.setattr("fexgan.studio.recipes.recipes", lambda: changed)
    folder, shoot = BUNDLED[name]
    with pytest.raises(InputError, match=r"filmed otherwise \(units: what the recording or the recipes play has"):
        film(folder, replace(shoot, characters=("ada",)))


def stand(folder: Path, shoot: Shoot) -> None:
    """What filming leaves, but for pictures: sidecars, and something where clips are."""
    for job in film_module._planned_jobs(chosen_cast(shoot), shoot):
        job.clip(folder).parent.mkdir(parents=True, exist_ok=True)
        write_sidecar(job.clip(folder).with_suffix(".json"), job.record(shoot)[1])
        job.clip(folder).touch()


@pytest.mark.parametrize(("settings", "told"), [({"samples": 64}, "samples 4, not 64"), ({"crf": 0}, "crf 13, not 0")])
def test_takes_of_other_samples_or_quality_are_refused_where_sidecars_tell_them(tmp_path, settings, told):
    shoot = Shoot(characters=("ada",), affects=("joy",), takes=1)
    stand(tmp_path, shoot)
    assert film(tmp_path, shoot).kept == 1
    with pytest.raises(InputError, match=rf"filmed otherwise \({told}\)"):
        film(tmp_path, replace(shoot, **settings))
    folder, bundled = BUNDLED["stills"]
    assert film(folder, replace(bundled, **settings)).filmed == 0, "which do not tell them"


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("stills", {"stills": "crowd", "size_px": 256, "seed": 7, "variants": True}, "stills 'truth', not 'crowd'"),
        ("stills", {"size_px": 256}, "size_px 144, not 256"),
        ("stills", {"seed": 7}, "(seed)"),
        ("stills", {"fps": 30}, "fps 24.0, not 30"),
        ("stills", {"close_up": True}, "close_up False, not True"),
        ("stills", {"backdrop": True}, "(staging)"),
        ("stills", {"variants": True}, "(variants)"),
        ("takes", {"seed": 7}, "(seed)"),
        ("takes", {"frames": 24}, "frames 36, not 24"),
        ("takes", {"size_px": 256}, "size_px 144, not 256"),
    ],
)
def test_a_take_that_was_filmed_otherwise_is_refused_before_anything_is_filmed(tmp_path, name, settings, told):
    source, shoot = BUNDLED[name]
    shutil.copytree(source / "ada", tmp_path / "ada")
    shoot = replace(shoot, characters=("ada",))
    assert film(tmp_path, shoot).filmed == 0
    with pytest.raises(InputError, match="was filmed otherwise") as error:
        film(tmp_path, replace(shoot, **settings))
    message = str(error.value)
    assert told in message and f"{tmp_path / 'ada'}" in message and "into another folder" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("part", "column", "told"),
    [
        ("character_parameters", "skin", "skin of the character"),
        ("frames", "head_yaw_deg", "head_yaw_deg"),
        ("frames", "mixture", "mixture"),
    ],
)
def test_a_character_or_a_recipe_that_has_changed_since_is_told(tmp_path, part, column, told):
    shutil.copytree(stills_path() / "ada", tmp_path / "ada")
    sidecar = tmp_path / "ada/stills/1.json"
    record = json.loads(sidecar.read_text())
    first, *others = record[part][column]
    record[part][column] = ["joy:0.1" if column == "mixture" else first + 0.01, *others]
    sidecar.write_text(json.dumps(record))
    with pytest.raises(InputError, match=rf"filmed otherwise \({told}\)"):
        film(tmp_path, Shoot(characters=("ada",), stills="truth"))


def test_a_clip_without_its_sidecar_is_refused_as_nothing_tells_what_it_shows(tmp_path):
    shutil.copytree(stills_path() / "ada", tmp_path / "ada")
    (tmp_path / "ada/stills/1.json").unlink()
    with pytest.raises(InputError, match=r"1\.mp4 has no sidecar .*; film into another folder"):
        film(tmp_path, Shoot(characters=("ada",), stills="truth"))
