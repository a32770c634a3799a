from __future__ import annotations

from pathlib import Path

import drawn
import numpy as np
import pytest
import torch
from fake_editor import fake_editor
from PIL import Image

import fexgan
from fexgan.affects import AFFECTS, EMOTIONS, Mixture, affect_index
from fexgan.errors import InputError
from fexgan.expressions import named_mixture
from fexgan.figures import random_faces
from fexgan.synthesis import Model, share_strength, target_of


@pytest.fixture(scope="module")
def face() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def test_probabilities_name_every_affect_and_sum_to_one(tiny_model: Model, face: Image.Image):
    probabilities = tiny_model.classify(face)
    assert tuple(probabilities) == AFFECTS
    assert sum(probabilities.values()) == pytest.approx(1.0, abs=1e-5)


def test_pictures_and_arrays_give_the_same_result(tiny_model: Model, face: Image.Image):
    assert same(tiny_model.transform(face, "joy"), tiny_model.transform(np.asarray(face), "joy"))


def test_results_have_the_models_size_and_calls_repeat_exactly(tiny_model: Model, face: Image.Image):
    result = tiny_model.transform(face, "joy:0.8")
    assert result.size == (64, 64) and result.mode == "RGB"
    assert same(result, tiny_model.transform(face, "joy:0.8"))


def test_strength_zero_of_anything_is_the_neutral_face(tiny_model: Model, face: Image.Image):
    assert same(tiny_model.transform(face, "fear:0"), tiny_model.transform(face, "neutral"))
    assert not same(tiny_model.transform(face, "fear"), tiny_model.transform(face, "neutral"))


def test_mixtures_come_as_text_or_numbers(tiny_model: Model, face: Image.Image):
    by_text = tiny_model.transform(face, "anger:0.5+sadness:0.25", source_affect="neutral")
    assert same(by_text, tiny_model.transform(face, {"anger": 0.5, "sadness": 0.25}, source_affect="neutral"))


def test_mixtures_come_by_the_name_of_an_expression_and_pictures_by_their_path(
    tiny_model: Model, face: Image.Image, tmp_path: Path
):
    face.save(tmp_path / "face.png")
    named = tiny_model.transform(tmp_path / "face.png", "soft-smile", "neutral")
    assert np.array_equal(named, tiny_model.transform(face, "joy:0.35", "neutral"))
    assert np.array_equal(named, tiny_model.transform(str(tmp_path / "face.png"), "joy:0.35", "neutral"))


def test_strengths_that_sum_to_more_than_one_share_it(tiny_model: Model, face: Image.Image):
    shared = tiny_model.transform(face, "joy:0.5+fear:0.5", "neutral")
    assert np.array_equal(tiny_model.transform(face, "joy+fear", "neutral"), shared)
    assert target_of("joy+fear").vector == target_of({"joy": 0.8, "fear": 0.8}).vector
    assert target_of("joy:0.4+fear:0.4").vector == Mixture.parse("joy:0.4+fear:0.4").vector()


@pytest.mark.parametrize("numbers", [[0, 0, 1], [0.0] * 8, [2.0] + [0.0] * 6, [float("nan")] * 7])
def test_other_numbers_than_an_affect_vector_are_refused(numbers: list[float]):
    with pytest.raises(InputError, match="is no affect vector; give 7 numbers"):
        target_of(numbers)


def test_an_affect_vector_follows_the_rule_of_mixtures():
    """Emotions share 1 at most, and neutral is what they leave."""
    assert target_of([0] * 7).vector == target_of("neutral").vector
    assert target_of([1] * 7).vector == pytest.approx(target_of("+".join(EMOTIONS)).vector)
    joy = [0.0] * 7
    joy[affect_index("joy")] = 0.3
    assert target_of(joy).vector == target_of("joy:0.3").vector


@pytest.mark.parametrize(("count", "seed"), [(40, 2**32 - 20), (1, -1)])
def test_seeds_that_do_not_exist_are_refused_before_anything_is_drawn(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch, count: int, seed: int
):
    monkeypatch.setattr(tiny_model.networks, "draw_latents", None)
    with pytest.raises(InputError, match="seed"):
        tiny_model.random(count, "joy", seed)
    with pytest.raises(InputError, match="seed"):
        random_faces(tiny_model, {"joy": Mixture.parse("joy"), "fear": Mixture.parse("fear")}, count, seed)


def test_the_classifier_says_the_source_affect_where_none_is_given(tiny_model: Model, face: Image.Image):
    probabilities = torch.tensor([list(tiny_model.classify(face).values())])
    expected = tiny_model.networks.encode(tiny_model._images(face), probabilities)[0]
    assert torch.equal(tiny_model.encode(face), expected)
    assert not torch.equal(tiny_model.encode(face, "surprise"), expected)


def test_a_seed_names_one_random_face_whatever_the_count(tiny_model: Model):
    many = tiny_model.random(5, "fear", seed=3)
    assert same(many[2], tiny_model.random(1, "fear", seed=5)[0])
    assert not same(many[0], many[1])


