from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import LINEAR
from PIL import Image, ImageCms

from fexgan import media, picture
from fexgan.errors import InputError
from fexgan.picture import LoadedPicture, open_picture

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (9, 12, 4), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (9, 12), dtype=np.uint16)
DEEP_COLOURS = RNG.integers(0, 65536, (9, 12, 4), dtype=np.uint16)
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


def tiff(planes: np.ndarray, orientation: int = 1, extra: int = 2, apart: bool = False) -> bytes:
    """A TIFF of 16-bit colours; `extra` says what a fourth channel is, `apart` whether each has a plane of its own."""
    height, width, channels = planes.shape
    parts = [planes[..., channel].tobytes() for channel in range(channels)] if apart else [planes.tobytes()]
    sizes = [len(part) for part in parts]
    tags = {256: [width], 257: [height], 258: [16] * channels, 259: [1], 262: [2], 273: sizes, 274: [orientation]}
    tags |= {277: [channels], 278: [height], 279: sizes, 284: [2 if apart else 1]}
    tags |= {338: [extra]} if channels == 4 else {}
    aside = 8 + 2 + 12 * len(tags) + 4
    start = aside + sum(4 * len(values) for values in tags.values() if len(values) > 1)
    tags[273] = [start + sum(sizes[:index]) for index in range(len(parts))]
    entries = long = b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        entries += struct.pack("<HHI", tag, 4, len(values))
        entries += packed if len(values) == 1 else struct.pack("<I", aside + len(long))
        long += packed if len(values) > 1 else b""
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + long + b"".join(parts)


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


def test_a_resolution_that_is_no_number_is_left_behind(tmp_path: Path) -> None:
    image = drawn("RGB")
    image.info["dpi"] = (float("nan"), float("nan"))
    open_picture(image).save(tmp_path / "saved.png")
    assert "dpi" not in open_picture(tmp_path / "saved.png").kept


def test_what_goes_into_files_without_a_profile_is_srgb() -> None:
    """A profile of linear light: its middle level is a bright one."""
    loaded = LoadedPicture(np.full((4, 4, 3), 128, np.uint8))
    assert loaded.to_srgb(loaded.levels) is loaded.levels
    linear = dataclasses.replace(loaded, kept={"icc_profile": LINEAR})
    assert linear.to_srgb(linear.levels) == pytest.approx(188, abs=2)
    broken = dataclasses.replace(loaded, kept={"icc_profile": b"no profile"})
    assert np.array_equal(broken.to_srgb(broken.levels), broken.levels)


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
    monkeypatch.setattr(media, "LARGEST_PIXELS", 12 * 9)
    open_picture(drawn("RGB"))
    monkeypatch.setattr(media, "LARGEST_PIXELS", 12 * 9 - 1)
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


def test_whatever_a_reader_stumbles_over_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.dds").write_bytes(b"DDS " + struct.pack("<31I", 124, 0x1007, 4, 4, *[0] * 14, 32, 4, *[9] * 11))
    assert "cannot be read as a picture" in refusal(tmp_path / "odd.dds")
    drawn("RGB").save(tmp_path / "a.tif")
    whole = (tmp_path / "a.tif").read_bytes()

    def stumble(*_: object) -> None:
        raise TypeError("unsupported operand type(s)")

    monkeypatch.setattr(Image.Image, "crop", stumble)
    for source in (tmp_path / "a.tif", io.BytesIO(whole), drawn("RGB")):
        assert "cannot be read as a picture" in refusal(source)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_colours_are_read_in_full(suffix: str, channels: int, tmp_path: Path) -> None:
    colours = DEEP_COLOURS[..., :channels]
    swapped = np.dstack([colours[..., 2::-1], colours[..., 3:]])
    (tmp_path / f"deep{suffix}").write_bytes(cv2.imencode(suffix, swapped)[1].tobytes())
    for source in (tmp_path / f"deep{suffix}", io.BytesIO((tmp_path / f"deep{suffix}").read_bytes())):
        loaded = open_picture(source)
        assert loaded.levels.dtype == np.uint16 and np.array_equal(loaded.levels, colours[..., :3])
        assert loaded.alpha is None if channels == 3 else np.array_equal(loaded.alpha, colours[..., 3])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_are_saved_in_full_with_all_that_goes_along(
    channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "_ROWS_AT_ONCE", 4)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[SOFTWARE] = "camera 1.0"
    colours = DEEP_COLOURS[..., : channels - 1 + channels % 2]
    alpha = None if channels % 2 else DEEP_COLOURS[..., 3]
    kept = {"icc_profile": profile, "dpi": (300.0, 300.0), "exif": exif.tobytes()}
    LoadedPicture(colours, alpha, kept).save(tmp_path / "deep.png")
    read = cv2.imdecode(np.fromfile(tmp_path / "deep.png", np.uint8), cv2.IMREAD_UNCHANGED).reshape(9, 12, -1)
    assert read.dtype == np.uint16 and np.array_equal(read[..., min(2, read.shape[2] - 1)], colours[..., 0])
    again = open_picture(tmp_path / "deep.png")
    assert np.array_equal(again.levels, colours) and np.array_equal(again.alpha, alpha)
    with Image.open(tmp_path / "deep.png") as saved:
        saved.load()  # checks what OpenCV lets pass
        assert saved.info["icc_profile"] == profile and saved.getexif()[SOFTWARE] == "camera 1.0"
        assert saved.info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_colours_are_turned_like_those_of_eight(orientation: int, tmp_path: Path) -> None:
    colours, exif = DEEP_COLOURS[..., :3], Image.Exif()
    exif[ORIENTATION] = orientation
    LoadedPicture(colours, None, {"exif": exif.tobytes()}).save(tmp_path / "deep.png")
    Image.fromarray((colours >> 8).astype(np.uint8)).save(tmp_path / "flat.png", exif=exif)
    (tmp_path / "deep.tif").write_bytes(tiff(colours, orientation))
    upright = open_picture(tmp_path / "flat.png").levels
    for name in ("deep.png", "deep.tif"):
        turned = open_picture(tmp_path / name)
        assert turned.levels.dtype == np.uint16 and np.array_equal(turned.levels >> 8, upright)
        turned.save(tmp_path / "saved.png")
        assert np.array_equal(open_picture(tmp_path / "saved.png").levels, turned.levels)


