"""Pixels in and out, and files that appear whole or not at all; clips are in `video`.

Pixels are uint8 [height, width, 3] RGB everywhere. Whatever cannot be read raises InputError.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from fexgan.errors import InputError

Pixels = NDArray[np.uint8]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""What pictures are written as."""
CLIP_SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi")
READ_SUFFIXES = (*PICTURE_SUFFIXES, ".bmp", ".tif", ".tiff")
"""What is taken for a picture where pictures are looked for."""
LONGEST_SIDES_PX = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}
"""What a side of a picture may be in the formats that end where pictures do not yet."""
LARGEST_PIXELS = 128_000_000
"""Largest picture or frame that is decoded: headers that promise more are refused before they cost memory, which
is up to ten bytes a pixel, 1.3 GB at this size; for 16-bit colours 26 and 3.3 GB."""

BACKDROP_GREY = 128
"""Level that shows through the transparent parts of a picture."""

_SIZE_ADVICE = f"give a picture of at most {LARGEST_PIXELS // 1_000_000} megapixels"
_TIFF_BITS, _TIFF_PLANES, _TIFF_APART = 258, 284, 2


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path` to write to; fsync and rename it when the block ends, delete it on error.

    The sibling keeps the suffix of `path`, so that writers that go by it choose the same format. Missing parent
    folders are made. Where `path` is a link, the file that it leads to is replaced, and the link stays. Raises
    InputError where the file system refuses.
    """
    path = Path(path)
    place = _followed(path)
    # Not named by the process: in containers that share a folder numbers repeat.
    temporary = place.with_name(f".{path.stem}.{secrets.token_hex(8)}.partial{path.suffix}")
    with _refusals(path):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, place)
            _sync(place.parent)
        finally:
            temporary.unlink(missing_ok=True)


def check_folder(out: Path, what: str) -> None:
    """Raise InputError where `out`, the folder to write `what` to, is a file."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; give a folder to write {what} to")


def writable_folder(out: Path) -> Path:
    """The folder `out`, made where it is missing. Raises InputError where nothing can be written into it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            return out
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write into {out} ({reason}); give a folder that can be written to") from None


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a new sibling folder of `path`; put it in the place of `path` when the block ends, delete it on error.

    A folder that stands at `path` is kept until the new one is complete. Where `path` is a link, what it leads to is
    replaced, and the link stays. Raises InputError where the file system refuses.
    """
    with _refusals(path):
        path = _followed(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not named by the process: in containers numbers repeat, and what a killed one left would be in the way. The
        # folder of that name is for its owner alone, so what becomes `path` is made within it, open as usual.
        prefix = f".{path.name}."
        with tempfile.TemporaryDirectory(".partial", prefix, path.parent, ignore_cleanup_errors=True) as hold:
            temporary, replaced = Path(hold, "new"), Path(f"{hold.removesuffix('.partial')}.replaced")
            temporary.mkdir()
            yield temporary
            for file in temporary.rglob("*"):
                _sync(file)
            if path.exists():
                os.replace(path, replaced)
            try:
                os.replace(temporary, path)
            except OSError:
                if replaced.exists():
                    os.replace(replaced, path)
                raise
            _sync(path.parent)
            shutil.rmtree(replaced, ignore_errors=True)


def _followed(path: Path) -> Path:
    """Where `path` leads, if it is a link; of links in a circle, one of them."""
    return Path(os.path.realpath(path))


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn what the file system refuses while `path` is written into an InputError."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write {path}: {reason}; give a place that can be written") from None


def _sync(path: Path) -> None:
    """Make the kernel put a file's or a folder's content on disk, so that a rename never precedes it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text to `path`; a reader sees the old content or the new, never a part."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def file_name(name: str) -> str:
    """`name` as that of a file or folder that stays where it is put: without separators, colons, control characters,
    and dots before it."""
    return re.sub(r"[/\\:\x00-\x1f]", "-", name.lstrip("./\\")) or "-"


def free_name(name: str, taken: set[str]) -> str:
    """`name`, numbered where it is one of `taken`, to which it is added; many file systems do not tell case apart."""
    numbered = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    free = next(one for one in numbered if one.casefold() not in taken)
    taken.add(free.casefold())
    return free


def to_pixels(picture: Image.Image) -> Pixels:
    """RGB pixels of a PIL picture: upright by its EXIF orientation, transparency laid on grey, 16 bits cut to 8."""
    picture = upright(picture)
    if picture.mode.startswith("I"):
        picture = Image.fromarray((np.asarray(picture).clip(0, 65535) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        backdrop = Image.new("RGBA", picture.size, (BACKDROP_GREY, BACKDROP_GREY, BACKDROP_GREY, 255))
        picture = Image.alpha_composite(backdrop, picture)
    return np.array(picture.convert("RGB"))


def upright(picture: Image.Image) -> Image.Image:
    """A PIL picture turned as its EXIF orientation asks for; where that is not at all, Pillow would copy it."""
    turned = picture.getexif().get(ExifTags.Base.Orientation, 1) != 1
    return ImageOps.exif_transpose(picture) if turned else picture


def read_image(path: Path) -> Pixels:
    """Pixels of a picture file. Raises InputError when there is none, it moves, is too large or cannot be decoded."""
    with checked_picture(Path(path), str(path)) as picture:
        return to_pixels(picture)


def decode_image(encoded: bytes, name: str = "picture") -> Pixels:
    """Pixels of an encoded picture; `name` is what an error calls it. Raises InputError."""
    with checked_picture(io.BytesIO(encoded), name) as picture:
        return to_pixels(picture)


@contextmanager
def checked_picture(
    source: Path | io.BytesIO | Image.Image, name: str, may_move: bool = False
) -> Iterator[Image.Image]:
    """Yield a picture that may be decoded: a single one or where it `may_move` several, of colours, of at most
    LARGEST_PIXELS.

    Raises InputError, in which it goes by `name`, for any other, and for whatever goes wrong while it is decoded.
    """
    is_path = isinstance(source, Path)
    if is_path and not source.is_file():
        raise InputError(f"no picture at {source}; give the path of a PNG, JPEG or WebP file")
    try:
        # Pillow warns of what is read all the same, or refused. Python silences all threads at once, so not where many
        # of them decode.
        with (
            warnings.catch_warnings(action="ignore") if is_path else nullcontext(),
            nullcontext(source) if isinstance(source, Image.Image) else Image.open(source) as picture,
        ):
            _check(picture, name, may_move)
            yield picture
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError(f"{name} is too large; {_SIZE_ADVICE}") from None
    except Exception:  # broken files make Pillow's readers raise almost anything
        if is_path and source.suffix.lower() in CLIP_SUFFIXES:
            advice = "give a frame of it, or fexgan transform the clip: with one --to to a .mp4, or to a folder"
            raise InputError(f"{name} is a clip, where a picture is wanted; {advice}") from None
        raise InputError(f"{name} cannot be read as a picture; give a whole PNG, JPEG or WebP file") from None


def _check(picture: Image.Image, name: str, may_move: bool) -> None:
    if picture.width * picture.height > LARGEST_PIXELS:
        raise InputError(f"{name} has {picture.width}x{picture.height} px; {_SIZE_ADVICE}")
    pages = getattr(picture, "n_frames", 1)
    if pages > 1 and picture.format != "MPO" and not may_move:  # phones store a photograph and extras as MPO
        raise InputError(
            f"{name} holds {pages} pictures; give a single one, or a clip to transform: MP4, or an animated GIF or WebP"
        )
    if picture.mode == "F":
        raise InputError(f"{name} holds fractions, no colours; give a picture of 8 or 16 bits a channel")
    tags = getattr(picture, "tag_v2", {})
    if tags.get(_TIFF_PLANES) == _TIFF_APART and max(tags.get(_TIFF_BITS, (8,))) > 8:  # Pillow would read noise
        raise InputError(f"{name} holds 16-bit colours in a plane each; save it as PNG")


def encode_image(pixels: Pixels) -> bytes:
    """PNG bytes of `pixels`: nothing is lost, and equal pixels give equal bytes.

    Every row is told by the one above it, and only runs are looked for: half of the time that it takes to choose each
    row's filter, for a tenth more bytes.
    """
    import cv2  # takes longer to load than all else here

    options = {
        cv2.IMWRITE_PNG_FILTER: cv2.IMWRITE_PNG_FILTER_UP,
        cv2.IMWRITE_PNG_COMPRESSION: 1,
        cv2.IMWRITE_PNG_STRATEGY: cv2.IMWRITE_PNG_STRATEGY_RLE,
    }
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [*itertools.chain(*options.items())])
    return encoded.tobytes()


def write_image(path: Path, picture: Pixels | Image.Image) -> None:
    """Write pixels or a PIL picture atomically; the suffix of `path` chooses the format. Raises InputError."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    check_format(path, image.width, image.height)
    with atomic_path(path) as temporary:
        image.save(temporary)


def check_format(path: Path, width: int, height: int) -> None:
    """Raise InputError unless the suffix of `path` is that of a format which is written and holds such a size."""
    suffix = Path(path).suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise InputError(f"cannot write a picture as {path}; end its name in one of {', '.join(PICTURE_SUFFIXES)}")
    longest = LONGEST_SIDES_PX.get(suffix)
    if longest is not None and max(width, height) > longest:
        raise InputError(f"{path} can hold at most {longest} px a side, not {width}x{height}; end its name in .png")
