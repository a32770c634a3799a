from __future__ import annotations

import numpy as np
import pytest

from fexgan.evaluation.calibration import BINS, calibration


def answers(*confidences: float) -> np.ndarray:
    """Answers that name the first affect with these probabilities."""
    rest = (1 - np.array(confidences, np.float32)[:, None]) / 6
    return np.concatenate([np.array(confidences, np.float32)[:, None], np.repeat(rest, 6, axis=1)], axis=1)


def test_one_as_often_right_as_sure_has_no_error():
    measured = calibration(np.array([0, 0, 0, 1]), answers(0.75, 0.75, 0.75, 0.75))
    assert measured.error == pytest.approx(0.0, abs=1e-7)


def test_the_error_is_the_mean_gap_over_pictures():
    measured = calibration(np.array([1, 1, 0, 0]), answers(0.9, 0.9, 0.5, 0.5))
    assert measured.error == pytest.approx((0.9 + 0.5) / 2)


def test_every_picture_is_in_the_bin_of_its_confidence():
    measured = calibration(np.zeros(3, int), answers(1.0, 0.3, 0.32))
    assert len(measured.bins) == BINS and measured.bins[-1].frames == 1
    assert [part.frames for part in measured.bins if part.low < 0.32 < part.high] == [2]


def test_no_pictures_no_error():
    assert calibration(np.zeros(0, int), answers()).error == 0.0
