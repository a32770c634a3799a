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
from fexgan.synthesis import Model, Sitter
from fexgan.terminal import size_text


@pytest.fixture(scope="module")
def faces(tiny_dataset: Path) -> FaceDataset:
    return FaceDataset.load(tiny_dataset, "test")


@pytest.fixture(scope="module")
def sources(faces: FaceDataset) -> dict[str, np.ndarray]:
    return figures.neutral_faces(faces)


def opened(model: Model, sources: dict[str, np.ndarray]) -> dict[str, Sitter]:
    return {name: model.open(source, "neutral") for name, source in sources.items()}


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


def test_thousands_of_loose_pictures_are_not_all_looked_at(faces: FaceDataset, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(figures, "NEUTRAL_FRAMES", 3)
    own = np.flatnonzero((faces.affect == NEUTRAL_INDEX) & (faces.character == 0))
    many = np.tile(own, 5)
    taken = []

    class Watched:
        def __getitem__(self, rows: np.ndarray) -> np.ndarray:
            taken.append(rows.tolist())
            return faces.pixels[many[rows]]

    loose = {name: getattr(faces, name)[many] for name in ("character", "affect", "blink", "take")}
    (chosen,) = figures.neutral_faces(replace(faces, pixels=Watched(), **loose)).values()
    assert taken == [[index * len(many) // 3 for index in range(3)]]
    assert any(np.array_equal(chosen, faces.pixels[row]) for row in own)


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
    rows = figures.transformed(opened(tiny_model, sources).items(), targets)
    figures.transform_sheet([*map(str, targets)], rows)
    assert laid_out["columns"] == ["source", "joy", "anger:0.3"] and laid_out["labels"] == ["ada", "bo"]
    expected = [sources["bo"], *(tiny_model.transform(sources["bo"], target, "neutral") for target in targets)]
    assert all(same(cell, picture) for cell, picture in zip(laid_out["cells"][1], expected, strict=True))


def test_a_mixture_stands_between_its_parents_on_the_sheet(
    tiny_model: Model, sources: dict[str, np.ndarray], laid_out: dict[str, list]
):
    rows = figures.blended(opened(tiny_model, sources).items(), {"joy+disgust": Mixture.parse("joy+disgust")})
    figures.blend_sheet(rows)
    assert laid_out["columns"] == ["joy", "joy+disgust", "disgust"]
    expected = [
        tiny_model.transform(sources["bo"], text, "neutral") for text in ("joy", "joy:0.5+disgust:0.5", "disgust")
    ]
    assert all(same(cell, picture) for cell, picture in zip(laid_out["cells"][1], expected, strict=True))


def test_every_face_plays_in_its_own_cell(tiny_model: Model, sources: dict[str, np.ndarray]):
    many = [*opened(tiny_model, sources).values()] * 2
    keyframes = parse_keyframes("0s neutral, 0.5s joy")
    frames = list(figures.clip_frames(many, keyframes, 4, 64))
    assert len(frames) == 3 and frames[0].shape == (2 * 64, 2 * 64, 3)
    assert same(frames[2][:64, 64:], tiny_model.transform(sources["bo"], "joy", "neutral"))
    assert same(frames[2][64:, :64], tiny_model.transform(sources["ada"], "joy", "neutral"))
    assert same(frames[2][64:, 64:], tiny_model.transform(sources["bo"], "joy", "neutral"))


def test_a_large_picture_is_edited_no_larger_than_its_cell_and_shows_the_same():
    editor, picture = fake_editor(), drawn_face(960)
    keyframes = parse_keyframes("0s joy, 0.1s joy")
    edited = editor.open(picture, source_affect="neutral")
    (frame, _) = figures.clip_frames([edited], keyframes, 10, 96)
    whole, unedited = (np.asarray(edited.close_up(target, 96)).astype(float) for target in ("joy", None))
    assert np.abs(frame - whole).mean() < 0.1 * np.abs(unedited - whole).mean()
    sizes = []
    open_face, small = editor.open_face, editor.open(drawn_face(160), "neutral")
    editor.open_face = lambda shown, *rest: sizes.append(shown.width) or open_face(shown, *rest)
    list(figures.clip_frames([edited], keyframes, 10, 96))
    assert sizes == [96]
    list(figures.clip_frames([small], keyframes, 10, 256))
    assert sizes[1] < 256, "nor any larger than the picture shows it"


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (3, (3, 1)), (7, (4, 2)), (10, (5, 2)), (12, (4, 3))])
def test_tiles_leave_few_empty_places(count: int, grid: tuple[int, int]):
    assert figures._grid(count) == grid


def test_frames_of_a_clip_that_show_the_same_are_drawn_once(monkeypatch: pytest.MonkeyPatch):
    editor, drafts = fake_editor(), []
    opened, draft = editor.open(drawn_face(160), "neutral"), editor.draft
    monkeypatch.setattr(editor, "draft", lambda *arguments: drafts.append(1) or draft(*arguments))
    frames = list(figures.clip_frames([opened], parse_keyframes("0s neutral, 1s joy hold, 2s joy"), 12, 64))
    assert len(frames) == 25 and len(drafts) == 2
    assert np.array_equal(frames[12], frames[24]) and not np.array_equal(frames[11], frames[12])


def test_places_without_a_face_stay_black(tiny_model: Model, sources: dict[str, np.ndarray]):
    five = [*opened(tiny_model, sources).values()] * 3
    (frame, *_) = figures.clip_frames(five[:5], parse_keyframes("0s neutral, 0.5s joy"), 4, 32)
    assert frame.shape == (2 * 32, 3 * 32, 3) and not frame[32:, 64:].any()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_000, "999 kB"), (3_440_000, "3.4 MB")]
)
def test_sizes_read_well(size: int, text: str):
    assert size_text(size) == text
