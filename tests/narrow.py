"""For tests that train: networks so narrow that a step takes milliseconds, and processes that start in as few."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from fexgan.config import Config, PortraitModelConfig, load_preset

EDITING_MODEL = PortraitModelConfig(
    image_size_px=32,
    widths=(8, 16),
    middle_blocks=1,
    decoder_blocks=1,
    condition_width=16,
    reader_widths=(8, 16),
    discriminator_widths=(8, 16),
    variants=("anger.shout", "joy.laugh"),
)
"""Networks of family `portrait` at 32 px."""


def settings(**training) -> Config:
    """Preset `tiny` with an eighth of its widths, in fp32, and dropout, which must resume exactly too."""
    config = load_preset("tiny")
    model = dataclasses.replace(
        config.model,
        encoder_widths=(8, 8, 16, 16, 16, 16),
        decoder_widths=(16, 16, 16, 8, 8),
        discriminator_widths=(8, 8, 16),
        code_width=16,
        dropout=0.2,
    )
    values = {"precision": "fp32", "batch_size": 8, "preview_every_steps": 0, "decay_share": 0.0, "log_every_steps": 2}
    training = dataclasses.replace(config.training, **(values | training))
    return dataclasses.replace(config, model=model, training=training)


def start_process(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A new process that runs `target` and shares nothing with this one; its libraries are loaded once for all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fexgan.training.loop", "torch._dynamo", "torch.utils.tensorboard", "pandas"])
    process = context.Process(target=target, args=arguments)
    process.start()
    return process
