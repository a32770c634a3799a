from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from drawn import face
from fake_editor import Edits as FakeEdits
from fake_editor import FakeNetworks, fake_editor
from PIL import Image
from torch import Tensor, nn

from fexgan import optimising
from fexgan.affects import AFFECTS, Mixture
from fexgan.checkpoints import Metadata, save_checkpoint
from fexgan.config import config_from_dict
from fexgan.editing import Portrait
from fexgan.errors import InputError
from fexgan.expressions import read_expression
from fexgan.loading import load
from fexgan.media import read_image
from fexgan.model import build
from fexgan.optimising import Optimised, gap, optimise, wanted_of
from fexgan.synthesis import Model, Sitter
from fexgan.video import write_clip

SIZE = 64
MIXTURES = ("anger+sadness", "joy:0.3+fear:0.2", "joy:0.5+disgust:0.1+surprise:0.4", "anger:0+joy:0.5")
Run = Callable[..., int]


class Tipping(nn.Module):
    """Draws an affect vector as rows of grey, and reads it with a classifier that anger convinces sooner."""

    capabilities = frozenset({"draw", "encode", "classify"})

    def encode(self, images: Tensor, affect: Tensor) -> tuple[Tensor, Tensor]:
        return torch.zeros(1, 4), torch.zeros(1, 4)

    def decode(self, latent: Tensor, affect: Tensor) -> Tensor:
        return affect[:, None, :, None].expand(1, 3, 7, 2)

    def discriminate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        enough = torch.full((7,), 0.6)
        enough[AFFECTS.index("anger")] = 0.3
        return torch.zeros(1), 12.0 * (images.mean(dim=(1, 3)) - enough)


class Painting(FakeNetworks):
    """Paints joy and anger in a colour each, and reads them at once from a strength of 0.7 and 0.3 on."""

    def edit(self, features: Tensor, source: Tensor, target: Tensor, variants: Tensor) -> FakeEdits:
        colours = torch.stack([target[0, AFFECTS.index(name)] for name in ("joy", "anger", "fear")])
        paint = colours[None, :, None, None].expand(1, 3, SIZE, SIZE)
        plane = torch.ones(1, 1, SIZE, SIZE)
        return FakeEdits(torch.zeros(1, 2, SIZE, SIZE), plane, 0 * plane, paint)

    def read(self, images: Tensor) -> Tensor:
        joy, anger, _ = (12.0 * (images.mean(dim=(0, 2, 3)) - torch.tensor([0.7, 0.3, 0.0]))).sigmoid()
        vector = torch.zeros(1, 7)
        places = torch.tensor([AFFECTS.index("joy"), AFFECTS.index("anger")])
        return vector.index_copy(1, places, torch.stack([joy, anger])[None])


@pytest.fixture
def tipping() -> Sitter:
    loss, model = SimpleNamespace(full_label_strength=0.5), SimpleNamespace(image_size_px=SIZE)
    drawing = Model(SimpleNamespace(networks=Tipping(), config=SimpleNamespace(loss=loss, model=model)))
    return drawing.open(np.zeros((SIZE, SIZE, 3), np.uint8), source_affect="neutral")


@pytest.fixture
def painting() -> Portrait:
    editor = fake_editor()
    editor.networks = Painting()
    return editor.open(face(160), source_affect="neutral")


