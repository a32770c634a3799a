from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from drawn import face
from fake_editor import fake_editor

from fexgan.editing import Editor
from fexgan.editing.clips import pace, transform_clip
from fexgan.errors import InputError
from fexgan.media import Pixels
from fexgan.motion import Animation, look_at_animation, read_animation, write_animation
from fexgan.synthesis import target_of
from fexgan.video import read_clip, told_clip_frames, write_clip

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
            patched.setattr("fexgan.editing.clips.write_clip", lambda path, frames, *_, **more: written.extend(frames))
            editor.transform_clip(source, Path("out.mp4"), target, **choices)
        return np.stack(written).astype(int)

    return edit


@pytest.mark.usefixtures("photographed")
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
    monkeypatch.setattr("fexgan.editing.clips.presence", lambda *_: np.array([0.01, 1.0]))
    covered: list[float] = []
    monkeypatch.setattr(
        "fexgan.editing.clips.carry_back",
        lambda picture, square, edit: covered.append(float(edit.mask.max())) or picture,
    )
    editor.taking("joy.laugh").transform_clip(source, tmp_path / "out.mp4", "anger", source_affect="joy:0.9")
    assert covered[0] < 0.02 and covered[1] > 0.9


def test_a_face_that_leaves_is_no_longer_edited(edited: Edited, tmp_path: Path):
    side = 2 * SIDE  # of a larger picture a face is too little for a cut to be seen where it vanishes
    empty = np.full((side, side, 3), 150, np.uint8)
    source = film(tmp_path / "in.mp4", [face(side, height=0.3)] * 5 + [empty] * 25)
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


