from __future__ import annotations

import pytest
import torch
from torch.nn.functional import avg_pool2d

from fexgan.evaluation.reconstruction import likeness, mean_likeness, psnr_db, sharpness, ssim


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_equal_pictures_are_alike_in_full(images: torch.Tensor):
    assert ssim(images, images) == pytest.approx([1.0] * 3, abs=1e-4)
    assert psnr_db(images, images).tolist() == [100.0] * 3


def test_noise_lowers_likeness_the_more_the_stronger(images: torch.Tensor):
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    for measure in (ssim, psnr_db):
        little, much = measure(images + 0.02 * noise, images), measure(images + 0.2 * noise, images)
        assert (little > much).all()


def test_psnr_is_that_of_a_known_error(images: torch.Tensor):
    assert psnr_db(images * 0 + 0.2, images * 0) == pytest.approx([20.0] * 3, abs=1e-3)


def test_each_pair_is_measured_alone(images: torch.Tensor):
    changed = images.clone()
    changed[1] = -changed[1]
    assert ssim(changed, images)[[0, 2]] == pytest.approx([1.0, 1.0], abs=1e-4)
    assert ssim(changed, images)[1] < 0.5


def test_a_flat_picture_has_no_sharpness_and_blur_lowers_it(images: torch.Tensor):
    assert sharpness(torch.full((2, 3, 16, 16), 0.3)) == pytest.approx([0.0, 0.0], abs=1e-4)
    assert (sharpness(avg_pool2d(images, 3, stride=1, padding=1)) < 0.2 * sharpness(images)).all()


def test_sharpness_does_not_depend_on_brightness(images: torch.Tensor):
    assert sharpness(images * 0.5 + 0.3) == pytest.approx(sharpness(images * 0.5), rel=1e-3)


def test_the_mean_counts_every_character_once(images: torch.Tensor):
    alike, unlike = likeness(images[:1], images[:1]), likeness(-images, images)
    mean = mean_likeness([alike, unlike])
    assert mean.pictures == 4
    assert mean.ssim == pytest.approx((alike.ssim + unlike.ssim) / 2)
    assert mean.psnr_db == pytest.approx((alike.psnr_db + unlike.psnr_db) / 2)
