"""Small footage that tests draw for themselves: a face that the face finder knows, moving a little."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fexgan.affects import EMOTIONS, Mixture
from fexgan.manifest import STILLS, FrameTruth, Take, write_sidecar
from fexgan.media import Pixels
from fexgan.video import write_clip


def linear_profile() -> bytes:
    """A colour profile (ICC version 2) with the primaries of sRGB whose levels are light itself, without a gamma."""

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in values))

    told = b"linear\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(told)) + told + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7139),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + bytes(8)),
    }
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">2I", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = (
        struct.pack(">I4xI", start + len(body), 0x02100000) + b"mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    )
    head += b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


LINEAR = linear_profile()


def face(side_px: int = 96, x: float = 0.5, y: float = 0.5, height: float = 0.6, skin: int = 214) -> Pixels:
    """A drawn face on grey; centre and height as fractions of the side."""
    picture = Image.new("RGB", (side_px, side_px), (150, 152, 156))
    draw = ImageDraw.Draw(picture)
    face_height = height * side_px
    face_width = 0.74 * face_height

    def ellipse(dx: float, dy: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        centre_x, centre_y = x * side_px + dx * face_width, y * side_px + dy * face_height
        rx, ry = rx * face_width, ry * face_height
        draw.ellipse((centre_x - rx, centre_y - ry, centre_x + rx, centre_y + ry), fill=colour)

    ellipse(0, -0.08, 0.62, 0.62, (50, 36, 30))
    ellipse(0, 0, 0.5, 0.56, (skin, skin - 46, skin - 74))
    for side in (-1, 1):
        ellipse(side * 0.22, -0.185, 0.13, 0.015, (60, 40, 30))
        ellipse(side * 0.22, -0.08, 0.11, 0.045, (245, 245, 245))
        ellipse(side * 0.22, -0.08, 0.05, 0.045, (60, 40, 30))
        ellipse(side * 0.06, 0.17, 0.025, 0.015, (130, 80, 66))
    ellipse(0, 0.12, 0.07, 0.07, (196, 146, 120))
    ellipse(0, 0.32, 0.19, 0.045, (170, 80, 80))
    return np.array(picture)


def cartoon(side_px: int, x: float, y: float, height: float) -> Pixels:
    """A flat face with dark outlines, dots in large round eyes and a broad smile."""
    picture = Image.new("RGB", (side_px, side_px), "#8fd0f0")
    draw = ImageDraw.Draw(picture)
    unit = height * side_px

    def ellipse(dx: float, dy: float, rx: float, ry: float, fill: str) -> None:
        centre_x, centre_y = x * side_px + dx * unit, y * side_px + dy * unit
        box = (centre_x - rx * unit, centre_y - ry * unit, centre_x + rx * unit, centre_y + ry * unit)
        draw.ellipse(box, fill=fill, outline="#222222", width=max(1, round(0.015 * unit)))

    ellipse(0, -0.1, 0.47, 0.5, "#7a3b12")
    ellipse(0, 0, 0.42, 0.5, "#ffd9b3")
    for side in (-1, 1):
        ellipse(side * 0.17, -0.08, 0.11, 0.13, "white")
        ellipse(side * 0.16, -0.06, 0.045, 0.06, "#222222")
    ellipse(0, 0.1, 0.05, 0.04, "#e8a835")
    mouth = [x * side_px - 0.2 * unit, y * side_px + 0.12 * unit, x * side_px + 0.2 * unit, y * side_px + 0.38 * unit]
    draw.chord(mouth, 0, 180, fill="#a02030", outline="#222222")
    return np.array(picture)


def film(folder: Path, character: str, affect: str, take: str, frames: int = 4, sidecar: bool = True) -> Path:
    """A clip of a drawn face, with strengths that rise to 1 at its last frame; returns its path."""
    path = folder / character / affect / f"{take}.mp4"
    skin = 150 + sum(map(ord, character)) % 80
    write_clip(path, [face(x=0.5 + 0.01 * index, skin=skin) for index in range(frames)], fps=24, preset="ultrafast")
    if sidecar:
        rising = tuple(np.linspace(0, 1, frames).round(4).tolist())
        strength = {part: (1.0,) * frames if affect == "neutral" else rising for part in affect.split("+")}
        write_sidecar(path.with_suffix(".json"), Take(character, affect, take, 24, 7, 96, FrameTruth(strength)))
    return path


def film_stills(folder: Path, characters: Sequence[str], shown: Sequence[str]) -> Path:
    """A still of every character for each mixture of `shown`, told by the colours of the mouth; returns the folder."""
    vectors = [Mixture.parse(text).vector() for text in shown]
    mixtures = [dict(Mixture.parse(text).strengths) for text in shown]
    acted = [name for name in EMOTIONS if any(name in one for one in mixtures)]
    truth = FrameTruth({affect: tuple(one.get(affect, 0.0) for one in mixtures) for affect in acted})
    for number, name in enumerate(characters):
        stills = []
        for vector in vectors:
            pixels = face(96, skin=170 + 20 * number)
            pixels[60:66, 38:58, :2] = [int(220 * vector[0]), int(220 * vector[3])]
            stills.append(pixels)
        clip = folder / name / STILLS / "1.mp4"
        write_clip(clip, stills, fps=24, crf=10)
        write_sidecar(clip.with_suffix(".json"), Take(name, STILLS, "1", 24, 7, 96, truth))
    return folder
