from __future__ import annotations

import hashlib
from pathlib import Path

import datasets
import numpy as np
import pytest

from fexgan.affects import AFFECTS, affect_index
from fexgan.checkpoints import load_checkpoint, save_checkpoint
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.generating import draw_person, generate_dataset, strength_of
from fexgan.loading import load
from fexgan.model import build
from fexgan.synthesis import Model


@pytest.fixture(scope="module")
def generated(tiny_model: Model, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people from seed 3 on, each with seven affects at drawn strengths."""
    out = tmp_path_factory.mktemp("generated") / "nobody"
    generate_dataset(tiny_model, str(tiny_checkpoint), out, AFFECTS, 5, "uniform", seed=3)
    return out


def test_it_loads_as_a_prepared_dataset_with_its_labels(generated: Path):
    faces = FaceDataset.load(generated, "train")
    assert len(faces) == 35 and faces.characters[0] == "seed-000003"
    assert np.bincount(faces.affect, minlength=7).tolist() == [5] * 7
    joy = faces.strength[(faces.affect == affect_index("joy"))]
    assert joy.tolist() == pytest.approx([strength_of(seed, "joy", "uniform") for seed in range(3, 8)])
    assert set(faces.strength[faces.affect == affect_index("neutral")]) == {1.0}


def test_the_datasets_library_reads_it(generated: Path, tmp_path: Path):
    frames = datasets.load_dataset(str(generated), split="train", cache_dir=str(tmp_path))
    assert frames.features["affect"].names == list(AFFECTS) and frames[0]["image"].size == (64, 64)
    assert frames[0]["source"].startswith("tiny seed 3 "), "and of where the checkpoint lies, nothing"


def test_a_picture_follows_from_its_seed_and_affect_alone(generated: Path, tiny_model: Model):
    faces = FaceDataset.load(generated, "train")
    for affects in (("joy",), ("surprise", "joy")):
        *_, (strength, pixels) = draw_person(tiny_model, 6, affects, "uniform")
        row = np.flatnonzero((faces.character == 3) & (faces.affect == affect_index("joy")))[0]
        assert np.array_equal(pixels, faces.pixels[row]) and strength == pytest.approx(faces.strength[row])


def test_strengths_are_drawn_evenly_and_apart():
    drawn = np.array([[strength_of(seed, affect, "uniform") for affect in ("joy", "fear")] for seed in range(500)])
    assert np.abs(np.histogram(drawn, bins=4, range=(0, 1))[0] - 250).max() < 60
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.15
    assert strength_of(1, "joy", "full") == 1.0


def test_the_card_says_how_to_draw_it_again(generated: Path):
    card = (generated / "README.md").read_text()
    assert '"seeds": [\n    3,\n    7\n  ]' in card and '"weights_sha256"' in card and "35 generated pictures" in card


def test_the_card_tells_of_the_weights_that_were_loaded_also_of_a_training_that_goes_on(
    tiny_checkpoint: Path, tmp_path: Path
):
    saved = load_checkpoint(tiny_checkpoint)
    save_checkpoint(tmp_path / "run/checkpoints/000001", saved.networks, saved.metadata)
    model = load(str(tmp_path / "run"))
    loaded = hashlib.sha256((tmp_path / "run/checkpoints/000001/weights.safetensors").read_bytes()).hexdigest()
    save_checkpoint(tmp_path / "run/checkpoints/000002", build(saved.config.model, seed=9), saved.metadata)
    generate_dataset(model, str(tmp_path / "run"), tmp_path / "out", ["joy"], 1, "full", 0)
    assert f'"weights_sha256": "{loaded}"' in (tmp_path / "out/README.md").read_text()


@pytest.mark.parametrize(("per_affect", "seed"), [(0, 0), (1, -1), (40, 2**32 - 20)])
def test_wrong_counts_leave_nothing_behind(
    tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, per_affect: int, seed: int
):
    monkeypatch.setattr(tiny_model.networks, "draw_latents", None)
    with pytest.raises(InputError):
        generate_dataset(tiny_model, "unused", tmp_path / "out", AFFECTS, per_affect, "full", seed)
    assert not list(tmp_path.iterdir())


def test_what_stands_there_is_kept(tiny_model: Model, tmp_path: Path):
    with pytest.raises(InputError, match="exists"):
        generate_dataset(tiny_model, "unused", tmp_path, AFFECTS, 1, "full", 0)
