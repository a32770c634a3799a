"""Checkpoints come back as they went, and damaged or foreign ones are refused in one line."""

from __future__ import annotations

import dataclasses
import json
import math
import resource
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from fexgan.checkpoints import (
    Metadata,
    load_checkpoint,
    newest_checkpoint,
    read_resume_state,
    resolve_checkpoint,
    save_checkpoint,
)
from fexgan.config import config_from_dict, load_preset
from fexgan.errors import InputError
from fexgan.model import build

CONFIG = load_preset("tiny")
METADATA = Metadata(CONFIG, ("ada", "bo"), "f" * 64, step=7, metrics={"reconstruction": 0.1}, steps_before=5)


@pytest.fixture(scope="module")
def networks():
    networks = build(CONFIG.model, seed=3)
    networks.encoder.stages[-1].running_var.fill_(1e-9)  # fp16 has no such number
    return networks.to(memory_format=torch.channels_last)


@pytest.fixture
def saved(networks, tmp_path):
    save_checkpoint(tmp_path / "saved", networks, METADATA)
    return tmp_path / "saved"


def test_a_checkpoint_comes_back_as_it_went(networks, saved):
    loaded = load_checkpoint(saved)
    assert loaded.metadata == METADATA and loaded.config == CONFIG
    assert not loaded.networks.training
    for name, tensor in loaded.networks.state_dict().items():
        assert torch.equal(tensor, networks.state_dict()[name])


def test_steps_of_the_runs_before_count_and_older_checkpoints_tell_of_none(saved):
    assert load_checkpoint(saved).metadata.steps_in_all == 12
    edit(saved, lambda values: values.pop("steps_before"))
    assert load_checkpoint(saved).metadata.steps_in_all == 7


def test_half_precision_halves_the_file_and_keeps_weights_to_a_thousandth(networks, saved, tmp_path):
    save_checkpoint(tmp_path / "half", networks, METADATA, half=True)
    sizes = [(folder / "weights.safetensors").stat().st_size for folder in (tmp_path / "half", saved)]
    assert sizes[0] < 0.51 * sizes[1]
    for name, tensor in load_checkpoint(tmp_path / "half").networks.state_dict().items():
        assert tensor.dtype in (torch.float32, torch.int64)
        torch.testing.assert_close(tensor, networks.state_dict()[name], rtol=1e-3, atol=1e-6 if tensor.ndim > 1 else 0)


def test_editing_networks_come_back_from_half_precision_with_their_edits(tmp_path):
    config = config_from_dict(
        {
            "model": {"family": "portrait", "image_size_px": 32, "widths": [8, 16], "discriminator_widths": [8]},
            "framing": {"image_size_px": 32},
        }
    )
    networks = build(config.model).eval()
    save_checkpoint(tmp_path / "saved", networks, dataclasses.replace(METADATA, config=config), half=True)
    loaded = load_checkpoint(tmp_path / "saved")
    assert loaded.config == config and loaded.networks.capabilities == networks.capabilities
    images, neutral, joy = torch.rand(1, 3, 32, 32), torch.eye(7)[4:5], torch.eye(7)[3:4]
    with torch.no_grad():
        paints = [each.edit(each.analyse(images), neutral, joy).paint for each in (networks, loaded.networks)]
    torch.testing.assert_close(*paints, rtol=0, atol=1e-3)


def test_saving_again_replaces_the_older_checkpoint_and_leaves_nothing_beside_it(networks, saved):
    save_checkpoint(saved, networks, dataclasses.replace(METADATA, step=8), resume={"a": torch.ones(2)})
    assert load_checkpoint(saved).metadata.step == 8
    assert torch.equal(read_resume_state(saved)["a"], torch.ones(2))
    assert [path.name for path in saved.parent.iterdir()] == ["saved"]


