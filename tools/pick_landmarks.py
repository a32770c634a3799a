"""Choose the vertices of the studio's face that stand for the 68 customary landmarks, and write landmarks.yaml.

    python tools/pick_landmarks.py face_landmarker.task > src/fexgan/studio/landmarks.yaml

Over neutral frames of the bundled footage, of each landmark the vertex is taken that lies nearest to where MediaPipe's
landmarker sees it (median over frames). Both sides are chosen alike.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import vision
from mediapipe.tasks.python.core.base_options import BaseOptions

from fexgan.bundled import footage_path
from fexgan.studio.anatomy import anatomy, vertex_normals
from fexgan.studio.camera import project
from fexgan.studio.cast import open_cast_file, read_cast
from fexgan.studio.figure import Figure
from fexgan.studio.performance import perform, plan_performance
from fexgan.studio.staging import Staging
from fexgan.video import read_clip

# iBUG 300-W's landmarks in order, as points of MediaPipe's face mesh.
GROUPS = {
    "jaw": (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    "brow on the left": (70, 63, 105, 66, 107),
    "brow on the right": (336, 296, 334, 293, 300),
    "nose bridge": (168, 197, 5, 1),
    "nostrils": (75, 97, 2, 326, 305),
    "eye on the left": (33, 160, 158, 133, 153, 144),
    "eye on the right": (362, 385, 387, 263, 373, 380),
    "outer lips": (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    "inner lips": (78, 82, 13, 312, 308, 317, 14, 87),
}
POINTS = [point for group in GROUPS.values() for point in group]
# Landmark -> the one on the other side.
MIRRORED = [
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip
UPPER_LIP, LOWER_LIP = (50, 51, 52, 61, 62, 63), (56, 57, 58, 65, 66, 67)
JAW_SHARE = 0.17
"""How far, in dm, a dropping jaw moves what is on the lower lip, at least, and on the upper lip, at most."""
HEADER = """\
# Vertices of the base mesh at the 68 customary landmarks (iBUG 300-W: Sagonas et al. 2013), in their order, left
# and right as seen; chosen by tools/pick_landmarks.py."""
TAKES, FRAMES, FPS, SEED = 3, 36, 24, 0
LOOKED_AT = (2, 18, 33)


def distances(model: Path, vertices: np.ndarray) -> np.ndarray:
    """From each landmark to each of `vertices`, [68, n], as shares of the frame; infinite where skin faces away."""
    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)))
    found = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for character in read_cast(open_cast_file()):
            figure = Figure(character)
            for take in range(1, TAKES + 1):
                poses, _ = perform(plan_performance(character.name, "neutral", take, FRAMES, FPS, SEED))
                clip = footage_path() / character.name / "neutral" / f"{take}.mp4"
                frames = [pixels for pixels, _ in read_clip(clip)]
                for index in LOOKED_AT:
                    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frames[index])
                    (seen,) = landmarker.detect(image).face_landmarks
                    face = figure.pose(poses[index]).vertices
                    places = project(face[vertices], Staging(), 1)
                    marks = np.array([(seen[point].x - 0.5, seen[point].y - 0.5) for point in POINTS])
                    away = vertex_normals(face, figure.anatomy.triangles)[vertices, 2]
                    apart = np.linalg.norm(places - marks[:, None], axis=2)
                    limit = np.where(np.arange(len(POINTS)) < len(GROUPS["jaw"]), -0.3, 0.1)
                    found.append(np.where(away >= limit[:, None], apart, np.inf))
    return np.median(found, axis=0)


def pick(model: Path) -> np.ndarray:
    """The vertex of each landmark, [68]."""
    head = anatomy()
    vertices = np.unique(head.head_triangles)
    vertices = vertices[head.masks["inside_mouth"][vertices] <= 0.5]
    base = head.base[vertices]
    mirror = np.array([np.abs(base - point).sum(axis=1).argmin() for point in base * [-1, 1, 1]])
    apart = distances(model, vertices)
    cost = apart + apart[MIRRORED][:, mirror]
    moved = np.linalg.norm(head.morph(head.base, {"unit/jawOpen": 1.0}) - head.base, axis=1)[vertices]
    cost[np.ix_(UPPER_LIP, moved > JAW_SHARE)] = np.inf
    cost[np.ix_(LOWER_LIP, moved < JAW_SHARE)] = np.inf
    middle = [landmark for landmark, other in enumerate(MIRRORED) if landmark == other]
    cost[np.ix_(middle, np.abs(base[:, 0]) > 1e-3)] = np.inf
    best = cost.argmin(axis=1)
    chosen = [mirror[best[other]] if other < landmark else best[landmark] for landmark, other in enumerate(MIRRORED)]
    own = apart[range(len(POINTS)), chosen]
    print(f"off by {own.mean():.2%} of the frame on average, {own.max():.2%} at most", file=sys.stderr)
    return vertices[chosen]


def main() -> None:
    chosen = iter(pick(Path(sys.argv[1])).tolist())
    print(HEADER)
    for name, group in GROUPS.items():
        print(f"{name}: {[next(chosen) for _ in group]}")


if __name__ == "__main__":
    main()
