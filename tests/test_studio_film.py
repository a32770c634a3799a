"""Takes and filming: plans, truth, and clips that Blender really renders."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fexgan.bundled import footage_path, stills_path
from fexgan.errors import InputError
from fexgan.manifest import read_sidecar
from fexgan.media import read_image
from fexgan.studio.close_up import borders, mouth_window
from fexgan.studio.film import Shoot, chosen_cast, film
from fexgan.studio.performance import perform, plan_performance
from fexgan.studio.preview import preview
from fexgan.studio.recipes import recipes
from fexgan.verbs.road import Film
from fexgan.video import read_clip

ROOT = Path(__file__).parents[1]


def plan(affects: str = "joy", take: int = 1, seed: int = 0):
    return plan_performance("rosa", affects, take, frames=36, fps=24, seed=seed)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("take", [1, 2, 3])
def test_a_take_goes_from_neutral_to_its_peak_and_back(take, seed):
    planned = plan(take=take, seed=seed)
    strength = np.array(perform(planned)[1].strength["joy"])
    assert strength[0] == 0
    assert strength[-1] < 0.25
    assert strength.max() == pytest.approx(planned.peak, abs=0.02)
    rise = strength[: strength.argmax() + 1]
    assert (np.diff(rise) >= 0).all()


def test_the_first_take_shows_the_whole_affect_and_later_ones_less():
    assert plan(take=1).peak == 1
    assert all(0.65 <= plan(take=3, seed=seed).peak <= 0.9 for seed in range(20))


def test_an_idle_take_is_neutral_throughout_but_not_frozen():
    poses, truth = perform(plan("neutral"))
    assert truth.strength == {"neutral": (1.0,) * 36}
    assert max(truth.blink) > 0.8
    assert np.ptp(truth.head_yaw_deg) > 0.5
    assert all(weight <= 0.15 for pose in poses for unit, weight in pose.units.items() if "Blink" not in unit)


def test_a_mixture_take_tells_the_strength_of_each_affect():
    _, truth = perform(plan("anger+sadness"))
    assert set(truth.strength) == {"anger", "sadness"}


def test_all_takes_of_an_affect_show_the_variant_that_the_plan_tells():
    plans = [plan_performance("rosa", "joy", take, 36, 24, 0, varied=True) for take in (1, 2, 3)]
    assert len({planned.to_dict()["variants"]["joy"] for planned in plans}) == 1
    poses, truth = perform(plans[0])
    apex = int(np.argmax(truth.strength["joy"]))
    own = recipes()["joy"][plans[0].variants["joy"]].units
    assert own.keys() <= poses[apex].units.keys()
    names = {plan_performance(f"r{i}", "joy", 1, 36, 24, 0, varied=True).variants["joy"] for i in range(20)}
    assert names == set(recipes()["joy"]) and plan().variants == {"joy": "smile"}


def test_plans_depend_on_what_is_filmed_and_nothing_else():
    assert plan() == plan()
    assert plan() != plan(take=2)
    assert plan() != plan(seed=1)
    assert perform(plan())[1] == perform(plan())[1]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"size_px": 33}, "size_px 33 is odd"),
        ({"size_px": 0}, "size_px 0 is out of range"),
        ({"takes": 0}, "takes 0 is out of range"),
        ({"frames": 3}, "frames 3 is out of range; give 8 to"),
        ({"fps": 0.0}, "fps 0 is out of range"),
        ({"affects": ("joy", "happy")}, "affect 'happy' is unknown; .*joy"),
        ({"affects": ("stills",)}, "affect 'stills' is unknown; choose from anger"),
        ({"affects": ("joy+stills",)}, "affect 'stills' is unknown"),
        ({"affects": ("joy+joy",)}, "'joy' comes twice"),
        ({"characters": ("nobody",)}, "character 'nobody' is not in open_cast.yaml; choose from ada"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_written(tmp_path, settings, told):
    with pytest.raises(InputError, match=told):
        film(tmp_path / "footage", Shoot(**settings))
    assert not (tmp_path / "footage").exists()


BUNDLED = {"stills": (stills_path(), Shoot(stills="truth")), "takes": (footage_path(), Shoot())}
VARIED = dict(light=True, camera=True, backdrop=True, variants=True)
REPOSITORY = {
    **BUNDLED,
    "crowd": (ROOT / "crowd", Shoot(random=150, seed=7, stills="crowd", size_px=192, **VARIED)),
    "some of the people": (ROOT / "people", Shoot(random=150, seed=8, stills="people")),
}


@pytest.mark.parametrize("name", REPOSITORY)
def test_footage_of_the_repository_is_what_its_command_asks_for(name):
    folder, shoot = REPOSITORY[name]
    clips = (1 if shoot.stills else 7 * shoot.takes) * len(chosen_cast(shoot))
    assert sum(len(list(folder.glob(f"{one.name}/*/*.mp4"))) for one in chosen_cast(shoot)) == clips, "none is filmed"
    report = film(folder, shoot)
    assert (report.filmed, report.kept) == (0, clips)


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


def test_filming_renders_clips_with_sidecars_and_goes_on_where_it_stopped(tmp_path, blender):
    shoot = Shoot(characters=("cole",), affects=("surprise",), takes=1, frames=8, size_px=48, samples=1, crf=10)
    report = film(tmp_path, shoot)
    assert (report.filmed, report.kept, report.frames) == (1, 0, 8)
    clip = tmp_path / "cole/surprise/1.mp4"
    frames = np.stack([pixels for pixels, _ in read_clip(clip)]).astype(float)
    truth = read_sidecar(clip.with_suffix(".json"))
    assert frames.shape == (8, 48, 48, 3)
    assert len(truth.frames) == 8
    assert truth.character_parameters["name"] == "cole"
    centre, corner = frames[0, 20:32, 20:28].mean(axis=(0, 1)), frames[0, :6, :6].mean(axis=(0, 1))
    assert centre[0] > centre[2] + 10, "skin is warmer than it is blue"
    assert np.ptp(corner) < 15, "the backdrop is grey"
    apex = int(np.argmax(truth.frames.strength["surprise"]))
    assert np.abs(frames[apex] - frames[0])[20:44].mean() > 2, "the face moves"

    untouched = clip.stat().st_mtime_ns
    again = film(tmp_path, shoot)
    assert (again.filmed, again.kept) == (0, 1)
    assert clip.stat().st_mtime_ns == untouched
    clip.unlink()
    assert film(tmp_path, shoot).filmed == 1, "a sidecar without its clip is an unfinished take"


def test_a_close_up_is_that_part_of_the_whole_picture(tmp_path, blender):
    shoot = Shoot(characters=("cole",), affects=("joy",), takes=1, frames=8, size_px=96, samples=4, crf=4)
    seen = {}
    for close_up in (False, True):
        film(tmp_path / str(close_up), replace(shoot, close_up=close_up))
        clip = tmp_path / str(close_up) / "cole/joy/1.mp4"
        seen[close_up] = np.stack([pixels for pixels, _ in read_clip(clip)]).astype(float)
    truth, whole = (read_sidecar(tmp_path / name / "cole/joy/1.json") for name in ("True", "False"))
    left, top, right, bottom = truth.window_px
    assert (bottom - top, right - left) == seen[True].shape[1:3] == (26, 32) and whole.window_px is None
    assert truth.frames == whole.frames, "landmarks are those of the whole picture"
    lips = np.array(truth.frames.extra["landmarks_px"])[:, 48:]
    assert (lips > (left, top)).all() and (lips < (right, bottom)).all()

    def off(down: int, across: int) -> float:
        part = seen[False][:, top + down : bottom + down, left + across : right + across]
        return float(np.abs(part - seen[True]).mean())

    beside = min(off(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if (down, across) != (0, 0))
    assert off(0, 0) < min(4.0, 0.8 * beside), "but for the noise of few samples"


def test_a_close_up_follows_the_mouth_and_refuses_one_that_leaves_it():
    lips = np.zeros((2, 68, 2))
    lips[:, 48:] = (50, 60)
    window = mouth_window(lips, 96)
    assert window == (34, 47, 66, 73) and borders(window, 96)[0] == pytest.approx(34.25 / 96)
    assert mouth_window(np.full((2, 68, 2), 92.0), 96) == (64, 70, 96, 96), "it stays in the picture"
    lips[1, 48:] = (50, 90)
    with pytest.raises(InputError, match="moves out of its close-up"):
        mouth_window(lips, 96)


def test_a_preview_of_close_ups_is_refused(tmp_path):
    with pytest.raises(InputError, match="whole faces"):
        Film(tmp_path / "footage", preview=True, close_up=True).run()
    assert not (tmp_path / "footage").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"landmarker": Path("face_landmarker.task")}, "--landmarker face_landmarker.task is for --check"),
        ({"stills": "truth", "takes": 2}, "--takes says nothing beside --stills"),
        ({"stills": "truth", "affects": ("joy",)}, "--affects says nothing beside --stills"),
        ({"performance": Path("take.csv"), "variants": True}, "--variants says nothing beside --performance"),
        ({"check": Path("check"), "size_px": 96}, "--size-px says nothing beside --check"),
        ({"check": Path("check"), "preview": True}, "--preview says nothing beside --check"),
        ({"preview": True, "stills": "truth"}, "--stills says nothing beside --preview"),
    ],
)
def test_flags_that_say_nothing_of_what_is_filmed_are_refused(tmp_path, monkeypatch, flags, told):
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(InputError, match=told):
        Film(tmp_path / "footage", **flags).run()
    assert not list(tmp_path.iterdir())


def test_a_stage_a_seed_and_variants_are_filmed_beside_stills():
    settings = {"random": 2, "seed": 7, "size_px": 96, "light": True, "camera": True, "variants": True}
    Film(Path("footage"), stills="crowd", **settings)._refuse_unused()


def test_two_workers_film_what_one_does(tmp_path, blender):
    shoot = Shoot(random=2, seed=7, affects=("joy",), takes=1, frames=8, size_px=32, samples=1, crf=4)
    assert film(tmp_path / "two", shoot, workers=2).filmed == 2
    film(tmp_path / "one", replace(shoot, characters=("r7-001",)))
    clips = [tmp_path / name / "r7-001/joy/1.mp4" for name in ("one", "two")]
    one, two = (np.stack([pixels for pixels, _ in read_clip(clip)]).astype(float) for clip in clips)
    assert np.abs(one - two).mean() < 1
    assert len({clip.with_suffix(".json").read_bytes() for clip in clips}) == 1
    assert film(tmp_path / "two", shoot, workers=2).kept == 2


def workers_of(process: int) -> list[int]:
    """The processes that joblib started for a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process and b"popen_loky" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for workers in /proc")
