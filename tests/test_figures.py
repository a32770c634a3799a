from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn import face as drawn_face
from fake_editor import fake_editor
from PIL import Image

from fexgan import figures
from fexgan.affects import NEUTRAL_INDEX, Mixture, affect_index
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.keyframes import parse_keyframes
from fexgan.synthesis import Model
from fexgan.terminal import size_text


@pytest.fixture(scope="module")
def faces(tiny_dataset: Path) -> FaceDataset:
    return FaceDataset.load(tiny_dataset, "test")


@pytest.fixture(scope="module")
def sources(faces: FaceDataset) -> dict[str, np.ndarray]:
    return figures.neutral_faces(faces)


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def test_a_blink_is_never_the_neutral_face(faces: FaceDataset):
    pixels = faces.pixels.copy()
    neutral = np.flatnonzero((faces.affect == NEUTRAL_INDEX) & (faces.character == 0))
    pixels[neutral[0], 20:30] = 255  # eyes shut in the first of four frames
    (chosen, _) = figures.neutral_faces(replace(faces, pixels=pixels)).values()
    assert (chosen[20:30] < 255).any()


def test_lids_that_are_told_decide_however_a_frame_looks(faces: FaceDataset):
    neutral = np.flatnonzero((faces.affect == NEUTRAL_INDEX) & (faces.character == 0))
    blink = np.ones(len(faces), np.float32)
    blink[neutral[0]] = 0.2
    pixels = faces.pixels.copy()
    pixels[neutral[0]] = 255 - pixels[neutral[0]]  # as unlike the others as can be
    (chosen, _) = figures.neutral_faces(replace(faces, pixels=pixels, blink=blink)).values()
    assert np.array_equal(chosen, pixels[neutral[0]])


def test_a_character_without_neutral_frames_is_left_out_and_nobody_is_an_error(faces: FaceDataset):
    affect = np.where(faces.character == 0, affect_index("joy"), faces.affect)
    assert list(figures.neutral_faces(replace(faces, affect=affect))) == ["bo"]
    with pytest.raises(InputError, match="no neutral"):
        figures.neutral_faces(replace(faces, affect=np.full_like(faces.affect, affect_index("joy"))))


def test_people_of_two_datasets_that_share_a_name_are_shown_each(faces: FaceDataset):
    assert list(figures.neutral_faces(FaceDataset.join([faces, faces]))) == ["ada", "bo", "ada-2", "bo-2"]


def test_random_faces_are_as_many_as_asked_for_and_no_two_share_a_seed(tiny_model: Model):
    affects = {"joy": Mixture.parse("joy"), "smile": Mixture.parse("joy"), "fear": Mixture.parse("fear")}
    rows = figures.random_faces(tiny_model, affects, count=5, seed=10)
    assert {name: len(row) for name, row in rows.items()} == {"joy": 2, "smile": 2, "fear": 1}
    assert same(rows["fear"][0], tiny_model.random(1, "fear", seed=14)[0])
    assert list(figures.random_faces(tiny_model, affects, count=1, seed=10)) == ["joy"]


def test_one_affect_is_laid_out_in_rows_of_eight(tiny_model: Model):
    sheet = figures.random_sheet(figures.random_faces(tiny_model, {"joy": Mixture.parse("joy")}, count=16, seed=0))
    assert sheet.width == pytest.approx(4 * sheet.height, rel=0.2)


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """What the next sheet is asked to lay out."""
    asked: dict[str, list] = {}

    def sheet(cells: list, columns: list, labels: list, *others: object) -> None:
        asked.update(cells=cells, columns=columns, labels=labels)

    monkeypatch.setattr(figures, "sheet", sheet)
    return asked


def test_a_source_stands_before_what_it_was_transformed_to(
    tiny_model: Model, sources: dict[str, np.ndarray], laid_out: dict[str, list]
):
    targets = [Mixture.parse("joy"), Mixture.parse("anger:0.3")]
    figures.transform_sheet([*map(str, targets)], figures.transformed(tiny_model, sources, targets, "neutral"))
    assert laid_out["columns"] == ["source", "joy", "anger:0.3"] and laid_out["labels"] == ["ada", "bo"]
    expected = [sources["bo"], *(tiny_model.transform(sources["bo"], target, "neutral") for target in targets)]
    assert all(same(cell, picture) for cell, picture in zip(laid_out["cells"][1], expected, strict=True))


