"""Random characters: drawn between those that were encoded, each in its turn."""

from __future__ import annotations

import pytest
import torch

from fexgan.model.latents import ANCHORS, RandomLatents
from fexgan.tensors import sample_latents

SIZE = 16


def normal(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, SIZE, generator=torch.Generator().manual_seed(seed))


def people(count: int, pictures: int = 4) -> torch.Tensor:
    """Latents of several nearly alike pictures of each of `count` characters; a few characters lie far off."""
    centers = 3.0 * normal(count, 1)
    centers[: count // 8] += 8.0
    return centers.repeat(pictures, 1) + 0.05 * normal(count * pictures, 2)


def fitted(latents: torch.Tensor) -> RandomLatents:
    random = RandomLatents(SIZE)
    random.fit(latents, latents)
    return random


def test_latents_are_the_noise_of_their_seeds_until_fitted():
    assert torch.equal(RandomLatents(SIZE)(range(8)), sample_latents(range(8), SIZE))


def test_seeds_in_a_row_start_from_different_people():
    latents = people(ANCHORS)
    drawn = fitted(latents)(range(ANCHORS))
    nearest = torch.cdist(drawn, latents[:ANCHORS]).argmin(dim=1)
    assert len(nearest.unique()) > 0.9 * ANCHORS


def test_the_first_seeds_are_more_different_than_any():
    drawn = fitted(people(ANCHORS))(range(ANCHORS))
    assert torch.pdist(drawn[:32]).min() > 2 * torch.pdist(drawn).min()


def test_who_looks_different_comes_first_wherever_latents_lie():
    latents, looks = people(ANCHORS, 1), torch.zeros(ANCHORS, 2)
    looks[7], looks[9] = torch.tensor([5.0, 0.0]), torch.tensor([0.0, 5.0])
    random = RandomLatents(SIZE)
    random.fit(latents, looks)
    after_the_most_usual = random.anchors[1:3]
    first = {int(torch.cdist(anchor[None], latents).argmin()) for anchor in after_the_most_usual}
    assert first == {7, 9}


def test_fewer_people_than_anchors_take_turns():
    for count in (1, 5, ANCHORS - 1):
        anchors = fitted(people(count, 1)).anchors
        assert torch.equal(anchors[count:], anchors[: ANCHORS - count] if count > ANCHORS / 2 else anchors[:-count])
        assert len(anchors[:count].unique(dim=0)) == count


def test_random_characters_are_near_people_and_not_all_copies():
    latents = people(ANCHORS)
    nearest = torch.cdist(fitted(latents)(range(ANCHORS)), latents).amin(dim=1)
    assert nearest.mean() < 0.5 * torch.pdist(latents[:ANCHORS]).median()
    assert (nearest > 0.3).float().mean() > 0.2


def test_the_next_round_brings_other_faces():
    random = fitted(people(ANCHORS))
    first, second = random(range(ANCHORS)), random(range(ANCHORS, 2 * ANCHORS))
    assert ((first - second).norm(dim=1) > 0.3).float().mean() > 0.3


@pytest.mark.parametrize("count", [1, 3])
def test_few_pictures_are_enough_to_fit(count):
    drawn = fitted(people(8)[:count])(range(50))
    assert torch.isfinite(drawn).all()
    assert drawn.norm(dim=1).max() < 100


def test_one_seed_and_many_seeds_give_the_same_latents():
    random = fitted(people(ANCHORS))
    one_by_one = torch.cat([random([seed]) for seed in range(64)])
    torch.testing.assert_close(one_by_one, random(range(64)), atol=1e-4, rtol=0)
