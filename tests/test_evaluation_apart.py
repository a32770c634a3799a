from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from drawn import film_stills

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL_INDEX
from fexgan.checkpoints import Checkpoint, load_checkpoint
from fexgan.dataset import FaceDataset
from fexgan.evaluation import apart as apart_module
from fexgan.evaluation import mixtures
from fexgan.evaluation import truth as truth_module
from fexgan.evaluation.apart import Apart, judge_apart
from fexgan.evaluation.apart_report import apart_dict, apart_numbers, apart_pictures, apart_sections
from fexgan.evaluation.bootstrap import estimate, over_characters
from fexgan.evaluation.choosing import like
from fexgan.evaluation.evaluate import evaluate
from fexgan.evaluation.persons import persons
from fexgan.evaluation.strength import ASKED, EMOTION_INDICES, Ladder, rank_correlation, strength
from fexgan.evaluation.truth import truth
from fexgan.faces import FaceBox
from fexgan.stills import StillSet


class CopyingNetworks(torch.nn.Module):
    """Draws every face as it came."""

    def encode(self, images, source_affect):
        return images.flatten(1), images.flatten(1)

    def decode(self, latent, target_affect):
        return latent.reshape(-1, 3, 64, 64)


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return load_checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def faces(tiny_dataset: Path) -> tuple[FaceDataset, FaceDataset]:
    return FaceDataset.load(tiny_dataset, "train"), FaceDataset.load(tiny_dataset, "test")


@pytest.fixture(scope="module")
def judged(
    checkpoint: Checkpoint, faces: tuple[FaceDataset, FaceDataset], tmp_path_factory: pytest.TempPathFactory
) -> Apart:
    shown = ("neutral", "anger:0.5+sadness:0.5")
    stills = StillSet.load(film_stills(tmp_path_factory.mktemp("stills"), ("ada", "bo"), shown))
    return judge_apart(checkpoint, *faces, stills, steps=2)


def test_mixtures_of_stills_are_reported_last(judged: Apart):
    section = apart_sections(judged)[-1]
    assert section.title == mixtures.TITLE and [row[0] for row in section.rows] == ["asked", "optimised", "filmed"]
    assert apart_dict(judged)["strengths"]["filmed"]["difference"] == 0.0
    assert apart_sections(replace(judged, strengths={}))[-1].title != mixtures.TITLE


def ladder(characters: int) -> Ladder:
    people = np.arange(characters)
    return Ladder(people, people, np.zeros((characters, len(EMOTIONS), len(ASKED), 1, 1, 3), np.uint8))


def answers(measured: np.ndarray) -> np.ndarray:
    """Affect vectors [n, 6, 11, 7] in which each asked emotion is measured like that, [n, 6, 11]."""
    read = np.zeros((*measured.shape, len(AFFECTS)), np.float32)
    for emotion, index in enumerate(EMOTION_INDICES):
        read[:, emotion, :, index] = measured[:, emotion]
    return read


def test_a_perfect_instrument_gives_perfect_strength(faces: tuple[FaceDataset, FaceDataset]):
    _, test = faces
    rows = np.arange(len(test))
    truth_read = np.zeros((len(test), len(AFFECTS)), np.float32)
    truth_read[rows, test.affect] = test.strength
    measured = np.broadcast_to(np.array(ASKED, np.float32), (2, len(EMOTIONS), len(ASKED)))
    result = strength(ladder(2), answers(measured), test, rows, truth_read)
    for part in result.affects.values():
        assert part.spearman == pytest.approx(1.0) and part.error == 0.0 and part.monotone == 1.0
        assert part.real_spearman == pytest.approx(1.0) and part.real_error == 0.0
        assert part.measured == pytest.approx(ASKED)
    assert result.spearman.low == pytest.approx(1.0) and result.error.high == 0.0


def test_a_strength_that_falls_or_stays_is_told(faces: tuple[FaceDataset, FaceDataset]):
    _, test = faces
    measured = np.zeros((2, len(EMOTIONS), len(ASKED)), np.float32)
    measured[:, 0] = 1 - np.array(ASKED)
    nothing = np.arange(0)
    result = strength(ladder(2), answers(measured), test, nothing, np.zeros((0, 7), np.float32))
    falling, flat = (result.affects[EMOTIONS[index]] for index in (0, 1))
    assert falling.spearman == pytest.approx(-1.0) and falling.monotone == 0.0
    assert falling.error == pytest.approx(np.abs(1 - 2 * np.array(ASKED)).mean())
    assert flat.spearman == 0 and flat.error == pytest.approx(0.5)
    assert flat.real_spearman is None and result.real_error is None


def test_ranks_count_and_values_do_not():
    true = np.array([0.1, 0.5, 0.9], np.float32)
    assert rank_correlation(true**3, true) == pytest.approx(1.0, abs=1e-4)
    assert rank_correlation(np.ones(3, np.float32), true) == 0
    assert np.isnan(rank_correlation(true, np.ones(3, np.float32)))


def test_characters_count_alike_however_many_pictures_they_have():
    figures, character = np.array([1.0, 1.0, 1.0, 0.0, np.nan]), np.array([0, 0, 0, 1, 1])
    assert over_characters(figures, character).mean == 0.5
    assert over_characters(figures[4:], character[4:]) is None