def test_a_disk_that_fills_up_leaves_the_older_checkpoint(networks, saved):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(InputError, match="cannot be written"):
            save_checkpoint(saved, networks, dataclasses.replace(METADATA, step=8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert load_checkpoint(saved).metadata.step == METADATA.step
    assert [path.name for path in saved.parent.iterdir()] == ["saved"]


def test_a_folder_that_is_no_checkpoint_is_not_overwritten(networks, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is no checkpoint"):
        save_checkpoint(tmp_path, networks, METADATA)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_training_run_stands_for_its_newest_whole_checkpoint(saved, tmp_path):
    for step in ("000900", "001000"):
        shutil.copytree(saved, tmp_path / "run" / "checkpoints" / step)
    (tmp_path / "run" / "checkpoints" / "002000").mkdir()
    shutil.copytree(saved, tmp_path / "run" / "checkpoints" / "003000")
    cut(tmp_path / "run" / "checkpoints" / "003000" / "weights.safetensors")
    for other in (".003000.partial", "4000²"):  # a superscript, which is a digit and no number
        (tmp_path / "run" / "checkpoints" / other).mkdir()
    assert newest_checkpoint(tmp_path / "run").name == "001000"
    assert resolve_checkpoint(tmp_path / "run") == newest_checkpoint(tmp_path / "run")


def edit(folder, change) -> None:
    values = json.loads((folder / "model.json").read_text())
    change(values)
    (folder / "model.json").write_text(json.dumps(values))


def spoil_weights(folder, change) -> None:
    weights = load_file(folder / "weights.safetensors")
    change(weights)
    save_file(weights, folder / "weights.safetensors")


def whole_numbers(weights) -> None:
    weights["encoder.mean.bias"] = weights["encoder.mean.bias"].long()


def cut(path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (shutil.rmtree, "no checkpoint at"),
        (lambda folder: (folder / "model.json").unlink(), "no checkpoint at"),
        (lambda folder: (folder / "model.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe"), "damaged"),
        (lambda folder: (folder / "model.json").write_text("[" * 100_000), "damaged"),
        (lambda folder: (folder / "model.json").write_text("[]"), "no model description"),
        (lambda folder: edit(folder, lambda values: values.update(step=math.inf)), "no model description"),
        (lambda folder: edit(folder, lambda values: values.pop("step")), "no model description .*step"),
        (lambda folder: edit(folder, lambda values: values.update(format=99)), "format 99.*update"),
        (lambda folder: edit(folder, lambda values: values.update(format="1")), "no model description"),
        (lambda folder: edit(folder, lambda values: values.update(affects=["glee"])), "glee"),
        (lambda folder: edit(folder, lambda values: values["config"]["model"].update(family="x")), "choose from paper"),
        (lambda folder: edit(folder, lambda values: values["config"]["model"].update(depth=9)), "model.depth"),
        (
            lambda folder: edit(folder, lambda values: values["config"]["model"].update(latent_size=2**11)),
            "weight .* of shape",
        ),
        (
            lambda folder: edit(folder, lambda values: values["config"]["model"].update(latent_size=2**62)),
            r"model\.json cannot be used: setting 'model\.latent_size' is .*\[1, 4096\]",
        ),
        (lambda folder: (folder / "weights.safetensors").unlink(), "missing"),
        (lambda folder: cut(folder / "weights.safetensors"), "damaged"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"\x80\x04pickle"), "damaged"),
        (lambda folder: spoil_weights(folder, lambda weights: weights.pop("encoder.mean.bias")), "lacks weight"),
        (lambda folder: spoil_weights(folder, lambda weights: weights.update(extra=torch.ones(1))), "unknown weight"),
        (
            lambda folder: spoil_weights(folder, lambda weights: weights["encoder.mean.bias"][0].fill_(math.nan)),
            "no num",
        ),
        (
            lambda folder: spoil_weights(folder, lambda weights: weights["encoder.mean.bias"][0].fill_(math.inf)),
            "no num",
        ),
        (lambda folder: spoil_weights(folder, whole_numbers), "'encoder.mean.bias' in int64, not float32"),
        (lambda folder: edit(folder, lambda values: values.update(step=-5)), "its step is -5"),
        (lambda folder: edit(folder, lambda values: values.update(steps_before=-5)), "its steps_before is -5"),
    ],
)
def test_damaged_and_foreign_checkpoints_are_refused_in_one_line(saved, spoil, words):
    spoil(saved)
    with pytest.raises(InputError, match=words) as refusal:
        load_checkpoint(saved)
    assert "\n" not in str(refusal.value)


def test_a_checkpoint_without_a_resume_state_says_so(saved):
    with pytest.raises(InputError, match=r"missing, .*; begin another with --start-from .*saved"):
        read_resume_state(saved)


def test_weights_of_another_version_are_told_by_it(saved):
    edit(saved, lambda values: values.update(package_version="0.0.1"))
    spoil_weights(saved, lambda weights: weights.update(extra=torch.ones(1)))
    with pytest.raises(InputError, match=r"weight 'extra'; fexgan 0\.0\.1 wrote it, this is .*: train it again"):
        load_checkpoint(saved)
