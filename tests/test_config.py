"""Settings check themselves, and the presets are what they claim to be."""

from __future__ import annotations

import dataclasses
import json

import pytest

from fexgan import bundled
from fexgan.config import PRESETS, Config, ModelConfig, PortraitConfig, config_from_dict, config_to_dict, load_preset
from fexgan.errors import InputError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_parses_and_survives_a_round_trip_through_json(name):
    config = load_preset(name)
    assert config_from_dict(json.loads(json.dumps(config_to_dict(config)))) == config


def test_paper_is_the_default():
    assert load_preset("paper") == Config()
    assert config_from_dict({}) == Config()


@pytest.mark.parametrize(("name", "kind"), [("paper", Config), ("small", Config), ("portrait", PortraitConfig)])
def test_a_config_is_of_the_family_that_its_model_names(name, kind):
    assert type(load_preset(name)) is kind


@pytest.mark.parametrize("name", bundled.checkpoint_names())
def test_settings_of_bundled_checkpoints_are_still_read(name):
    values = json.loads((bundled.checkpoint_path(name) / "model.json").read_text(encoding="utf-8"))["config"]
    assert holds(json.loads(json.dumps(config_to_dict(config_from_dict(values)))), values)


def holds(settings: object, values: object) -> bool:
    """Whether every one of `values`, at any depth, stands in `settings`, which may have more."""
    if not isinstance(values, dict):
        return settings == values
    return all(name in settings and holds(settings[name], value) for name, value in values.items())