SHOTS = [
    [face(SIDE, x=0.4 + 0.02 * index) for index in range(7)],
    [np.zeros((SIDE, SIDE, 3), np.uint8)] * 6,
    [face(SIDE, x=0.56, y=0.54, height=0.75, skin=120) // 2 + 8 * (index % 2) for index in range(9)],
]


@pytest.fixture
def shown(edited: Edited, editor: Editor, monkeypatch: pytest.MonkeyPatch) -> Edited:
    """What becomes of frames that are given as they are, read by networks that see anger in dark faces."""
    monkeypatch.setattr(
        editor.networks, "read", lambda images: torch.tensor([[float(images.mean() < -0.2), *[0.0] * 5, 1.0]])
    )

    def edit(frames: list[Pixels], **choices: object) -> np.ndarray:
        timed = [(frame, index / 32) for index, frame in enumerate(frames)]
        monkeypatch.setattr("fexgan.editing.clips.read_clip", lambda path: iter(timed))
        monkeypatch.setattr("fexgan.editing.clips.told_clip_frames", lambda path: len(timed))
        monkeypatch.setattr("fexgan.editing.clips.is_see_through", lambda path: False)
        return edited(Path("in.mp4"), "joy", **choices)

    return edit


@pytest.mark.parametrize("choices", [{}, {"face": 0}, {"face": "all"}])
def test_shots_are_edited_as_if_each_were_a_clip_of_its_own(shown: Edited, choices: dict[str, object]):
    light, black, dark = SHOTS
    alone = [shown(light, **choices), np.stack(black), shown(dark, **choices), shown(light[::-1], **choices)]
    together = shown([*light, *black, *dark, *light[::-1]], **choices)
    assert np.array_equal(together, np.concatenate(alone))
    assert all(
        (one != np.stack(shot)).any(axis=(1, 2, 3)).all() for one, shot in zip(alone[::2], SHOTS[::2], strict=True)
    )


def test_a_clip_without_cuts_is_one_shot(shown: Edited, monkeypatch: pytest.MonkeyPatch):
    frames = [face(SIDE, x=0.3 + 0.03 * index, skin=214 - 6 * index) for index in range(14)]
    found = shown(frames)
    monkeypatch.setattr("fexgan.editing.clips.find_shots", lambda glances, fps: [range(len(glances))])
    assert np.array_equal(found, shown(frames))


def test_a_number_is_that_face_of_every_shot(shown: Edited):
    both = np.hstack([face(SIDE, height=0.45), face(SIDE, height=0.6)])
    frames = (
        [both] * 4
        + [255 - np.zeros_like(both)] * 4
        + [np.hstack([face(SIDE), np.zeros((SIDE, SIDE, 3), np.uint8)])] * 4
    )
    changed = [(shown(frames, face=chosen) != np.stack(frames)).any(axis=(1, 3)) for chosen in (0, 1)]
    assert changed[0][:4, SIDE:].any() and not changed[0][:4, :SIDE].any() and changed[0][8:, :SIDE].any()
    assert changed[1][:4, :SIDE].any() and not changed[1][:4, SIDE:].any() and not changed[1][4:].any()


def test_odd_sides_become_even_without_shifting_the_picture(edited: Edited, monkeypatch: pytest.MonkeyPatch):
    frame = face(129)[:, :127]
    monkeypatch.setattr("fexgan.editing.clips.read_clip", lambda path: iter([(frame, 0.0)]))
    monkeypatch.setattr("fexgan.editing.clips.told_clip_frames", lambda path: 1)
    monkeypatch.setattr("fexgan.editing.clips.is_see_through", lambda path: False)
    (after,) = edited(Path("in.webm"), "neutral", source_affect="neutral")
    assert after.shape == (130, 128, 3) and np.array_equal(after[:129, :127], frame)


@pytest.mark.usefixtures("photographed")
@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_keeps_its_kind_size_and_durations(editor: Editor, tmp_path: Path, suffix: str):
    durations_s = (0.1, 0.04, 0.5, 0.2)
    frames = [face(129, x=0.45 + 0.03 * index)[:, :127] for index in range(4)]
    source, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    write_animation(source, frames, Animation(durations_s, repeats=2))
    editor.transform_clip(source, out, "joy")
    assert look_at_animation(out) == look_at_animation(source)
    assert look_at_animation(out).durations_s == pytest.approx(durations_s)
    before, after = (np.stack([pixels for pixels, _ in read_animation(path)]).astype(int) for path in (source, out))
    assert after.shape == before.shape == (4, 129, 127, 3)
    assert after[:, 75, 63].min() > 235 and np.abs(after - before)[:, :, :8].mean() < 4
    editor.transform_clip(source, tmp_path / "out.mp4", "joy")
    times_s = [time_s for _, time_s in read_clip(tmp_path / "out.mp4")]
    assert times_s[:4] == pytest.approx([0, 0.1, 0.14, 0.64], abs=1e-3)


def test_a_frame_that_an_animation_ends_with_is_held_in_an_mp4(editor: Editor, tmp_path: Path):
    write_animation(tmp_path / "in.gif", [face(SIDE, x=0.48), face(SIDE)], Animation((0.1, 2.0)))
    editor.transform_clip(tmp_path / "in.gif", tmp_path / "out.mp4", "joy")
    assert [time_s for _, time_s in read_clip(tmp_path / "out.mp4")] == pytest.approx([0, 0.1, 2.0], abs=1e-3)


def test_a_clip_becomes_an_animation_as_its_name_says(editor: Editor, tmp_path: Path):
    source = film(tmp_path / "in.mp4", [face(SIDE, x=0.45 + 0.02 * index) for index in range(6)])
    for suffix in (".gif", ".webp"):
        editor.transform_clip(source, tmp_path / f"out{suffix}", "joy")
        assert look_at_animation(tmp_path / f"out{suffix}").durations_s == pytest.approx([1 / FPS] * 6)
    fast = tmp_path / "fast.mp4"
    write_clip(fast, [face(SIDE)] * 3, 60, preset="ultrafast")
    with pytest.raises(InputError, match="a GIF cannot play 60 frames a second"):
        editor.transform_clip(fast, tmp_path / "fast.gif", "joy")
    assert not (tmp_path / "fast.gif").exists()


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


def test_each_face_is_opened_once_for_all_targets_of_any_kind(
    editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = film(tmp_path / "in.mp4", [face(SIDE, x=0.45 + 0.02 * index) for index in range(6)])
    results = {tmp_path / name: target_of(name.split(".")[0]) for name in ("joy.mp4", "anger.gif", "fear.webp")}
    transform_clip(editor, source, results, None, None, None)
    assert editor.networks.analysed == 6
    for out in results:
        editor.transform_clip(source, tmp_path / f"alone{out.suffix}", out.stem)
        assert out.read_bytes() == (tmp_path / f"alone{out.suffix}").read_bytes()
        out.unlink()
    editor.networks.analysed = 0
    monkeypatch.setattr("fexgan.editing.clips.LARGEST_ANIMATION_PX", 2 * 6 * SIDE * SIDE)
    transform_clip(editor, source, results, None, None, None)
    assert editor.networks.analysed == 12 and all(out.exists() for out in results), "as many as memory should hold"


@pytest.mark.parametrize("broken", ["reading", "writing"])
def test_where_one_of_several_results_fails_none_is_left_half_written(
    editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
):
    def fail(*_: object) -> None:
        raise OSError("no space left")

    source = film(tmp_path / "in.mp4", [face(SIDE)] * 12)
    if broken == "writing":
        monkeypatch.setattr("fexgan.editing.clips.write_animation", fail)
    else:
        drafts, draft = [], editor.draft
        monkeypatch.setattr(
            editor, "draft", lambda *one: drafts.append(1) or (len(drafts) > 12 and fail()) or draft(*one)
        )
    with pytest.raises(OSError, match="no space left"):
        results = {tmp_path / "joy.mp4": target_of("joy"), tmp_path / "joy.webp": target_of("joy")}
        transform_clip(editor, source, results, None, None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_a_clip_is_not_decoded_to_count_its_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = film(tmp_path / "in.mp4", [face(SIDE)] * 3)
    monkeypatch.setattr("fexgan.video.count_clip_frames", lambda path: 7)
    assert told_clip_frames(source) == 3
    (tmp_path / "in.ts").write_bytes(b"")
    with av.open(str(source)) as given, av.open(str(tmp_path / "in.ts"), "w") as untold:
        stream = untold.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                untold.mux(packet)
    assert told_clip_frames(tmp_path / "in.ts") == 7, "where the file does not say it"


def test_clips_that_cannot_be_edited_are_refused_and_leave_nothing(editor: Editor, tmp_path: Path):
    source = film(tmp_path / "in.mp4", [face(SIDE)])
    blank = film(tmp_path / "blank.mp4", [np.zeros((32, 32, 3), np.uint8)])
    tiny = film(tmp_path / "tiny.mp4", [face(SIDE, height=0.25)])
    for clip, out, choice, complaint in [
        (source, "out.webm", None, "end its name in .mp4"),
        (source, "out.mp4", 1, "face 1 is not in the clip; the only one is 0"),
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
