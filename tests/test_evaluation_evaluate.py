from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fexgan.affects import AFFECTS, NEUTRAL_INDEX, affect_vector
from fexgan.checkpoints import Checkpoint, load_checkpoint
from fexgan.config import FramingConfig
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.evaluation import evaluate as evaluate_module
from fexgan.evaluation.choosing import evenly_spaced
from fexgan.evaluation.evaluate import evaluate
from fexgan.evaluation.held_apart import HELD_OUT, notes_on
from fexgan.evaluation.judging import judge, redraw, true_vectors
from fexgan.prepare import prepare
from fexgan.tensors import pixels_to_images


class KnowingNetworks(torch.nn.Module):
    """Rebuilds every picture unchanged, and reads the affect of the tests' drawn faces off the mouth's place."""

    capabilities = frozenset({"draw", "encode", "classify"})

    def __init__(self, faces: FaceDataset) -> None:
        super().__init__()
        self.answers = {picture.tobytes(): affect for picture, affect in zip(faces.pixels, faces.affect, strict=True)}

        self.drawn: set[tuple[bytes, int]] = set()

    def encode(self, images, source_affect):
        return images.flatten(1), images.flatten(1)

    def decode(self, latent, target_affect):
        pairs = zip(latent, target_affect, strict=True)
        self.drawn |= {(face.numpy().tobytes(), affect.argmax().item()) for face, affect in pairs}
        return latent.reshape(-1, 3, 64, 64)

    def discriminate(self, images):
        pixels = ((images + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        affects = torch.tensor([self.answers.get(picture.tobytes(), 0) for picture in pixels])
        return torch.ones(len(images)), torch.nn.functional.one_hot(affects, 7).float()


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return load_checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def test_faces(tiny_dataset: Path) -> FaceDataset:
    return FaceDataset.load(tiny_dataset, "test")


def test_networks_that_know_every_answer_score_one(checkpoint: Checkpoint, tiny_dataset: Path, test_faces: FaceDataset):
    report = evaluate(replace(checkpoint, networks=KnowingNetworks(test_faces)), tiny_dataset, "knowing")
    assert report.test.classification.accuracy == 1.0
    assert report.test.real_or_fake_accuracy == 1.0
    assert report.generated.real_or_fake_accuracy == 0.0  # everything passes for real
    assert report.generated.classification.accuracy == pytest.approx(1 / 7)  # unchanged neutral faces
    for part in report.reconstruction.values():
        assert part.psnr_db == 100.0 and part.ssim == pytest.approx(1.0, abs=1e-4)
        assert part.sharpness == part.sharpness_of_real > 0


def test_every_neutral_source_is_given_every_affect(
    checkpoint: Checkpoint, tiny_dataset: Path, test_faces: FaceDataset
):
    networks = KnowingNetworks(test_faces)
    evaluate(replace(checkpoint, networks=networks), tiny_dataset, "knowing")
    neutral = pixels_to_images(test_faces.pixels[test_faces.affect == NEUTRAL_INDEX]).flatten(1).numpy()
    faces = {face.tobytes() for face in neutral}
    assert {(face, affect) for face in faces for affect in range(7)} <= networks.drawn


def test_only_frames_that_show_their_affect_are_in_the_table(checkpoint: Checkpoint, tiny_dataset: Path):
    report = evaluate(checkpoint, tiny_dataset, "tiny", all_frames=True)
    assert report.test.frames == report.test.judged == 2 * 7 * 4
    assert report.test.classification.frames == 2 * (6 * 2 + 4)
    assert [part.frames for part in report.test.by_strength] == [12, 12, 0, 12, 12]
    assert list(report.reconstruction) == ["ada", "bo"]
    assert report.generated.frames == 8 * len(AFFECTS)


def test_two_runs_give_the_same_report(checkpoint: Checkpoint, tiny_dataset: Path):
    first, second = (evaluate(checkpoint, tiny_dataset, "tiny").to_dict() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("split", "share", "held_out"),
    [
        ("take", 0.5, "held-out takes"),
        ("frame", 0.5, "test frames, split by frame"),
        ("character", 0.5, "held-out characters"),
        ("time-block", 0.25, "held-out time blocks"),
    ],
)
def test_the_report_says_how_test_was_split_and_by_frame_what_the_card_says(
    checkpoint: Checkpoint, tiny_footage: Path, tmp_path: Path, split: str, share: float, held_out: str
):
    prepare(tiny_footage, tmp_path / "set", checkpoint.config.framing, split, test_share=share, guard_frames=1)
    test = FaceDataset.load(tmp_path / "set", "test")
    trained = replace(checkpoint.metadata, dataset_fingerprint=test.fingerprint)
    notes = notes_on(test, trained)
    card = " ".join((tmp_path / "set" / "README.md").read_text(encoding="utf-8").replace("**", "").split())
    assert len(notes) == (split == "frame") and all(note in card and "too good" in note for note in notes)
    assert test.split_by == split and HELD_OUT[split] == held_out
    if split == "frame":
        report = evaluate(replace(checkpoint, metadata=trained), tmp_path / "set", "tiny")
        assert report.notes == notes and report.split_by == "frame"


def test_another_dataset_than_the_one_trained_on_is_told_unless_it_shows_strangers(
    checkpoint: Checkpoint, test_faces: FaceDataset
):
    known = checkpoint.metadata
    adapted = replace(known, dataset_fingerprint=f"{test_faces.fingerprint}-{'e' * 64}")
    assert notes_on(test_faces, known) == notes_on(test_faces, adapted) == ()
    other = replace(known, dataset_fingerprint="f" * 64)
    (note,) = notes_on(test_faces, other)
    assert "another dataset, or from several" in note and "held-out takes were kept from it is certain only" in note
    for characters in (("zoe",), (*known.characters, "zoe")):  # strangers, or several datasets joined
        assert notes_on(test_faces, replace(other, characters=characters)) == ()


def test_all_frames_are_taken_a_few_at_a_time_and_measured_as_at_once(
    checkpoint: Checkpoint, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
):
    taken, load = [], FaceDataset.load

    class Watched(np.ndarray):
        def __getitem__(self, rows: np.ndarray) -> np.ndarray:
            taken.append(len(rows))
            return np.asarray(self)[rows]

    monkeypatch.setattr(
        FaceDataset, "load", lambda *args: replace(faces := load(*args), pixels=faces.pixels.view(Watched))
    )
    whole = evaluate(checkpoint, tiny_dataset, "tiny", all_frames=True).to_dict()
    assert max(taken) == 7 * 8
    taken.clear()
    monkeypatch.setattr(evaluate_module, "FRAMES_AT_ONCE", 10)
    parts = evaluate(checkpoint, tiny_dataset, "tiny", all_frames=True).to_dict()
    assert max(taken) == 10 and sum(taken) == 3 * 56 + 7 * 8
    assert parts["classification"]["test"]["confusion"] == whole["classification"]["test"]["confusion"]
    assert parts["classification"]["generated"]["accuracy"] == whole["classification"]["generated"]["accuracy"]
    for character in ("ada", "bo", "mean"):
        assert parts["reconstruction"][character] == pytest.approx(whole["reconstruction"][character], rel=1e-4)


@pytest.mark.parametrize("framing", [{"image_size_px": 32}, {"image_size_px": 64, "face_fraction": 0.8}])
def test_faces_that_are_framed_otherwise_are_refused(checkpoint: Checkpoint, tiny_footage: Path, tmp_path, framing):
    prepare(tiny_footage, tmp_path / "small", FramingConfig(**framing))
    with pytest.raises(InputError, match="framed otherwise than checkpoint tiny; prepare it with --size-px 64"):
        evaluate(checkpoint, tmp_path / "small", "tiny")


def test_batching_does_not_change_what_is_said_of_a_picture(checkpoint: Checkpoint, test_faces: FaceDataset):
    whole = judge(checkpoint.networks, test_faces.pixels)
    alone = [judge(checkpoint.networks, test_faces.pixels[i : i + 1]).named[0] for i in range(len(test_faces))]
    assert len(test_faces) > 32 and whole.named.tolist() == alone


def test_redrawn_pictures_keep_their_order(test_faces: FaceDataset):
    vectors = true_vectors(test_faces.affect, test_faces.strength)
    redrawn = redraw(KnowingNetworks(test_faces), test_faces.pixels, vectors, vectors)
    assert np.array_equal(redrawn, test_faces.pixels)


def test_unknown_strengths_count_as_full():
    vectors = true_vectors(np.array([0, 0, NEUTRAL_INDEX]), np.array([np.nan, 0.5, 1.0]))
    expected = [affect_vector("anger"), affect_vector("anger", 0.5), affect_vector("neutral")]
    assert torch.equal(vectors, torch.tensor(expected))


def test_evenly_spaced_indices_span_all_and_never_repeat():
    indices = np.arange(10, 110)
    chosen = evenly_spaced(indices, 7)
    assert len(set(chosen)) == 7 and chosen[0] == 10 and set(np.diff(chosen)) <= {14, 15}
    assert evenly_spaced(indices, 100) is indices
