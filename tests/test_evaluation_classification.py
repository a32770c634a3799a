from __future__ import annotations

import numpy as np
import pytest

from fexgan.affects import AFFECTS, affect_index
from fexgan.evaluation.classification import accuracy_by_strength, classification, shows_its_affect

JOY, FEAR, NEUTRAL = affect_index("joy"), affect_index("fear"), affect_index("neutral")


def test_naming_everything_right_scores_one_everywhere():
    true = np.arange(70) % len(AFFECTS)
    table = classification(true, true)
    assert table.accuracy == 1.0
    assert all((score.precision, score.recall, score.f1) == (1.0, 1.0, 1.0) for score in table.affects.values())
    assert all(score.frames == 10 for score in table.affects.values())


def test_naming_everything_wrong_scores_zero_everywhere():
    true = np.arange(70) % len(AFFECTS)
    table = classification(true, (true + 1) % len(AFFECTS))
    assert table.accuracy == 0.0
    assert all((score.precision, score.recall, score.f1) == (0.0, 0.0, 0.0) for score in table.affects.values())


def test_precision_looks_down_a_column_and_recall_along_a_row():
    table = classification(np.array([JOY, JOY, JOY, JOY, FEAR]), np.array([JOY, JOY, JOY, FEAR, FEAR]))
    assert table.affects["joy"].precision == 1.0
    assert table.affects["joy"].recall == 0.75
    assert table.affects["fear"].precision == 0.5
    assert table.affects["fear"].recall == 1.0
    assert table.affects["fear"].f1 == pytest.approx(2 / 3)
    assert table.confusion[JOY, FEAR] == 1 and table.confusion[FEAR, JOY] == 0


def test_an_empty_set_is_no_error():
    empty = np.array([], dtype=int)
    assert classification(empty, empty).accuracy == 0.0


def test_the_table_covers_strong_emotions_idle_neutrals_and_unknown_strengths():
    affect = np.array([JOY, JOY, JOY, NEUTRAL, FEAR])
    strength = np.array([0.49, 0.5, np.nan, 1.0, 0.0])
    assert shows_its_affect(affect, strength).tolist() == [False, True, True, True, False]


def test_each_frame_of_an_emotion_falls_in_one_bin_of_strength():
    true = np.array([JOY, JOY, JOY, JOY, JOY, NEUTRAL, FEAR])
    named = np.array([NEUTRAL, NEUTRAL, JOY, JOY, FEAR, NEUTRAL, FEAR])
    strength = np.array([0.0, 0.2, 0.59, 1.0, 0.8, 1.0, np.nan])
    bins = accuracy_by_strength(true, named, strength)
    assert [(part.low, part.high) for part in bins] == [(0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)]
    assert [part.frames for part in bins] == [1, 1, 1, 0, 2]
    assert [part.accuracy for part in bins] == [0.0, 0.0, 1.0, 0.0, 0.5]
