from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fexgan import picture
from fexgan.errors import InputError
from fexgan.picture import LoadedPicture, open_picture

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (9, 12, 4), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (9, 12), dtype=np.uint16)
ORIENTATION = 0x0112
SOFTWARE = 0x0131


def drawn(mode: str) -> Image.Image:
    """A picture of 12x9 px with every value that its mode can hold likely in it."""
    if mode == "I;16":
        return Image.fromarray(DEEP)
    if mode == "P":
        return Image.fromarray(COLOURS[..., :3]).quantize(16)
    if mode == "LA":
        return Image.merge("LA", [Image.fromarray(COLOURS[..., band].copy()) for band in (0, 3)])
    if mode == "CMYK":
        return Image.fromarray(COLOURS, "CMYK")
    return Image.fromarray(COLOURS if mode == "RGBA" else COLOURS[..., :3]).convert(mode)


def refusal(source: object) -> str:
    with pytest.raises(InputError) as caught:
        open_picture(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "I;16"])
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_what_is_opened_is_saved_as_it_was(mode: str, suffix: str, tmp_path: Path) -> None:
    before = drawn(mode)
    open_picture(before).save(tmp_path / f"after{suffix}")
    with Image.open(tmp_path / f"after{suffix}") as after:
        if suffix == ".png":
            assert after.mode == mode
            expected = before
        else:  # WebP holds colours of 8 bits only
            grey = Image.fromarray((DEEP >> 8).astype(np.uint8)) if mode == "I;16" else before
            expected = grey.convert(after.mode)
        assert np.array_equal(np.array(after), np.array(expected))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_a_picture_read_in_strips_is_the_whole_picture(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = {"transparency": 3} if mode == "P" else {}
    drawn(mode).save(tmp_path / "a.png", **clear)
    whole = open_picture(tmp_path / "a.png")
    monkeypatch.setattr(picture, "_ROWS_AT_ONCE", 2)
    strips = open_picture(tmp_path / "a.png")
    assert np.array_equal(strips.levels, whole.levels) and np.array_equal(strips.alpha, whole.alpha)
    assert (whole.alpha is not None) == (mode in ("RGBA", "LA", "P"))


def test_a_palette_becomes_the_colours_it_stood_for(tmp_path: Path) -> None:
    palette = drawn("P")
    assert np.array_equal(open_picture(palette).levels, np.array(palette.convert("RGB")))
    palette.save(tmp_path / "clear.png", transparency=3)
    loaded = open_picture(tmp_path / "clear.png")
    assert loaded.alpha is not None
    assert np.array_equal(loaded.alpha == 0, np.array(palette) == 3)


def test_a_broken_cmyk_profile_counts_as_none_and_is_left_behind() -> None:
    image = drawn("CMYK")
    image.info["icc_profile"] = b"no profile"
    loaded = open_picture(image)
    assert np.array_equal(loaded.levels, np.array(image.convert("RGB"))) and "icc_profile" not in loaded.kept


@pytest.mark.parametrize(("orientation", "turn"), [(3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_270)])
def test_the_exif_orientation_is_applied_once(orientation: int, turn: Image.Transpose, tmp_path: Path) -> None:
    stored = drawn("RGB")
    exif = Image.Exif()
    exif[ORIENTATION], exif[SOFTWARE] = orientation, "camera 1.0"
    stored.save(tmp_path / "stored.png", exif=exif)
    open_picture(tmp_path / "stored.png").save(tmp_path / "saved.png")
    again = open_picture(tmp_path / "saved.png")
    assert np.array_equal(again.levels, np.array(stored.transpose(turn)))
    with Image.open(tmp_path / "saved.png") as saved:
        assert saved.getexif().get(ORIENTATION, 1) == 1
        assert saved.getexif()[SOFTWARE] == "camera 1.0"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_the_colour_profile_is_kept(suffix: str, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    drawn("RGB").save(tmp_path / "before.png", icc_profile=profile, dpi=(300, 300))
    open_picture(tmp_path / "before.png").save(tmp_path / f"after{suffix}")
    with Image.open(tmp_path / f"after{suffix}") as after:
        assert after.info["icc_profile"] == profile
        if suffix != ".webp":
            assert after.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_jpeg_keeps_colours_close(tmp_path: Path) -> None:
    plain = Image.new("RGB", (16, 16), (200, 90, 40))
    open_picture(plain).save(tmp_path / "plain.jpg")
    assert np.abs(open_picture(tmp_path / "plain.jpg").levels.astype(int) - (200, 90, 40)).max() <= 2


def test_transparency_is_refused_in_a_jpeg_unless_all_is_opaque(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot hold transparency; end its name in \.png"):
        open_picture(drawn("RGBA")).save(tmp_path / "a.jpg")
    open_picture(drawn("RGB").convert("RGBA")).save(tmp_path / "b.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["b.jpg"]


def test_formats_that_cannot_hold_it_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="end its name in one of"):
        open_picture(drawn("RGB")).save(tmp_path / "a.gif")
    wide = LoadedPicture(np.zeros((1, 16384, 3), np.uint8))
    with pytest.raises(InputError, match="at most 16383 px a side"):
        wide.save(tmp_path / "a.webp")
    assert not list(tmp_path.iterdir())


def header(side_px: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    idat = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + idat


@pytest.mark.parametrize("side_px", [12_000, 60_000])
def test_a_size_beyond_the_limit_is_refused_before_it_is_read(side_px: int, tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(header(side_px))
    assert "give a picture of at most 128 megapixels" in refusal(tmp_path / "huge.png")


def test_the_limit_itself_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "LARGEST_PIXELS", 12 * 9)
    open_picture(drawn("RGB"))
    monkeypatch.setattr(picture, "LARGEST_PIXELS", 12 * 9 - 1)
    assert "12x9 px" in refusal(drawn("RGB"))


def test_what_is_no_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    assert "cannot be read as a picture" in refusal(tmp_path / "text.png")
    drawn("RGB").save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:150])
    assert "cannot be read as a picture" in refusal(tmp_path / "cut.png")
    assert "no picture at" in refusal(tmp_path / "none.png")
    assert "fractions" in refusal(Image.new("F", (4, 4)))
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:])
    assert "holds 2 pictures" in refusal(tmp_path / "moving.webp")


def test_a_view_shows_means_of_blocks_and_repeats_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_ROWS_AT_ONCE", 4)
    loaded = open_picture(drawn("RGB"))
    assert np.array_equal(loaded.view((1, 2, 8, 9)), loaded.levels[2:9, 1:8])
    seen = loaded.view((0, 0, 12, 9), factor=2)
    padded = np.pad(loaded.levels, ((0, 1), (0, 0), (0, 0)), mode="edge").astype(float)
    means = padded.reshape(5, 2, 6, 2, 3).mean(axis=(1, 3))
    assert seen.shape == means.shape and np.abs(seen - means).max() <= 0.5


def test_a_view_lays_transparency_on_grey_and_cuts_depth() -> None:
    levels = np.full((2, 2, 3), 255, np.uint8)
    clear = LoadedPicture(levels, np.array([[0, 255], [51, 255]], np.uint8))
    assert clear.view((0, 0, 2, 2))[..., 0].tolist() == [[128, 255], [153, 255]]
    deep = open_picture(drawn("I;16"))
    assert np.array_equal(deep.view((0, 0, 12, 9))[..., 1], DEEP >> 8)
