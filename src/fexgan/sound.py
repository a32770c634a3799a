"""The sound of one clip, carried into another as it is, or as AAC where MP4 cannot hold it."""

from __future__ import annotations

from collections.abc import Iterator

import av

CARRIED = ("aac", "mp3", "opus", "ac3", "eac3", "flac", "alac")
"""What goes into an MP4 as it is."""
AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
USUAL_RATE = 48_000


class Sound:
    """The first sound of `source`, an open clip, that can be decoded, for `container`; opened before anything is
    written to that.

    A clip without sound has none to carry, and one whose sound breaks off falls silent there.
    """

    def __init__(self, source: av.container.InputContainer, container: av.container.OutputContainer) -> None:
        self._container = container
        self._packets: Iterator[av.Packet] = iter(())
        known = [stream for stream in source.streams.audio if stream.codec_context is not None]
        if known:
            stream = known[0]
            carried = stream.codec_context.name in CARRIED
            self._packets = (_copied if carried else _encoded)(source, stream, container)
        self._next = self._following()

    def mux_until(self, time_s: float) -> None:
        """Write what is heard up to `time_s`, so that picture and sound lie side by side in the file."""
        while self._next is not None and float(self._next.dts * self._next.time_base) <= time_s:
            self._container.mux(self._next)
            self._next = self._following()

    def _following(self) -> av.Packet | None:
        try:
            return next(self._packets, None)
        except av.FFmpegError:
            return None


def _copied(
    source: av.container.InputContainer, stream: av.AudioStream, container: av.container.OutputContainer
) -> Iterator[av.Packet]:
    copy = container.add_stream_from_template(stream)

    def packets() -> Iterator[av.Packet]:
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                yield packet

    return packets()


def _encoded(
    source: av.container.InputContainer, stream: av.AudioStream, container: av.container.OutputContainer
) -> Iterator[av.Packet]:
    rate = stream.codec_context.sample_rate
    rate = rate if rate in AAC_RATES else USUAL_RATE
    sound = container.add_stream("aac", rate=rate, layout="stereo")
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate)

    def packets() -> Iterator[av.Packet]:
        for frame in source.decode(stream):
            for resampled in resampler.resample(frame):
                yield from sound.encode(resampled)
        yield from sound.encode(None)

    return packets()
