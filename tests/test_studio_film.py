"""Takes and filming: plans, truth, and clips that Blender really renders."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fexgan.bundled import stills_path
from fexgan.errors import InputError
from fexgan.manifest import read_sidecar
from fexgan.media import read_image
from fexgan.studio import film as film_module
from fexgan.studio.close_up import borders, mouth_window
from fexgan.studio.film import Shoot, film
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
        ({"fps": 0.0001}, "fps 0.0001 is out of range; give 0.01 to 240"),
        ({"affects": ()}, "no affect is named; choose from anger"),
        ({"affects": ("joy+neutral",)}, "mixture 'joy\\+neutral' holds neutral, .*; name the emotions alone"),
        ({"affects": ("joy:0.5",)}, "takes play from 0 to their peak; leave the strength out"),
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


def test_what_is_asked_for_twice_is_filmed_once_as_first_named(tmp_path, monkeypatch):
    filmed = []
    monkeypatch.setattr(film_module, "_film_all", lambda out, shoot, jobs, workers: filmed.extend(jobs))
    asked = ("anger+sadness", "joy", "sadness+anger", "joy", "anger")
    film(tmp_path, Shoot(characters=("ada",), affects=asked, takes=1))
    assert [job.folder for job in filmed] == ["anger+sadness", "joy", "anger"]


def test_no_more_processes_film_than_takes_are_left(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(film_module, "share", lambda work, jobs, ordered: asked.append(jobs) or [])
    shoot = Shoot(characters=("ada",), affects=("joy", "fear"), takes=1)
    film(tmp_path, shoot, workers=8)
    monkeypatch.setattr(film_module, "processes", lambda workers, tasks: 0)  # as on a cluster
    film(tmp_path, shoot, workers="ray")
    assert asked == [2, "ray"]


def test_jobs_that_are_none_are_refused_though_nothing_is_left_to_film():
    with pytest.raises(InputError, match="jobs 'many' is unknown"):
        film(stills_path(), Shoot(stills="truth"), workers="many")


@pytest.mark.parametrize(
    ("place", "told"), [("taken", "taken is a file; give a folder"), ("taken/in", "cannot write into ")]
)
def test_a_place_that_cannot_be_filmed_into_is_told_before_blender_starts(tmp_path, monkeypatch, place, told):
    monkeypatch.setitem(sys.modules, "bpy", None)
    (tmp_path / "taken").touch()
    with pytest.raises(InputError, match=told):
        film(tmp_path / place, Shoot(characters=("ada",)))
    with pytest.raises(InputError, match="taken"):
        preview(tmp_path / place / "preview.png", Shoot(characters=("ada",)))


def test_what_is_called_like_the_bundled_footage_is_not_filmed_into(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(InputError, match=r"open-cast is the bundled footage; add --check DIR, or film into .*my-cast"):
        Film(Path("open-cast")).run()
    assert not list(tmp_path.iterdir())


def test_close_ups_that_a_mouth_leaves_are_named_before_the_first_is_filmed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "bpy", None)
    seen = []

    def leaving(landmarks_px: np.ndarray, size_px: int) -> tuple[int, int, int, int]:
        seen.append(landmarks_px)
        return mouth_window(
            landmarks_px + 30.0 * (len(seen) == 2) * np.arange(len(landmarks_px))[:, None, None], size_px
        )

    monkeypatch.setattr(film_module, "mouth_window", leaving)
    with pytest.raises(InputError, match=r"ben/joy/1\.mp4: the mouth moves out of its close-up"):
        film(tmp_path / "out", Shoot(characters=("ada", "ben"), affects=("joy",), takes=1, close_up=True))
    assert not list(tmp_path.iterdir())


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


def test_a_check_that_cannot_be_written_is_told_before_footage_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("fexgan.studio.check.check", lambda *_: pytest.fail("footage is read"))
    (tmp_path / "check").touch()
    with pytest.raises(InputError, match="check is a file; give a folder to write the table to"):
        Film(Path("open-cast"), check=tmp_path / "check").run()
