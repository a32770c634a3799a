"""Light, camera and backdrop of a set: one plain arrangement, and varied ones drawn from a seed.

A network that only ever saw one set learns its light by heart; varied sets stand in for the cameras, rooms and screens
that users' pictures come from.
"""

from __future__ import annotations

import colorsys
import math
import zlib
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

Color = tuple[float, float, float]
AMBIENT, AMBIENT_COLOR = 0.28, (0.5, 0.52, 0.55, 1)
# Area lights, key, fill and two behind: position (m, z up, the face towards -y), size (m), power (W), colour.
LIGHTS = (
    ((-0.9, -1.5, 1.35), 0.9, 22.0, (1.0, 0.97, 0.93)),
    ((1.3, -1.2, 0.95), 1.2, 10.0, (0.93, 0.96, 1.0)),
    ((0.7, 0.9, 1.5), 0.7, 18.0, (1.0, 1.0, 1.0)),
    ((-1.0, 0.7, 1.2), 0.6, 9.0, (1.0, 1.0, 1.0)),
)
WARM: Color = (1.0, 0.78, 0.55)
COLD: Color = (0.72, 0.86, 1.0)


@dataclass(frozen=True)
class Staging:
    """How one character is lit and seen; as it stands, the plain set. Colours are linear RGB."""

    light_turn_deg: float = 0.0
    """How far the four lights are turned about the character, to its left."""
    light_gains: tuple[float, ...] = (1.0,) * len(LIGHTS)
    """Factor on the power of each light: key, fill and the two behind."""
    light_color: Color = (1.0, 1.0, 1.0)
    """Factor on the colour of every light."""
    ambient: float = 1.0
    """Factor on the light that comes from everywhere."""
    camera_distance: float = 1.0
    """Factor on the camera's distance; the frame keeps its height, so near cameras bend the face more."""
    camera_height_m: float = 0.0
    """How far the camera stands above the face that it looks at."""
    backdrop: Color = (0.34, 0.345, 0.355)
    """Colour of the wall behind."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def draw_staging(label: str, light: bool, camera: bool, backdrop: bool) -> Staging:
    """The set that `label` (seed, character, take) draws; what is not to vary stays plain.

    Each of the three is drawn from a generator of its own, so that varying one never changes another.
    """
    staging = Staging()
    if light:
        staging = replace(staging, **_light(_generator(label, "light")))
    if camera:
        staging = replace(staging, **_camera(_generator(label, "camera")))
    if backdrop:
        staging = replace(staging, backdrop=_backdrop(_generator(label, "backdrop")))
    return staging


def _light(generator: np.random.Generator) -> dict[str, Any]:
    key, fill, *behind = (2.0 ** generator.uniform(-1.2, 0.7, len(LIGHTS))).tolist()
    towards, amount = (WARM, COLD)[generator.integers(2)], generator.uniform(0, 0.8)
    return {
        "light_turn_deg": _rounded(generator.uniform(-75, 75)),
        # Someone is always lit: the weaker the key, the stronger the fill.
        "light_gains": tuple(_rounded(gain) for gain in (key, fill * max(1.0, 0.8 / key), *behind)),
        "light_color": tuple(_rounded(1 + (channel - 1) * amount) for channel in towards),
        "ambient": _rounded(2.0 ** generator.uniform(-1.0, 1.6)),
    }


def _camera(generator: np.random.Generator) -> dict[str, Any]:
    return {
        "camera_distance": _rounded(2.0 ** generator.uniform(-0.8, 0.8)),
        "camera_height_m": _rounded(generator.uniform(-0.12, 0.12)),
    }


def _backdrop(generator: np.random.Generator) -> Color:
    """Grey as often as coloured, from nearly black to nearly white."""
    saturation = generator.uniform(0, 0.7) * generator.integers(2)
    brightness = math.exp(generator.uniform(math.log(0.02), math.log(0.8)))
    red, green, blue = colorsys.hsv_to_rgb(generator.uniform(), saturation, brightness)
    return _rounded(red), _rounded(green), _rounded(blue)


def _generator(label: str, part: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(f"{label}/{part}".encode()))


def _rounded(value: float) -> float:
    return round(float(value), 4)