def test_a_mixture_stands_between_its_parents_on_the_sheet(
    tiny_model: Model, sources: dict[str, np.ndarray], laid_out: dict[str, list]
):
    rows = figures.blended(tiny_model, sources, {"joy+disgust": Mixture.parse("joy+disgust")}, "neutral")
    figures.blend_sheet(rows)
    assert laid_out["columns"] == ["joy", "joy+disgust", "disgust"]
    expected = [
        tiny_model.transform(sources["bo"], text, "neutral") for text in ("joy", "joy:0.5+disgust:0.5", "disgust")
    ]
    assert all(same(cell, picture) for cell, picture in zip(laid_out["cells"][1], expected, strict=True))


def test_what_cannot_be_opened_is_left_out_unless_nothing_is_left(
    tiny_model: Model, sources: dict[str, np.ndarray], capsys
):
    blank, keyframes = np.zeros((99, 99, 3), np.uint8), parse_keyframes("0s neutral, 0.5s joy")
    rows = figures.transformed(tiny_model, {"blank": blank, "bo": sources["bo"]}, [Mixture.parse("joy")], "neutral")
    assert list(rows) == ["bo"] and capsys.readouterr().out.startswith("left out blank: no face found")
    given = {"blank": blank, "bo": sources["bo"]}
    frames = list(figures.clip_frames(tiny_model, given, keyframes, 4, 64, "neutral"))
    assert frames[0].shape == (64, 64, 3)
    assert capsys.readouterr().out.startswith("left out blank: no face found")
    with pytest.raises(InputError, match="blank: no face found"):
        figures.transformed(tiny_model, {"blank": blank}, [Mixture.parse("joy")], "neutral")
    with pytest.raises(InputError, match="blank: no face found"):
        list(figures.clip_frames(tiny_model, {"blank": blank}, keyframes, 4, 64, "neutral"))


def named(pictures: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"picture {place}": picture for place, picture in enumerate(pictures)}


def test_every_face_plays_in_its_own_cell(tiny_model: Model, sources: dict[str, np.ndarray]):
    many = named([*sources.values()] * 2)
    keyframes = parse_keyframes("0s neutral, 0.5s joy")
    frames = list(figures.clip_frames(tiny_model, many, keyframes, 4, 64, "neutral"))
    assert len(frames) == 3 and frames[0].shape == (2 * 64, 2 * 64, 3)
    assert same(frames[2][:64, 64:], tiny_model.transform(sources["bo"], "joy", "neutral"))
    assert same(frames[2][64:, :64], tiny_model.transform(sources["ada"], "joy", "neutral"))
    assert same(frames[2][64:, 64:], tiny_model.transform(sources["bo"], "joy", "neutral"))


def test_a_large_picture_is_edited_no_larger_than_its_cell_and_shows_the_same():
    editor, picture = fake_editor(), drawn_face(960)
    keyframes = parse_keyframes("0s joy, 0.1s joy")
    (frame, _) = figures.clip_frames(editor, named([picture]), keyframes, 10, 96, "neutral")
    edited = editor.open(picture, source_affect="neutral")
    whole, unedited = (np.asarray(edited.close_up(target, 96)).astype(float) for target in ("joy", None))
    assert np.abs(frame - whole).mean() < 0.1 * np.abs(unedited - whole).mean()
    sizes = []
    opened = editor.open_face
    editor.open_face = lambda shown, *rest: sizes.append(shown.width) or opened(shown, *rest)
    list(figures.clip_frames(editor, named([picture]), keyframes, 10, 96, "neutral"))
    assert sizes == [960, 96]
    list(figures.clip_frames(editor, named([drawn_face(160)]), keyframes, 10, 256, "neutral"))
    assert sizes[2] == 160 and sizes[3] < 256, "nor any larger than the picture shows it"


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (3, (3, 1)), (7, (4, 2)), (10, (5, 2)), (12, (4, 3))])
def test_tiles_leave_few_empty_places(count: int, grid: tuple[int, int]):
    assert figures._grid(count) == grid


def test_places_without_a_face_stay_black(tiny_model: Model, sources: dict[str, np.ndarray]):
    five = named([*sources.values(), *sources.values(), *sources.values()][:5])
    (frame, *_) = figures.clip_frames(tiny_model, five, parse_keyframes("0s neutral, 0.5s joy"), 4, 32, "neutral")
    assert frame.shape == (2 * 32, 3 * 32, 3) and not frame[32:, 64:].any()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_000, "999 kB"), (3_440_000, "3.4 MB")]
)
def test_sizes_read_well(size: int, text: str):
    assert size_text(size) == text