def test_a_killed_worker_loses_its_take_alone(tmp_path, blender):
    settings = dict(random=2, seed=7, affects=("joy", "fear"), takes=1, frames=24, size_px=32, samples=1)
    shoot = Shoot(**settings)
    code = f"from fexgan.studio.film import *; film(Path({str(tmp_path)!r}), Shoot(**{settings}), workers=2)"
    filming = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while filming.poll() is None and not any(tmp_path.glob("*/*/*.json")):  # sidecars come before their clips
        time.sleep(0.01)
    os.kill(workers_of(filming.pid)[0], signal.SIGKILL)
    told = filming.communicate()[1]
    assert "KilledError: a worker was killed; what it was at is lost, and the same command goes on" in told
    finished = {clip: clip.stat().st_mtime_ns for clip in tmp_path.glob("*/*/[!.]*.mp4")}
    assert len(finished) < 4
    assert film(tmp_path, shoot).filmed == 4 - len(finished)
    assert all(clip.stat().st_mtime_ns == written for clip, written in finished.items())
    for clip in tmp_path.glob("*/*/[!.]*.mp4"):
        assert len(list(read_clip(clip))) == 24


def test_a_preview_shows_every_character_and_films_nothing(tmp_path, blender):
    shoot = Shoot(random=2, seed=7, size_px=48, samples=1)
    preview(tmp_path / "preview.png", shoot)
    assert [path.name for path in tmp_path.iterdir()] == ["preview.png"]
    height, width, _ = read_image(tmp_path / "preview.png").shape
    assert height > 2 * 48 and width > 3 * 48


def test_the_verb_and_a_shoot_agree_on_what_is_filmed_without_flags():
    verb = {field.name: field.default for field in dataclasses.fields(Film)}
    for field in dataclasses.fields(Shoot):
        assert verb[field.name] == field.default, field.name
