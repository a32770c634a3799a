"""What a camera cannot tell of a frame: the units that are played, 68 landmarks, and the box around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from fexgan.manifest import FrameTruth
from fexgan.studio.camera import project
from fexgan.studio.figure import Figure, Pose, with_gaze
from fexgan.studio.staging import Staging

DECIMALS_PX = 2


@cache
def landmark_vertices() -> np.ndarray:
    """Vertex numbers [68] of the base mesh, in the order of iBUG's 68 landmarks."""
    content = yaml.safe_load(files("fexgan.studio").joinpath("landmarks.yaml").read_text(encoding="utf-8"))
    return np.array([vertex for group in content.values() for vertex in group])


def with_units(truth: FrameTruth, poses: Sequence[Pose]) -> FrameTruth:
    """`truth` with the column `units`: unit -> its weight in every frame, for those that are played at all."""
    played = [with_gaze(pose) for pose in poses]
    names = sorted({name for units in played for name, weight in units.items() if weight})
    units = {name: [float(units.get(name, 0.0)) for units in played] for name in names}
    return replace(truth, extra={**truth.extra, "units": units})


def with_geometry(
    truth: FrameTruth, figure: Figure, poses: Sequence[Pose], staging: Staging, size_px: int
) -> FrameTruth:
    """`truth` with two more columns.

    `landmarks_px`: of every frame the 68 landmarks as (x, y), pixel centres at whole numbers. `face_box_px`: left, top,
    width and height of the smallest box around them.
    """
    points = [project(figure.pose(pose).vertices[landmark_vertices()], staging, size_px) for pose in poses]
    boxes = [np.concatenate([seen.min(axis=0), np.ptp(seen, axis=0)]) for seen in points]
    extra = {
        "landmarks_px": [seen.round(DECIMALS_PX).tolist() for seen in points],
        "face_box_px": [box.round(DECIMALS_PX).tolist() for box in boxes],
    }
    return replace(truth, extra={**truth.extra, **extra})
