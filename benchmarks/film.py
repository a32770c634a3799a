"""Seconds per frame of the studio at several sizes, from the first one on, and what memory that takes.

    python benchmarks/film.py
    python benchmarks/film.py --sizes 144 --samples 4 8 --characters mei --frames 48

Each character acts takes with everything that moves in one: face, lids, gaze, head. Each line comes from a process of
its own: `seated` is the time from its start to a built character, `first` the first frame, `frame` the median of the
others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

AFFECTS = ("joy", "fear")


@dataclass(frozen=True)
class Measured:
    """Seconds, and MiB of memory at its highest."""

    seated_s: float
    first_s: float
    frame_s: float
    peak_mib: float


def measure(character: str, size_px: int, samples: int, frames: int, started: float) -> Measured:
    """Film `frames` frames of each of two affects; `started`: the clock (time.time) when the process was asked for."""
    from fexgan.studio.cast import open_cast_file, read_cast
    from fexgan.studio.figure import Figure
    from fexgan.studio.performance import perform, plan_performance
    from fexgan.studio.renderer import Renderer, RenderSettings

    cast = {one.name: one for one in read_cast(open_cast_file())}
    renderer = Renderer(RenderSettings(size_px, samples))
    figure = Figure(cast[character])
    renderer.seat(figure)
    seated_s = time.time() - started
    taken = []
    for affect in AFFECTS:
        poses, _ = perform(plan_performance(character, affect, 1, frames, 24.0, 0))
        for pose in poses:
            begun = time.perf_counter()
            renderer.shoot(figure.pose(pose))
            taken.append(time.perf_counter() - begun)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(seated_s, taken[0], statistics.median(taken[1:]), peak_mib)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 144, 192, 256], help="sides of the picture")
    parser.add_argument("--samples", type=int, nargs="+", default=[4], help="light samples per pixel")
    parser.add_argument("--characters", nargs="+", default=["kofi", "mei"], help="of the open cast")
    parser.add_argument("--frames", type=int, default=24, help="frames of each of the two takes")
    chosen = parser.parse_args(arguments)
    print("| character | px | samples | seated s | first s | frame s | frames an hour | peak MiB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    context = multiprocessing.get_context("spawn")
    for character in chosen.characters:
        for size_px in chosen.sizes:
            for samples in chosen.samples:
                with context.Pool(1) as pool:
                    found = pool.apply(measure, (character, size_px, samples, chosen.frames, time.time()))
                print(
                    f"| {character} | {size_px} | {samples} | {found.seated_s:.1f} | {found.first_s:.2f} | "
                    f"{found.frame_s:.3f} | {3600 / found.frame_s:,.0f} | {found.peak_mib:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
