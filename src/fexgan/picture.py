"""A user's own picture, of any kind, with all that has to survive an edit.

Colours and transparency are kept apart, at the file's own depth: 8 bits a channel, or the 16 of a PNG or TIFF.
Greyscale stays greyscale: an edit's colours are turned to grey. Palettes become full colour, for a palette has no room
for new colours; CMYK becomes sRGB of 8 bits, through its own profile where it carries one. EXIF, resolution and colour
profile go along; the EXIF orientation is applied.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import putchunk

from fexgan.errors import InputError
from fexgan.media import BACKDROP_GREY, Pixels, atomic_path, check_format, checked_picture, upright

Levels = NDArray[np.uint8] | NDArray[np.uint16]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom of a part of a picture in whole pixels, right and bottom not included."""

_KEPT = ("icc_profile", "exif", "dpi")
_ROWS_AT_ONCE = 256
_EXIF_MARK = b"Exif\0\0"
_LONGEST_JPEG_EXIF = 65533  # the segment tells its length in 16 bits, and these count too
_DEEP = re.compile(r"(LA|RGB[XAa]?);16")  # Pillow's names for 16-bit colours, which it cuts to 8 bits


@dataclass(frozen=True, eq=False)
class LoadedPicture:
    """A picture as arrays."""

    levels: Levels
    """[height, width, 1] (grey) or [height, width, 3] (RGB); uint8 or uint16."""
    alpha: Levels | None = None
    """Opacity [height, width] of the same depth, None for a picture without transparency."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What goes into the file beside the pixels, under Pillow's names: ICC profile, EXIF, resolution."""

    @property
    def width(self) -> int:
        return self.levels.shape[1]

    @property
    def height(self) -> int:
        return self.levels.shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as PIL pictures have it."""
        return self.width, self.height

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        """What numpy makes of `to_image`."""
        return np.array(self.to_image(), dtype, copy=copy)

    def _repr_png_(self) -> bytes:
        """What notebooks show."""
        encoded = io.BytesIO()
        self.to_image().save(encoded, "PNG")
        return encoded.getvalue()

    def view(self, box: Box, factor: int = 1) -> Pixels:
        """What a viewer sees of `box`: RGB uint8, transparency laid on grey, shrunk by the whole number `factor`.

        Every pixel of the view is the mean of factor x factor pixels. Where `factor` does not divide the box, its last
        column and row are repeated.
        """
        left, top, right, bottom = box
        rows = max(factor, _ROWS_AT_ONCE // factor * factor)
        return np.vstack(
            [self._seen((left, start, right, min(start + rows, bottom)), factor) for start in range(top, bottom, rows)]
        )

    def _seen(self, box: Box, factor: int) -> Pixels:
        left, top, right, bottom = box
        levels = _cut_to_bytes(self.levels[top:bottom, left:right])
        if levels.shape[2] == 1:
            levels = np.repeat(levels, 3, axis=2)
        if self.alpha is not None:
            opacity = _cut_to_bytes(self.alpha[top:bottom, left:right, None]).astype(np.float32) / 255
            levels = np.rint(BACKDROP_GREY + opacity * (levels.astype(np.float32) - BACKDROP_GREY)).astype(np.uint8)
        if factor == 1:
            return levels
        height, width = levels.shape[:2]
        levels = cv2.copyMakeBorder(levels, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
        size = (levels.shape[1] // factor, levels.shape[0] // factor)
        return cv2.resize(levels, size, interpolation=cv2.INTER_AREA)

    def to_srgb(self, pixels: Pixels) -> Pixels:
        """Pixels that were taken from the picture, [height, width, 3], in sRGB: for files without a profile."""
        profile = self.kept.get("icc_profile")
        if profile is None or self.levels.shape[2] == 1:
            return pixels
        return np.asarray(_srgb(Image.fromarray(pixels), profile))

    def with_levels(self, levels: Levels) -> LoadedPicture:
        """The same picture with other colours of the same shape and depth."""
        return replace(self, levels=levels)

    def to_image(self) -> Image.Image:
        """A PIL picture of mode L, LA, I;16, RGB or RGBA, its `info` holding what goes along.

        PIL has no 16-bit colours, nor transparency beside 16-bit grey: these are cut to 8 bits.
        """
        planes = self.levels if self.alpha is None else np.dstack([self.levels, self.alpha])
        if planes.shape[2] > 1:
            planes = _cut_to_bytes(planes)
        if planes.shape[2] == 2:
            image = Image.merge("LA", [Image.fromarray(planes[..., channel].copy()) for channel in range(2)])
        else:
            image = Image.fromarray(planes[..., 0] if planes.shape[2] == 1 else planes)
        image.info.update(self.kept)
        return image

    def save(self, path: Path) -> None:
        """Write a PNG, JPEG (quality 95, 4:4:4) or lossless WebP, as the suffix says, atomically.

        JPEG and WebP hold 8 bits: 16 are cut to them. Raises InputError for other suffixes, for transparency or more
        than 64 kB of EXIF in a JPEG, and for sides beyond what the format holds.
        """
        check_format(path, self.width, self.height)
        suffix = Path(path).suffix.lower()
        if suffix == ".png" and self.levels.dtype == np.uint16:
            with atomic_path(path) as temporary:
                self._write_deep_png(temporary)
            return
        alpha = None if self.alpha is None else _cut_to_bytes(self.alpha)
        options: dict[str, Any] = dict(self.kept)
        if suffix in (".jpg", ".jpeg"):
            if alpha is not None and alpha.min() < 255:
                raise InputError(f"{path} cannot hold transparency; end its name in .png or .webp")
            exif_bytes = len(self.kept.get("exif", b""))
            if exif_bytes > _LONGEST_JPEG_EXIF:
                raise InputError(f"{path} cannot hold {exif_bytes:,} bytes of EXIF; end its name in .png or .webp")
            alpha = None
            options |= {"quality": 95, "subsampling": "4:4:4"}
        elif suffix == ".webp":
            options |= {"lossless": True, "exact": True}
        with atomic_path(path) as temporary:
            LoadedPicture(_cut_to_bytes(self.levels), alpha).to_image().save(temporary, **options)

    def _write_deep_png(self, path: Path) -> None:
        """Write a PNG of 16 bits a channel with all that goes along, which neither Pillow nor OpenCV can do."""
        channels = self.levels.shape[2] + (self.alpha is not None)
        colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
        with path.open("wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            putchunk(file, b"IHDR", struct.pack(">2I5B", self.width, self.height, 16, colour_type, 0, 0, 0))
            if "icc_profile" in self.kept:
                putchunk(file, b"iCCP", b"ICC Profile\0\0", zlib.compress(self.kept["icc_profile"]))
            if "dpi" in self.kept:
                dots_a_metre = [round(float(dots) / 0.0254) for dots in self.kept["dpi"]]
                putchunk(file, b"pHYs", struct.pack(">2IB", *dots_a_metre, 1))
            if "exif" in self.kept:
                putchunk(file, b"eXIf", self.kept["exif"].removeprefix(_EXIF_MARK))
            packer = zlib.compressobj(level=1, strategy=zlib.Z_RLE)  # low bits are noise: to look further gains nothing
            above = np.zeros((1, self.width * channels * 2), np.uint8)
            for top in range(0, self.height, _ROWS_AT_ONCE):
                rows = np.s_[top : top + _ROWS_AT_ONCE]
                planes = self.levels[rows] if self.alpha is None else np.dstack([self.levels[rows], self.alpha[rows]])
                lines = planes.astype(">u2").view(np.uint8).reshape(len(planes), -1)
                steps = np.diff(np.vstack([above, lines]), axis=0)  # PNG's filter 2: each row less the one above it
                putchunk(file, b"IDAT", packer.compress(np.insert(steps, 0, 2, axis=1).tobytes()))
                above = lines[-1:]
            putchunk(file, b"IDAT", packer.flush())
            putchunk(file, b"IEND")


def open_picture(source: Path | str | io.BytesIO | Image.Image, name: str | None = None) -> LoadedPicture:
    """Load a picture file, by its path or its bytes, or take over a PIL picture; `name` is what an error calls it.

    Raises InputError for what is no picture, moves, holds numbers that are no colours, or is beyond LARGEST_PIXELS.
    """
    name = name or ("picture" if isinstance(source, Image.Image) else str(source))
    if isinstance(source, str):
        source = Path(source)
    with checked_picture(source, name) as image:
        return _load(image, source)


def _load(image: Image.Image, source: Path | io.BytesIO | Image.Image) -> LoadedPicture:
    deep = "" if image is source else _deep_kind(image)  # before it is decoded, for then Pillow forgets
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    image = upright(image)
    kept = {key: image.info[key] for key in _KEPT if image.info.get(key)}
    if not all(math.isfinite(dots) and dots > 0 for dots in kept.get("dpi", ())):  # a TIFF may say 0 / 0
        del kept["dpi"]
    if "exif" in kept:
        kept["exif"] = _EXIF_MARK + kept["exif"].removeprefix(_EXIF_MARK)  # WebP goes without, JPEG does not
    if deep:
        return LoadedPicture(*_decode_deep(source, deep, orientation), kept)
    if image.mode == "CMYK":
        profile = kept.pop("icc_profile", None)
        return LoadedPicture(np.array(_srgb(image, profile)), None, kept)
    if image.mode.startswith("I"):
        levels = np.asarray(image).clip(0, 65535).astype(np.uint16)
        clear = image.info.get("transparency")  # a PNG may name one level that is
        alpha = None if clear is None else np.where(levels == clear, 0, 65535).astype(np.uint16)
        return LoadedPicture(levels[..., None], alpha, kept)
    grey = image.mode in ("1", "L", "LA", "La")
    levels = np.empty((image.height, image.width, 1 if grey else 3), np.uint8)
    alpha = np.empty((image.height, image.width), np.uint8) if image.has_transparency_data else None
    mode = ("L" if grey else "RGB") + ("" if alpha is None else "A")
    # Pillow copies all that it converts and hands over: in strips, that is little.
    for top in range(0, image.height, _ROWS_AT_ONCE):
        rows = slice(top, min(top + _ROWS_AT_ONCE, image.height))
        planes = np.asarray(image.crop((0, rows.start, image.width, rows.stop)).convert(mode))
        planes = planes.reshape(rows.stop - rows.start, image.width, -1)
        levels[rows] = planes[..., : levels.shape[2]]
        if alpha is not None:
            alpha[rows] = planes[..., -1]
    return LoadedPicture(levels, alpha, kept)


def _deep_kind(image: Image.Image) -> str:
    """The channels of a file with 16-bit colours, as Pillow calls them; empty for any other."""
    if image.format not in ("PNG", "TIFF") or not image.tile:
        return ""
    options = image.tile[0][3]
    kind = _DEEP.match(options if isinstance(options, str) else options[0])
    return kind[1] if kind else ""


def _decode_deep(source: Path | io.BytesIO, kind: str, orientation: int) -> tuple[Levels, Levels | None]:
    """Levels and opacity of a file with 16-bit colours, upright."""
    encoded = np.fromfile(source, np.uint8) if isinstance(source, Path) else np.frombuffer(source.getvalue(), np.uint8)
    planes = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)  # BGR, or BGRA for transparent grey too
    if planes is None or planes.dtype != np.uint16:
        raise ValueError("OpenCV finds no 16-bit colours")
    if encoded[:4].tobytes() == b"\x89PNG":  # a TIFF is upright already
        planes = _turned(planes, orientation)
    alpha = planes[..., 3].copy() if planes.shape[2] == 4 and kind != "RGBX" else None
    if kind == "LA":
        return planes[..., :1].copy(), alpha
    levels = cv2.cvtColor(planes, cv2.COLOR_BGRA2RGB if planes.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    if kind == "RGBa":  # colours are stored times the opacity
        for row, opacity in zip(levels, alpha, strict=True):
            row[:] = np.rint(row * (65535 / np.maximum(opacity, 1)[:, None])).clip(0, 65535)
    return levels, alpha


def _turned(planes: Levels, orientation: int) -> Levels:
    """`planes` turned as an EXIF orientation asks for."""
    if orientation in (5, 6, 7, 8):
        planes = planes.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        planes = planes[::-1]
    if orientation in (2, 3, 6, 7):
        planes = planes[:, ::-1]
    return np.ascontiguousarray(planes)


def _cut_to_bytes(levels: Levels) -> Pixels:
    """The upper 8 of 16 bits; 8 as they are."""
    return (levels >> 8).astype(np.uint8) if levels.dtype == np.uint16 else levels


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture in sRGB whose colours are those of a profile."""
    try:
        if profile:
            target = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, io.BytesIO(profile), target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        pass  # a broken profile is as good as none
    return image.convert("RGB")