def test_random_faces_are_drawn_neutral_and_edited_where_an_editor_is_given(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
):
    asked = []
    monkeypatch.setattr(
        tiny_model, "draw", lambda _, target: asked.append(str(target)) or Image.fromarray(drawn.face(160))
    )
    editor = fake_editor()
    (edited,) = tiny_model.random(1, "joy", editor=editor)
    assert asked == ["neutral"] and same(edited, editor.transform(Image.fromarray(drawn.face(160)), "joy"))
    assert not same(edited, Image.fromarray(drawn.face(160)))


def test_a_random_picture_without_a_face_is_drawn_with_its_affect(tiny_model: Model):
    assert same(tiny_model.random(1, "joy", editor=fake_editor())[0], tiny_model.random(1, "joy")[0])


def test_a_blend_stands_between_its_parents(tiny_model: Model, face: Image.Image):
    blend = tiny_model.blend(face, "anger+sadness", "neutral")
    assert blend.mixture == Mixture.parse("anger:0.5+sadness:0.5")
    assert same(blend.parents[0], tiny_model.transform(face, "anger", "neutral"))
    assert same(blend.parents[1], tiny_model.transform(face, "sadness", "neutral"))
    assert same(blend.blended, tiny_model.transform(face, "anger:0.5+sadness:0.5", "neutral"))


def test_a_named_expression_is_blended_like_its_mixture(tiny_model: Model, face: Image.Image):
    named = tiny_model.blend(face, "wry-smile", "neutral")
    assert same(named.blended, tiny_model.transform(face, named_mixture("wry-smile")[1], "neutral"))


def test_the_largest_face_may_be_called_by_its_number(tiny_model: Model, face: Image.Image):
    assert torch.equal(tiny_model.open(face, face=0).latent, tiny_model.open(face).latent)
    with pytest.raises(InputError, match="not face 1"):
        tiny_model.open(face, face=1)


def test_strengths_that_fit_in_one_are_blended_as_given():
    assert share_strength(Mixture.parse("joy:0.3+fear:0.4")) == Mixture.parse("joy:0.3+fear:0.4")
    with pytest.raises(InputError, match="needs two or more"):
        share_strength(Mixture.parse("joy"))


def test_a_clip_passes_through_its_keyframes(tiny_model: Model, face: Image.Image):
    frames = tiny_model.animate(face, "0s neutral, 0.5s joy, 1s neutral", fps=8)
    assert len(frames) == 9
    assert same(frames[0], tiny_model.transform(face, "neutral")) and same(frames[0], frames[8])
    assert same(frames[4], tiny_model.transform(face, "joy"))


def test_a_model_never_learns_while_it_draws(tiny_model: Model, face: Image.Image):
    before = {name: value.clone() for name, value in tiny_model.networks.state_dict().items()}
    tiny_model.transform(face, "joy")
    after = tiny_model.networks.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_picture_of_the_models_size_is_used_as_it_is(tiny_model: Model, face: Image.Image):
    assert np.array_equal(tiny_model.frame(face), np.asarray(face))


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        (Image.new("RGB", (200, 160)), "no face found"),
        (Image.new("RGB", (10, 10)), "10x10 px cannot be used"),
        (np.zeros((64, 64), np.uint8), "give uint8"),
        (np.zeros((64, 64, 3), np.float32), "give uint8"),
        (np.zeros((64, 64, 4), np.uint8), "give uint8"),
    ],
)
def test_pictures_that_cannot_be_used_are_refused(tiny_model: Model, image: object, complaint: str):
    with pytest.raises(InputError, match=complaint):
        tiny_model.transform(image, "joy")


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16"])
def test_every_kind_of_picture_is_taken(tiny_model: Model, mode: str):
    assert tiny_model.transform(Image.new(mode, (64, 64)), "joy").size == (64, 64)


@pytest.mark.parametrize("target", ["happy", "joy:2", "joy:-1", "joy:nan", "", {}, {"joy": "much"}, {"joy": None}])
def test_wrong_targets_are_refused(tiny_model: Model, face: Image.Image, target: object):
    with pytest.raises(InputError):
        tiny_model.transform(face, target)


def test_wrong_names_counts_and_devices_are_refused(tiny_model: Model, tiny_checkpoint: object):
    with pytest.raises(InputError, match="nowhere"):
        fexgan.load("nowhere")
    with pytest.raises(InputError, match="at least 1"):
        tiny_model.random(0)
    with pytest.raises(InputError, match="device"):
        fexgan.load(str(tiny_checkpoint), device="abacus")


def test_networks_that_cannot_do_it_say_so(tiny_checkpoint: object, face: Image.Image):
    model = fexgan.load(str(tiny_checkpoint))
    model.networks.capabilities = frozenset({"classify"})
    with pytest.raises(InputError, match="cannot transform"):
        model.transform(face, "joy", source_affect="neutral")
    with pytest.raises(InputError, match="cannot draw"):
        model.random(1)
