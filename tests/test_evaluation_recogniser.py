from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import film_stills
from safetensors import safe_open
from safetensors.torch import save

from fexgan.config import FramingConfig
from fexgan.evaluation.recogniser import Recogniser, obtain_recogniser, train_recogniser
from fexgan.framing.stills import cut_squares, face_squares
from fexgan.media import Pixels
from fexgan.stills import StillSet

FRAMING = FramingConfig(image_size_px=64)


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> StillSet:
    folder = tmp_path_factory.mktemp("stills")
    return StillSet.load(film_stills(folder, ("ada", "bo", "cy"), ("neutral", "joy", "anger")))


def learn(stills: StillSet, steps: int, seed: int = 0) -> Recogniser:
    real = squares(stills)
    return train_recogniser(real.reshape(-1, *real.shape[2:]), stills.affects.reshape(-1, 7), seed, steps)


def squares(stills: StillSet) -> Pixels:
    return cut_squares(stills.pixels, face_squares(stills, FRAMING), FRAMING.image_size_px)


def test_it_learns_to_name_what_a_stranger_shows(stills: StillSet):
    train, test = stills.split(0.3, seed=0)
    read = learn(train, steps=80).recognise(squares(test))
    assert read.shape == (1, 3, 7)
    np.testing.assert_allclose(read.sum(axis=2), 1.0, rtol=1e-5)
    assert np.array_equal(read.argmax(axis=2), test.affects.argmax(axis=2))


def test_equal_seeds_give_equal_weights_and_leave_the_callers_randomness_alone(stills: StillSet):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again = (learn(stills, steps=2, seed=1) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_one_that_learned_otherwise_is_replaced_and_so_is_a_damaged_file(stills: StillSet, tmp_path: Path):
    path = tmp_path / "recogniser.safetensors"
    first = obtain_recogniser(path, stills, FRAMING, steps=1)
    kept = path.stat().st_mtime_ns
    again = obtain_recogniser(path, stills, FRAMING, steps=1)
    assert path.stat().st_mtime_ns == kept
    assert np.array_equal(first.recognise(squares(stills)), again.recognise(squares(stills)))
    obtain_recogniser(path, replace(stills, fingerprint="other"), FRAMING, steps=1)
    assert path.stat().st_mtime_ns != kept
    path.write_bytes(b"damaged")
    obtain_recogniser(path, stills, FRAMING, steps=1)
    assert path.stat().st_size > 100_000


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("fexgan.evaluation.recogniser.WEIGHT_DECAY", 0.1),
        ("fexgan.evaluation.recogniser.WARMUP_SHARE", 0.2),
        ("fexgan.evaluation.recogniser.DROPOUT", 0.1),
        ("fexgan.evaluation.recogniser.RECIPE", 0),
        ("torch.__version__", "0.1"),
    ],
)
def test_one_of_another_recipe_or_torch_is_replaced(
    stills: StillSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, value: object
):
    path = tmp_path / "recogniser.safetensors"
    obtain_recogniser(path, stills, FRAMING, steps=1)
    kept = path.stat().st_mtime_ns
    monkeypatch.setattr(place, value)
    obtain_recogniser(path, stills, FRAMING, steps=1)
    assert path.stat().st_mtime_ns != kept


def test_weights_that_do_not_fit_count_as_none(stills: StillSet, tmp_path: Path):
    path = tmp_path / "recogniser.safetensors"
    obtain_recogniser(path, stills, FRAMING, steps=1)
    with safe_open(path, "pt") as file:
        told = file.metadata()
    for weights in ({"answer.2.weight": torch.zeros(2, 2)}, {}):
        path.write_bytes(save(weights, told))
        obtain_recogniser(path, stills, FRAMING, steps=1)
        assert path.stat().st_size > 100_000


def test_equal_pictures_are_not_apart_and_different_ones_are(stills: StillSet):
    recogniser, pixels = Recogniser().eval(), squares(stills)[0]
    assert recogniser.distance(pixels, pixels).abs().max() == 0.0
    assert recogniser.distance(pixels[[0, 0]], pixels[1:]).min() > 0.0
