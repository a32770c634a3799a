from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fexgan.bundled import footage_path, pictures_path
from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.faces import Face, FaceBox, FaceFinder
from fexgan.framing import (
    Details,
    Edit,
    FaceSquare,
    carry_back,
    choose_face,
    cut,
    details_pay,
    face_square,
    find_faces,
    steady_squares,
)
from fexgan.framing import usable_faces as usable
from fexgan.framing.square import BOX_HEIGHT, BOX_MIDDLE, EYE_DISTANCE, EYE_HEIGHT, MOUTH_HEIGHT
from fexgan.media import read_image
from fexgan.picture import LoadedPicture, open_picture
from fexgan.video import read_clip

SIZE = 32
RNG = np.random.default_rng(0)
MODES = ["RGB", "RGBA", "L", "LA", "I;16", "P"]
# Eyes, nose and mouth corners of an upright face, in fractions of the square.
UPRIGHT = np.array(
    [
        (0.5 - EYE_DISTANCE / 2, EYE_HEIGHT),
        (0.5 + EYE_DISTANCE / 2, EYE_HEIGHT),
        (0.5, 0.6),
        (0.42, MOUTH_HEIGHT),
        (0.58, MOUTH_HEIGHT),
    ]
)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def noise(mode: str, width: int = 90, height: int = 70) -> LoadedPicture:
    if mode == "I;16":
        return open_picture(Image.fromarray(RNG.integers(0, 65536, (height, width), dtype=np.uint16)))
    colours = Image.fromarray(RNG.integers(0, 256, (height, width, 4), dtype=np.uint8))
    return open_picture(colours.quantize(16) if mode == "P" else colours.convert(mode))


def edit(flow: tuple[float, float] = (0, 0), mask: float = 0, shade: float = 0, paint: float = 0) -> Edit:
    """The same change everywhere in the square."""
    moved = np.empty((2, SIZE, SIZE), np.float32)
    moved[:] = np.reshape(flow, (2, 1, 1))
    one_plane = (np.full((1, SIZE, SIZE), value, np.float32) for value in (mask, shade))
    return Edit(moved, *one_plane, np.full((3, SIZE, SIZE), paint, np.float32))


def wild_edit() -> Edit:
    flow = RNG.uniform(-0.3, 0.3, (2, SIZE, SIZE)).astype(np.float32)
    mask = RNG.uniform(0, 1, (1, SIZE, SIZE)).astype(np.float32)
    shade = RNG.uniform(-1, 1, (1, SIZE, SIZE)).astype(np.float32)
    return Edit(flow, mask, shade, RNG.uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32))


def inside(square: FaceSquare, width: int, height: int) -> np.ndarray:
    """Where pixel centres lie in the square, bool [height, width]."""
    places = square.to_square(np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1))
    return ((places > 0) & (places < 1)).all(axis=-1)


@given(
    x=st.floats(-500, 2000),
    y=st.floats(-500, 2000),
    side_px=st.floats(5, 3000),
    roll=st.floats(-3.1, 3.1),
)
def test_any_similarity_of_a_face_comes_to_the_reference_places(
    x: float, y: float, side_px: float, roll: float
) -> None:
    placed = FaceSquare(x, y, side_px, roll)
    square = face_square(placed.to_picture(UPRIGHT))
    assert (square.centre_x, square.centre_y) == pytest.approx((x, y), abs=1e-6 * side_px + 1e-6)
    assert (square.side_px, square.roll_rad) == pytest.approx((side_px, roll), rel=1e-6, abs=1e-6)
    assert np.allclose(square.to_square(placed.to_picture(UPRIGHT)), UPRIGHT, atol=1e-6)


@pytest.mark.parametrize(("face_fraction", "vertical_offset"), [(0.4, 0.0), (0.6, 0.1), (1.2, -0.05)])
def test_a_framing_gives_the_face_box_its_height_and_place(face_fraction: float, vertical_offset: float) -> None:
    framing = FramingConfig(face_fraction=face_fraction, vertical_offset=vertical_offset)
    frame = FaceSquare(300, 200, 100, 0.7)
    square = face_square(frame.to_picture(UPRIGHT), framing)
    box = np.array([(0.5, BOX_MIDDLE - BOX_HEIGHT / 2), (0.5, BOX_MIDDLE + BOX_HEIGHT / 2)])
    top, bottom = square.to_square(frame.to_picture(box))
    assert bottom - top == pytest.approx((0, face_fraction))
    assert (top + bottom) / 2 == pytest.approx((0.5, 0.5 - vertical_offset))


