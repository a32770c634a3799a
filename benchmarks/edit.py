"""Milliseconds per edit of a picture and peak memory, beside the least that the networks and the copying could take.

    python benchmarks/edit.py                         an untrained network of preset portrait
    python benchmarks/edit.py --checkpoint portrait
    python benchmarks/edit.py --sizes 10000 --turns 3 --threads 1

The picture is the neutral still of a filmed character, enlarged. The first edit finds the face, analyses it and edits
it; a further one only edits it anew; a preview does that without details, as while a slider moves; one of a smile takes
that away first, which a slider would keep.

They take turns, and each figure is a median: of the time that passed, and of the time that processors worked, which
others on the machine change less. Memory is the highest of the process, and what that is beyond its level with the
picture open, result included (Linux).
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

import fexgan
from fexgan.checkpoints import Metadata, save_checkpoint
from fexgan.config import load_preset
from fexgan.editing import Editor, Portrait
from fexgan.model import build
from fexgan.picture import LoadedPicture, open_picture
from fexgan.video import read_clip

CROWD = Path(__file__).parents[1] / "crowd"
TARGETS = ("joy:0.8", "anger:0.5+sadness:0.5", "surprise", "fear:0.4")


def untrained() -> Editor:
    """An editor of preset portrait: its weights make no difference to its speed."""
    config = load_preset("portrait")
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder) / "untrained", build(config.model), Metadata(config, (), "", step=0))
        return fexgan.load(Path(folder) / "untrained")


def picture_of(clip: Path, side_px: int) -> LoadedPicture:
    """The clip's first frame, enlarged."""
    pixels, _ = next(read_clip(clip))
    return open_picture(Image.fromarray(pixels).resize((side_px, side_px), Image.Resampling.BICUBIC))


def timed_ms(action: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds that passed, and that processors worked for this process."""
    passed, worked = time.perf_counter(), time.process_time()
    action()
    return 1000 * (time.perf_counter() - passed), 1000 * (time.process_time() - worked)


def medians_ms(actions: Sequence[Callable[[str], object]], turns: int) -> list[tuple[float, float]]:
    """Of each action, with one target after another; the actions take turns, after one turn that warms up."""
    durations: list[list[tuple[float, float]]] = [[] for _ in actions]
    for turn in range(turns + 1):
        for action, seen in zip(actions, durations, strict=True):
            seen.append(timed_ms(lambda action=action, turn=turn: action(TARGETS[turn % len(TARGETS)])))
    return [tuple(map(statistics.median, zip(*seen[1:], strict=True))) for seen in durations]


def edit_anew(portrait: Portrait, target: str) -> LoadedPicture:
    """An edit with nothing kept of those before but what the networks keep of the picture."""
    for face in portrait.faces:
        face.retreats.clear()
    return portrait.edit(target)


def memory_mib(what: str) -> float:
    """VmRSS, memory now, or VmHWM, the highest since `forget_peak`."""
    return int(re.search(rf"{what}:\s*(\d+)", Path("/proc/self/status").read_text()).group(1)) / 2**10


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def operations(action: Callable[[], object]) -> int:
    """Multiplications and additions of the networks."""
    with FlopCounterMode(display=False) as counter:
        action()
    return counter.get_total_flops()


def ceilings(turns: int = 10) -> tuple[float, float]:
    """What the machine reaches at best: GFLOP/s in a large convolution, GB/s read and written by copying."""
    layer = torch.nn.Conv2d(256, 256, 3, padding=1).to(memory_format=torch.channels_last).requires_grad_(False)
    images = torch.zeros(1, 256, 64, 64).to(memory_format=torch.channels_last)
    source, target = np.ones(2**25, np.uint8), np.zeros(2**25, np.uint8)
    convolving = min(timed_ms(lambda: layer(images))[0] for _ in range(turns))
    copying = min(timed_ms(lambda: np.copyto(target, source))[0] for _ in range(turns))
    return operations(lambda: layer(images)) / convolving / 1e6, 2 * source.nbytes / copying / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", help="bundled name or folder; an untrained network where not given")
    parser.add_argument("--footage", type=Path, default=CROWD, help="folder of filmed stills")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 4096], help="sides of the picture in px")
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    editor = fexgan.load(options.checkpoint) if options.checkpoint else untrained()
    clip = sorted(options.footage.glob("*/stills/1.mp4"))[0]
    gflops, gigabytes = ceilings()

    print(f"threads  {options.threads}, at best {gflops:.0f} GFLOP/s and {gigabytes:.1f} GB/s")
    print(f"{'side':>8}  {'':>12}  {'passed':>9}  {'worked':>9}  {'floor':>8}   operations, bytes")
    for side_px in options.sizes:
        picture = picture_of(clip, side_px)
        portrait = editor.open(picture)
        forget_peak()
        before = memory_mib("VmRSS")
        edits = {"first edit": lambda target, picture=picture: editor.open(picture).edit(target)}
        edits["each further"] = portrait.edit
        edits["a preview"] = partial(portrait.edit, details=False)
        edits["of a smile"] = partial(edit_anew, editor.open(picture, source_affect="joy"))
        for (name, edit), (passed, worked) in zip(
            edits.items(), medians_ms(list(edits.values()), options.turns), strict=True
        ):
            gflop = operations(lambda edit=edit: edit(TARGETS[-1])) / 1e9
            gigabyte = 2 * picture.levels.nbytes / 1e9  # every level is read and written once
            floor = 1000 * (gflop / gflops + gigabyte / gigabytes)
            print(
                f"{side_px:>5} px  {name:>12}  {passed:>6.1f} ms  {worked:>6.1f} ms  {floor:>5.1f} ms"
                f"   {gflop:.2f} GFLOP, {1000 * gigabyte:.1f} MB"
            )
        peak = memory_mib("VmHWM")
        print(f"{side_px:>5} px  {'memory':>12}  {peak:.0f} MiB, {peak - before:.0f} more than with the picture open")


if __name__ == "__main__":
    main()