@pytest.fixture(scope="module")
def portrait_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny untrained checkpoint that edits."""
    folder = tmp_path_factory.mktemp("models") / "portrait"
    shape = {"family": "portrait", "image_size_px": SIZE, "widths": (8, 16), "discriminator_widths": (8, 16)}
    config = config_from_dict({"model": shape, "framing": {"image_size_px": SIZE}})
    save_checkpoint(folder, build(config.model, seed=0), Metadata(config, ("ada",), "", step=0))
    return folder


@pytest.fixture(scope="module", params=["draws", "edits"])
def opened(request: pytest.FixtureRequest, tiny_model: Model, portrait_checkpoint: Path) -> Sitter | Portrait:
    """A face opened by untrained networks of either family."""
    if request.param == "draws":
        return tiny_model.open(face(SIZE), source_affect="neutral")
    return load(str(portrait_checkpoint)).open(face(160), source_affect="neutral")


def strengths(mixture: Mixture) -> list[float]:
    return [strength for _, strength in mixture.strengths]


def asked_gap(opened: Sitter | Portrait, found: Optimised) -> float:
    """How far what is read off one face with the strengths as asked is from that, in nats."""
    model = opened.model if isinstance(opened, Sitter) else opened.editor
    wanted = wanted_of(model.networks, model.checkpoint.config, torch.tensor([found.asked.vector()]))
    return gap(torch.tensor([found.asked_read]), wanted).item()


def test_a_classifier_that_tips_over_reads_what_was_asked(tipping: Sitter):
    found = optimise(tipping, "anger+sadness")
    assert strengths(found.mixture) == pytest.approx([0.35, 0.65], abs=0.03)
    assert found.asked_read[0] > 0.9 and found.gap < 0.05 * asked_gap(tipping, found)
    assert found.read[0] == pytest.approx(0.5, abs=0.1)


def test_a_reader_of_strengths_reads_what_was_asked(painting: Portrait):
    found = optimise(painting, "joy+anger")
    assert strengths(found.mixture) == pytest.approx([0.7, 0.3], abs=0.07)
    assert found.asked_read[AFFECTS.index("anger")] > 0.9 and found.gap < 0.2 * asked_gap(painting, found)


def test_the_person_weighs_against_the_reading(tipping: Sitter, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(optimising, "CHANGE_WEIGHT", 1000.0)
    assert optimise(tipping, "anger+sadness").mixture == Mixture.parse("anger:0.5+sadness:0.5")


@pytest.mark.parametrize("asked", MIXTURES)
def test_strengths_share_one_at_most_and_are_read_no_worse(opened: Sitter | Portrait, asked: str):
    found = optimise(opened, asked, steps=8)
    assert found.mixture.name == found.asked.name
    assert all(0.0 <= strength <= 1.0 for strength in strengths(found.mixture))
    assert sum(strengths(found.mixture)) <= 1.0 + 1e-9
    assert 0.0 <= found.gap <= asked_gap(opened, found) + 1e-6


@pytest.mark.parametrize("family", ["tipping", "painting"])
def test_the_same_strengths_are_found_again_and_are_what_their_text_says(request: pytest.FixtureRequest, family: str):
    opened = request.getfixturevalue(family)
    found = optimise(opened, "anger+joy", steps=8)
    assert found == optimise(opened, "anger+joy", steps=8)
    assert found.mixture != found.asked
    assert Mixture.parse(str(found.mixture)) == found.mixture


def test_networks_never_learn_from_it(opened: Sitter | Portrait):
    networks = (opened.model if isinstance(opened, Sitter) else opened.editor).networks
    before = {name: value.clone() for name, value in networks.state_dict().items()}
    networks.requires_grad_()
    optimise(opened, "anger+sadness", steps=2)
    assert all(torch.equal(value, before[name]) for name, value in networks.state_dict().items())
    assert all(parameter.grad is None for parameter in networks.parameters())
    networks.requires_grad_(False)


def test_what_cannot_be_optimised_is_refused(tipping: Sitter):
    for mixture, complaint in [("joy", "needs two or more"), ("joy:2+fear", "out of range"), ("joy+glee", "unknown")]:
        with pytest.raises(InputError, match=complaint):
            optimise(tipping, mixture)
    tipping.model.networks.capabilities = frozenset({"draw", "encode"})
    with pytest.raises(InputError, match="cannot name affects"):
        optimise(tipping, "anger+sadness")


@pytest.mark.parametrize("family", ["draws", "edits"])
def test_saved_strengths_make_the_same_picture_again(
    family: str, run_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys,
    tiny_checkpoint: Path, portrait_checkpoint: Path,
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(optimising.optimise, "__defaults__", (8,))
    monkeypatch.setattr(optimising, "CHANGE_WEIGHT", 0.0)  # untrained networks read next to nothing
    checkpoint = tiny_checkpoint if family == "draws" else portrait_checkpoint
    Image.fromarray(face(SIZE if family == "draws" else 160)).save("me.png")
    model = ("--checkpoint", checkpoint, "--source-affect", "neutral")
    mixture = ("--mixtures", "anger+sadness", *model)
    assert run_command("blend", "me.png", *mixture, "--optimise", "--save", "found", "--out", "tuned") == 0
    assert run_command("blend", "me.png", *mixture, "--out", "plain") == 0
    saved = Path("found/me-anger+sadness.yaml")
    found = read_expression(saved).mixture
    assert f"me: {found} is read as" in capsys.readouterr().out
    assert run_command("transform", "me.png", "--to", saved, *model, "--out", "again.png") == 0
    tuned, plain = (read_image(Path(folder, "me-anger+sadness.png")) for folder in ("tuned", "plain"))
    assert np.array_equal(tuned, read_image(Path("again.png")))
    if family == "edits":  # what draws untrained makes grey of everything, so there is nothing to find
        assert found != Mixture.parse("anger:0.5+sadness:0.5") and not np.array_equal(tuned, plain)


def test_wrong_uses_are_one_line_and_leave_nothing(
    run_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, portrait_checkpoint: Path
):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(face(160)).save("me.png")
    write_clip(Path("me.mp4"), [face(96)] * 2, fps=24)
    cases = {
        "add --optimise": ("me.png", "--save", "found"),
        "me.mp4: a clip": ("me.mp4", "--optimise", "--out", "clips"),
        "needs two or more": ("me.png", "--optimise", "--mixtures", "joy"),
    }
    for complaint, arguments in cases.items():
        assert run_command("blend", *arguments, "--checkpoint", portrait_checkpoint) == 2
        error = capsys.readouterr().err
        assert complaint in error and error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["me.mp4", "me.png"]
