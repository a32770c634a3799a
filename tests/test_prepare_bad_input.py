"""Whatever lies in the folder, preparing it ends: with a dataset that accounts for every file, or with one line."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawn import face, film
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.media import decode_image, encode_image
from fexgan.prepare import PrepareReport, prepare, scan_footage
from fexgan.video import read_clip, write_clip

FRAMING = FramingConfig(image_size_px=16, sampled_frames=1)


def _bomb(side: int) -> bytes:
    """A PNG whose header promises side x side pixels."""
    chunks = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")):
        chunks += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return chunks


def _clip() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_clip(path, [face(32)] * 3, fps=24, preset="ultrafast")
        return path.read_bytes()


def _animation() -> bytes:
    file = io.BytesIO()
    pages = [Image.new("RGB", (8, 8), (level, 0, 0)) for level in (0, 200)]
    pages[0].save(file, "WEBP", save_all=True, append_images=pages[1:])
    return file.getvalue()


PICTURE, CLIP = encode_image(face(32)), _clip()
CONTENTS = [
    PICTURE,
    CLIP,
    PICTURE[: len(PICTURE) // 2],
    CLIP[: len(CLIP) // 2],
    CLIP[:-40],
    b"",
    b"text",
    b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
    b"ffconcat version 1.0\nfile 1.mp4\n",
    b"{}",
    b"[" * 100_000,
    b'{"format": 1, "frames": []}',
    _bomb(40_000),
    _bomb(2),
    _animation(),
    b"II*\0\x08\0\0\0\xff\xff",
]
FOLDERS = ["", "ada", "ada/joy", "ada/happy", "joy", "bo/fear", "bo/glee", "ada/joy/deep", "|/joy"]
FOLDERS += [b"a\nb/joy", b"\xff/sad"]
NAMES = ["1.mp4", "1.png", "1.json", "2.MOV", "2.jpg", "ada_3.webp", "x.tiff", "1", "a.gif", ".x.png"]
NAMES += [b"\xfe\n`.png", b"\xfe.avi"]
FILES = st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES), st.sampled_from(CONTENTS))


def _count_files(folder: Path) -> int:
    """Files that are not hidden, but for the sidecars of clips, and `{}` is none; links to folders are one each."""
    count = 0
    for parent, folders, names in os.walk(folder):
        clips = {Path(name).stem for name in names if Path(name).suffix.lower() in (".mp4", ".mov", ".avi", ".gif")}
        records = (name for name in names if name.endswith(".json") and Path(name).stem in clips)
        sidecars = {name for name in records if Path(parent, name).read_bytes() != b"{}"}
        count += sum(not name.startswith(".") for name in set(names) - sidecars)
        count += sum(os.path.islink(os.path.join(parent, name)) for name in folders)
    return count


def _prepare(cast: Path, out: Path) -> PrepareReport | None:
    """The report, None where preparing stopped with one line and left nothing."""
    try:
        report = prepare(cast, out, FRAMING)
    except InputError as error:
        assert len(str(error)) < 2000 and not out.exists()
        return None
    finally:
        assert not list(out.parent.glob(".*"))
    return report


@settings(max_examples=25, deadline=None)
@given(st.lists(FILES, min_size=1, max_size=8), st.lists(st.sampled_from(NAMES[:5]), max_size=2), st.booleans())
def test_every_file_is_used_or_listed_with_its_reason(files: list, links: list[str], has_a_good_clip: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        cast = Path(place) / "cast"
        (cast / "cy/joy").mkdir(parents=True)
        if has_a_good_clip:
            (cast / "cy/joy/good.mp4").write_bytes(CLIP)
        for folder, name, content in files:
            path = Path(os.fsdecode(os.path.join(os.fsencode(cast), os.fsencode(folder), os.fsencode(name))))
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_dir():
                path.write_bytes(content)
        for number, name in enumerate(links):
            (cast / "cy/joy" / f"{number}{name}").symlink_to(("/etc/hostname", cast, "nowhere")[number])
        report = _prepare(cast, Path(place) / "set")
        if report is None:
            return
        assert report.footage.files == _count_files(cast)
        assert report.files_used + sum(item.files for item in report.left_out) == report.footage.files
        rows = pq.read_table(report.folder / "data", columns=["source", "character", "take"]).to_pylist()
        assert len({row["source"] for row in rows}) == report.files_used
        card = (report.folder / "README.md").read_text(encoding="utf-8")
        listed = [line for line in card.split("## Left out")[1].splitlines() if line.startswith("- `")]
        assert len(listed) == len(report.left_out) and all("file" in line and ": " in line for line in listed)


@pytest.mark.parametrize("content", [CONTENTS[7], CONTENTS[8], PICTURE])
def test_a_clip_cannot_name_other_files(tmp_path: Path, content: bytes) -> None:
    write_clip(tmp_path / "1.mp4", [face(32)], fps=24)
    (tmp_path / "2.mp4").write_bytes(content)
    with pytest.raises(InputError, match=r"2\.mp4 cannot be read as a clip"):
        next(read_clip(tmp_path / "2.mp4"))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp"])
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_broken_pictures_raise_one_kind_of_error(suffix: str, data: st.DataObject) -> None:
    file = io.BytesIO()
    Image.fromarray(face(16)).save(file, {"jpg": "JPEG"}.get(suffix, suffix.upper()))
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode_image(bytes(content)).dtype == np.uint8
    except InputError as error:
        assert "\n" not in str(error)


def test_what_may_not_be_opened_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path, "ada", "joy", "1")
    film(tmp_path, "bo", "joy", "1")
    listing = Path.iterdir

    def refuse(folder: Path):
        if folder.name == "bo":
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = scan_footage(tmp_path)
    assert [entry.character for entry in found.entries] == ["ada"]
    assert [(item.source, item.reason) for item in found.left_out] == [("bo", "cannot be opened: permission denied")]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    film(tmp_path / "cast", "ada", "joy", "1")
    program = (
        "import resource, sys; from fexgan import cli\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "sys.argv = ['fexgan', 'prepare', 'cast', '--out', 'set']; sys.exit(cli.main())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1 and "fexgan: error: cannot write " in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cast"]


def test_an_error_is_one_line_whatever_a_file_is_called(
    tmp_path: Path, run_command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("prepare", tmp_path / "a\nb", "--out", tmp_path / "set") == 2
    assert capsys.readouterr().err.count("\n") == 1
