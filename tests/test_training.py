"""Training learns, goes on exactly where it stopped, and refuses what cannot work."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import signal
import time

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from narrow import settings
from rich.console import Console
from torch.utils._python_dispatch import TorchDispatchMode

from fexgan.affects import AFFECTS, NEUTRAL_INDEX, affect_index, affect_vector
from fexgan.checkpoints import (
    Metadata,
    load_checkpoint,
    newest_checkpoint,
    read_metadata,
    read_resume_state,
    save_checkpoint,
    saved_checkpoints,
)
from fexgan.config import AugmentationConfig, Config, LossConfig, load_preset
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.media import read_image
from fexgan.model import build
from fexgan.training.augmentation import augment
from fexgan.training.averaging import AveragedNetworks
from fexgan.training.batches import Batch, affect_vectors, make_batch, step_generator
from fexgan.training.loop import OTHER_BATCHES, train
from fexgan.training.measuring import measure_drawing, norms_of
from fexgan.training.resume import changes_since, last_checkpoint
from fexgan.training.step import Trainer, kl_weight, loss_names
from fexgan.training.tasks import PaperTask
from fexgan.training.updates import learning_rate

CPU = torch.device("cpu")
CLOCKED = {"seconds", "seconds_per_step", "waiting_share"}
NOTHING = AugmentationConfig(
    mirror_pairs=False, mirror=False, shift=0, scale=0, rotation_deg=0, brightness=0, contrast=0, saturation=0, cutout=0
)


@pytest.fixture(scope="module")
def faces(tiny_dataset) -> FaceDataset:
    return FaceDataset.load(tiny_dataset, "train")


@pytest.fixture
def quiet() -> Console:
    return Console(file=open(os.devnull, "w"))


def batch_of(faces: FaceDataset, config: Config, step: int = 1) -> Batch:
    return make_batch(faces, config, step, step_generator(config.training.seed, step), CPU)


def logged(out) -> list[dict[str, str]]:
    with (out / "log.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def stop_after(monkeypatch, step: int) -> None:
    """Send the process a SIGTERM in step `step`, as a scheduler would."""
    update = Trainer.update

    def interrupted(self, batch, current, generator):
        if current == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return update(self, batch, current, generator)

    monkeypatch.setattr(Trainer, "update", interrupted)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_few_steps_reduce_the_reconstruction_loss_and_leave_everything_a_run_owes(
    tiny_dataset, tmp_path, quiet, precision
):
    config = settings(learning_rate=2e-3, precision=precision, preview_every_steps=60, save_every_steps=60)
    summary = train(tiny_dataset, tmp_path / "run", config, steps=60, console=quiet)
    losses = [float(row["reconstruction"]) for row in logged(tmp_path / "run")]
    assert losses[-1] < 0.7 * losses[0]
    assert (summary.step, summary.steps_taken, summary.stopped) == (60, 60, False)
    assert summary.checkpoint == newest_checkpoint(tmp_path / "run")
    assert load_checkpoint(summary.checkpoint).metadata.characters == ("ada", "bo")
    assert read_image(tmp_path / "run" / "previews" / "000060.png").shape[1] > 8 * 64
    assert list((tmp_path / "run" / "tensorboard").glob("**/events*"))
    assert (tmp_path / "run" / "progress.mp4").is_file()


@pytest.mark.parametrize(("can", "told"), [(False, True), (True, False)])
def test_a_processor_that_imitates_the_format_asked_for_is_told_of(tiny_dataset, tmp_path, monkeypatch, can, told):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": can}, raising=False)
    console = Console(file=io.StringIO())
    train(tiny_dataset, tmp_path / "run", settings(precision="bf16"), steps=1, console=console)
    assert ("training.precision is bf16" in console.file.getvalue()) == told


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_stopped_run_goes_on_as_if_never_stopped(tiny_dataset, tmp_path, quiet, monkeypatch, precision):
    config = settings(steps=6, save_every_steps=2, precision=precision)
    train(tiny_dataset, tmp_path / "whole", config, console=quiet)
    with monkeypatch.context() as patch:
        stop_after(patch, step=3)
        stopped = train(tiny_dataset, tmp_path / "parts", config, console=quiet)
    assert (stopped.step, stopped.stopped) == (3, True)
    resumed = train(tiny_dataset, tmp_path / "parts", config, console=quiet)
    assert (resumed.step, resumed.steps_taken) == (6, 3)

    whole, parts = (newest_checkpoint(tmp_path / run) for run in ("whole", "parts"))
    for name, tensor in load_checkpoint(whole).networks.state_dict().items():
        assert torch.equal(tensor, load_checkpoint(parts).networks.state_dict()[name]), name
    state, resumed_state = read_resume_state(whole), read_resume_state(parts)
    assert state.keys() == resumed_state.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, resumed_state[name]), name
    last = [
        {key: value for key, value in logged(tmp_path / run)[-1].items() if key not in CLOCKED}
        for run in ("whole", "parts")
    ]
    assert last[0] == last[1]


def test_rows_logged_after_the_checkpoint_are_taken_again_not_twice(tiny_dataset, tmp_path, quiet):
    config = settings(steps=2, log_every_steps=1)
    train(tiny_dataset, tmp_path, config, console=quiet)
    with (tmp_path / "log.csv").open("a") as file:
        file.write("3,9.9,0,0,0,0,0,0,0,0,0\n4,9.")  # a run that died after its checkpoint
    train(tiny_dataset, tmp_path, config, steps=4, console=quiet)
    rows = logged(tmp_path)
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4]
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("left", ["3,9.", "\0\0\0,\0,\0", "1,,0,0,0,0,0,0,0,0,0", "1,9.9,0,0"])
def test_rows_in_pieces_are_dropped_and_a_file_that_is_no_log_is_left_as_it_is(tiny_dataset, tmp_path, quiet, left):
    config = settings(steps=2, log_every_steps=1)
    train(tiny_dataset, tmp_path, config, console=quiet)
    log = tmp_path / "log.csv"
    with log.open("a") as file:
        file.write(left)
    train(tiny_dataset, tmp_path, config, steps=3, console=quiet)
    assert [row["step"] for row in logged(tmp_path)] == ["1", "2", "3"]

    log.write_text(others := log.read_text().replace(",", ";"))
    with pytest.raises(InputError, match=r"log\.csv is no log of a training, .*; move it"):
        train(tiny_dataset, tmp_path, config, steps=4, console=quiet)
    assert log.read_text() == others


def test_a_finished_run_takes_no_step_says_so_and_films_what_a_kill_left_unfilmed(tiny_dataset, tmp_path):
    console, config = Console(file=io.StringIO()), settings(steps=2, preview_every_steps=1)
    train(tiny_dataset, tmp_path, config, console=console)
    (tmp_path / "progress.mp4").unlink()
    assert "taken before" not in console.file.getvalue()
    again = train(tiny_dataset, tmp_path, config, console=console)
    assert (again.step, again.steps_taken, again.stopped) == (2, 0, False)
    assert again.checkpoint == newest_checkpoint(tmp_path)
    assert "all 2 steps were taken before; --steps or" in console.file.getvalue()
    filmed = (tmp_path / "progress.mp4").stat().st_mtime_ns
    train(tiny_dataset, tmp_path, config, console=console)
    assert (tmp_path / "progress.mp4").stat().st_mtime_ns == filmed


def test_as_many_checkpoints_are_kept_as_asked(tiny_dataset, tmp_path, quiet):
    config = settings(steps=4, save_every_steps=1)
    train(tiny_dataset, tmp_path, config, console=quiet)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["000003", "000004"]
    train(tiny_dataset, tmp_path, config, steps=6, keep=1, console=quiet)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000006"]
    with pytest.raises(InputError, match="keep at least 1"):
        train(tiny_dataset, tmp_path, config, keep=0, console=quiet)


def test_a_run_goes_on_from_its_newest_whole_checkpoint_and_clears_what_a_kill_left(tiny_dataset, tmp_path, quiet):
    config = settings(steps=2, save_every_steps=1)
    train(tiny_dataset, tmp_path, config, console=quiet)
    saved = tmp_path / "checkpoints"
    weights = saved / "000002" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (saved / ".000003.99.partial" / "resume").mkdir(parents=True)
    for killed in (".log.99.partial.csv", ".progress.99.partial.mp4", ".writable.99.partial"):
        (tmp_path / killed).touch()
    (tmp_path / "previews").mkdir()
    (tmp_path / "previews" / ".000003.99.partial.png").touch()
    (saved / ".000001.partial").mkdir()  # what was being removed
    again = train(tiny_dataset, tmp_path, config, console=quiet)
    assert (again.step, again.steps_taken) == (2, 1)
    assert sorted(path.name for path in saved.iterdir()) == ["000001", "000002", "000002.damaged"]
    assert not list(tmp_path.rglob(".*"))
    (saved / "000002" / "model.json").write_text("{")  # the same step once more
    assert train(tiny_dataset, tmp_path, config, console=quiet).steps_taken == 1

    for folder in ("000001", "000002"):
        (saved / folder / "model.json").write_text("{")
    with pytest.raises(InputError, match=r"every checkpoint .* is damaged"):
        train(tiny_dataset, tmp_path, config, console=quiet)


def test_what_others_are_writing_into_the_folder_of_a_run_is_left_to_them(tmp_path):
    others = [
        tmp_path / ".dataset.x_1.partial" / "new", tmp_path / ".adapt.99.partial.md", tmp_path / ".logo.9.partial.png",
        tmp_path / "checkpoints" / ".best.partial", tmp_path / "previews" / ".joy.99.partial.png",
        tmp_path / "pictures" / ".cleo.x_1.partial", tmp_path / "films" / ".000001.99.partial.png",
        tmp_path / "other" / "checkpoints" / ".000003.99.partial",
    ]  # fmt: skip
    for path in others:
        path.mkdir(parents=True)
    assert last_checkpoint(tmp_path) == (None, [])
    assert [path for path in others if not path.exists()] == []


def test_the_log_tells_how_long_the_networks_wait_for_batches_also_where_it_began_without(
    tiny_dataset, tmp_path, quiet, monkeypatch
):
    draw = PaperTask.draw

    def slowly(self, *which):
        time.sleep(0.5)
        return draw(self, *which)

    config = settings(steps=2, log_every_steps=1)
    train(tiny_dataset, tmp_path, config, console=quiet)
    monkeypatch.setattr(PaperTask, "draw", slowly)
    train(tiny_dataset, tmp_path, config, steps=3, console=quiet)
    shares = [float(row["waiting_share"]) for row in logged(tmp_path)]
    assert all(0 < share < 1 for share in shares) and shares[2] > 2 * shares[1]

    log = tmp_path / "log.csv"
    log.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in log.read_text().splitlines()))
    train(tiny_dataset, tmp_path, config, steps=4, console=quiet)
    assert [row["step"] for row in logged(tmp_path)] == ["1", "2", "3", "4"]
    assert [bool(row["waiting_share"]) for row in logged(tmp_path)] == [False, False, False, True]
    assert all(None not in row and row["learning_rate"] for row in logged(tmp_path))


def test_losses_that_an_allowed_change_brings_are_logged_beside_those_that_it_ends(tiny_dataset, tmp_path, quiet):
    def weighted(steps: int, **loss: float) -> Config:
        config = settings(steps=steps, log_every_steps=1)
        return dataclasses.replace(config, loss=dataclasses.replace(config.loss, **loss))

    train(tiny_dataset, tmp_path, weighted(1, edges=1.0, features=0.0), console=quiet)
    first = (tmp_path / "log.csv").read_text().splitlines()
    train(tiny_dataset, tmp_path, weighted(2, edges=0.0, features=1.0), allow_change=True, console=quiet)
    rows = logged(tmp_path)
    assert [bool(row["edges"]) for row in rows] == [True, False]
    assert [bool(row["features"]) for row in rows] == [False, True]
    assert all(row["kl"] and row["waiting_share"] and None not in row for row in rows)
    assert [line for line in (tmp_path / "log.csv").read_text().splitlines()][:2] == [
        f"{first[0]},features",
        f"{first[1]},",
    ]


def test_what_is_saved_to_draw_with_is_the_average(tiny_dataset, tmp_path, quiet):
    config = settings(steps=1, learning_rate=1e-2)
    saved = train(tiny_dataset, tmp_path, config, console=quiet).checkpoint
    first = build(config.model, config.training.seed).encoder.mean.weight
    trained = read_resume_state(saved)["networks.encoder.mean.weight"]
    average = load_checkpoint(saved).networks.encoder.mean.weight
    torch.testing.assert_close(average, torch.lerp(first, trained, 0.9))  # step 1: a decay of 1 / 10
    assert not torch.equal(first, trained)


def test_a_checkpoint_tells_the_mean_losses_since_the_last_row_of_the_log(tiny_dataset, tmp_path, quiet, monkeypatch):
    update = Trainer.update

    def numbered(self, batch, step, generator):
        return update(self, batch, step, generator) | {"kl": torch.tensor(float(step))}

    monkeypatch.setattr(Trainer, "update", numbered)
    config = settings(steps=4, save_every_steps=1, log_every_steps=3)
    train(tiny_dataset, tmp_path, config, keep=4, console=quiet)
    told = [read_metadata(folder).metrics["kl"] for folder in saved_checkpoints(tmp_path)]
    assert told == [1.0, 1.5, 2.0, 4.0]
    assert [float(row["kl"]) for row in logged(tmp_path)] == [2.0, 4.0]


def test_a_run_with_frozen_norms_begins_from_just_what_was_drawn_before(tiny_dataset, tmp_path, quiet):
    """At no rate at all, so that nothing but statistics could change it."""
    first = train(tiny_dataset, tmp_path / "first", settings(steps=2), console=quiet)
    before = load_checkpoint(first.checkpoint).networks
    latents, affects = torch.randn(2, settings().model.latent_size), torch.eye(len(AFFECTS))[:2]
    for frozen in (True, False):
        config = settings(steps=2, learning_rate=0.0, frozen_norms=frozen, seed=5)
        second = train(tiny_dataset, tmp_path / f"{frozen}", config, start_from=first.checkpoint, console=quiet)
        after = load_checkpoint(second.checkpoint).networks
        with torch.no_grad():
            assert torch.equal(after.decode(latents, affects), before.decode(latents, affects)) is frozen
        norms = zip(norms_of(before.discriminator), norms_of(after.discriminator), strict=True)
        assert not any(torch.equal(one.running_mean, other.running_mean) for one, other in norms)


def test_a_run_may_start_from_the_weights_of_another(tiny_dataset, tmp_path, quiet):
    first = train(tiny_dataset, tmp_path / "first", settings(steps=1), console=quiet)
    still = settings(steps=1, learning_rate=0.0)
    second = train(tiny_dataset, tmp_path / "second", still, start_from=first.checkpoint, console=quiet)
    train(tiny_dataset, tmp_path / "second", still, steps=3, console=quiet)
    assert load_checkpoint(tmp_path / "second").metadata.steps_in_all == 4
    assert load_checkpoint(tmp_path / "second").metadata.characters == ("ada", "bo")
    before, after = (load_checkpoint(run.checkpoint).networks.parameters() for run in (first, second))
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(old, new, rtol=0, atol=1e-7)
    with pytest.raises(InputError, match=r"model\.encoder_widths was"):
        train(tiny_dataset, tmp_path / "third", load_preset("tiny"), start_from=first.checkpoint, console=quiet)


def test_a_changed_run_is_refused_and_told_what_changed(tiny_dataset, tmp_path, quiet, monkeypatch):
    train(tiny_dataset, tmp_path, settings(steps=1), console=quiet)
    with pytest.raises(InputError, match=r"training\.batch_size was 8 and is 4"):
        train(tiny_dataset, tmp_path, settings(steps=2, batch_size=4), console=quiet)
    with pytest.raises(InputError, match=r"model\.latent_size was 128 and is 64"):
        config = settings(steps=2)
        train(
            tiny_dataset,
            tmp_path,
            dataclasses.replace(config, model=dataclasses.replace(config.model, latent_size=64)),
            console=quiet,
        )
    metadata = load_checkpoint(tmp_path).metadata
    changes = changes_since(metadata, load_preset("portrait"), metadata.dataset_fingerprint)
    assert "model.family was paper and is portrait" in changes
    other = dataclasses.replace(FaceDataset.load(tiny_dataset, "train"), fingerprint="other")
    monkeypatch.setattr(FaceDataset, "load", lambda folder, split: other)
    monkeypatch.setattr("fexgan.training.resume.__version__", "9.9")
    with pytest.raises(InputError, match=r"the dataset has other content; fexgan was .* and is 9\.9; .*--allow-change"):
        train(tiny_dataset, tmp_path, settings(steps=2), console=quiet)


def test_an_allowed_change_goes_on_from_the_weights_unless_they_do_not_fit(tiny_dataset, tmp_path, quiet):
    train(tiny_dataset, tmp_path, settings(steps=1), console=quiet)
    config = settings(steps=3, batch_size=4)
    summary = train(tiny_dataset, tmp_path, config, allow_change=True, console=quiet)
    assert (summary.step, summary.steps_taken) == (3, 2)
    assert load_checkpoint(summary.checkpoint).config.training.batch_size == 4
    wider = dataclasses.replace(config, model=dataclasses.replace(config.model, code_width=8))
    with pytest.raises(InputError, match=r"model\.code_width was 16 and is 8"):
        train(tiny_dataset, tmp_path, wider, steps=4, allow_change=True, console=quiet)


def break_down(monkeypatch, spoil, at_step: int, times: int) -> None:
    """Let `spoil` change the losses of step `at_step`, the first so many times that it is taken."""
    update, left = Trainer.update, [None] * times

    def broken(self, batch, step, generator):
        losses = update(self, batch, step, generator)
        if step == at_step and left:
            left.pop()
            losses = spoil(losses)
        return losses

    monkeypatch.setattr(Trainer, "update", broken)


def test_a_loss_that_explodes_ends_training(tiny_dataset, tmp_path, quiet, monkeypatch):
    break_down(monkeypatch, lambda losses: losses | {"kl": torch.tensor(-2e5)}, at_step=2, times=1)
    with pytest.raises(InputError, match=r"loss 'kl' has exploded to -200000 at step 2; .*--on-nan rollback"):
        train(tiny_dataset, tmp_path, settings(steps=3), console=quiet)


def test_a_device_with_too_little_memory_is_told_of_with_what_takes_less(tiny_dataset, tmp_path, quiet, monkeypatch):
    def too_much(self, batch, step, generator):
        raise torch.OutOfMemoryError("tried to allocate 20 GiB")

    monkeypatch.setattr(Trainer, "update", too_much)
    with pytest.raises(InputError, match=r"too little memory for batches of 8 with training\.batch_parts 2; set that"):
        train(tiny_dataset, tmp_path, settings(batch_parts=2), console=quiet)


def test_a_machine_with_too_little_memory_is_told_of_likewise_and_other_errors_are_not_taken_for_it(
    tiny_dataset, tmp_path, quiet, monkeypatch
):
    for number, (error, expected) in enumerate(
        [
            (MemoryError(), InputError),
            (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"), InputError),
            (RuntimeError("shapes do not match"), RuntimeError),
        ]
    ):

        def broken(self, batch, step, generator, error=error):
            raise error

        monkeypatch.setattr(Trainer, "update", broken)
        with pytest.raises(expected, match="too little memory" if expected is InputError else "shapes"):
            train(tiny_dataset, tmp_path / str(number), settings(), console=quiet)


def test_networks_larger_than_all_memory_are_refused_before_they_are_built(tiny_dataset, tmp_path, quiet):
    model = dataclasses.replace(
        settings().model, encoder_widths=(4096,) * 6, decoder_widths=(4096,) * 5, decoder_refinements=(64,) * 5
    )
    with pytest.raises(
        InputError, match=r"networks of 9\d,\d{3},\d{3},\d{3} weights take 1,\d{3} GB, this machine has"
    ):
        train(tiny_dataset, tmp_path / "run", dataclasses.replace(settings(), model=model), console=quiet)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("saved", [True, False])
def test_a_rollback_goes_on_from_the_newest_checkpoint_with_other_batches(
    tiny_dataset, tmp_path, quiet, monkeypatch, saved
):
    taken = []
    draw = PaperTask.draw
    monkeypatch.setattr(PaperTask, "draw", lambda self, step, *rest: taken.append(step) or draw(self, step, *rest))
    break_down(monkeypatch, lambda losses: losses | {"kl": torch.tensor(torch.nan)}, at_step=3, times=2)
    config = settings(steps=4, save_every_steps=2 if saved else 9, log_every_steps=1)
    summary = train(tiny_dataset, tmp_path, config, on_nan="rollback", console=quiet)
    assert (summary.step, summary.stopped) == (4, False)
    again = [3] if saved else [1, 2, 3]
    expected = [1, 2, 3, *(step + OTHER_BATCHES for step in again), *(step + 2 * OTHER_BATCHES for step in (*again, 4))]
    assert taken == expected
    assert [int(row["step"]) for row in logged(tmp_path)] == [1, 2, 3, 4]
    taken.clear()
    train(tiny_dataset, tmp_path, config, steps=5, console=quiet)
    assert taken == [5 + 2 * OTHER_BATCHES]


def test_rolling_back_in_vain_ends(tiny_dataset, tmp_path, quiet, monkeypatch):
    break_down(monkeypatch, lambda losses: losses | {"kl": torch.tensor(torch.nan)}, at_step=2, times=99)
    with pytest.raises(InputError, match=r"loss 'kl' is nan at step 2; the last good checkpoint is .*000001"):
        train(tiny_dataset, tmp_path, settings(steps=3, save_every_steps=1), on_nan="rollback", console=quiet)


@pytest.mark.parametrize(("poisoned", "saved", "words"), [(2, 1, "loss .* is nan"), (1, None, "weights .* not finite")])
def test_a_training_that_breaks_down_ends_and_names_the_last_good_checkpoint(
    tiny_dataset, tmp_path, quiet, monkeypatch, poisoned, saved, words
):
    update = Trainer.update

    def poison(self, batch, step, generator):
        if step == poisoned and saved:
            self.networks.decoder.picture[0].bias.data.fill_(torch.nan)
        losses = update(self, batch, step, generator)
        if step == poisoned:
            self.networks.decoder.picture[0].bias.data.fill_(torch.nan)
        return losses

    monkeypatch.setattr(Trainer, "update", poison)
    kept = f"the last good checkpoint is .*{saved:06d}" if saved else "no checkpoint was saved before"
    with pytest.raises(InputError, match=f"{words} at step {poisoned}; {kept}"):
        train(tiny_dataset, tmp_path, settings(steps=4, save_every_steps=1), console=quiet)
    newest = newest_checkpoint(tmp_path)
    assert (newest and int(newest.name)) == saved


def test_pictures_of_another_size_and_useless_folders_are_refused(tiny_dataset, tmp_path, quiet):
    with pytest.raises(InputError, match="pictures of 64 px, the model reads 128"):
        train(tiny_dataset, tmp_path / "run", load_preset("small"), console=quiet)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write into"):
        train(tiny_dataset, tmp_path / "file", settings(), console=quiet)
    with pytest.raises(InputError, match="dataset"):
        train(tmp_path / "none", tmp_path / "run", settings(), console=quiet)


def test_a_run_that_is_refused_before_its_first_step_leaves_no_folder_behind(tiny_dataset, tmp_path, quiet):
    def refused(out, data=tiny_dataset, **given):
        with pytest.raises(InputError):
            train(data, out, settings(), console=quiet, **given)

    refused(tmp_path / "runs" / "one", data=tmp_path / "none")
    refused(tmp_path / "runs" / "one", start_from="nowhere")
    assert not (tmp_path / "runs").exists()
    (tmp_path / "mine").mkdir()
    refused(tmp_path / "mine", data=tmp_path / "none")
    assert list((tmp_path / "mine").iterdir()) == [], "what was there before stays"


@pytest.mark.parametrize("changed", [{"face_fraction": 0.7}, {"vertical_offset": 0.1}])
def test_weights_that_learned_from_faces_framed_otherwise_are_begun_with_only_where_that_is_allowed(
    tiny_dataset, tmp_path, quiet, changed
):
    config = settings(steps=1)
    framing = dataclasses.replace(config.framing, **changed)
    save_checkpoint(
        tmp_path / "other", build(config.model), Metadata(dataclasses.replace(config, framing=framing), (), "", 0)
    )
    (name, value), now = *changed.items(), config.framing
    told = rf"checkpoint .*other learned from .* otherwise: framing\.{name} was {value} and is {getattr(now, name):g}; "
    with pytest.raises(InputError, match=f"{told}.*--allow-change"):
        train(tiny_dataset, tmp_path / "run", config, start_from=tmp_path / "other", console=quiet)
    train(tiny_dataset, tmp_path / "run", config, start_from=tmp_path / "other", allow_change=True, console=quiet)
    assert read_metadata(newest_checkpoint(tmp_path / "run")).config.framing == config.framing


def test_a_step_whose_gradients_overflow_fp16_is_left_out_and_scaled_down(faces):
    trainer = Trainer(build(settings().model), settings(precision="fp16"), Accelerator())
    weight = trainer.generator_optimizer.param_groups[0]["params"][0]
    before, scale = weight.clone(), trainer.scaler.get_scale()
    trainer.descend((weight * float("inf")).sum(), trainer.generator_optimizer)
    trainer.scaler.update()
    assert torch.equal(weight, before) and trainer.scaler.get_scale() == scale / 2
    trainer.descend(weight.square().sum(), trainer.generator_optimizer)
    assert not torch.equal(weight, before) and weight.isfinite().all()


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_each_update_changes_its_own_weights_alone(faces, network):
    config = settings()
    trainer = Trainer(build(config.model), config, Accelerator())
    before = {name: value.clone() for name, value in trainer.networks.named_parameters()}
    batch = batch_of(faces, config)
    drawing = trainer.draw(batch)
    if network == "discriminator":
        trainer.update_discriminator(batch, drawing.images.detach(), step_generator(0, 1))
    else:
        trainer.update_generator(batch, drawing, 0.01, step_generator(0, 1))
    for name, value in trainer.networks.named_parameters():
        own = name.startswith("discriminator") == (network == "discriminator")
        assert own or torch.equal(value, before[name]), name
    changed = [name for name, value in trainer.networks.named_parameters() if not torch.equal(value, before[name])]
    assert changed


OPTIONS = {
    "relativistic": ({"gan": "relativistic"}, {}),
    "gradient penalty": ({"gradient_penalty": 1.0}, {}),
    "R3GAN": ({"gan": "relativistic", "gradient_penalty": 1.0}, {}),
    "ADC-GAN": ({}, {"affect_head": "adcgan"}),
    "edges": ({"edges": 10.0}, {}),
    "features": ({"features": 10.0}, {}),
    "face": ({"face": 3.0}, {}),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_trains_and_trains_otherwise(faces, option):
    config, (loss, model) = dataclasses.replace(settings(), loss=LossConfig()), OPTIONS[option]
    changed = dataclasses.replace(
        config, loss=dataclasses.replace(config.loss, **loss), model=dataclasses.replace(config.model, **model)
    )
    trainers = [Trainer(build(one.model), one, Accelerator()) for one in (config, changed)]
    batches = [batch_of(faces, one.config) for one in trainers]
    for step in (1, 2):
        plain, losses = (
            trainer.update(batch, step, step_generator(0, step))
            for trainer, batch in zip(trainers, batches, strict=True)
        )
    assert tuple(losses) == loss_names(changed) and tuple(plain) == loss_names(config)
    assert all(value.isfinite() and not value.requires_grad for value in losses.values())
    for name in ("decoder.picture.0.weight", "encoder.mean.weight", "discriminator.stages.0.weight"):
        weights = [trainer.networks.get_parameter(name) for trainer in trainers]
        only_drawn = option in ("edges", "features", "face") and name.startswith("discriminator")
        assert only_drawn or not torch.equal(*weights), name


def test_a_run_begun_before_an_option_came_goes_on(tiny_dataset, tmp_path, quiet):
    def published(steps: int, **loss) -> Config:
        return dataclasses.replace(settings(steps=steps), loss=LossConfig(**loss))

    summary = train(tiny_dataset, tmp_path, published(steps=1), console=quiet)
    path = summary.checkpoint / "model.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    for name in ("gan", "gradient_penalty", "edges", "features", "face"):
        del metadata["config"]["loss"][name]
    del metadata["config"]["model"]["affect_head"]
    path.write_text(json.dumps(metadata), encoding="utf-8")
    assert train(tiny_dataset, tmp_path, published(steps=2), console=quiet).steps_taken == 1
    with pytest.raises(InputError, match=r"loss\.gan was bce and is relativistic"):
        train(tiny_dataset, tmp_path, published(steps=3, gan="relativistic"), console=quiet)


def test_the_discriminator_judges_the_generators_update_without_learning_from_it(faces):
    config = settings()
    trainer = Trainer(build(config.model), config, Accelerator())
    discriminator = trainer.networks.discriminator
    statistics = {name: value.clone() for name, value in discriminator.named_buffers()}
    batch = batch_of(faces, config)
    trainer.update_generator(batch, trainer.draw(batch), 0.01, step_generator(0, 1))
    assert all(torch.equal(value, statistics[name]) for name, value in discriminator.named_buffers())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in discriminator.parameters())
    assert discriminator.training


def test_a_batch_pairs_pictures_of_one_character_with_what_they_show(faces):
    config = dataclasses.replace(settings(), training=dataclasses.replace(settings().training, augmentation=NOTHING))
    batch = batch_of(faces, config)
    pairs = faces.pairs(8, config.training.seed, 1)
    assert np.array_equal(faces.character[pairs.source_index], faces.character[pairs.target_index])
    for index, images, affects in (
        (pairs.source_index, batch.source_images, batch.source_affect),
        (pairs.target_index, batch.target_images, batch.target_affect),
    ):
        for row, image, vector in zip(index, images, affects, strict=True):
            expected = affect_vector(AFFECTS[faces.affect[row]], float(faces.strength[row]))
            torch.testing.assert_close(vector, torch.tensor(expected))
            shown = (image.permute(1, 2, 0) + 1) * 127.5
            torch.testing.assert_close(shown, torch.from_numpy(faces.pixels[row]).float(), atol=1e-3, rtol=0)
    affects, strengths = faces.affect[pairs.target_index], faces.strength[pairs.target_index]
    sure = np.where(affects == NEUTRAL_INDEX, 1.0, np.minimum(1.0, strengths / config.loss.full_label_strength))
    told = batch.target_labels[torch.arange(8), torch.from_numpy(affects)]
    torch.testing.assert_close(told, torch.from_numpy(sure).float())


def test_source_and_target_are_mirrored_together(faces):
    plain, mirrored = (
        dataclasses.replace(
            settings(),
            training=dataclasses.replace(
                settings().training, augmentation=dataclasses.replace(NOTHING, mirror_pairs=mirror_pairs)
            ),
        )
        for mirror_pairs in (False, True)
    )
    plain, mirrored = batch_of(faces, plain), batch_of(faces, mirrored)
    turned = [torch.equal(a.flip(2), b) for a, b in zip(plain.source_images, mirrored.source_images, strict=True)]
    targets = [torch.equal(a.flip(2), b) for a, b in zip(plain.target_images, mirrored.target_images, strict=True)]
    assert turned == targets
    assert 0 < sum(turned) < len(turned)


@pytest.mark.parametrize("affect", AFFECTS)
def test_affect_vectors_of_a_batch_are_those_of_the_notation(affect):
    strengths = torch.tensor([0.0, 0.25, 1.0]) if affect != "neutral" else torch.ones(3)
    vectors = affect_vectors(torch.full((3,), affect_index(affect)), strengths)
    torch.testing.assert_close(vectors, torch.tensor([affect_vector(affect, float(one)) for one in strengths]))


def test_an_unknown_strength_takes_the_papers_random_scale_in_the_target_alone():
    affect, unknown = torch.tensor([affect_index("joy")]), torch.tensor([float("nan")])
    one_hot = torch.eye(len(AFFECTS))[affect]
    assert torch.equal(affect_vectors(affect, unknown), one_hot)
    assert torch.equal(affect_vectors(affect, unknown, torch.tensor([-1.5])), -1.5 * one_hot)


def test_no_variation_leaves_pictures_as_they_are():
    images = torch.rand(4, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(augment(images, NOTHING, step_generator(0, 0)), images, atol=1e-5, rtol=0)
    strong = dataclasses.replace(AugmentationConfig(mirror=False), probability=0.0)
    torch.testing.assert_close(augment(images, strong, step_generator(0, 0)), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "field", ["shift", "scale", "rotation_deg", "brightness", "contrast", "saturation", "cutout", "mirror"]
)
def test_each_variation_changes_pictures_differently_repeats_by_seed_and_passes_gradients(field):
    value = {"rotation_deg": 20.0, "mirror": True}.get(field, 0.5)
    config = dataclasses.replace(NOTHING, probability=1.0, **{field: value})
    images = (torch.rand(1, 3, 16, 16) * 2 - 1).expand(8, -1, -1, -1).clone().requires_grad_()
    varied = augment(images, config, step_generator(0, 0))
    assert torch.equal(varied, augment(images, config, step_generator(0, 0)))
    assert not torch.allclose(varied, images, atol=1e-2)
    assert not torch.allclose(varied[:4], varied[4:], atol=1e-2)
    varied.sum().backward()
    assert images.grad.abs().sum() > 0


def test_all_that_varies_pictures_reaches_their_device_in_one_transfer():
    class Transfers(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
            result = operation(*arguments, **(keywords or {}))
            self.count += operation.overloadpacket is torch.ops.aten._to_copy and arguments[0].device != result.device
            return result

    with Transfers() as transfers:
        augment(torch.empty(4, 3, 16, 16, device="meta"), AugmentationConfig(), step_generator(0, 0))
    assert transfers.count == 1


def test_mirroring_alone_is_exact():
    images = torch.rand(16, 3, 8, 8)
    varied = augment(images, dataclasses.replace(NOTHING, mirror=True), step_generator(0, 0))
    turned = [torch.allclose(a.flip(2), b, atol=1e-5) for a, b in zip(images, varied, strict=True)]
    kept = [torch.allclose(a, b, atol=1e-5) for a, b in zip(images, varied, strict=True)]
    assert all(a != b for a, b in zip(turned, kept, strict=True)) and any(turned) and any(kept)


def test_the_averages_batch_norm_is_measured_under_its_own_weights(faces):
    config = settings()
    networks = build(config.model)
    averaged = AveragedNetworks(networks, decay=0.9)
    with torch.no_grad():
        for parameter in networks.parameters():
            parameter.mul_(3.0)
    averaged.update(networks, step=1000)
    norm = averaged.networks.encoder.stages[3]
    inputs = []
    hook = norm.register_forward_hook(lambda module, arguments, output: inputs.append(arguments[0]))
    measure_drawing(averaged.networks, [batch_of(faces, config, step) for step in (1, 2)])
    hook.remove()
    means = torch.stack([one.mean(dim=(0, 2, 3)) for one in inputs]).mean(dim=0)
    torch.testing.assert_close(norm.running_mean, means)
    assert not any(module.training for module in averaged.networks.modules())


def test_the_average_follows_at_its_decay():
    networks = build(settings().model)
    averaged = AveragedNetworks(networks, decay=0.75)
    start = averaged.networks.encoder.mean.weight.clone()
    with torch.no_grad():
        networks.encoder.mean.weight += 1.0
    averaged.update(networks, step=10_000)
    torch.testing.assert_close(averaged.networks.encoder.mean.weight, start + 0.25)


def test_without_decay_the_average_is_the_networks_themselves():
    networks = build(settings().model)
    averaged = AveragedNetworks(networks, decay=0.0)
    with torch.no_grad():
        networks.encoder.mean.weight += 1.0
    averaged.update(networks, step=10_000)
    assert torch.equal(averaged.networks.encoder.mean.weight, networks.encoder.mean.weight)


def test_the_learning_rate_falls_over_its_last_share_and_the_kl_weight_rises_at_first():
    config = settings(steps=100, decay_share=0.5, learning_rate=1.0, kl_warmup_steps=10)
    assert [learning_rate(config, step) for step in (1, 50, 51, 76, 100)] == [1.0, 1.0, 1.0, 0.5, 0.02]
    assert [kl_weight(config, step) / config.loss.kl for step in (1, 5, 10, 100)] == [0.1, 0.5, 1.0, 1.0]
    assert learning_rate(settings(learning_rate=1.0), 10**9) == 1.0


def test_every_update_takes_the_rate_of_its_step_and_the_discriminator_its_own(faces):
    config = settings(steps=100, decay_share=0.5, learning_rate=1e-3, discriminator_rate=0.2)
    trainer = Trainer(build(config.model), config, Accelerator())
    trainer.update(batch_of(faces, config, 76), 76, step_generator(0, 76))
    groups = [one.param_groups[0] for one in (trainer.generator_optimizer, trainer.discriminator_optimizer)]
    assert [group["lr"] for group in groups] == pytest.approx([5e-4, 1e-4])
    decays = [0.0, config.training.discriminator_weight_decay]
    assert [group["weight_decay"] for group in groups] == decays and decays[1] > 0


def test_the_encoder_is_told_what_the_source_shows_and_the_decoder_what_the_target_does(faces):
    config = settings()
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, dropout=0.0))
    trainer, batch = Trainer(build(config.model), config, Accelerator()), batch_of(faces, config)
    drawn = trainer.draw(batch)
    source, target = (
        trainer.draw(dataclasses.replace(batch, **{name: getattr(batch, name).roll(1, dims=0)}))
        for name in ("source_affect", "target_affect")
    )
    assert not torch.equal(source.latent_mean, drawn.latent_mean)
    assert torch.equal(target.latent_mean, drawn.latent_mean) and not torch.equal(target.images, drawn.images)