def test_a_fourth_channel_is_what_the_file_says() -> None:
    colours, opacity = DEEP_COLOURS[..., :3], DEEP_COLOURS[..., 3:] | 0x8000
    idle = open_picture(io.BytesIO(tiff(DEEP_COLOURS, extra=0)))
    assert idle.alpha is None and np.array_equal(idle.levels, colours)
    multiplied = np.rint(colours * (opacity / 65535)).astype(np.uint16)
    clear = open_picture(io.BytesIO(tiff(np.dstack([multiplied, opacity]), extra=1)))
    assert np.array_equal(clear.alpha, opacity[..., 0])
    assert np.abs(clear.levels.astype(int) - colours).max() <= 1


def test_colours_in_a_plane_each_are_refused_where_they_would_be_noise() -> None:
    assert "save it as PNG" in refusal(io.BytesIO(tiff(DEEP_COLOURS[..., :3], apart=True)))


def test_broken_sixteen_bit_colours_are_refused(tmp_path: Path) -> None:
    LoadedPicture(DEEP_COLOURS[..., :3]).save(tmp_path / "deep.png")
    for content in ((tmp_path / "deep.png").read_bytes()[:400], tiff(DEEP_COLOURS[..., :3])[:400]):
        assert "cannot be read as a picture" in refusal(io.BytesIO(content))


def test_a_level_of_sixteen_bit_grey_that_is_transparent_stays_so(tmp_path: Path) -> None:
    drawn("I;16").save(tmp_path / "clear.png", transparency=int(DEEP[2, 3]))
    loaded = open_picture(tmp_path / "clear.png")
    assert np.array_equal(loaded.levels[..., 0], DEEP) and np.array_equal(loaded.alpha == 0, DEEP[2, 3] == DEEP)
    loaded.save(tmp_path / "saved.png")
    assert np.array_equal(open_picture(tmp_path / "saved.png").alpha, loaded.alpha)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bits_are_cut_where_eight_must_do(channels: int, tmp_path: Path) -> None:
    deep = LoadedPicture(
        DEEP_COLOURS[..., : channels - 1 + channels % 2], None if channels % 2 else DEEP_COLOURS[..., 3]
    )
    flat = LoadedPicture(
        (deep.levels >> 8).astype(np.uint8), None if deep.alpha is None else (deep.alpha >> 8).astype(np.uint8)
    )
    assert np.array_equal(np.asarray(deep.to_image()), np.asarray(flat.to_image()))
    assert np.array_equal(deep.view((0, 0, 12, 9)), flat.view((0, 0, 12, 9)))
    for name, picture_ in (("deep", deep), ("flat", flat)):
        picture_.save(tmp_path / f"{name}.webp")
    assert (tmp_path / "deep.webp").read_bytes() == (tmp_path / "flat.webp").read_bytes()


def test_exif_survives_from_webp_to_jpeg_and_what_a_jpeg_cannot_hold_is_refused(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[SOFTWARE] = "camera 1.0"
    drawn("RGB").save(tmp_path / "a.webp", exif=exif)
    open_picture(tmp_path / "a.webp").save(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as saved:
        assert saved.getexif()[SOFTWARE] == "camera 1.0"
    exif[SOFTWARE] = "x" * 70_000
    drawn("RGB").save(tmp_path / "b.png", exif=exif)
    long = open_picture(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"cannot hold 70,\d+ bytes of EXIF; end its name in \.png or \.webp"):
        long.save(tmp_path / "b.jpg")
    long.save(tmp_path / "b.webp")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.webp", "b.png", "b.webp"]


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


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "RGB", "RGBA"])
def test_a_loaded_picture_is_to_numpy_and_notebooks_what_its_pil_picture_is(mode: str):
    image = drawn(mode)
    loaded = open_picture(image)
    assert loaded.size == image.size
    assert np.array_equal(np.asarray(loaded), np.asarray(image))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(loaded._repr_png_()))), np.asarray(image))
