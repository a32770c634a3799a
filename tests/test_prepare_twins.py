from __future__ import annotations

import io

import numpy as np
import pytest
from drawn import face
from PIL import Image

from fexgan.media import Pixels
from fexgan.prepare import twins
from fexgan.prepare.twins import LARGEST_DIFFERENCE, LeakCheck, thumbnail


def _difference(one: Pixels, other: Pixels) -> float:
    gap = thumbnail(one).astype(float) - thumbnail(other)
    return float(np.sqrt(np.square(gap).mean()))


def _poor_copy(pixels: Pixels) -> Pixels:
    """Shrunk, saved as a JPEG of low quality, and enlarged again."""
    file = io.BytesIO()
    Image.fromarray(pixels).resize((75, 75), Image.Resampling.LANCZOS).save(file, "JPEG", quality=50)
    return np.array(Image.open(file).resize((96, 96), Image.Resampling.BICUBIC))


def test_copies_and_brighter_copies_are_twins_and_other_faces_are_not() -> None:
    picture = face(96)
    brighter = picture + np.uint8(9)
    assert _difference(picture, picture) == 0
    assert max(_difference(picture, _poor_copy(picture)), _difference(picture, brighter)) < LARGEST_DIFFERENCE
    assert min(_difference(picture, face(96, x=0.53)), _difference(picture, face(96, skin=180))) > LARGEST_DIFFERENCE


def test_the_check_counts_test_frames_with_a_twin_and_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "_BLOCK", 2)
    check = LeakCheck()
    for index, x in enumerate(np.linspace(0.35, 0.65, 7)):
        check.add("train", thumbnail(face(96, x=float(x))), "a.mp4", index)
    check.add("test", thumbnail(_poor_copy(face(96, x=0.35))), "b.mp4", 0)
    check.add("test", thumbnail(face(96, x=0.5, height=0.4)), "b.mp4", 1)
    check.add("test", thumbnail(face(96, x=0.65)), "b.mp4", 2)
    check.add("validation", thumbnail(face(96, x=0.65)), "c.mp4", 0)
    told: list[tuple[int, int]] = []
    report = check.report(lambda done, total: told.append((done, total)))
    assert told == [(2, 7), (4, 7), (6, 7), (7, 7)]
    assert (report.test_frames, report.twin_count) == (3, 2)
    assert [(twin.test, twin.train) for twin in report.closest] == [
        (("b.mp4", 2), ("a.mp4", 6)),
        (("b.mp4", 0), ("a.mp4", 0)),
    ]


@pytest.mark.parametrize("split", ["train", "test"])
def test_one_empty_side_has_no_twins(split: str) -> None:
    check = LeakCheck()
    check.add(split, thumbnail(face(96)), "a.mp4", 0)
    assert check.report().twin_count == 0
