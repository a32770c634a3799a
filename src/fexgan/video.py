"""Clips in and out, one frame at a time. What cannot be read raises InputError."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter
from PIL import Image

from fexgan.errors import InputError
from fexgan.media import LARGEST_PIXELS, Pixels, atomic_path, to_pixels
from fexgan.sound import Sound

# The default conversion rounds down, which darkens a clip by one level each way, and takes the nearest colour sample.
_PRECISE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT

_CPU_AVX_512F = 13  # cv::CpuFeatures; OpenCV's Python module does not name it

_CLIP_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg,flv,asf,ogg"
"""What clips may be inside, whatever they are called: no playlists, which make FFmpeg open other files."""


SLOWEST_FPS, FASTEST_FPS = 0.01, 240.0
UNEVEN_TIME_BASE = Fraction(1, 90_000)
"""Frames that are not evenly spaced are timed in these seconds; usual paces, 29.97 a second too, are whole in them."""


@contextmanager
def _clip_stream(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a clip's first video stream; decoding errors inside the block become InputError."""
    try:
        with _opened(path) as container:
            if not container.streams.video:
                raise InputError(f"{path} holds no video; give a clip with pictures in it")
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise InputError(f"{path} is coded in a way that cannot be decoded; convert it to H.264")
            if stream.width * stream.height > LARGEST_PIXELS:
                raise InputError(f"{path} has frames of {stream.width}x{stream.height} px; give a smaller clip")
            yield container, stream
    except (av.FFmpegError, ValueError):
        raise _unreadable(path) from None


def _opened(path: Path) -> av.container.InputContainer:
    if not Path(path).is_file():
        raise InputError(f"no clip at {path}; give the path of a video file such as MP4")
    allowed = {"format_whitelist": _CLIP_FORMATS, "protocol_whitelist": "file"}
    try:
        return av.open(f"file:{path}", container_options=allowed)  # what is before a colon is else a protocol
    except (av.FFmpegError, ValueError):
        raise _unreadable(path) from None


def _unreadable(path: Path) -> InputError:
    return InputError(f"{path} cannot be read as a clip; give a whole video file such as MP4")


class ClipFrame:
    """A decoded frame that becomes pixels when it is asked, which takes longer than to decode it."""

    def __init__(self, frame: av.VideoFrame, time_s: float, converter: _Converter) -> None:
        self.time_s = time_s
        self.size = converter.width_of(frame), frame.height
        self.quarter_turns = frame.rotation // 90
        """How often it has to be turned counterclockwise to stand upright, as the clip's rotation tag says."""
        self._frame, self._converter = frame, converter

    def pixels(self) -> Pixels:
        """Upright."""
        return np.ascontiguousarray(np.rot90(self._converter.rgb(self._frame), self.quarter_turns))

    def shrunk(self, left: int, top: int, side: int, size_px: int) -> Pixels:
        """A square of it, as it lies in the file, at another size: [size_px, size_px, 3]. Lanczos, antialiased.

        Brightness and colours are shrunk as they are stored, and only what is left of them becomes RGB: a quarter of
        the work of `pixels` and a resize, and the same to a fraction of a grey level.
        """
        return self._converter.shrunk(self._frame, (left, top, side, size_px))


