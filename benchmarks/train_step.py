"""Seconds per training step, beside what the machine can do at most, and peak memory.

    python benchmarks/train_step.py --preset small --steps 10

The ceiling is the best speed of one large convolution in the same precision. Pictures are noise: no dataset is needed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import time

import torch
from accelerate import Accelerator
from torch.utils.flop_counter import FlopCounterMode

from fexgan.affects import AFFECTS
from fexgan.config import PRECISIONS, Config, load_preset
from fexgan.model import build
from fexgan.training.batches import Batch, step_generator
from fexgan.training.precision import number_format
from fexgan.training.step import Trainer


def noise_batch(config: Config, device: torch.device) -> Batch:
    """A batch of the right shapes that holds noise."""
    size, count = config.model.image_size_px, config.training.batch_size
    generator = step_generator(config.training.seed, 0)
    images = torch.rand(2 * count, 3, size, size, generator=generator).to(device) * 2 - 1
    source_images, target_images = images.contiguous(memory_format=torch.channels_last).chunk(2)
    affect = torch.eye(len(AFFECTS))[torch.arange(count) % len(AFFECTS)].to(device)
    noise = torch.randn(count, config.model.latent_size, generator=generator).to(device)
    return Batch(source_images, affect, target_images, affect, affect, noise)


def finish(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def time_steps(trainer: Trainer, batch: Batch, steps: int) -> list[float]:
    """Duration of each of `steps` updates in seconds, after two that warm up."""
    durations = []
    for step in range(1, steps + 3):
        start = time.perf_counter()
        trainer.take_step([(batch, step_generator(0, step))], step)
        finish(trainer.accelerator.device)
        durations.append(time.perf_counter() - start)
    return durations[2:]


def convolution_ceiling(device: torch.device, precision: str, tries: int = 5) -> float:
    """Best FLOP/s of a 3x3 convolution of 256 to 256 channels over 32 pictures of 64x64."""
    dtype = number_format(precision, device)
    images = torch.randn(32, 256, 64, 64, device=device, dtype=dtype).contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(256, 256, 3, 3, device=device, dtype=dtype).contiguous(memory_format=torch.channels_last)
    best = float("inf")
    with torch.no_grad():
        for _ in range(tries):
            finish(device)
            start = time.perf_counter()
            torch.nn.functional.conv2d(images, kernel, padding=1)
            finish(device)
            best = min(best, time.perf_counter() - start)
    return 2 * 32 * 64 * 64 * 256 * 256 * 9 / best


def peak_memory_gib(device: torch.device) -> float:
    """Most memory held so far: the device's where it has its own, else the process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print seconds, memory and share as JSON alone")
    options = parser.parse_args()
    config = load_preset(options.preset)
    if not isinstance(config, Config):
        parser.error(f"preset {options.preset} is of family {config.model.family}; choose one of family paper")
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, precision=options.precision))
    accelerator = Accelerator()
    trainer = Trainer(build(config.model), config, accelerator)
    batch = noise_batch(config, accelerator.device)

    with FlopCounterMode(display=False) as counter:
        trainer.take_step([(batch, step_generator(0, 1))], 1)
    durations = sorted(time_steps(trainer, batch, options.steps))
    memory = peak_memory_gib(accelerator.device)
    ceiling = convolution_ceiling(accelerator.device, options.precision)
    median, flops = durations[len(durations) // 2], counter.get_total_flops()
    if options.json:
        print(json.dumps({"seconds": median, "memory_gib": memory, "share": flops / median / ceiling}))
        return
    dtype = str(number_format(options.precision, accelerator.device)).removeprefix("torch.")
    print(f"preset {options.preset}, batch {config.training.batch_size}, {dtype}, {accelerator.device}")
    print(f"threads           {torch.get_num_threads()}")
    print(f"seconds per step  {median:.3f} (median of {len(durations)}; best {durations[0]:.3f})")
    print(f"work per step     {flops / 1e9:.0f} GFLOP")
    print(f"speed             {flops / median / 1e9:.0f} GFLOP/s")
    print(f"ceiling           {ceiling / 1e9:.0f} GFLOP/s in one large convolution")
    print(f"share of ceiling  {flops / median / ceiling:.0%}")
    print(f"peak memory       {memory:.2f} GiB")


if __name__ == "__main__":
    main()