def test_small_halves_and_tiny_quarters_the_published_widths():
    paper, small, tiny = (load_preset(name).model for name in ("paper", "small", "tiny"))
    assert small.decoder_widths == tuple(width // 2 for width in paper.decoder_widths)
    assert small.encoder_widths[:-1] == tuple(width // 2 for width in paper.encoder_widths[:-1])
    assert small.discriminator_widths == tuple(width // 2 for width in paper.discriminator_widths)
    assert tiny.decoder_widths == tuple(width // 4 for width in paper.decoder_widths[1:])
    assert tiny.discriminator_widths == tuple(width // 4 for width in paper.discriminator_widths)


@pytest.mark.parametrize(("size", "stages"), [(256, 1), (512, 2)])
def test_each_doubling_of_the_side_adds_one_stage_outside_the_published_ones(size, stages):
    paper, larger = load_preset("paper").model, load_preset(f"paper-{size}").model
    assert larger.image_size_px == size
    assert larger.encoder_widths[stages:] == paper.encoder_widths
    assert larger.decoder_widths[:-stages] == paper.decoder_widths
    assert larger.discriminator_widths[stages:] == paper.discriminator_widths
    for name in ("encoder_widths", "decoder_widths", "discriminator_widths"):
        assert len(getattr(larger, name)) == len(getattr(paper, name)) + stages


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"modle": {}}, ["modle", "model", "training"]),
        ({"model": {"widths": 3}}, ["model.widths", "encoder_widths"]),
        ({"training": {"augmentation": {"flip": True}}}, ["training.augmentation.flip", "mirror"]),
        ({"training": {"batch_size": 1}}, ["training.batch_size", "[2, 65536]"]),
        ({"training": {"steps": 10**400}}, ["training.steps", "000...; give", "at least 1 and at most 9.22337e+18"]),
        ({"training": {"learning_rate": 10**400}}, ["training.learning_rate", "at most 9.22337e+18"]),
        ({"training": {"betas": [0.5, -(10**5000)]}}, ["training.betas", "thousands of digits", "at most"]),
        ({"training": {"seed": [7] * 1000}}, ["training.seed", "[7, 7, ", "...; give a whole number"]),
        ({"loss": {"kl": float("inf")}}, ["loss.kl", "is inf", "at most"]),
        ({"training": {"steps": 1.5}}, ["training.steps", "whole number"]),
        ({"training": {"learning_rate": "fast"}}, ["training.learning_rate", "number"]),
        ({"training": {"precision": "fp8"}}, ["training.precision", "bf16"]),
        ({"training": {"betas": [0.9]}}, ["training.betas", "two numbers"]),
        ({"model": {"image_size_px": 96}}, ["model.image_size_px", "128"]),
        ({"model": {"discriminator_widths": [8] * 8}}, ["model.discriminator_widths", "at most 7"]),
        ({"model": {"decoder_refinements": [1, 1]}}, ["model.decoder_refinements", "each of the 6"]),
        ({"model": {"decoder_finish_width": -1}}, ["model.decoder_finish_width", "-1"]),
        ({"model": {"decoder_refinements": [0, 0, 0, 0, 0, -1]}}, ["model.decoder_refinements", "0 to 64"]),
        ({"model": {"decoder_refinements": [10**6] * 6}}, ["model.decoder_refinements", "0 to 64"]),
        ({"model": {"family": "portrait", "middle_blocks": 65}}, ["model.middle_blocks", "[1, 64]"]),
        ({"model": {"family": "portrait", "decoder_blocks": 10**6}}, ["model.decoder_blocks", "[1, 64]"]),
        ({"model": {"family": "details", "blocks": 10**6}}, ["model.blocks", "[1, 64]"]),
        ({"framing": {"image_size_px": 64}}, ["framing.image_size_px", "128"]),
        ({"framing": 3}, ["framing", "face_fraction"]),
        ({"loss": {"kl": float("nan")}}, ["loss.kl", "at least 0"]),
        ({"loss": {"features": -1}}, ["loss.features", "at least 0"]),
        ({"loss": {"gan": "wgan"}}, ["loss.gan", "bce", "relativistic"]),
        ({"model": {"affect_head": "none"}}, ["model.affect_head", "acgan", "adcgan"]),
        ({"model": {"latent_size": 10**9}}, ["model.latent_size", "[1, 4096]"]),
        ({"model": {"code_width": 10**9}}, ["model.code_width", "[1, 4096]"]),
        ({"model": {"decoder_finish_width": 10**9}}, ["model.decoder_finish_width", "[0, 4096]"]),
        ({"model": {"encoder_widths": [10**9] * 7}}, ["model.encoder_widths", "...; give", "in [1, 4096]"]),
        ({"model": {"encoder_widths": []}}, ["model.encoder_widths", "1 to 11 widths"]),
        ({"model": {"encoder_widths": [8] * 20_000}}, ["model.encoder_widths", "...; give", "1 to 11 widths"]),
        (
            {"model": {"image_size_px": 2**12, "encoder_widths": [8] * 12, "decoder_widths": [8] * 11}},
            ["model.encoder_widths", "1 to 11 widths"],
        ),
        ({"model": {"image_size_px": 2**40}}, ["model.image_size_px", "[8, 2048]"]),
        ({"model": {"family": "portrait", "image_size_px": 2**40}}, ["model.image_size_px", "[8, 2048]"]),
        ({"model": {"family": "details", "image_size_px": 10**6}}, ["model.image_size_px", "[8, 2048]"]),
        ({"model": {"family": "portrait", "widths": [8 * 10**9]}}, ["model.widths", "[8, 4096], each a multiple of 8"]),
        ({"model": {"family": "details", "widths": [8] * 5}}, ["model.widths", "1 to 4 widths"]),
        ({"model": {"family": "portrait", "condition_width": 10**9}}, ["model.condition_width", "[1, 4096]"]),
        ({"training": {"batch_size": 10**9}}, ["training.batch_size", "[2, 65536]"]),
        ({"training": {"batch_parts": 10**9}}, ["training.batch_parts", "[1, 65536]"]),
        ({"framing": {"sampled_frames": 10**12}}, ["framing.sampled_frames", "[1, 10000]"]),
        ([], ["config", "model"]),
        ({"model": {"family": "painter"}}, ["model.family", "paper", "portrait"]),
        ({"model": {"family": ["paper"]}}, ["model.family", "portrait"]),
        ({"model": {"family": "portrait", "latent_size": 8}}, ["model.latent_size", "largest_flow"]),
        ({"model": {"family": "portrait", "widths": [12, 24]}}, ["model.widths", "multiple of 8"]),
        ({"model": {"family": "portrait", "widths": []}}, ["model.widths", "multiple of 8"]),
        ({"model": {"family": "portrait", "discriminator_widths": [8] * 8}}, ["model.discriminator_widths", "128 px"]),
        ({"model": {"family": "portrait", "largest_flow": 0}}, ["model.largest_flow", "0.001"]),
        ({"model": {"family": "portrait"}, "framing": {"image_size_px": 64}}, ["framing.image_size_px", "128"]),
        ({"model": {"family": "portrait", "variants": ["glee.wide"]}}, ["model.variants", "joy.laugh"]),
        ({"model": {"family": "portrait", "variants": ["joy.laugh"] * 2}}, ["model.variants", "once"]),
        ({"model": {"family": "portrait"}, "loss": {"changed": 0.5}}, ["loss.changed", "at least 1"]),
        ({"model": {"family": "portrait"}, "training": {"variation": {"noise": 2}}}, ["variation.noise", "[0, 1]"]),
        ({"model": {"family": "portrait"}, "training": {"test_share": 1.5}}, ["training.test_share", "[0, 1]"]),
    ],
)
def test_wrong_settings_are_refused_in_one_line_that_names_the_setting_and_the_way_out(values, words):
    with pytest.raises(InputError) as refusal:
        config_from_dict(values)
    assert all(word in str(refusal.value) for word in words)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "name",
    ["</select><img src=x onerror=alert(1)>", "a+b", "a:1", "a,b", "a.b", "Laugh", "1st", "-a", "a b", "a\n", ""],
)
def test_a_variant_is_named_in_small_letters_so_that_it_can_be_asked_for_and_is_no_markup(name):
    with pytest.raises(InputError, match=r"model\.variants"):
        config_from_dict({"model": {"family": "portrait", "variants": [f"joy.{name}"]}})
    named = {"family": "portrait", "variants": ["joy.laugh", "joy.half-closed-2"]}
    assert config_from_dict({"model": named}).model.variants == ("joy.laugh", "joy.half-closed-2")


def test_a_file_sets_what_it_names_and_leaves_the_rest_as_published(tmp_path):
    (tmp_path / "mine.yaml").write_text("training: {steps: 7, learning_rate: 2e-4}\n", encoding="utf-8")
    config = load_preset(tmp_path / "mine.yaml")
    expected = dataclasses.replace(Config().training, steps=7, learning_rate=2e-4)
    assert config == dataclasses.replace(Config(), training=expected)


@pytest.mark.parametrize("text", ["a: [", "- 1", "\t:"])
def test_unusable_files_are_refused(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        load_preset(tmp_path / "mine.yaml")


@pytest.mark.parametrize("name", ["huge", "missing.yaml", "", "configs/paper"])
def test_unknown_presets_are_refused(name):
    with pytest.raises(InputError, match="preset"):
        load_preset(name)


def test_parts_of_a_config_are_read_alone():
    model = load_preset("tiny").model
    assert config_from_dict(config_to_dict(model), ModelConfig) == model
