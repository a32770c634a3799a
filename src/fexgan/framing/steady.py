"""Squares and other measurements that follow a face through a clip without trembling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.framing.square import STUDIO_FRAMING, FaceSquare, face_square

SMOOTHING_S = 0.12
"""Standard deviation of the weight of neighbouring frames. Nods of one a second pass nearly unchanged."""
REACH = 2 * math.sqrt(math.log(1000))
"""How far neighbours are looked at, in standard deviations: their weight is down to a millionth there."""


def steady_squares(
    landmarks: Sequence[NDArray[np.floating] | None], fps: float, framing: FramingConfig = STUDIO_FRAMING
) -> list[FaceSquare]:
    """One square for each frame of a clip, from the landmarks [5, 2] of one face in it, None where it was not seen.

    Raises InputError where the face is seen in no frame.
    """
    if all(points is None for points in landmarks):
        raise InputError("no face found in the clip; give one with a face seen from the front")
    flat = [None if points is None else np.ravel(points) for points in landmarks]
    return [face_square(points.reshape(5, 2), framing) for points in steady(flat, fps)]


def steady(values: Sequence[NDArray[np.floating] | None], fps: float) -> NDArray[np.float64]:
    """Measurements [k] of each frame of a clip, None where there is none but never everywhere, as steady [frames, k].

    Frames without one are bridged in a straight line, and at the ends of the clip take over the nearest. Then every
    number follows a parabola fitted to its neighbours in time (Savitzky-Golay with Gaussian weights), which takes out
    noise but neither lags nor flattens true motion.
    """
    seen = [frame for frame, value in enumerate(values) if value is not None]
    measured = np.stack([np.asarray(values[frame], np.float64) for frame in seen])  # [seen, k]
    frames = np.arange(len(values))
    bridged = np.stack([np.interp(frames, seen, column) for column in measured.T], axis=1)  # [frames, k]
    return np.stack([_fit_at(frame, bridged, fps) for frame in frames])


def _fit_at(frame: int, points: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """The value at one frame of parabolas through `points` [frames, k], by weighted least squares."""
    deviation = fps * SMOOTHING_S
    reach = math.floor(REACH * deviation)
    near = np.arange(max(0, frame - reach), min(len(points), frame + reach + 1))
    offsets = (near - frame) / deviation
    weight = np.exp(-0.25 * offsets**2)  # the root of a Gaussian, as it will be squared
    basis = np.stack([np.ones_like(offsets), offsets, offsets**2], axis=1)
    return np.linalg.lstsq(basis * weight[:, None], points[near] * weight[:, None], rcond=None)[0][0]