class _Converter:
    """Makes RGB of the frames of one clip, and pixels that are as wide as high of others, as DVDs have them.

    It keeps FFmpeg's tables, which cost more than a small frame. `pixel_aspect`: width of a stored pixel to its height.
    """

    def __init__(self, pixel_aspect: Fraction = Fraction(1)) -> None:
        self._pixel_aspect = pixel_aspect
        self._reformatter = VideoReformatter()
        self._graph, self._graph_key = av.filter.Graph(), None

    def width_of(self, frame: av.VideoFrame) -> int:
        """Width of a frame in pixels that are as wide as high."""
        return max(1, round(frame.width * self._pixel_aspect))

    def rgb(self, frame: av.VideoFrame) -> Pixels:
        """Its pixels, what is transparent laid on grey."""
        see_through = _has_alpha(frame.format)
        planes = self._reformatter.reformat(
            frame,
            width=self.width_of(frame),
            height=frame.height,
            format="rgba" if see_through else "rgb24",
            interpolation=_PRECISE,
            threads=1,
        ).to_ndarray()
        return to_pixels(Image.fromarray(planes)) if see_through else planes

    def shrunk(self, frame: av.VideoFrame, square: tuple[int, int, int, int]) -> Pixels:
        key = frame.format.name, frame.width, frame.height, frame.colorspace, frame.color_range, square
        if key != self._graph_key:
            self._graph, self._graph_key = _shrinking_graph(frame, self.width_of(frame), *square), key
        self._graph.push(frame)
        return self._graph.pull().to_ndarray()


def _shrinking_graph(frame: av.VideoFrame, width: int, left: int, top: int, side: int, size_px: int) -> av.filter.Graph:
    graph = av.filter.Graph()
    graph.threads = 1
    widened = [graph.add("scale", f"{width}:{frame.height}:flags=lanczos+accurate_rnd")] if width != frame.width else []
    nodes = [
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base),
        *widened,
        graph.add("crop", f"{side}:{side}:{left}:{top}"),
        graph.add("scale", f"{size_px}:{size_px}:flags=lanczos+accurate_rnd+full_chroma_int+bitexact"),
        graph.add("format", "rgb24"),
        graph.add("buffersink"),
    ]
    for source, target in itertools.pairwise(nodes):
        source.link_to(target)
    graph.configure()
    return graph


def decode_clip(path: Path) -> Iterator[ClipFrame]:
    """Yield the frames of a clip in order, one at a time. Raises InputError, midway at a broken frame."""
    return _decode(path, key_frames_only=False)


def decode_key_frames(path: Path) -> Iterator[ClipFrame]:
    """`decode_clip` of those frames alone that are stored whole, without a look at the others."""
    return _decode(path, key_frames_only=True)


def _decode(path: Path, key_frames_only: bool) -> Iterator[ClipFrame]:
    with _clip_stream(path) as (container, stream):
        converter = _Converter(stream.sample_aspect_ratio or Fraction(1))
        if key_frames_only:
            stream.codec_context.skip_frame = "NONKEY"
        for index, frame in enumerate(container.decode(stream)):
            time_s = frame.time if frame.time is not None else index / float(stream.average_rate or 1)
            yield ClipFrame(frame, time_s, converter)


def read_clip(path: Path) -> Iterator[tuple[Pixels, float]]:
    """Yield (pixels, time_s) of each frame as `decode_clip` does."""
    for frame in decode_clip(path):
        yield frame.pixels(), frame.time_s


def count_clip_frames(path: Path) -> int:
    """Number of frames that a clip decodes to. Raises InputError."""
    with _clip_stream(path) as (container, stream):
        return sum(1 for _ in container.decode(stream))


def told_clip_frames(path: Path) -> int:
    """Number of frames that a clip says it has; where it does not, they are counted. Raises InputError."""
    with _clip_stream(path) as (_, stream):
        told = stream.frames
    return told if told > 0 else count_clip_frames(path)


def is_see_through(path: Path) -> bool:
    """Whether a clip's frames have an opacity, as ProRes 4444 has; `read_clip` lays them on grey. Raises InputError."""
    with _clip_stream(path) as (_, stream):
        return _has_alpha(stream.codec_context.format)


def _has_alpha(pixels: av.VideoFormat) -> bool:
    return any(component.is_alpha for component in pixels.components)


