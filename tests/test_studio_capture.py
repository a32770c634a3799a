"""Recordings of real faces: the CSV of face-capture apps, and takes that play it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fexgan.errors import InputError
from fexgan.manifest import read_sidecar, write_sidecar
from fexgan.prepare import find_footage
from fexgan.studio import film as film_module
from fexgan.studio.arkit import ARKIT_UNITS
from fexgan.studio.capture import read_capture
from fexgan.studio.film import Shoot, chosen_cast, film

UNITS = [unit[0].upper() + unit[1:] for unit in ARKIT_UNITS]
ANGLES = ["HeadYaw", "HeadPitch", "HeadRoll"] + [
    f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll")
]
HEADER = ["Timecode", "BlendshapeCount", *UNITS, *ANGLES]


def timecode(index: int, rate: int = 60, start_s: int = 12 * 3600) -> str:
    second = (start_s + index // rate) % 86400
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}:{index % rate:02}.250"


def row(index: int, rate: int = 60, start_s: int = 12 * 3600, **values: float) -> dict[str, str]:
    """A line of the app's: a jaw that opens by a hundredth a frame, and whatever else is named."""
    cells = dict.fromkeys(HEADER, "0.0") | {"JawOpen": str(index / 100)} | {name: str(v) for name, v in values.items()}
    return cells | {"Timecode": timecode(index, rate, start_s), "BlendshapeCount": "61"}


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Write lines as a CSV with these columns."""

    def write(rows: list[dict[str, str]], header: list[str] = HEADER) -> Path:
        path = tmp_path / "slate_1.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def jaw(path: Path, fps: float = 60) -> np.ndarray:
    return read_capture(path, fps).weights[:, ARKIT_UNITS.index("jawOpen")]


def test_what_the_app_writes_is_played_as_it_is(record: Callable[..., Path]):
    capture = read_capture(record([row(i, HeadYaw=0.1, HeadPitch=-0.2, BrowDownLeft=0.5) for i in range(61)]), fps=60)
    assert capture.notes == () and len(capture) == 61
    poses, truth = capture.perform()
    assert poses[50].units["jawOpen"] == pytest.approx(0.5) and poses[7].units["browDownLeft"] == 0.5
    assert poses[0].head_deg == pytest.approx((math.degrees(0.1), math.degrees(-0.2), 0.0))
    assert truth.strength == {} and len(truth) == 61


@pytest.mark.parametrize("fps", [24, 25, 29.97, 60, 90])
def test_time_passes_as_it_did_whatever_the_rate_of_the_film(record: Callable[..., Path], fps: float):
    played = jaw(record([row(i) for i in range(91)]), fps)
    assert np.allclose(played, np.arange(len(played)) / fps * 0.6, atol=0.01)
    assert len(played) == math.floor(1.5 * fps) + 1


@pytest.mark.parametrize(("rate", "told"), [(30, "at 30 f"), (25, "at 25 f"), (24, "at 24 f"), (120, "at 120 f")])
def test_other_rates_are_read_off_the_timecode_and_told(record: Callable[..., Path], rate: int, told: str):
    path = record([row(i, rate=rate, JawOpen=i / (2 * rate)) for i in range(2 * rate)])
    (note,) = read_capture(path, 60).notes
    assert told in note and "not at 60" in note
    assert jaw(path)[60] == pytest.approx(0.5, abs=0.01)


def test_half_a_second_is_taken_at_sixty_frames_and_told(record: Callable[..., Path]):
    capture = read_capture(record([row(i) for i in range(21)]), 60)
    assert len(capture) == 21
    assert capture.notes == ("its timecode stays within one second, for which 60 frames are taken for granted",)


def test_every_second_line_is_a_rate_and_not_a_loss(record: Callable[..., Path]):
    assert read_capture(record([row(i) for i in range(0, 90, 2)]), 60).notes == (
        "it was recorded at 30 frames a second, not at 60",
    )


def test_dropped_frames_are_bridged_in_straight_lines_and_told(record: Callable[..., Path]):
    rows = [row(i) for i in range(80) if i not in (20, 21, 22, 50)]
    path = record(rows)
    assert read_capture(path, 60).notes == ("4 frames were dropped in recording and are bridged",)
    assert np.allclose(jaw(path), np.arange(80) / 100, atol=1e-3)


def test_frames_without_a_face_are_bridged_and_told(record: Callable[..., Path]):
    rows = [row(i) for i in range(80)]
    rows[30] = {"Timecode": timecode(30), "BlendshapeCount": "0"}
    rows[31] = row(31, JawOpen=0.0) | {"BlendshapeCount": "0"}
    path = record(rows)
    assert read_capture(path, 60).notes == ("2 frames in which the app saw no face are bridged",)
    assert np.allclose(jaw(path), np.arange(80) / 100, atol=1e-3)


def test_missing_and_unknown_columns_are_told_and_the_rest_is_played(record: Callable[..., Path]):
    header = ["Timecode", "JawOpen", "TongueOut", "Mood"]
    path = record([row(i) | {"Mood": "x"} for i in range(70)], header)
    notes = read_capture(path, 60).notes
    assert "50 of 52 blend shapes are missing and stay at 0: browDownLeft, " in notes[0] and notes[0].endswith("...")
    assert notes[1:] == (
        "columns of the head's turn are missing, which stays at 0",
        "1 columns are unknown and passed over: Mood",
    )
    assert jaw(path)[50] == pytest.approx(0.5, abs=1e-3)


def test_without_a_timecode_the_usual_rate_is_taken_and_told(record: Callable[..., Path]):
    rows = [row(i) for i in range(10)]
    rows[4] |= {"BlendshapeCount": "0"}
    path = record(rows, HEADER[1:])
    assert "there is no timecode; 60 frames a second are taken for granted" in read_capture(path, 60).notes
    assert np.allclose(jaw(path), np.arange(10) / 100)


def test_midnight_does_not_end_a_take(record: Callable[..., Path]):
    assert len(read_capture(record([row(i, start_s=86399) for i in range(120)]), 60)) == 120


def test_weights_beyond_their_range_are_held_and_degrees_are_known(record: Callable[..., Path]):
    capture = read_capture(record([row(i, JawOpen=1.2, HeadYaw=20.0) for i in range(3)]), 60)
    assert capture.weights.max() == 1.0 and capture.head_deg[0, 0] == pytest.approx(20.0)
    assert capture.notes[0] == "3 weights beyond 0 to 1 are held there" and "degrees" in capture.notes[1]


@pytest.mark.parametrize("yaw", [1.9, -4.0])
def test_a_calm_take_in_degrees_is_known(record: Callable[..., Path], yaw: float):
    capture = read_capture(record([row(i, HeadYaw=yaw) for i in range(90)]), 60)
    assert capture.head_deg[:, 0] == pytest.approx(yaw) and "degrees" in capture.notes[0]


def test_a_glance_aside_in_degrees_is_known(record: Callable[..., Path]):
    capture = read_capture(record([row(i, HeadYaw=30.0 if i == 40 else 0.5) for i in range(90)]), 60)
    assert capture.head_deg[40, 0] == pytest.approx(30.0) and "degrees" in capture.notes[0]


@pytest.mark.parametrize("frames", [10, 90])
def test_a_spike_in_radians_makes_no_degrees_of_the_rest_and_is_told(record: Callable[..., Path], frames: int):
    capture = read_capture(record([row(i, HeadYaw=3.0 if i == 4 else 0.5) for i in range(frames)]), 60)
    assert capture.head_deg[6, 0] == pytest.approx(math.degrees(0.5))
    assert capture.notes[0] == "the head turns by up to 172 degrees, as few heads do; mend what is wrong with it"


def test_eyes_look_where_the_recorded_ones_did(record: Callable[..., Path]):
    looks = {"EyeLookOutLeft": 0.5, "EyeLookInRight": 0.5, "EyeLookUpLeft": 0.2, "EyeLookUpRight": 0.2}
    poses, _ = read_capture(record([row(0, **looks)]), 60).perform()
    assert poses[0].gaze_deg == pytest.approx((15.0, 6.0)) and not any("Look" in unit for unit in poses[0].units)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[3].update(JawOpen="wide"), r"line 5, column \d+: 'wide' is no number"),
        (lambda rows: rows[3].update(JawOpen="nan"), "line 5, .*'nan' is no number"),
        (lambda rows: rows[3].update(Timecode="noon"), "line 5: timecode 'noon' is unknown; give hh:mm:ss:ff"),
        (lambda rows: rows[3].update(Timecode=timecode(1)), "line 5: the timecode does not go on"),
        (lambda rows: rows[3].update(Timecode="15:00:00:00.000"), "line 6: the timecode does not go on"),
        (lambda rows: rows[-1].update(Timecode="15:00:00:00.000"), "lasts 10,800 s; give at most 3,600 s"),
        (lambda rows: rows[3].update(Timecode="12:00:00:999.0"), "counts 999 frames within a second"),
        (lambda rows: rows.clear(), "holds no frame in which a face was seen"),
    ],
)
def test_a_broken_recording_is_one_line(record: Callable[..., Path], change: Callable, told: str):
    rows = [row(i) for i in range(8)]
    change(rows)
    with pytest.raises(InputError, match=told):
        read_capture(record(rows), 60)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "names none of ARKit's"), (b"a,b\n1,2\n", "names none of ARKit's"), (b"\xff\x00\xfe", "cannot be read as")],
)
def test_what_is_no_recording_is_one_line(tmp_path: Path, content: bytes, told: str):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_capture(tmp_path / "x.csv", 60)
    with pytest.raises(InputError, match=r"cannot read .*no\.csv: no such file"):
        read_capture(tmp_path / "no.csv", 60)


def test_stills_and_a_performance_exclude_each_other():
    with pytest.raises(InputError, match=r"take\.csv cannot be filmed as stills"):
        Shoot(performance=Path("take.csv"), stills="truth")


@pytest.mark.parametrize("smile", [0.0, 1.0])
def test_another_recording_of_the_same_name_and_length_is_refused(
    record: Callable[..., Path], tmp_path: Path, smile: float
):
    shoot = Shoot(performance=record([row(i) for i in range(61)]), characters=("ada",), size_px=32, fps=24)
    (job,) = film_module._recorded_jobs(chosen_cast(shoot), shoot.performance, shoot.fps)
    job.clip(tmp_path).parent.mkdir(parents=True)
    job.clip(tmp_path).touch()
    write_sidecar(job.clip(tmp_path).with_suffix(".json"), job.record(shoot)[1])
    assert film(tmp_path, shoot).kept == 1
    record([row(i, JawOpen=0.0, MouthSmileLeft=smile) for i in range(61)])
    with pytest.raises(
        InputError, match=r"filmed otherwise \(units: what the recording or the recipes play has changed"
    ):
        film(tmp_path, shoot)


def test_a_recording_is_filmed_and_left_out_of_datasets_with_a_reason(
    record: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], blender: None
):
    path = record([row(i) for i in range(0, 20, 5)], [name for name in HEADER if name != "TongueOut"])
    shoot = Shoot(performance=path, characters=("ada",), size_px=32, samples=1, fps=24)
    report = film(tmp_path / "out", shoot)
    assert (report.filmed, report.frames) == (1, 7) and film(tmp_path / "out", shoot).kept == 1
    told = capsys.readouterr().err
    assert "slate_1.csv: 1 of 52 blend shapes are missing and stay at 0: tongueOut" in told
    assert "recorded at 12 frames a second" in told
    sidecar = tmp_path / "out" / "ada" / "performance" / "slate_1.json"
    take = read_sidecar(sidecar)
    assert take.affect == "performance" and take.frames.strength == {} and len(take.frames) == 7
    assert take.frames.extra["units"]["jawOpen"][-1] == pytest.approx(0.15, abs=0.01)
    assert np.shape(take.frames.extra["landmarks_px"]) == (7, 68, 2)
    assert json.loads(sidecar.read_text(encoding="utf-8"))["performance"]["recording"] == "slate_1"
    found = find_footage(tmp_path / "out")
    assert not found.entries and "names no affect" in found.left_out[0].reason and found.files == 1
