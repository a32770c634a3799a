from __future__ import annotations

import numpy as np

from fexgan.affects import Mixture
from fexgan.reading import mixture_read, mixtures_read


def test_weak_readings_count_as_absent():
    assert mixture_read(Mixture.parse("anger:0.84+fear:0.1").vector()) == Mixture.parse("neutral")
    assert mixture_read(Mixture.parse("anger:0.88").vector()) == Mixture.parse("neutral")
    assert mixture_read(Mixture.parse("fear:0.88").vector()) == Mixture.parse("fear:0.88")
    assert mixture_read(Mixture.parse("joy:0.38+fear:0.2").vector()) == Mixture.parse("neutral")
    assert mixture_read(Mixture.parse("joy:0.41+fear:0.2").vector()) == Mixture.parse("joy:0.41")
    assert mixture_read(Mixture.parse("joy:0.86+fear:0.2").vector()) == Mixture.parse("joy:0.86")
    assert mixture_read((0, 0, 0, 1.001, 0, 0, 0)) == Mixture.parse("joy")


def test_a_reading_can_be_written_down_and_read_again():
    mixture = mixture_read(Mixture.parse("joy:0.918034+fear:0.883333").vector())
    assert Mixture.parse(str(mixture)) == mixture


def test_what_is_read_shares_one_face_as_targets_do():
    """Else a target could never equal the source, which then would never rest."""
    both = (0, 0, 0, 0.9, 0, 0, 0.96)
    assert mixture_read(both) == Mixture.parse("joy:0.48+surprise:0.51")
    assert all(sum(dict(one.strengths).values()) <= 1 for one in mixtures_read([both] * 12, fps=24))


def test_readings_of_a_clip_never_switch():
    rising = [Mixture.parse(f"joy:{strength:.3f}+fear:0.2").vector() for strength in np.linspace(0, 1, 48)]
    rising[20:23] = [None] * 3
    shown = [dict(mixture.strengths) for mixture in mixtures_read(rising, fps=24)]
    joy = np.array([strengths["joy"] for strengths in shown])
    assert all(strengths["fear"] == 0 for strengths in shown)
    assert np.allclose(joy, np.linspace(0, 1, 48), atol=0.02) and (np.diff(joy) > 0).all()


def test_a_trembling_reading_is_smoothed():
    noise = np.random.default_rng(0).normal(0.9, 0.04, 72)
    shown = [dict(m.strengths)["joy"] for m in mixtures_read([Mixture.of({"joy": v}).vector() for v in noise], 24)]
    assert np.abs(np.diff(shown)).mean() < 0.2 * np.abs(np.diff(noise)).mean()
