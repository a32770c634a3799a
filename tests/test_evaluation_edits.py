"""Networks that know every answer, and ones that know none, score as they should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import film_stills
from PIL import Image
from torch import Tensor

from fexgan import bundled
from fexgan.affects import NEUTRAL_INDEX, Mixture
from fexgan.checkpoints import Checkpoint, Metadata, save_checkpoint
from fexgan.cli import run
from fexgan.config import FramingConfig, PortraitConfig, PortraitModelConfig, PortraitTrainingConfig
from fexgan.errors import InputError
from fexgan.evaluation import recogniser as recogniser_module
from fexgan.evaluation.blendshapes import named_by_blendshapes
from fexgan.evaluation.comparison import ALL, MIXTURES, SWAPS, mixture_score
from fexgan.evaluation.edit_report import EditReport, write_edit_report
from fexgan.evaluation.edits import RECOGNISER_FILE, evaluate_edits
from fexgan.evaluation.held_out import Edited, HeldOut, edit_held_out
from fexgan.evaluation.recognition import person_similarity, recognition
from fexgan.model import Edits, build
from fexgan.stills import StillSet
from fexgan.tensors import pixels_to_images

SIZE = 64
SHOWN = ("neutral", "joy:0.4", "joy:0.7", "joy", "anger:0.7", "anger", "joy:0.5+anger:0.5")
CONFIG = PortraitConfig(
    PortraitModelConfig(image_size_px=SIZE, widths=(8, 16), condition_width=8, discriminator_widths=(8,)),
    training=PortraitTrainingConfig(test_share=0.5),
    framing=FramingConfig(image_size_px=SIZE),
)
STEPS = 3


class CopyingNetworks:
    """Leaves every picture as it is, and reads joy into it."""

    capabilities = frozenset({"edit", "classify"})

    def analyse(self, images: Tensor) -> Tensor:
        return images

    def read(self, features: Tensor) -> Tensor:
        return torch.tensor([Mixture.parse("joy").vector()]).expand(len(features), -1)

    def edit(self, features: Tensor, source_affect: Tensor, target_affect: Tensor, variants=None) -> Edits:
        count = len(target_affect)
        nothing = torch.zeros(count, 3, SIZE, SIZE)
        return Edits(nothing[:, :2], nothing[:, :1], nothing[:, :1], nothing)


class KnowingNetworks(CopyingNetworks):
    """Paints the filmed truth over the whole picture."""

    def __init__(self, held_out: HeldOut) -> None:
        self.images = torch.stack([pixels_to_images(pixels) for pixels in held_out.pixels])
        self.affects = torch.from_numpy(held_out.affects)

    def read(self, features: Tensor) -> Tensor:
        return self.affects

    def edit(self, features: Tensor, source_affect: Tensor, target_affect: Tensor, variants=None) -> Edits:
        paint = []
        for image, target in zip(features.expand(len(target_affect), -1, -1, -1), target_affect, strict=True):
            character = (self.images - image).abs().flatten(2).mean(dim=2).amin(dim=1).argmin()
            paint.append(self.images[character, (self.affects - target).abs().sum(dim=1).argmin()])
        change = (target_affect - source_affect).abs().amax(dim=1)[:, None, None, None]
        mask = (change > 0).float().expand(-1, 1, SIZE, SIZE)
        return Edits(torch.zeros(len(paint), 2, SIZE, SIZE), mask, torch.zeros_like(mask), torch.stack(paint))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film_stills(tmp_path_factory.mktemp("stills"), ("ada", "bo", "cy", "di"), SHOWN)


@pytest.fixture(scope="module")
def held_out(crowd: Path) -> HeldOut:
    stills = StillSet.load(crowd).split(0.5, CONFIG.training.seed)[1]
    return HeldOut.of(stills, CONFIG.framing)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


def report_of(networks: CopyingNetworks, crowd: Path, out: Path, characters: tuple[str, ...] = ()) -> EditReport:
    checkpoint = Checkpoint(networks, Metadata(CONFIG, characters, "", step=7))
    return evaluate_edits(checkpoint, crowd, "known", out, optimise=False, recogniser_steps=STEPS)


@pytest.fixture(scope="module")
def knowing(crowd: Path, held_out: HeldOut, out: Path) -> EditReport:
    with pytest.MonkeyPatch.context() as patched:  # the stills' mouths have colours that their neutral faces have not
        patched.setattr("fexgan.model.detour.keep_to", lambda palette, edits: edits)
        return report_of(KnowingNetworks(held_out), crowd, out)


@pytest.fixture(scope="module")
def copying(crowd: Path, out: Path) -> EditReport:
    return report_of(CopyingNetworks(), crowd, out)


def test_edits_are_judged_in_the_colours_that_users_get(held_out: HeldOut):
    networks, full = KnowingNetworks(held_out), held_out.full()
    edited = edit_held_out(networks, held_out).pixels[:, full["joy"]].astype(int)
    sources, truths = (held_out.pixels[:, full[affect]].astype(int) for affect in ("neutral", "joy"))
    greener = [(pixels[..., 1] - pixels[..., 0]).max(axis=(1, 2)) for pixels in (sources, edited, truths)]
    assert (greener[1] < greener[2]).all() and (greener[1] <= greener[0] + 8).all()


def test_the_truth_itself_has_no_distance_to_the_truth(knowing: EditReport):
    assert list(knowing.nearness) == ["anger", "joy", MIXTURES, ALL, "neutral", SWAPS]
    assert [part.pictures for part in knowing.nearness.values()] == [4, 6, 2, 12, 12, 4]
    for part in knowing.nearness.values():
        assert part.ssim == pytest.approx(1.0) and part.difference == 0.0 and part.distance_share == 0.0
        assert part.sharpness_share == pytest.approx(1.0)
        assert part.copied_difference > 0.0 and part.copied_ssim < 1.0
    assert knowing.recognition["edited"] == knowing.recognition["filmed"]
    assert knowing.mixtures.than_parents == knowing.mixtures.than_edited_parents == 1.0
    assert knowing.unchanged == knowing.stills == 14


def test_networks_that_do_nothing_score_as_copying_does(copying: EditReport):
    for part in copying.nearness.values():
        assert part.ssim == part.copied_ssim and part.difference == part.copied_difference
        assert part.distance_share == pytest.approx(1.0)
    assert copying.mixtures.than_edited_parents == 0.0


def test_blendshapes_name_what_was_filmed_and_no_untouched_neutral(held_out: HeldOut):
    """A reader that sees the affect of the filmed still to which a picture is equal, as that affect's blendshapes."""
    shown = {"neutral": {}, "joy": {"mouthSmile": 0.8}, "anger": {"browDown": 0.6, "mouthPress": 0.5}}
    full = held_out.full()

    def read(picture: np.ndarray) -> dict[str, float] | None:
        for affect, still in full.items():
            if any(np.array_equal(picture, filmed) for filmed in held_out.pixels[:, still]):
                return {unit + side: weight for unit, weight in shown[affect].items() for side in ("Left", "Right")}
        return None

    assert named_by_blendshapes(held_out, held_out.pixels, read) == dict.fromkeys(full, 1.0)
    assert named_by_blendshapes(held_out, held_out.sources(), read) == {"neutral": 1.0, "anger": 0.0, "joy": 0.0}
    faceless = np.zeros_like(held_out.pixels)
    assert named_by_blendshapes(held_out, faceless, read) == dict.fromkeys(full, 0.0)


