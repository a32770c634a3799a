"""ARKit's face units, which engines and face-capture apps share, and how Live Link Face records them."""

from __future__ import annotations


def _of_eye(side: str) -> tuple[str, ...]:
    return tuple(f"eye{part}{side}" for part in ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide"))


def _pairs(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in ("Left", "Right"))


RECORDED_UNITS = (
    *_of_eye("Left"), *_of_eye("Right"), "jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthRight", "mouthLeft", *_pairs("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"),
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    *_pairs("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown"), "browInnerUp", *_pairs("browOuterUp"),
    "cheekPuff", *_pairs("cheekSquint", "noseSneer"), "tongueOut",
)  # fmt: skip
"""ARKit's names of its 52 blend shapes (`ARFaceAnchor.BlendShapeLocation`), in the order in which they are recorded."""

ARKIT_UNITS = tuple(sorted(RECORDED_UNITS))
"""The same by letter."""

RECORDED_HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
RECORDED_EYES = tuple(f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll"))
"""Angles that Live Link Face records after the units, in radians: positive to the own left, down, left side up."""

FULL_GAZE_DEG = 30.0
"""How far an eye turns at a weight of 1 of its eyeLook units."""

RECORDED_FPS = 60.0
"""At which Live Link Face records."""

TIMECODE_RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
"""Frames a second that timecodes count."""