def test_intervals_hold_the_mean_narrow_with_agreement_and_come_again():
    spread = estimate(np.linspace(0, 1, 10))
    assert 0.2 < spread.low < spread.mean == 0.5 < spread.high < 0.8
    assert estimate([0.5] * 10) == replace(spread, low=0.5, high=0.5)
    assert estimate(np.linspace(0, 1, 10)) == spread


def test_the_frame_most_alike_is_of_the_same_label_strength_and_pose(faces: tuple[FaceDataset, FaceDataset]):
    train, _ = faces
    joy = AFFECTS.index("joy")
    own = np.flatnonzero((train.character == 1) & (train.affect == joy))
    heads = np.zeros((len(train), 3), np.float32)
    turned = replace(train, head_deg=heads)
    strong = own[train.strength[own].argmax()]
    assert like(turned, 1, joy, 0.95, np.zeros(3, np.float32)) == strong
    heads[own] = np.arange(len(own))[:, None] * 10
    same = replace(turned, strength=np.full(len(train), np.nan, np.float32))
    assert like(same, 1, joy, 0.3, np.full(3, 20, np.float32)) == own[2]
    assert like(train, -1, joy, 1.0, np.zeros(3, np.float32)) is None


def test_a_person_is_told_from_the_rest_of_the_cast():
    cast = np.eye(3, 128, dtype=np.float32)
    unseen = np.full((1, 128), np.nan, np.float32)
    shown = np.concatenate([cast[[0, 1, 0]], unseen]), np.array([0, 1, 2, 2])
    result = persons(cast, shown, (cast, np.arange(3)))
    assert result.filmed.similarity.mean == result.filmed.first.mean == 1.0
    assert result.generated.without_face == 1 and result.generated.worst == 0.0
    assert result.generated.first.mean == pytest.approx(2 / 3)  # a face that is not found is nobody's
    assert result.strangers == result.closest_strangers == 0.0


def test_likeness_is_told_beside_copying_and_looking_up(
    faces: tuple[FaceDataset, FaceDataset], monkeypatch: pytest.MonkeyPatch
):
    _, test = faces
    finder = SimpleNamespace(find=lambda pixels: FaceBox(8.2, 4.0, 48.0, 200.0))
    monkeypatch.setattr(truth_module, "FaceFinder", lambda: finder)
    strong = np.flatnonzero((test.affect != NEUTRAL_INDEX) & (test.strength >= 0.5))
    result = truth(CopyingNetworks(), test, test, strong)
    assert result.pictures == len(strong) and set(result.ssim_by_affect) == set(EMOTIONS)
    assert result.kinds["generated"] == result.kinds["copied"]
    assert result.kinds["looked up"].ssim.low == pytest.approx(1.0, abs=1e-4)
    assert result.kinds["looked up"].difference.mean == result.kinds["looked up"].outside.mean == 0.0
    assert result.kinds["copied"].difference.mean > 1.0 > result.kinds["copied"].ssim.mean


def test_no_faces_found_is_no_likeness(faces: tuple[FaceDataset, FaceDataset], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(truth_module, "FaceFinder", lambda: SimpleNamespace(find=lambda pixels: None))
    assert truth(CopyingNetworks(), *faces, np.arange(4)) is None


def test_two_judgements_are_the_same(judged: Apart, checkpoint: Checkpoint, faces: tuple[FaceDataset, FaceDataset]):
    again = judge_apart(checkpoint, *faces, steps=2)
    assert json.dumps(apart_dict(again)) == json.dumps(apart_dict(replace(judged, strengths={})))
    assert apart_pictures(again) == apart_pictures(judged)


def test_every_section_has_whole_rows_and_its_pictures(judged: Apart):
    sections, pictures = apart_sections(judged), apart_pictures(judged)
    for section in sections:
        assert all(len(row) == len(section.header) for row in section.rows), section.title
        assert not re.search(r"nan|None", section.markdown()), section.title
    assert sorted(name for section in sections for name in section.pictures) == sorted(pictures)
    assert all(value not in ("nan", "None") for _, value in apart_numbers(judged))


def test_a_model_that_knows_more_people_is_measured_and_the_report_says_so(judged: Apart):
    def distribution(result: Apart) -> str:
        return next(section.text for section in apart_sections(result) if section.title == "Distribution")

    assert "others" not in distribution(judged)
    assert "knows 310 characters and this dataset shows 2" in distribution(replace(judged, characters_learned=310))


def test_judges_are_asked_only_where_they_are_wanted(
    checkpoint: Checkpoint, tiny_dataset: Path, judged: Apart, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fexgan.evaluation.evaluate.judge_apart", lambda *_: judged)
    plain, asked = (evaluate(checkpoint, tiny_dataset, "tiny", judges=judges) for judges in (False, True))
    assert "apart" not in plain.to_dict()
    assert asked.to_dict()["apart"]["characters"] == 2
    page = asked.to_html(asked.pictures())
    assert page.count("<table>") == len(plain.sections()) + len(apart_sections(judged))
    assert page.count("data:image/png") == 4


def test_generated_training_faces_show_what_the_real_ones_show(faces: tuple[FaceDataset, FaceDataset]):
    train, _ = faces
    rows = np.flatnonzero(train.affect == NEUTRAL_INDEX)
    remade = apart_module._remake(CopyingNetworks(), train, rows)
    assert np.array_equal(remade[0], train.pixels[rows[0]])