def test_what_the_network_reads_is_measured_like_what_the_recogniser_does(knowing: EditReport, copying: EditReport):
    assert knowing.recognition["read"].named == 1.0 and knowing.recognition["read"].strength_error == pytest.approx(0.0)
    assert copying.recognition["read"].named_by_affect == {"anger": 0.0, "joy": 1.0}


def test_strengths_read_in_order_correlate_and_a_constant_does_not(held_out: HeldOut):
    true = np.broadcast_to(held_out.affects, (2, *held_out.affects.shape)).copy()
    assert recognition(held_out, true).spearman == pytest.approx(1.0, abs=1e-4)
    assert recognition(held_out, 0.5 * true).spearman == pytest.approx(1.0, abs=1e-4)
    assert recognition(held_out, 0.5 * true).strength_error == pytest.approx(0.5 * np.mean([0.4, 0.7, 1, 0.7, 1]))
    assert recognition(held_out, 1 - true).spearman == pytest.approx(-1.0, abs=1e-4)
    assert recognition(held_out, np.full_like(true, 0.3)).spearman == pytest.approx(0.0)


def test_a_mixture_is_nearer_only_if_it_beats_every_parent(held_out: HeldOut):
    made = held_out.pixels.copy()
    made[:, -1] = made[:, SHOWN.index("joy")]  # joy's own still passed for the mixture
    nothing = np.zeros(made.shape[:2])
    score = mixture_score(held_out, Edited(made, made, made, nothing > 0, nothing))
    assert (score.pictures, score.than_parents, score.than_edited_parents) == (2, 0.0, 0.0)


