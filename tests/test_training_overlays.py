"""Glasses and other things in front of faces: drawn where the face is, the same in source and truth."""

from __future__ import annotations

import pytest
import torch

from fexgan.framing.square import EYE_DISTANCE, EYE_HEIGHT
from fexgan.training.batches import step_generator
from fexgan.training.overlays import occlude, wear_glasses

SIZE = 48
COUNT = 16


def everywhere(mirrored: bool = False, shift: float = 0.0) -> torch.Tensor:
    """The places of the pixels of squares that show the studio's whole frame."""
    place = torch.eye(2, 3)
    place[0, 0], place[1, 2] = -1.0 if mirrored else 1.0, shift
    grid = torch.nn.functional.affine_grid(place[None], [1, 1, SIZE, SIZE], align_corners=False)
    return grid.expand(COUNT, -1, -1, -1)


def grey_pairs() -> torch.Tensor:
    """Pairs that are alike but for the lowest row."""
    pairs = torch.full((COUNT, 2, 3, SIZE, SIZE), 0.6)
    pairs[:, 1, :, -1] = 0.3
    return pairs


@pytest.mark.parametrize("overlay", [wear_glasses, occlude])
def test_an_overlay_lies_on_both_pictures_alike_and_on_each_pair_otherwise(overlay):
    pairs = grey_pairs()
    covered = overlay(pairs.clone(), everywhere(), step_generator(0, 1))
    assert torch.equal(covered, overlay(pairs.clone(), everywhere(), step_generator(0, 1)))
    assert torch.equal(covered[:, 0, :, :-1], covered[:, 1, :, :-1])
    assert covered.min() >= 0.0 and covered.max() <= 1.0
    changes = (covered[:, 0] - pairs[:, 0]).abs()
    assert (changes.amax(dim=(1, 2, 3)) > 0.05).sum() >= COUNT - 2  # a thing may lie beyond the frame
    assert changes.mean(dim=(1, 2, 3)).unique().numel() > COUNT // 2


def test_glasses_lie_around_the_eyes_on_every_face():
    changes = (wear_glasses(grey_pairs(), everywhere(), step_generator(0, 1)) - grey_pairs()).abs()[:, 0].amax(dim=1)
    rows = torch.nonzero((changes > 0.02).any(dim=2).any(dim=0)).flatten()
    assert rows.min() > SIZE // 3 and rows.max() < 2 * SIZE // 3
    for half in (changes[..., : SIZE // 2], changes[..., SIZE // 2 :]):
        assert (half.amax(dim=(1, 2)) > 0.05).all()


@pytest.mark.parametrize("overlay", [wear_glasses, occlude])
def test_overlays_follow_the_face_as_it_is_mirrored_and_moved(overlay):
    pairs = torch.full((COUNT, 2, 3, SIZE, SIZE), 0.6)
    plain = overlay(pairs.clone(), everywhere(), step_generator(0, 1))
    mirrored = overlay(pairs.clone(), everywhere(mirrored=True), step_generator(0, 1))
    torch.testing.assert_close(mirrored.flip(-1), plain, atol=2e-3, rtol=0)
    moved = overlay(pairs.clone(), everywhere(shift=8 / SIZE), step_generator(0, 1))  # 4 rows lower on the face
    torch.testing.assert_close(moved[..., :-4, :], plain[..., 4:, :], atol=2e-3, rtol=0)


def test_some_rims_are_of_another_colour_above_than_below():
    count, side = 60, 128
    places = torch.nn.functional.affine_grid(torch.eye(2, 3)[None], [1, 1, side, side], align_corners=False)
    pairs = torch.full((count, 2, 3, side, side), 0.6)
    change = wear_glasses(pairs, places.expand(count, -1, -1, -1), step_generator(0, 1))[:, 0] - 0.6
    eye_x, eye_y = round((1.0 + EYE_DISTANCE) / 2 * side), round(EYE_HEIGHT * side)
    through_eye = change[..., eye_x - 1 : eye_x + 2].mean(dim=-1)  # [count, 3, side]
    rims = []
    for half in (through_eye[..., :eye_y], through_eye[..., eye_y:]):
        row = half.abs().amax(dim=1).argmax(dim=-1)
        rims.append(half.gather(2, row[:, None, None].expand(-1, 3, -1))[..., 0])
    apart = rims[0] - rims[1]
    hue = apart - apart.mean(dim=1, keepdim=True)
    assert (hue.norm(dim=1) > 0.2).sum() >= 5  # 2 for tinted lenses alone
