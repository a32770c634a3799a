"""Random faces start from faces that the networks draw well, and from no other."""

from __future__ import annotations

import pytest
import torch
from narrow import settings
from torch import Tensor, nn

from fexgan.affects import AFFECTS
from fexgan.model import build
from fexgan.model.latents import ANCHORS
from fexgan.training import tasks
from fexgan.training.averaging import AveragedNetworks
from fexgan.training.measuring import LEFT_OUT_SHARE, likeness_of_faces, measure_drawing

SIDE = 32


def noise(count: int, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Copyist(nn.Module):
    """Keeps each face whole as its latent, and draws those whose first pixel is red with their features scrambled."""

    def __init__(self) -> None:
        super().__init__()
        self.fitted = torch.empty(0)

    def encode(self, images: Tensor, affects: Tensor) -> tuple[Tensor, Tensor]:
        return images.flatten(1), torch.zeros(len(images), 1)

    def decode(self, latent: Tensor, affects: Tensor) -> Tensor:
        images = latent.view(-1, 3, SIDE, SIDE)
        torn = images[:, 0, 0, 0] == 1.0
        return torch.where(torn[:, None, None, None], images.flip(3), images)

    def fit_latents(self, latent_mean: Tensor) -> None:
        self.fitted = latent_mean


def test_no_random_face_starts_from_one_that_comes_back_torn():
    images = noise(2 * ANCHORS)
    torn = torch.arange(2 * ANCHORS) % 5 == 0
    images[:, 0, 0, 0] = torn.float()
    networks = Copyist()
    measure_drawing(networks, [], [(images, torch.zeros(2 * ANCHORS, len(AFFECTS)))])
    kept = networks.fitted
    assert not (kept[:, 0] == 1.0).any()
    assert len(kept) >= (1.0 - LEFT_OUT_SHARE) * 2 * ANCHORS - 1


@pytest.mark.parametrize("count", [1, 2])
def test_few_faces_leave_some_to_start_from(count):
    networks = Copyist()
    measure_drawing(networks, [], [(noise(count), torch.zeros(count, len(AFFECTS)))])
    assert len(networks.fitted)


def test_likeness_is_of_features_and_not_of_light_or_backdrop():
    images, others = noise(4), noise(4, seed=1)
    torch.testing.assert_close(likeness_of_faces(images, 0.3 * images - 0.2), torch.ones(4))
    elsewhere = images.clone()
    elsewhere[..., : SIDE // 5], elsewhere[:, :, : SIDE // 4] = others[..., : SIDE // 5], others[:, :, : SIDE // 4]
    torch.testing.assert_close(likeness_of_faces(images, elsewhere), torch.ones(4))
    assert likeness_of_faces(images, others).max() < 0.5


def test_a_dataset_that_is_drawn_from_more_often_shows_its_people_once(tiny_dataset, monkeypatch):
    """Or the share that is left out would be of somebody else."""
    measured = []
    monkeypatch.setattr(tasks, "measure_drawing", lambda networks, batches, at_rest, frozen: measured.append(at_rest))
    config = settings()
    averaged = AveragedNetworks(build(config.model), 0.9)
    for data in ([tiny_dataset], [tiny_dataset] * 3):
        tasks.PaperTask(data, config).finish(averaged)
    once, thrice = measured
    for one, other in zip(once, thrice, strict=True):
        assert all(map(torch.equal, one, other))
    assert sum(len(images) for images, _ in once) == 2