def write_clip(
    path: Path,
    frames: Iterable[Pixels],
    fps: float = 24,
    crf: int = 18,
    preset: str = "medium",
    times_s: Sequence[float] | None = None,
    sound_of: Path | None = None,
) -> None:
    """Write frames, all of one even-sided size, as an H.264 MP4 that every browser plays, atomically.

    `crf`: x264's quality, 0 (lossless) to 51, smaller is better. `preset`: x264's name for how long to search for a
    small file, `ultrafast` to `veryslow`. `times_s`: when each frame is shown, where that is not evenly `fps`; one that
    is not later than the frame before is shown right after it. `sound_of`: a clip whose sound goes along. Equal input
    gives equal bytes. Raises InputError for no frames, odd sides or sizes that change, without `times_s` for `fps`
    outside of SLOWEST_FPS to FASTEST_FPS, and for a file that cannot be written.
    """
    if times_s is not None:  # by which the file goes; the rate is no more than a hint to players
        fps = min(max(fps, SLOWEST_FPS), FASTEST_FPS)
    if not SLOWEST_FPS <= fps <= FASTEST_FPS:
        raise InputError(
            f"{fps:g} frames a second cannot make a clip; give a number from {SLOWEST_FPS:g} to {FASTEST_FPS:g}"
        )
    last_pts = -1
    with (
        _encoding(path),
        atomic_path(path) as temporary,
        ExitStack() as opened,
        av.open(f"file:{temporary}", "w", options={"movflags": "+faststart"}) as container,
    ):
        stream: av.VideoStream | None = None
        sound: Sound | None = None
        reformatter = VideoReformatter()
        for index, pixels in enumerate(frames):
            height, width = pixels.shape[:2]
            if stream is None:
                if height % 2 or width % 2:
                    raise InputError(f"frames of {width}x{height} px cannot make a clip; H.264 needs even sides")
                stream = _h264_stream(container, width, height, fps, crf, preset)
                if times_s is not None:
                    stream.codec_context.time_base = UNEVEN_TIME_BASE
                if sound_of is not None:
                    sound = Sound(opened.enter_context(_opened(sound_of)), container)
            elif (stream.width, stream.height) != (width, height):
                raise InputError(
                    f"frame {index} of {path} has {width}x{height} px, the first {stream.width}x{stream.height}; "
                    "give frames of one size"
                )
            frame = reformatter.reformat(
                av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24"),
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=_PRECISE,
                threads=1,
            )
            frame.time_base = stream.codec_context.time_base
            time_s = index / fps if times_s is None else times_s[index]
            frame.pts = index if times_s is None else max(round(time_s / frame.time_base), last_pts + 1)
            last_pts = frame.pts
            container.mux(stream.encode(frame))
            if sound is not None:
                sound.mux_until(time_s)
        if stream is None:
            raise InputError(f"no frames to write to {path}; a clip needs at least one")
        container.mux(stream.encode(None))
        if sound is not None:
            sound.mux_until(math.inf)


@contextmanager
def _encoding(path: Path) -> Iterator[None]:
    """What the encoder or the file's format refuses becomes InputError; a full disk stays the OSError that it is."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise InputError(f"{path} cannot be written as a clip: {error}; give frames that H.264 takes") from None


def even_sides(pixels: Pixels) -> Pixels:
    """The pixels with their last column and row repeated where H.264, which halves colour, needs even sides."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _h264_stream(
    container: av.container.OutputContainer, width: int, height: int, fps: float, crf: int, preset: str
) -> av.VideoStream:
    import cv2  # takes longer to load than all else here

    rate = Fraction(fps).limit_denominator(1001)
    options = {"crf": str(crf), "preset": preset}
    if cv2.checkHardwareSupport(_CPU_AVX_512F):
        # x264's AVX-512 lookahead reads memory that it never wrote: the same frames would make different files.
        options["x264-params"] = "asm=avx2"
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    # x264's output depends on its number of threads: one thread makes the same file on every machine.
    context.thread_count = 1
    # Untagged colours are guessed, and players guess differently.
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    return stream
