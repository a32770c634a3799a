"""The names of ARKit's face units, which engines and face-capture apps share."""

from __future__ import annotations

SIDED = (
    "browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp",
    "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch",
    "mouthUpperUp", "noseSneer",
)  # fmt: skip
SINGLE = (
    "browInnerUp", "cheekPuff", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel",
    "mouthLeft", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "tongueOut",
)  # fmt: skip
ARKIT_UNITS = tuple(sorted([*SINGLE, *(f"{name}{side}" for name in SIDED for side in ("Left", "Right"))]))
"""ARKit's names of its 52 blend shapes (`ARFaceAnchor.BlendShapeLocation`), by letter."""