def test_smiling_and_turning_leave_the_square_where_it_is() -> None:
    moved = np.add(UPRIGHT, [(0, 0), (0, 0), (0.1, 0.02), (-0.03, 0), (0.03, 0)])
    assert face_square(moved * 100).to_picture(UPRIGHT) == pytest.approx(UPRIGHT * 100)


@pytest.mark.parametrize("side_px", [20, 64, 280])
def test_a_cut_shows_what_lies_in_the_square(side_px: float) -> None:
    columns, rows = np.meshgrid(np.arange(500), np.arange(400))
    ramps = LoadedPicture(np.dstack([columns // 2, rows // 2, columns * 0]).astype(np.uint8))
    square = FaceSquare(250, 200, side_px, math.radians(30))
    seen = cut(ramps, square, SIZE)
    fractions = (np.arange(SIZE) + 0.5) / SIZE
    expected = square.to_picture(np.stack(np.meshgrid(fractions, fractions), axis=-1)) / 2
    assert seen.shape == (SIZE, SIZE, 3)
    error = seen[..., :2] + 0.25 - expected  # halving rounds down, by a quarter on average
    assert np.abs(error).max() < 1 and np.abs(error.mean(axis=(0, 1))).max() < 0.2


@pytest.mark.parametrize("mode", MODES)
def test_an_edit_of_nothing_returns_the_picture_bit_by_bit(mode: str, tmp_path: Path) -> None:
    picture, square = noise(mode), FaceSquare(40, 30, 50, 0.4)
    after = carry_back(picture, square, edit(paint=0.7))
    assert after.levels.dtype == picture.levels.dtype and np.array_equal(after.levels, picture.levels)
    # Nearly nothing passes through all of the machinery, and still moves no pixel.
    barely = carry_back(picture, square, edit(flow=(0.012 / 50, 0.0), mask=1e-9))
    assert np.array_equal(barely.levels, picture.levels)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("square", [FaceSquare(40, 30, 30, 0.5), FaceSquare(85, 5, 60, -2.0), FaceSquare(45, 35, 9, 0)])
def test_pixels_outside_the_square_and_transparency_stay(mode: str, square: FaceSquare) -> None:
    picture = noise(mode)
    after = carry_back(picture, square, wild_edit())
    changed = (after.levels != picture.levels).any(axis=2)
    assert changed.any()
    assert not (changed & ~inside(square, picture.width, picture.height)).any()
    assert after.levels.dtype == picture.levels.dtype and after.kept == picture.kept
    assert np.array_equal(after.alpha, picture.alpha) if picture.alpha is not None else after.alpha is None


@pytest.mark.parametrize("scale", [0.5, 2, 7])
@pytest.mark.parametrize("roll_deg", [0, 30, -120])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_flow_moves_pixels_by_its_size_in_the_square(scale: float, roll_deg: float, depth: type) -> None:
    # On ramps of colour every pixel tells where it came from.
    side_px = SIZE * scale
    extent = math.ceil(1.6 * side_px)
    step = 200 / extent if depth is np.uint8 else 40_000 / extent
    columns, rows = np.meshgrid(np.arange(extent), np.arange(extent))
    ramps = LoadedPicture(np.dstack([columns * step, rows * step, columns * 0]).astype(depth))
    if depth is np.uint16:  # 16 bits come in grey only
        ramps = LoadedPicture(ramps.levels[..., :1])
    square = FaceSquare(extent / 2, extent / 2, side_px, math.radians(roll_deg))
    flow = (0.125, -0.0625)
    after = carry_back(ramps, square, edit(flow))
    turn = math.radians(roll_deg)
    expected = side_px * np.array(
        [
            flow[0] * math.cos(turn) - flow[1] * math.sin(turn),
            flow[0] * math.sin(turn) + flow[1] * math.cos(turn),
        ]
    )
    places = square.to_square(np.stack([columns, rows], axis=-1))
    core = (np.abs(places - 0.5) < 0.3).all(axis=-1)
    came = (after.levels[core].astype(float) - ramps.levels[core])[:, :2] / step
    rounding = 1.1 / step if depth is np.uint8 else 0.05
    assert np.abs(came - expected[: came.shape[1]]).max() < rounding + 0.05


@pytest.mark.parametrize(("mode", "highest"), [("RGB", 255), ("L", 255), ("I;16", 65535)])
def test_full_paint_covers_the_middle_at_the_depth_of_the_picture(mode: str, highest: int) -> None:
    after = carry_back(noise(mode), FaceSquare(45, 35, 40, 0.3), edit(mask=1, paint=1))
    assert (after.levels[30:40, 40:50] == highest).all()
    half = carry_back(noise(mode), FaceSquare(45, 35, 40, 0.3), edit(mask=1, paint=0))
    assert np.abs(half.levels[30:40, 40:50].astype(int) - highest / 2).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
def test_shade_dims_the_middle_at_the_depth_of_the_picture_and_nothing_outside(mode: str) -> None:
    picture, square = noise(mode), FaceSquare(45, 35, 40, 0.3)
    after = carry_back(picture, square, edit(shade=math.log(0.5)))
    middle = np.s_[30:40, 40:50]
    assert np.abs(after.levels[middle] - 0.5 * picture.levels[middle]).max() <= 0.5
    outside = ~inside(square, picture.width, picture.height)
    assert np.array_equal(after.levels[outside], picture.levels[outside])


def test_each_colour_takes_its_tint_of_the_shade_and_grey_pictures_take_all_alike() -> None:
    square, middle = FaceSquare(45, 35, 40, 0.3), np.s_[30:40, 40:50]
    dim = replace(edit(shade=math.log(0.5)), tint=np.array([0.8, 1.0, 1.2], np.float32))
    for mode, left in (("RGB", (0.6, 0.5, 0.4)), ("L", (0.5,)), ("I;16", (0.5,))):
        picture = noise(mode)
        after = carry_back(picture, square, dim)
        assert np.abs(after.levels[middle] - np.array(left) * picture.levels[middle]).max() <= 0.5


def test_edges_of_paint_are_steeper_where_it_is_enlarged_and_as_painted_where_it_is_not() -> None:
    half = np.where(np.arange(SIZE) < SIZE // 2, -0.5, 0.5).astype(np.float32) * np.ones((3, SIZE, 1), np.float32)
    change = replace(edit(mask=1), paint=half)
    grey = LoadedPicture(np.full((140, 140, 3), 128, np.uint8))
    as_painted, enlarged = (
        carry_back(grey, FaceSquare(69.5, 69.5, SIZE * scale, 0), change).levels[69, :, 0].astype(int)
        for scale in (1, 4)
    )
    assert as_painted[70 - SIZE // 3 : 70 + SIZE // 3].min() >= 63 and as_painted.max() <= 192
    assert enlarged.min() < 50 and enlarged.max() > 205, "an edge overshoots a little"
    assert abs(enlarged[69 - 48] - 64) <= 1 and abs(enlarged[69 + 49] - 191) <= 1, "away from it nothing changes"


def test_light_beyond_white_stays_white() -> None:
    after = carry_back(noise("RGB"), FaceSquare(45, 35, 40, 0.3), edit(shade=20))
    assert set(np.unique(after.levels[30:40, 40:50])) <= {0, 255}


@pytest.mark.parametrize("scale", [1, 7])
def test_paint_lies_where_the_square_has_it(scale: int) -> None:
    across = ((np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE * 2 - 1) * np.ones((SIZE, 1), np.float32)
    change = replace(edit(mask=1), paint=np.stack([across] * 3))
    picture, square = noise("I;16", 300, 280), FaceSquare(150, 140, SIZE * scale, 0.5)
    after = carry_back(picture, square, change)
    places = square.to_square(np.stack(np.meshgrid(np.arange(300), np.arange(280)), axis=-1))
    core = (np.abs(places - 0.5) < 0.35).all(axis=-1)
    # The cubic kernel of OpenCV bends a ramp by a little over 0.001.
    assert np.abs(after.levels[core][:, 0] / 65535 - places[core][:, 0]).max() < 0.002


@pytest.mark.parametrize("scale", [2, 3, 4, 7])
def test_details_show_in_their_part_as_finely_as_the_picture_does(scale: int) -> None:
    """Stripes four times as fine as the square's pixels, on black paint."""
    stripes = np.zeros((3, 4 * 12, 4 * 16), np.float32) - 1
    stripes[:, :, ::4] = stripes[:, :, 1::4] = 1.0
    whole = edit(mask=1, paint=-1)
    detailed = replace(whole, details=Details((8, 10, 24, 22), np.ones((1, 48, 64), np.float32), stripes))
    side = SIZE * scale
    picture, square = (
        LoadedPicture(np.full((side, side, 3), 90, np.uint8)),
        FaceSquare((side - 1) / 2, (side - 1) / 2, side, 0),
    )
    plain, fine = (carry_back(picture, square, change).levels[..., 0].astype(int) for change in (whole, detailed))
    inner = np.s_[13 * scale : 19 * scale, 11 * scale : 21 * scale]
    assert plain[inner].max() == 0
    assert fine[inner].mean() == pytest.approx(127, abs=6)
    if scale >= 4:
        assert fine[inner].std() > 80, "where stripes are as wide as the picture's pixels they stay stripes"
    around = np.ones((side, side), bool)
    around[10 * scale - 1 : 22 * scale + 1, 8 * scale - 1 : 24 * scale + 1] = False
    assert np.array_equal(plain[around], fine[around])


def test_details_pay_where_the_picture_shows_more_than_the_network_sees() -> None:
    assert [details_pay(FaceSquare(0, 0, side, 0), 128) for side in (100, 160, 161, 4000)] == [False, False, True, True]


def test_details_come_in_as_a_face_grows() -> None:
    details = Details((8, 10, 24, 22), np.ones((1, 48, 64), np.float32), np.ones((3, 48, 64), np.float32))
    change = replace(edit(mask=1, paint=-1), details=details)
    picture = LoadedPicture(np.full((100, 100, 3), 90, np.uint8))
    shown = [
        int(carry_back(picture, FaceSquare(50, 50, SIZE * times, 0), change).levels[50, 50, 0])
        for times in (1.25, 1.3, 1.4, 1.5, 3)
    ]
    assert shown[0] == 0 and shown == sorted(shown) and shown[3] == shown[4] == 255 and 20 < shown[1] < 100


def test_colours_hidden_in_transparency_are_not_dragged_into_view() -> None:
    levels = np.full((64, 64, 3), 80, np.uint8)
    alpha = np.full((64, 64), 255, np.uint8)
    levels[:, 32:], alpha[:, 32:] = 255, 0
    square = FaceSquare(31.5, 31.5, 60, 0)
    after = carry_back(LoadedPicture(levels, alpha), square, edit(flow=(0.02, 0)))
    assert (after.levels[:, :30] == 80).all()


@pytest.mark.parametrize("mode", MODES)
def test_strips_make_no_difference_to_a_single_bit(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, change = noise(mode, 300, 280), wild_edit()
    for square in (FaceSquare(140, 130, 50, 0.4), FaceSquare(170, 150, 270, -1.3)):
        whole = carry_back(picture, square, change).levels
        for pixels in (300, 5_000, 30_000):
            with monkeypatch.context() as patched:
                patched.setattr("fexgan.framing.carry._PIXELS_AT_ONCE", pixels)
                assert np.array_equal(carry_back(picture, square, change).levels, whole)


def test_beside_the_result_carrying_back_needs_little_memory() -> None:
    picture = LoadedPicture(np.zeros((2400, 2400, 3), np.uint8))
    tracemalloc.start()
    carry_back(picture, FaceSquare(1200, 1200, 2300, 0), edit(flow=(0.01, 0.02), mask=0.5))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - picture.levels.nbytes < picture.levels.nbytes  # all at once it would be 14 times as much


def turned(pixels: np.ndarray, roll_deg: float) -> LoadedPicture:
    """A frame of footage enlarged and turned clockwise."""
    image = Image.fromarray(pixels).resize((480, 480), Image.Resampling.BICUBIC)
    return open_picture(image.rotate(-roll_deg, Image.Resampling.BICUBIC, fillcolor=tuple(pixels[0, 0].tolist())))


def test_the_square_turns_with_the_face_and_keeps_its_size(finder: FaceFinder) -> None:
    """In the middle of the cast: each face alone is found with an error of its own."""
    turns, sizes = [], []
    for character in sorted(footage_path().iterdir()):
        pixels = next(read_clip(character / "neutral" / "1.mp4"))[0]
        upright, tilted = (face_square(find_faces(turned(pixels, roll), finder)[0].landmarks) for roll in (0, -40))
        turns.append(math.degrees(tilted.roll_rad - upright.roll_rad))
        sizes.append(tilted.side_px / upright.side_px)
    assert len(turns) == 10 and np.ptp(turns) < 10 and np.ptp(sizes) < 0.1
    assert np.median(turns) == pytest.approx(-40, abs=2)
    assert np.median(sizes) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", ["collins.jpg", "clay.jpg", "ink.png"])
def test_a_picture_may_lie_on_its_side_or_stand_on_its_head(finder: FaceFinder, name: str) -> None:
    pixels = read_image(pictures_path() / name)
    (upright,) = find_faces(LoadedPicture(pixels), finder, largest_only=True, any_way_up=True)
    points = upright.landmarks
    for quarters in (1, 2, 3):
        points = np.column_stack([points[:, 1], pixels.shape[quarters % 2] - 1 - points[:, 0]])
        picture = LoadedPicture(np.ascontiguousarray(np.rot90(pixels, quarters)))
        (turned,) = find_faces(picture, finder, largest_only=True, any_way_up=True)
        assert np.abs(turned.landmarks - points).max() < 0.05 * upright.box.width


@pytest.mark.parametrize("name", ["collins.jpg", "painted.jpg", "cartoon.png", "comic.png"])
def test_a_tilted_face_is_found_and_is_not_taken_to_stand_on_its_head(finder: FaceFinder, name: str) -> None:
    pixels = read_image(pictures_path() / name)
    for roll_deg in (-45, 45):
        (tilted,) = find_faces(turned(pixels, roll_deg), finder, largest_only=True, any_way_up=True)
        assert math.degrees(face_square(tilted.landmarks).roll_rad) == pytest.approx(roll_deg, abs=15)


def test_all_faces_are_found_largest_first_and_once(finder: FaceFinder) -> None:
    small, large = face(160, height=0.35), face(160, height=0.7)
    faces = find_faces(open_picture(Image.fromarray(np.hstack([small, large]))), finder)
    assert [found.box.left > 150 for found in faces] == [True, False]
    assert choose_face(faces, 1) is faces[1]


def test_the_largest_face_alone_is_found_where_it_is_among_all(finder: FaceFinder) -> None:
    picture = open_picture(Image.fromarray(np.hstack([face(640, height=0.3), face(640, height=0.7)])))
    (alone,) = find_faces(picture, finder, largest_only=True)
    assert np.array_equal(alone.landmarks, find_faces(picture, finder)[0].landmarks)


def test_a_face_found_in_a_shrunk_view_is_placed_in_the_picture(
    finder: FaceFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fexgan.framing.locate.SEARCHED_SIDES_PX", (160, 320))
    pixels = face(960, x=0.4, height=0.6)
    found = choose_face(find_faces(open_picture(Image.fromarray(pixels)), finder))
    eyes = found.landmarks[:2].mean(axis=0) / len(pixels)
    assert eyes == pytest.approx((0.4, 0.5 - 0.08 * 0.6), abs=0.03)


def upright_face(width: float, nose: float = 0.5) -> Face:
    landmarks = UPRIGHT.copy()
    landmarks[2, 0] = nose
    return Face(FaceBox(0, 0, width, 1.3 * width), landmarks * width / 0.44)


@pytest.mark.parametrize(
    ("faces", "index", "message"),
    [
        ([], 0, "no face found in the picture"),
        ([upright_face(100)], 1, "face 1 is not there; the only one is 0"),
        ([upright_face(100)] * 3, 3, r"face 3 is not there; choose from 0 \(the largest\) to 2"),
        ([upright_face(100)], -1, "face -1 is not there"),
        ([upright_face(31.9)], 0, "face is 31 px wide; give one of at least 32 px"),
        ([upright_face(100, nose=0.59)], 0, "turned too far to the side"),
    ],
)
def test_refusals_are_one_line_with_a_way_out(faces: list[Face], index: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        choose_face(faces, index)
    assert "\n" not in str(caught.value)


def test_a_blank_picture_has_no_face(finder: FaceFinder) -> None:
    assert find_faces(LoadedPicture(np.full((90, 120, 1), 128, np.uint8)), finder) == []


def test_faces_that_cannot_be_edited_are_left_out_unless_all_are() -> None:
    small, good = upright_face(20), upright_face(32)
    assert usable([small, good]) == {1: good}
    with pytest.raises(InputError, match="20 px wide"):
        usable([small])


def path_of_a_nod(frames: int, fps: float) -> np.ndarray:
    """Landmarks [frames, 5, 2] of a head that drifts and nods once a second."""
    time_s = np.arange(frames) / fps
    shift = np.stack([30 * time_s, 6 * np.sin(math.tau * time_s)], axis=1)
    return UPRIGHT * 200 + shift[:, None]


def centres(squares: list[FaceSquare]) -> np.ndarray:
    return np.array([(square.centre_x, square.centre_y) for square in squares])


def test_steady_squares_tremble_less_and_follow_true_motion() -> None:
    truth = path_of_a_nod(60, 24)
    noisy = truth + np.random.default_rng(1).normal(0, 1, truth.shape)
    exact = centres([face_square(points) for points in truth])
    raw = centres([face_square(points) for points in noisy])
    steady = centres(steady_squares(list(noisy), 24))
    tremble = [np.diff(path - exact, n=2, axis=0).std() for path in (steady, raw)]
    assert tremble[0] < 0.2 * tremble[1]
    assert (steady - exact).std() < 0.75 * (raw - exact).std()
    assert np.abs(centres(steady_squares(list(truth), 24)) - exact).max() < 0.5


def test_frames_without_a_face_are_bridged_and_ends_held() -> None:
    landmarks: list[np.ndarray | None] = list(UPRIGHT * 200 + np.arange(40)[:, None, None])
    landmarks[:10] = [None] * 10
    landmarks[18:25] = [None] * 7
    found = centres(steady_squares(landmarks, 24))[:, 0] - 100
    assert found[18:25] == pytest.approx(np.arange(18, 25), abs=0.02)
    assert found[0] == pytest.approx(10, abs=0.1)
    assert steady_squares([None, UPRIGHT * 200], 24)[0].side_px == pytest.approx(200)
    with pytest.raises(InputError, match="no face found in the clip"):
        steady_squares([None, None], 24)


def test_an_edit_fades_towards_every_border_of_the_square() -> None:
    grey = LoadedPicture(np.full((200, 200, 3), 100, np.uint8))
    after = carry_back(grey, FaceSquare(99.5, 99.5, 160, 0), edit(mask=1, paint=1)).levels[..., 0].astype(int)
    for line in (after[99], after[99, ::-1], after[:, 99], after[::-1, 99]):
        steps = np.diff(line[:100])
        assert (steps >= 0).all() and steps.max() < 40 and line[99] == 255


def test_a_cut_is_as_sharp_of_a_square_a_little_larger_than_itself() -> None:
    """Whatever is shrunk by whole numbers on the way."""
    stripes = np.zeros((1200, 1200, 3), np.uint8)
    stripes[:, ::6] = stripes[:, 1::6] = stripes[:, 2::6] = 255
    seen = [cut(LoadedPicture(stripes), FaceSquare(600, 600, side, 0), 512, 1).std() for side in (512, 520, 900, 1020)]
    assert min(seen) > 0.75 * max(seen)


def test_a_cut_of_a_large_square_is_without_aliasing() -> None:
    checks = (np.indices((1200, 1200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    seen = cut(LoadedPicture(checks[..., None]), FaceSquare(600, 600, 760, 0.3), SIZE)
    assert np.abs(seen - 127.5).max() < 3
