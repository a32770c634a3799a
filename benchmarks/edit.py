"""Milliseconds per edit of a picture, and peak memory.

    python benchmarks/edit.py                         an untrained network of preset portrait
    python benchmarks/edit.py --checkpoint portrait

The picture is the neutral still of a filmed character, enlarged. Each figure is the median of several turns; the first
edit finds the face, analyses it and edits it, a further one only edits it anew, as when a slider moves.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

import fexgan
from fexgan.checkpoints import Metadata, save_checkpoint
from fexgan.config import load_preset
from fexgan.editing import Editor
from fexgan.media import read_clip
from fexgan.model import build
from fexgan.picture import LoadedPicture, open_picture

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


def median_ms(action: Callable[[str], object], turns: int) -> float:
    """Of an edit to one target after another, after one that warms up."""
    durations = []
    for turn in range(turns + 1):
        start = time.perf_counter()
        action(TARGETS[turn % len(TARGETS)])
        durations.append(time.perf_counter() - start)
    return 1000 * statistics.median(durations[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", help="bundled name or folder; an untrained network where not given")
    parser.add_argument("--footage", type=Path, default=CROWD, help="folder of filmed stills")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 4096], help="sides of the picture in px")
    parser.add_argument("--turns", type=int, default=20)
    options = parser.parse_args()
    editor = fexgan.load(options.checkpoint) if options.checkpoint else untrained()
    clip = sorted(options.footage.glob("*/stills/1.mp4"))[0]

    print(f"threads  {torch.get_num_threads()}")
    print(f"{'side':>8}  {'first edit':>12}  {'each further':>12}  {'peak memory so far':>18}")
    for side_px in options.sizes:
        picture = picture_of(clip, side_px)
        first = median_ms(lambda target, picture=picture: editor.open(picture).edit(target), options.turns)
        further = median_ms(editor.open(picture).edit, options.turns)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        print(f"{side_px:>5} px  {first:>9.1f} ms  {further:>9.1f} ms  {peak_mib:>14.0f} MiB")


if __name__ == "__main__":
    main()
