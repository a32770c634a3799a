"""Frames per second of prepare beside what PyAV alone decodes from the same clips, and peak memory.

    python benchmarks/prepare.py
    python benchmarks/prepare.py --takes 90 --frames 1800 --jobs auto      162,000 frames

The clips show a character of the bundled footage, enlarged and shifted a little from frame to frame, at 60 frames a
second; all are copies of one.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from joblib.externals.loky import get_reusable_executor
from PIL import Image

from fexgan import bundled
from fexgan.config import FramingConfig
from fexgan.media import Pixels
from fexgan.prepare import prepare
from fexgan.video import read_clip, write_clip


def enlarged(clip: Path, count: int, side_px: int) -> Iterator[Pixels]:
    """`count` frames of a clip played to and fro, each shifted by up to eight pixels."""
    frames = [
        Image.fromarray(pixels).resize((side_px, side_px), Image.Resampling.BICUBIC) for pixels, _ in read_clip(clip)
    ]
    for index, frame in enumerate(itertools.islice(itertools.cycle([*frames, *frames[::-1]]), count)):
        yield np.roll(np.asarray(frame), index % 8, axis=1)


def decode_all(clips: list[Path]) -> int:
    """Frames that PyAV decodes, without looking at them."""
    count = 0
    for clip in clips:
        with av.open(str(clip)) as container:
            count += sum(1 for _ in container.decode(container.streams.video[0]))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--takes", type=int, default=4)
    parser.add_argument("--frames", type=int, default=600, help="of each take")
    parser.add_argument("--side-px", type=int, default=512)
    parser.add_argument("--size-px", type=int, default=128, help="side of the dataset's pictures")
    parser.add_argument("--jobs", default="1")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        footage = Path(place) / "footage"
        clips = [footage / "ada" / "joy" / f"{take}.mp4" for take in range(flags.takes)]
        source = next((bundled.footage_path() / "ada" / "joy").glob("*.mp4"))
        write_clip(clips[0], enlarged(source, flags.frames, flags.side_px), fps=60, preset="veryfast")
        for clip in clips[1:]:
            shutil.copy(clips[0], clip)
        started = time.perf_counter()
        count = decode_all(clips)
        decoding_s = time.perf_counter() - started
        started = time.perf_counter()
        prepare(footage, Path(place) / "dataset", FramingConfig(image_size_px=flags.size_px), jobs=flags.jobs)
        preparing_s = time.perf_counter() - started
    get_reusable_executor().shutdown(wait=True)  # only processes that ended are counted
    peak_mb = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1e3
    share = decoding_s / preparing_s
    print(f"{count:,} frames of {flags.side_px} px: PyAV decodes {count / decoding_s:,.0f} a second, prepare takes")
    print(f"{count / preparing_s:,.0f} a second ({share:.0%}); the largest process held {peak_mb:,.0f} MB")


if __name__ == "__main__":
    main()
