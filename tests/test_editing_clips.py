from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from fake_editor import fake_editor

from fexgan.editing import Editor
from fexgan.editing_clips import pace, transform_clip
from fexgan.errors import InputError
from fexgan.media import Pixels
from fexgan.synthesis import target_of
from fexgan.video import read_clip, write_clip

Edited = Callable[..., np.ndarray]
FPS = 25
SIDE = 128


@pytest.fixture
def editor() -> Editor:
    return fake_editor()


def film(path: Path, frames: list[Pixels]) -> Path:
    write_clip(path, frames, FPS, crf=4, preset="ultrafast")
    return path


def pictures(path: Path) -> np.ndarray:
    """All frames of a clip, [frames, height, width, 3]."""
    return np.stack([pixels for pixels, _ in read_clip(path)]).astype(int)


@pytest.fixture
def edited(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> Edited:
    """What becomes of a clip's frames [frames, height, width, 3] before they are compressed."""

    def edit(source: Path, target: str, **choices: object) -> np.ndarray:
        written: list[Pixels] = []
        with monkeypatch.context() as patched:
            patched.setattr("fexgan.editing_clips.write_clip", lambda path, frames, *_, **more: written.extend(frames))
            editor.transform_clip(source, Path("out.mp4"), target, **choices)
        return np.stack(written).astype(int)

    return edit


def test_every_frame_is_edited_and_size_and_pace_stay(editor: Editor, tmp_path: Path):
    source = film(tmp_path / "in.mp4", [face(SIDE, x=0.4 + 0.01 * index)[:, :120] for index in range(12)])
    editor.transform_clip(source, tmp_path / "out.mp4", "joy")
    before, after = pictures(source), pictures(tmp_path / "out.mp4")
    assert after.shape == before.shape
    assert [time_s for _, time_s in read_clip(tmp_path / "out.mp4")] == pytest.approx(np.arange(12) / FPS)
    mouths = [after[index, 75, round((0.4 + 0.01 * index) * SIDE)] for index in range(12)]
    assert np.min(mouths) > 240  # the fake paints the face's middle white, wherever it goes
    assert np.abs(after - before)[:, :8].max() < 12


def test_a_still_clip_stays_still(editor: Editor, tmp_path: Path):
    generator = np.random.default_rng(0)
    frames = [(face(SIDE) + generator.normal(0, 2, (SIDE, SIDE, 3))).clip(0, 255).astype(np.uint8) for _ in range(10)]
    source = film(tmp_path / "in.mp4", frames)
    editor.transform_clip(source, tmp_path / "out.mp4", "joy:0.5")
    tremble = [np.abs(np.diff(pictures(path), axis=0)).mean() for path in (source, tmp_path / "out.mp4")]
    assert tremble[1] < 1.05 * tremble[0]


def test_asking_for_what_is_there_returns_the_frames_bit_by_bit(edited: Edited, tmp_path: Path):
    source = film(tmp_path / "in.mp4", [face(SIDE)] * 3)
    assert np.array_equal(edited(source, "fear:0.5", source_affect="fear:0.5"), pictures(source))


def test_a_smile_fades_into_an_edit_that_takes_variants_without_a_jump(
    editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The fake paints all that it changes: what is changed by a hundredth is covered by a hundredth."""
    source = film(tmp_path / "in.mp4", [face(SIDE)] * 2)
    monkeypatch.setattr("fexgan.editing_clips.presence", lambda *_: np.array([0.01, 1.0]))
    covered: list[float] = []
    monkeypatch.setattr(
        "fexgan.editing_clips.carry_back",
        lambda picture, square, edit: covered.append(float(edit.mask.max())) or picture,
    )
    editor.taking("joy.laugh").transform_clip(source, tmp_path / "out.mp4", "anger", source_affect="joy:0.9")
    assert covered[0] < 0.02 and covered[1] > 0.9


def test_a_face_that_leaves_is_no_longer_edited(edited: Edited, tmp_path: Path):
    empty = np.full((SIDE, SIDE, 3), 150, np.uint8)
    source = film(tmp_path / "in.mp4", [face(SIDE)] * 5 + [empty] * 25)
    after = edited(source, "joy", source_affect="neutral")
    amount = np.abs(after.astype(int) - pictures(source)).max(axis=(1, 2, 3))
    assert amount[:5].all() and not amount[22:].any()
    assert (np.diff(amount[12:18]) < 0).all()  # it is held for 0.3 s, then fades for as long


@pytest.mark.parametrize(("chosen", "sides"), [(None, "right"), (1, "left"), ("all", "both")])
def test_the_chosen_face_alone_changes(edited: Edited, tmp_path: Path, chosen: object, sides: str):
    frame = np.hstack([face(SIDE, height=0.45), face(SIDE, height=0.6)])
    source = film(tmp_path / "in.mp4", [frame] * 2)
    changed = (edited(source, "joy", face=chosen) != pictures(source)).any(axis=(0, 1, 3))
    assert changed[:SIDE].any() == (sides != "right") and changed[SIDE:].any() == (sides != "left")


def test_odd_sides_become_even_without_shifting_the_picture(edited: Edited, monkeypatch: pytest.MonkeyPatch):
    frame = face(129)[:, :127]
    monkeypatch.setattr("fexgan.editing_clips.read_clip", lambda path: iter([(frame, 0.0)]))
    monkeypatch.setattr("fexgan.editing_clips.count_clip_frames", lambda path: 1)
    (after,) = edited(Path("in.webm"), "neutral", source_affect="neutral")
    assert after.shape == (130, 128, 3) and np.array_equal(after[:129, :127], frame)


def test_progress_is_told_to_its_end(editor: Editor, tmp_path: Path):
    told: list[tuple[str, int, int]] = []
    source = film(tmp_path / "in.mp4", [face(SIDE)] * 3)
    editor.transform_clip(source, tmp_path / "out.mp4", "joy", tell=lambda *news: told.append(news))
    assert {stage for stage, done, total in told if done == total == 3} == {"finding faces", "reading faces", "editing"}


def test_one_reading_of_a_clip_serves_all_its_targets(editor: Editor, tmp_path: Path):
    source = film(tmp_path / "in.mp4", [face(SIDE)] * 3)
    told: list[str] = []
    results = {tmp_path / f"{affect}.mp4": target_of(affect) for affect in ("joy", "anger")}
    transform_clip(editor, source, results, None, None, tell=lambda stage, *counts: told.append(stage))
    assert told.count("finding faces") == told.count("reading faces") == 3
    for out in results:
        editor.transform_clip(source, tmp_path / "alone.mp4", out.stem)
        assert out.read_bytes() == (tmp_path / "alone.mp4").read_bytes()


def test_clips_that_cannot_be_edited_are_refused_and_leave_nothing(editor: Editor, tmp_path: Path):
    source = film(tmp_path / "in.mp4", [face(SIDE)])
    blank = film(tmp_path / "blank.mp4", [np.zeros((32, 32, 3), np.uint8)])
    tiny = film(tmp_path / "tiny.mp4", [face(SIDE, height=0.25)])
    for clip, out, choice, complaint in [
        (source, "out.webm", None, "end its name in .mp4"),
        (source, "out.mp4", 1, "face 1 is not in the clip; choose from 0"),
        (blank, "out.mp4", None, "no face found in the clip"),
        (tiny, "out.mp4", "all", "give one of at least 32 px"),
        (tmp_path / "nowhere.mp4", "out.mp4", None, "no clip at"),
    ]:
        with pytest.raises(InputError, match=complaint) as caught:
            editor.transform_clip(clip, tmp_path / out, "joy", face=choice)
        assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blank.mp4", "in.mp4", "tiny.mp4"]


def test_pace_is_the_mean_and_a_single_frame_has_a_usual_one():
    assert pace([0.0, 0.04, 0.08, 0.12]) == pytest.approx(25)
    assert pace([0.0]) == 24
