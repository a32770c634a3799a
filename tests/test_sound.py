"""Sound goes along with the pictures of a clip, in time, whatever it comes in."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from drawn import face

from fexgan.errors import InputError
from fexgan.video import read_clip, write_clip

RATE = 48_000
TIMES_S = [0.0, 0.033, 0.066, 0.1, 0.3, 0.5, 0.7, 0.9]


def _talk(path: Path, codec: str | None) -> Path:
    """Frames that are not evenly spaced, and a second of a tone that begins after half of it."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream(codec, rate=RATE, layout="mono") if codec else None
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, time_s in enumerate(TIMES_S):
            frame = av.VideoFrame.from_ndarray(face(64, x=0.4 + 0.02 * index), format="rgb24")
            frame.pts, frame.time_base = round(1000 * time_s), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * (np.arange(RATE) >= RATE / 2)
            kind = "fltp" if codec == "aac" else "s16"
            samples = tone.astype(np.float32) if codec == "aac" else (20_000 * tone).astype(np.int16)
            for start in range(0, RATE, 1024):
                frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format=kind, layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
                container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def _of_a_studio(path: Path) -> Path:
    """A clip with sound at a rate that AAC does not know."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=192_000, layout="mono")
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(face(64), format="rgb24")))
        container.mux(stream.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 19_200), np.int16), format="s16", layout="mono")
        frame.sample_rate = 192_000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def _copied(source: Path, out: Path) -> Path:
    pixels, times_s = zip(*read_clip(source), strict=True)
    write_clip(out, pixels, 10, times_s=times_s, sound_of=source)
    return out


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_a_copy_sounds_when_the_clip_does_and_shows_frames_when_the_clip_does(tmp_path: Path, codec: str) -> None:
    out = _copied(_talk(tmp_path / "talk.mkv", codec), tmp_path / "out.mp4")
    assert [time_s for _, time_s in read_clip(out)] == pytest.approx(TIMES_S, abs=0.001)
    with av.open(str(out)) as container:
        (stream,) = container.streams.audio
        heard = [(frame.time, np.abs(frame.to_ndarray()).mean()) for frame in container.decode(stream)]
    assert stream.codec_context.name == "aac"
    loud = [time_s for time_s, level in heard if level > 0.1]
    assert loud[0] == pytest.approx(0.5, abs=0.05) and loud[-1] == pytest.approx(1.0, abs=0.06)


def test_sound_faster_than_aac_knows_is_slowed_down(tmp_path: Path) -> None:
    source = _of_a_studio(tmp_path / "studio.mkv")
    write_clip(tmp_path / "out.mp4", [face(64)], 10, sound_of=source)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.sample_rate == 48_000


def test_a_clip_that_cannot_be_written_is_not_blamed_on_its_sound(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs even sides"):
        write_clip(tmp_path / "out.mp4", [face(64)[:63]], 10, sound_of=_of_a_studio(tmp_path / "studio.mkv"))
    with pytest.raises(ValueError, match="not the sound's"):
        write_clip(tmp_path / "out.mp4", _broken(), 10, sound_of=tmp_path / "studio.mkv")


def _broken() -> Iterator[np.ndarray]:
    yield face(64)
    raise ValueError("not the sound's")


def test_a_clip_without_sound_stays_silent(tmp_path: Path) -> None:
    out = _copied(_talk(tmp_path / "mute.mkv", None), tmp_path / "out.mp4")
    with av.open(str(out)) as container:
        assert not container.streams.audio


def test_sound_that_breaks_off_takes_nothing_with_it(tmp_path: Path) -> None:
    source = _talk(tmp_path / "talk.mkv", "aac")
    frames = list(read_clip(source))
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) - len(whole) // 8])
    write_clip(tmp_path / "out.mp4", [pixels for pixels, _ in frames], 10, times_s=TIMES_S, sound_of=source)
    assert len(list(read_clip(tmp_path / "out.mp4"))) == len(TIMES_S)
