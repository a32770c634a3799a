"""Curves found by a recogniser: what is drawn reads like what was filmed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL_INDEX
from fexgan.checkpoints import load_checkpoint, save_checkpoint
from fexgan.config import FramingConfig
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.evaluation import curves as module
from fexgan.evaluation.curves import calibrate, matched
from fexgan.evaluation.strength import ASKED, EMOTION_INDICES
from fexgan.model.strengths import StrengthCurves

GRID = np.array(ASKED)


def shown(vectors: torch.Tensor) -> torch.Tensor:
    """Faces [n, 3, 4, 4] that show each affect's strength as the light of a pixel."""
    images = torch.full((len(vectors), 3, 16), -1.0)
    images[:, :, :7] = 2.0 * vectors[:, None] - 1.0
    return images.reshape(-1, 3, 4, 4)


class EagerNetworks(StrengthCurves):
    """Draws the square root of what is asked: half a smile as seven tenths of one."""

    def set_curves(self, curves: torch.Tensor) -> None:
        self.curves.copy_(curves)

    def encode(self, images: torch.Tensor, source_affect: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return images.flatten(1), images.flatten(1)

    def decode(self, latent: torch.Tensor, target_affect: torch.Tensor) -> torch.Tensor:
        return shown(self(target_affect).sqrt())


class ExactRecogniser:
    """Reads the light of each pixel, strengths a little low."""

    def recognise(self, pixels: np.ndarray) -> np.ndarray:
        return 0.9 * pixels[..., 0].reshape(*pixels.shape[:-3], 16)[..., :7] / 255


def footage(strengths: np.ndarray) -> FaceDataset:
    """Two takes of one character for each emotion, with the true strength of every frame, and neutral ones."""
    affect = np.concatenate([np.repeat(EMOTION_INDICES, 2 * len(strengths)), np.full(8, NEUTRAL_INDEX)])
    strength = np.concatenate([np.tile(strengths, 2 * len(EMOTIONS)), np.ones(8)]).astype(np.float32)
    take = np.array([*(["1"] * len(strengths) + ["2"] * len(strengths)) * len(EMOTIONS), *"11112222"])
    vectors = np.eye(7)[affect] * strength[:, None]
    pixels = ((shown(torch.from_numpy(vectors).float()) + 1) * 127.5).byte().permute(0, 2, 3, 1).numpy()
    return FaceDataset(
        pixels=pixels, character=np.zeros(len(affect), np.int64), affect=affect, strength=strength,
        head_deg=np.zeros((len(affect), 3), np.float32),
        gaze_deg=np.zeros((len(affect), 2), np.float32), blink=np.zeros(len(affect), np.float32),
        take=take, frame=np.arange(len(affect)),
        characters=("ada",), framing=FramingConfig(), split="train", split_by="take", fingerprint="",
    )  # fmt: skip


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the recogniser was taught with."""
    seen = SimpleNamespace(frames=0)

    def train_recogniser(squares, affects, seed, steps):
        seen.frames, seen.seed = len(squares), seed
        return ExactRecogniser()

    monkeypatch.setattr(module, "train_recogniser", train_recogniser)
    return seen


def test_asked_strengths_are_read_as_true_ones_are(recogniser: SimpleNamespace):
    networks, faces = EagerNetworks(), footage(np.linspace(0, 1, 201))
    before = calibrate(networks, faces)
    assert np.abs(before.drawn - before.real).mean() > 0.1
    asked = torch.tensor([[0.0] * 7])
    asked[0, AFFECTS.index("joy")], asked[0, NEUTRAL_INDEX] = 0.5, 0.5
    light = networks.decode(torch.zeros(1, 48), asked)[0, 0].flatten()[AFFECTS.index("joy")]
    assert float(light + 1) / 2 == pytest.approx(0.5, abs=0.02)
    assert recogniser.frames < len(faces) * 0.6 and recogniser.seed != 0


def test_calibrating_again_finds_the_same_curves(recogniser: SimpleNamespace):
    networks, faces = EagerNetworks(), footage(np.linspace(0, 1, 201))
    first = calibrate(networks, faces).curves
    assert np.array_equal(calibrate(networks, faces).curves, first)


def test_frames_of_unknown_or_few_strengths_are_refused(recogniser: SimpleNamespace):
    unknown, few = np.full(50, np.nan), np.linspace(0.9, 1, 50)
    for strengths, words in (
        (unknown, "no frames of anger of known strength"),
        (few, "too few frames of anger at some"),
    ):
        with pytest.raises(InputError, match=words):
            calibrate(EagerNetworks(), footage(strengths))


def test_curves_rise_from_nothing_to_all():
    wavy = GRID + 0.1 * np.sin(20 * GRID)
    for real, drawn in ((GRID, GRID**2), (0.8 * GRID, wavy), (np.zeros(11), np.zeros(11))):
        found = matched(real, drawn)
        assert found[0] == 0 and found[-1] == 1 and np.all(np.diff(found) >= 0)
    assert np.allclose(matched(GRID, GRID), GRID, atol=1e-4)
    assert matched(GRID, np.sqrt(GRID))[5] == pytest.approx(0.25, abs=0.01)


def test_the_table_tells_the_middle_of_every_curve(recogniser: SimpleNamespace):
    section = calibrate(EagerNetworks(), footage(np.linspace(0, 1, 201))).section()
    assert [row[0] for row in section.rows] == list(EMOTIONS)
    real, drawn, asked = map(float, section.rows[0][1:4])
    assert real == pytest.approx(0.45, abs=0.02) and drawn == pytest.approx(0.64, abs=0.02)
    assert asked == pytest.approx(0.25, abs=0.02)


def test_the_verb_writes_a_checkpoint_that_keeps_its_curves(
    run_command, tiny_checkpoint, tiny_dataset, tmp_path, monkeypatch, capsys
):
    curves = np.tile(GRID**2, (len(EMOTIONS), 1))

    def found(networks, train):
        networks.set_curves(torch.from_numpy(curves))
        return module.StrengthCalibration(curves, curves, curves)

    monkeypatch.setattr(module, "calibrate", found)
    flags = ("--data", tiny_dataset, "--out", tmp_path / "calibrated")
    assert run_command("calibrate", tiny_checkpoint, *flags) == 0
    before, after = map(load_checkpoint, (tiny_checkpoint, tmp_path / "calibrated"))
    np.testing.assert_allclose(after.networks.strengths.curves, curves, atol=1e-6)
    assert after.metadata == before.metadata and not before.networks.strengths.curves.any()
    assert run_command("calibrate", "portrait", *flags) == 2
    assert "does not draw" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["run", "run/checkpoints/000003", "file"])
def test_what_cannot_be_replaced_is_refused_before_minutes_are_spent(
    run_command, tiny_checkpoint, tiny_dataset, tmp_path, monkeypatch, capsys, place
):
    monkeypatch.setattr(module, "calibrate", lambda *_: pytest.fail("it was calibrated first"))
    checkpoint, own = load_checkpoint(tiny_checkpoint), tmp_path / "run" / "checkpoints" / "000003"
    save_checkpoint(own, checkpoint.networks, checkpoint.metadata, resume={"state": torch.ones(2)})
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert run_command("calibrate", tmp_path / "run", "--data", tiny_dataset, "--out", tmp_path / place) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / place) in error and "choose another folder" in error and error.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(InputError, match="a training run's own checkpoint"):
        save_checkpoint(own, checkpoint.networks, checkpoint.metadata)
