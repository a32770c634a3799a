"""Where things are seen: the studio's camera as numbers, for the renderer and for the truth in sidecars."""

from __future__ import annotations

import numpy as np

from fexgan.studio.staging import Staging

TO_BLENDER = 0.1 * np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""From head space (dm, y up, z forward) to Blender's metres with z up and the face towards -y."""
FRAME_HEIGHT_M, FRAME_CENTRE_M, CAMERA_DISTANCE_M, FACE_FRONT_M = 0.305, 0.731, 1.45, 0.125
AIM_M = np.array([0.0, -FACE_FRONT_M, FRAME_CENTRE_M])


def camera_distance_m(staging: Staging) -> float:
    """From the plane in front of the face, where the frame is `FRAME_HEIGHT_M` high, back to the camera."""
    return CAMERA_DISTANCE_M * staging.camera_distance


def camera_position_m(staging: Staging) -> np.ndarray:
    """Where the camera stands, [3] in Blender's metres; it looks at `AIM_M`."""
    return AIM_M + np.array([0.0, -camera_distance_m(staging), staging.camera_height_m])


def axes_in_blender(rotation: np.ndarray) -> np.ndarray:
    """A head-space rotation [3, 3] in Blender's axes."""
    change = TO_BLENDER * 10
    return change @ rotation @ change.T


def project(points: np.ndarray, staging: Staging, size_px: int) -> np.ndarray:
    """Points in head space [..., 3] as (x, y) in the picture [..., 2], in pixels whose centres lie at whole numbers."""
    position = camera_position_m(staging)
    forward = (AIM_M - position) / np.linalg.norm(AIM_M - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    axes = np.stack([right, -np.cross(right, forward), forward])
    seen = (points @ TO_BLENDER.T - position) @ axes.T
    zoom = camera_distance_m(staging) / FRAME_HEIGHT_M
    return (0.5 + zoom * seen[..., :2] / seen[..., 2:]) * size_px - 0.5