def test_the_face_box_holds_the_drawn_face_and_that_of_the_framing_stands_in(crowd: Path, held_out: HeldOut):
    stills = StillSet.load(crowd)
    pixels = stills.pixels.copy()
    pixels[0] = 128
    regions = HeldOut.of(replace(stills, pixels=pixels), CONFIG.framing).regions
    assert regions[0] == (slice(16, 48), slice(20, 44))  # half of the side high
    for rows, columns in held_out.regions:
        assert rows.start < SIZE // 2 < rows.stop and columns.start < SIZE // 2 < columns.stop


def test_nobody_that_was_trained_on_is_tested_with(crowd: Path, held_out: HeldOut, out: Path):
    one, other = held_out.characters
    assert report_of(CopyingNetworks(), crowd, out, (one,)).characters == (other,)
    with pytest.raises(InputError, match="trained on every test character"):
        report_of(CopyingNetworks(), crowd, out, (one, other))


def test_the_recogniser_is_kept_for_the_next_time(crowd: Path, knowing: EditReport, out: Path, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(recogniser_module, "train_recogniser", refuse)
    assert (out / RECOGNISER_FILE).is_file()
    assert report_of(CopyingNetworks(), crowd, out).recognition["filmed"] == knowing.recognition["filmed"]


def test_files_say_what_was_measured(knowing: EditReport, tmp_path: Path):
    text, data, picture = write_edit_report(knowing, tmp_path)
    for block in text.read_text(encoding="utf-8").split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
    assert "14 of 14" in text.read_text(encoding="utf-8")
    values = json.loads(data.read_text(encoding="utf-8"))
    assert values["nearness"]["joy"]["ssim"] == pytest.approx(1.0) and len(values["characters"]) == 2
    with Image.open(picture) as sheet:
        assert sheet.width > 3 * SIZE and sheet.height > 4 * SIZE  # source, two emotions; two characters twice


def test_the_verb_measures_an_untrained_network(crowd: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(evaluate_edits, "__defaults__", (STEPS,))
    checkpoint = tmp_path / "checkpoint"
    save_checkpoint(checkpoint, build(CONFIG.model), Metadata(CONFIG, (), "", step=0))
    run(["evaluate", str(checkpoint), "--data", str(crowd), "--out", str(tmp_path / "report")])
    assert "14 of 14" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "report").iterdir()} >= {"edits.md", "edits.json", "edits.png"}


def test_the_recogniser_learns_from_others_than_it_judges(crowd, held_out, tmp_path, monkeypatch):
    learned, teach = [], recogniser_module.train_recogniser
    monkeypatch.setattr(
        recogniser_module, "train_recogniser", lambda squares, *more: learned.append(squares) or teach(squares, *more)
    )
    report_of(CopyingNetworks(), crowd, tmp_path)
    (squares,) = learned
    known = {square.tobytes() for square in squares}
    assert not any(square.tobytes() in known for square in held_out.pixels.reshape(-1, *squares.shape[1:]))


def test_who_is_copied_is_the_same_person_and_who_acts_as_filmed_is_told_as_filmed():
    truth = StillSet.load(bundled.stills_path())
    full = np.flatnonzero((truth.affects[0].max(axis=1) == 1.0) & (truth.affects[0, :, NEUTRAL_INDEX] == 0.0))
    few = [truth.neutral_index, *full[:2]]
    one = replace(
        truth,
        pixels=truth.pixels[:1, few],
        affects=truth.affects[:1, few],
        characters=truth.characters[:1],
        variants=(),
        landmarks=None,
    )
    held_out, nothing = HeldOut.of(one, FramingConfig()), np.zeros((1, 3))
    filmed, copied = (
        person_similarity(held_out, Edited(made, made, made, nothing > 0, nothing))
        for made in (held_out.pixels, held_out.sources())
    )
    assert filmed.mean == filmed.filmed_mean < 0.999 and filmed.worst <= filmed.mean
    assert (copied.mean, copied.worst) == pytest.approx((1.0, 1.0), abs=1e-4)
