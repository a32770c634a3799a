"""Calibrated strength: what is asked for is drawn along the curves, and nothing else changes."""

from __future__ import annotations

import pytest
import torch

from fexgan.affects import AFFECTS, EMOTIONS, Mixture
from fexgan.config import load_preset
from fexgan.model import build
from fexgan.model.strengths import POINTS, StrengthCurves

GRID = torch.linspace(0, 1, POINTS)


def vectors(*texts: str) -> torch.Tensor:
    return torch.tensor([Mixture.parse(text).vector() for text in texts])


@pytest.fixture
def square() -> StrengthCurves:
    """Every emotion but joy is drawn with the square of what is asked; joy as it is."""
    strengths = StrengthCurves()
    strengths.curves.copy_((GRID**2).expand(len(EMOTIONS), -1))
    strengths.curves[EMOTIONS.index("joy")] = GRID
    return strengths


def test_nothing_changes_until_calibrated():
    asked = vectors("anger:0.3", "joy", "neutral")
    assert torch.equal(StrengthCurves()(asked), asked)


def test_an_emotion_follows_its_curve_and_neutral_takes_the_rest(square: StrengthCurves):
    torch.testing.assert_close(square(vectors("anger:0.5", "joy:0.5")), vectors("anger:0.25", "joy:0.5"))
    halfway = square(vectors("fear:0.55"))  # between 0.25 and 0.36
    torch.testing.assert_close(halfway, vectors("fear:0.305"))


def test_both_ends_stay_and_full_mixtures_too(square: StrengthCurves):
    asked = vectors("neutral", "anger", "anger:0.5+sadness:0.5", "joy:0.7+fear:0.3")
    torch.testing.assert_close(square(asked), asked)


def test_a_faint_mixture_is_scaled_as_a_whole(square: StrengthCurves):
    torch.testing.assert_close(square(vectors("anger:0.3+fear:0.2")), vectors("anger:0.15+fear:0.1"))
    torch.testing.assert_close(square(vectors("anger:0.25+joy:0.25")), vectors("anger:0.1875+joy:0.1875"))


def test_strengths_beyond_one_stay(square: StrengthCurves):
    asked = vectors("anger:0.8+fear:0.8")
    torch.testing.assert_close(square(asked)[:, :6], asked[:, :6])


def test_negative_strengths_stay(square: StrengthCurves):
    asked = torch.zeros(2, len(AFFECTS))
    asked[0, AFFECTS.index("joy")], asked[1, AFFECTS.index("fear")] = -1.3, 0.5
    drawn = square(asked)
    assert torch.equal(drawn[0], asked[0])
    assert drawn[1, AFFECTS.index("fear")] == pytest.approx(0.25)


def test_gradients_reach_what_is_asked(square: StrengthCurves):
    asked = vectors("anger:0.45").requires_grad_()
    square(asked)[0, 0].backward()
    assert asked.grad[0, 0] == pytest.approx(0.9, abs=0.05)


def test_the_curves_are_for_use_and_not_for_training():
    networks = build(load_preset("tiny").model).eval()
    latent, asked = torch.zeros(2, networks.config.latent_size), vectors("anger:0.5", "fear:0.5")
    before = networks.decode(latent, asked)
    networks.set_curves((GRID**2).expand(len(EMOTIONS), -1))
    weaker = networks.decoder(latent, vectors("anger:0.25", "fear:0.25"))
    torch.testing.assert_close(networks.decode(latent, asked), weaker)
    assert not torch.equal(networks.decode(latent, asked), before)
    networks.decoder.train()
    networks.training = True
    seen = networks.decode(latent, asked)
    torch.testing.assert_close(seen, networks.decoder(latent, asked))
