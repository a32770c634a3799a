"""A user's own picture, of any kind, with all that has to survive an edit.

Colours and transparency are kept apart, at the file's own depth. Greyscale stays greyscale: an edit's colours are
turned to grey. Palettes become full colour, for a palette has no room for new colours; CMYK becomes sRGB, through its
own profile where it carries one. EXIF, resolution and colour profile go along; the EXIF orientation is applied.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps

from fexgan.errors import InputError
from fexgan.media import BACKDROP_GREY, LARGEST_PIXELS, PICTURE_SUFFIXES, Pixels, atomic_path

Levels = NDArray[np.uint8] | NDArray[np.uint16]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom of a part of a picture in whole pixels, right and bottom not included."""

_KEPT = ("icc_profile", "exif", "dpi")
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class LoadedPicture:
    """A picture as arrays."""

    levels: Levels
    """[height, width, 1] (grey) or [height, width, 3] (RGB); uint8, or uint16 for 16-bit grey."""
    alpha: NDArray[np.uint8] | None = None
    """Opacity [height, width], None for a picture without transparency."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What goes into the file beside the pixels, under Pillow's names: ICC profile, EXIF, resolution."""

    @property
    def width(self) -> int:
        return self.levels.shape[1]

    @property
    def height(self) -> int:
        return self.levels.shape[0]

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
        levels = self.levels[top:bottom, left:right]
        if levels.dtype == np.uint16:
            levels = (levels >> 8).astype(np.uint8)
        if levels.shape[2] == 1:
            levels = np.repeat(levels, 3, axis=2)
        if self.alpha is not None:
            opacity = self.alpha[top:bottom, left:right, None].astype(np.float32) / 255
            levels = np.rint(BACKDROP_GREY + opacity * (levels.astype(np.float32) - BACKDROP_GREY)).astype(np.uint8)
        if factor == 1:
            return levels
        height, width = levels.shape[:2]
        levels = cv2.copyMakeBorder(levels, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
        size = (levels.shape[1] // factor, levels.shape[0] // factor)
        return cv2.resize(levels, size, interpolation=cv2.INTER_AREA)

    def with_levels(self, levels: Levels) -> LoadedPicture:
        """The same picture with other colours of the same shape and depth."""
        return replace(self, levels=levels)

    def to_image(self) -> Image.Image:
        """A PIL picture of mode L, LA, I;16, RGB or RGBA, its `info` holding what goes along."""
        planes = self.levels if self.alpha is None else np.dstack([self.levels, self.alpha])
        if planes.shape[2] == 2:
            image = Image.merge("LA", [Image.fromarray(planes[..., channel].copy()) for channel in range(2)])
        else:
            image = Image.fromarray(planes[..., 0] if planes.shape[2] == 1 else planes)
        image.info.update(self.kept)
        return image

    def save(self, path: Path) -> None:
        """Write a PNG, JPEG (quality 95, 4:4:4) or lossless WebP, as the suffix says, atomically.

        JPEG and WebP hold 8 bits: 16-bit grey is cut to them. Raises InputError for other suffixes, for transparency
        in a JPEG, and for sides beyond what the format holds.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in PICTURE_SUFFIXES:
            raise InputError(f"cannot write a picture as {path}; end its name in one of {', '.join(PICTURE_SUFFIXES)}")
        picture = self
        if suffix != ".png" and self.levels.dtype == np.uint16:
            picture = self.with_levels((self.levels >> 8).astype(np.uint8))
        options: dict[str, Any] = dict(self.kept)
        if suffix in (".jpg", ".jpeg"):
            if self.alpha is not None and self.alpha.min() < 255:
                raise InputError(f"{path} cannot hold transparency; end its name in .png or .webp")
            picture = replace(picture, alpha=None)
            options |= {"quality": 95, "subsampling": "4:4:4"}
        elif suffix == ".webp":
            options |= {"lossless": True, "exact": True}
        longest = {".png": 2**31 - 1, ".webp": 16383}.get(suffix, 65500)
        if max(self.width, self.height) > longest:
            raise InputError(f"{path} can hold at most {longest} px a side; end its name in .png")
        with atomic_path(path) as temporary:
            picture.to_image().save(temporary, **options)


def open_picture(source: Path | str | io.BytesIO | Image.Image, name: str | None = None) -> LoadedPicture:
    """Load a picture file, by its path or its bytes, or take over a PIL picture; `name` is what an error calls it.

    Raises InputError for what is no picture, moves, holds numbers that are no colours, or is beyond LARGEST_PIXELS.
    """
    name = name or ("picture" if isinstance(source, Image.Image) else str(source))
    if isinstance(source, Image.Image):
        return _load(source, name)
    if not isinstance(source, io.BytesIO) and not Path(source).is_file():
        raise InputError(f"no picture at {source}; give the path of a PNG, JPEG or WebP file")
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are fine here; what is too large is refused below, before it is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source) as image:
                return _load(image, name)
    except Image.DecompressionBombError:
        raise InputError(f"{name} is too large; {_SIZE_ADVICE}") from None
    except (OSError, ValueError, SyntaxError, EOFError):
        raise InputError(f"{name} cannot be read as a picture; give a whole PNG, JPEG or WebP file") from None


_SIZE_ADVICE = f"give a picture of at most {LARGEST_PIXELS // 1_000_000} megapixels"


def _load(image: Image.Image, name: str) -> LoadedPicture:
    if image.width * image.height > LARGEST_PIXELS:
        raise InputError(f"{name} has {image.width}x{image.height} px; {_SIZE_ADVICE}")
    if getattr(image, "is_animated", False) and image.format != "MPO":  # phones store a photograph and extras as MPO
        raise InputError(f"{name} holds {image.n_frames} pictures; give a single one, or a clip such as MP4")
    if image.mode == "F":
        raise InputError(f"{name} holds fractions, no colours; give a picture of 8 or 16 bits a channel")
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    kept = {key: image.info[key] for key in _KEPT if image.info.get(key)}
    if image.mode == "CMYK":
        return LoadedPicture(np.array(_srgb(image)), None, {key: kept[key] for key in kept if key != "icc_profile"})
    if image.mode.startswith("I"):
        return LoadedPicture(np.asarray(image).clip(0, 65535).astype(np.uint16)[..., None], None, kept)
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


def _srgb(image: Image.Image) -> Image.Image:
    """A CMYK picture in sRGB."""
    profile = image.info.get("icc_profile")
    try:
        if profile:
            target = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, io.BytesIO(profile), target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        pass  # a broken profile is as good as none
    return image.convert("RGB")
