"""What the tools beside the package write says what it is, and what they time trains."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from accelerate import Accelerator
from narrow import settings

from fexgan import __version__
from fexgan.affects import EMOTIONS
from fexgan.checkpoints import Metadata, load_checkpoint, save_checkpoint
from fexgan.dataset import FaceDataset
from fexgan.model import build
from fexgan.model.strengths import POINTS
from fexgan.training.step import Trainer

ROOT = Path(__file__).parents[1]


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def calibrated(folder: Path, dataset: Path, seed: int) -> Path:
    """A checkpoint of an older version with curves, and figures."""
    config, faces = settings(), FaceDataset.load(dataset, "train")
    networks = build(config.model, seed)
    networks.set_curves(torch.linspace(0.0, 1.0, POINTS).square().expand(len(EMOTIONS), -1))
    metadata = Metadata(config, faces.characters, faces.fingerprint, 7, {"kl": 1.0}, package_version="0.0.1")
    save_checkpoint(folder, networks, metadata)
    return folder


def test_an_average_lies_between_both_and_what_only_fitted_one_is_gone(tiny_dataset, tmp_path):
    one, other = (calibrated(tmp_path / f"{seed}", tiny_dataset, seed) for seed in (1, 2))
    script("tools/average_checkpoints.py").average(str(one), str(other), 0.25, tmp_path / "out", [tiny_dataset])
    later, earlier, average = (load_checkpoint(folder) for folder in (one, other, tmp_path / "out"))
    weights = (checkpoint.networks.encoder.mean.weight for checkpoint in (earlier, later))
    torch.testing.assert_close(average.networks.encoder.mean.weight, torch.lerp(*weights, 0.25))
    assert not average.networks.strengths.curves.any() and later.networks.strengths.curves.any()
    assert average.metadata == replace(later.metadata, metrics={}, package_version=__version__)


def test_a_bundled_checkpoint_tells_who_wrote_it_and_keeps_its_figures(tiny_dataset, tmp_path, monkeypatch):
    tool = script("tools/bundle_checkpoint.py")
    monkeypatch.setattr(tool, "ROOT", tmp_path / "repository")
    run = tmp_path / "run"
    source = calibrated(run, tiny_dataset, 1)
    (run / "log.csv").write_text("step,kl\n49,2\n50,1\n", encoding="utf-8")
    tool.bundle(run, "tiny", source)
    bundled = load_checkpoint(tmp_path / "repository/src/fexgan/data/checkpoints/tiny")
    assert bundled.metadata.package_version == __version__ and bundled.metadata.metrics == {"kl": 1.0}
    assert bundled.networks.strengths.curves.any()
    assert (tmp_path / "repository/docs/training/tiny.csv").read_text(encoding="utf-8") == "step,kl\n50,1\n"


def test_steps_are_timed_in_every_format_and_of_one_family_only(monkeypatch, capsys):
    timing, config = script("benchmarks/train_step.py"), settings(precision="fp16", batch_size=2)
    accelerator = Accelerator()
    trainer = Trainer(build(config.model), config, accelerator)
    assert len(timing.time_steps(trainer, timing.noise_batch(config, accelerator.device), 1)) == 1
    monkeypatch.setattr(sys, "argv", ["train_step.py", "--preset", "portrait"])
    with pytest.raises(SystemExit):
        timing.main()
    assert "preset portrait is of family portrait; choose one of family paper" in capsys.readouterr().err
