from __future__ import annotations

import numpy as np
import pytest

from fexgan.evaluation.distribution import (
    COMPARED_AT_ONCE,
    covered_share,
    distance,
    diversity,
    frechet_distance,
    kernel_distance,
    nearest,
)
from fexgan.evaluation.neighbours import neighbours


def cloud(seed: int, count: int = 400, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, scale, (count, 5))


def test_a_set_lies_on_itself():
    result = distance(cloud(0), cloud(0))
    assert result.frechet == pytest.approx(0.0, abs=1e-9)
    assert result.precision == result.recall == 1.0


def test_the_frechet_distance_of_two_gaussians_is_the_textbooks():
    shifted, wider = cloud(0) + 2.0, (cloud(0) - cloud(0).mean(axis=0)) * 3.0 + cloud(0).mean(axis=0)
    assert frechet_distance(cloud(0), shifted) == pytest.approx(5 * 2.0**2)
    variances = np.trace(np.cov(cloud(0), rowvar=False))
    assert frechet_distance(cloud(0), wider) == pytest.approx(variances * (3 - 1) ** 2)


def test_the_kernel_distance_is_about_zero_for_one_distribution_and_grows():
    same, near, far = (kernel_distance(cloud(0), cloud(1, shift=shift)) for shift in (0.0, 0.5, 2.0))
    assert abs(same) < 0.05 < near < far


def test_precision_and_recall_tell_too_narrow_from_too_wide():
    narrow, wide = cloud(1, scale=0.2), cloud(1, scale=5.0)
    assert covered_share(narrow, by=cloud(0)) > 0.95 > 0.3 > covered_share(cloud(0), by=narrow)
    assert covered_share(wide, by=cloud(0)) < 0.3
    assert covered_share(cloud(1, shift=50.0), by=cloud(0)) == 0.0


def test_diversity_is_the_mean_distance_within_a_label():
    features = np.array([[0.0], [3.0], [100.0], [101.0], [500.0]])
    assert diversity(features, np.array([0, 0, 1, 1, 2])) == pytest.approx((3 + 1) / 2)


def test_the_nearest_is_found_with_its_distance():
    found, apart = nearest(np.array([[0.9], [9.0]]), np.array([[0.0], [1.0], [7.0]]))
    assert found.tolist() == [1, 2] and apart == pytest.approx([0.1, 2.0])
    among = np.random.default_rng(0).integers(0, 256, (2 * COMPARED_AT_ONCE + 3, 4), np.uint8)
    rows = [0, COMPARED_AT_ONCE, 2 * COMPARED_AT_ONCE + 2]
    found, apart = nearest(among[rows], among)
    assert np.array_equal(among[found], among[rows]) and not apart.any()


def test_faces_learned_by_heart_are_nearer_than_held_out_ones():
    train = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), np.uint8)
    test = np.clip(train.astype(int) + 10, 0, 255).astype(np.uint8)
    result = neighbours(train[:18], test, train)
    assert result.random == pytest.approx(0.0, abs=1e-4) and 9 < result.test < 11
    assert result.sheet.height > 4 * 64
