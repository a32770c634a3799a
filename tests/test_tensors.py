from __future__ import annotations

import numpy as np
import torch

from fexgan.tensors import images_to_pixels, pixels_to_images, sample_latents


def test_every_level_survives_the_way_there_and_back() -> None:
    levels = np.arange(256 * 3, dtype=np.uint16).astype(np.uint8).reshape(1, 16, 16, 3)
    assert np.array_equal(images_to_pixels(pixels_to_images(levels)), levels)


def test_images_are_float_in_minus_one_to_one_with_channels_first() -> None:
    pixels = np.zeros((2, 4, 6, 3), np.uint8)
    pixels[1, :, :, 2] = 255
    images = pixels_to_images(pixels)
    assert images.shape == (2, 3, 4, 6) and images.dtype == torch.float32 and images.is_contiguous()
    assert torch.all(images[0] == -1) and torch.all(images[1, 2] == 1)


def test_one_picture_becomes_a_batch_of_one() -> None:
    picture = np.full((4, 4, 3), 51, np.uint8)
    assert torch.equal(pixels_to_images(picture), pixels_to_images(picture[None]))


def test_read_only_and_reversed_pixels_are_accepted() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)[:, ::-1]
    pixels.flags.writeable = False
    assert np.array_equal(images_to_pixels(pixels_to_images(pixels))[0], pixels)


def test_values_beyond_the_range_are_clipped_not_wrapped() -> None:
    images = torch.tensor([-3.0, 3.0]).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    assert images_to_pixels(images).ravel().tolist() == [0] * 3 + [255] * 3


def test_half_precision_images_with_gradients_become_pixels() -> None:
    images = torch.zeros(1, 3, 2, 2, dtype=torch.bfloat16, requires_grad=True)
    assert np.all(images_to_pixels(images) == 128)


def test_a_seed_names_its_latent_whatever_its_neighbours() -> None:
    together = sample_latents([3, 4, 5], 8)
    assert together.shape == (3, 8)
    assert torch.equal(sample_latents([4], 8)[0], together[1])
    assert not torch.equal(together[0], together[1])


def test_no_seeds_give_no_latents() -> None:
    assert sample_latents([], 8).shape == (0, 8)


def test_latents_are_standard_normal_and_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    latents = sample_latents(range(200), 128)
    assert torch.equal(torch.get_rng_state(), before)
    assert abs(latents.mean()) < 0.03 and abs(latents.std() - 1) < 0.03
