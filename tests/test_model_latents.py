"""Random characters: drawn between those that were encoded, each as often as another."""

from __future__ import annotations

import pytest
import torch

from fexgan.model.latents import ANCHORS, LatentMap

SIZE = 16


def normal(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, SIZE, generator=torch.Generator().manual_seed(seed))


def people(count: int, pictures: int = 4) -> torch.Tensor:
    """Latents of several nearly alike pictures of each of `count` characters; a few characters lie far off."""
    centers = 3.0 * normal(count, 1)
    centers[: count // 8] += 8.0
    return centers.repeat(pictures, 1) + 0.05 * normal(count * pictures, 2)


def fitted(latents: torch.Tensor) -> LatentMap:
    latent_map = LatentMap(SIZE)
    latent_map.fit(latents)
    return latent_map


def test_noise_stays_noise_until_fitted():
    noise = normal(8, 3)
    assert torch.equal(LatentMap(SIZE)(noise), noise)


def test_random_latents_lie_nearer_to_people_than_the_noise_they_come_from():
    latents = people(ANCHORS)
    latent_map, noise = fitted(latents), normal(500, 3)
    density = latent_map.center + noise @ latent_map.spread.T
    nearest = torch.cdist(latent_map(noise), latents).amin(dim=1)
    assert nearest.mean() < 0.5 * torch.cdist(density, latents).amin(dim=1).mean()
    assert (nearest > 0.3).float().mean() > 0.3  # and are not all copies of somebody


def test_every_character_comes_as_often_as_another():
    latents = people(ANCHORS)
    latent_map = fitted(latents)
    nearest = torch.cdist(latent_map(normal(8 * ANCHORS, 3)), latents[:ANCHORS]).argmin(dim=1)
    times = torch.bincount(nearest, minlength=ANCHORS)
    assert (times > 0).float().mean() > 0.9
    assert times.max() < 5 * 8


def test_latents_move_with_the_noise_and_never_jump():
    latent_map = fitted(people(ANCHORS))
    start, end = normal(1, 3), normal(1, 4)
    walk = latent_map(torch.lerp(start, end, torch.linspace(0, 1, 2001)[:, None]))
    steps = (walk[1:] - walk[:-1]).norm(dim=1)
    assert steps.max() < 0.05 * steps.sum()


@pytest.mark.parametrize("count", [1, 3])
def test_few_pictures_are_enough_to_fit(count):
    drawn = fitted(people(8)[:count])(normal(50, 3))
    assert torch.isfinite(drawn).all()
    assert drawn.norm(dim=1).max() < 100


def test_one_row_and_many_rows_give_the_same_latents():
    latent_map, noise = fitted(people(ANCHORS)), normal(64, 3)
    one_by_one = torch.cat([latent_map(row[None]) for row in noise])
    torch.testing.assert_close(one_by_one, latent_map(noise), atol=1e-3, rtol=0)
