"""How one drawn character looks: colours and widths of its lines, and how large and lively its features are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAPER = (250, 249, 246)
_INKS = ((12, 12, 14), (40, 24, 16), (70, 40, 24), (30, 30, 60))
_HAIRS = (*_INKS, (150, 150, 152), (196, 160, 96), (150, 60, 24), (215, 215, 210))
_IRISES = ((30, 22, 18), (70, 44, 24), (54, 110, 62), (56, 106, 170), (120, 130, 140))
_LIPS = ((190, 60, 70), (214, 110, 100), (140, 60, 50), (170, 30, 60))
_MOUTH_LINES = (*_LIPS, (90, 32, 34))
_SKINS = (
    (250, 248, 244), (250, 214, 182), (226, 170, 130), (150, 96, 66), (92, 58, 40), (150, 190, 120), (130, 160, 210),
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How one character is drawn, the same in all its pictures. Lengths are fractions of the picture's side."""

    skin: tuple[int, ...] | None
    """Red, green and blue; None takes the filmed skin's."""
    ink: tuple[int, ...]
    line: float
    brow: tuple[int, ...]
    brow_width: float
    brow_taper: float
    """How much narrower the outer end of a brow is, 0 to 1."""
    expression: float
    """How many times as far as filmed ones features move from where they rest, and as many times as strong is what
    they show."""
    mouth_scale: tuple[float, float]
    """How many times wider and higher than filmed mouths are."""
    mouth_bow: float
    """How far the ends of a mouth at rest hang, in halves of its width: below 0 they point up."""
    lip_scale: tuple[float, float]
    """How many times as thick as filmed ones the upper lip is and the lower one."""
    eye_scale: tuple[float, float]
    """How many times wider and higher than filmed eyes are."""
    round_eyes: bool
    """Whether lids are arcs, as many draw them, or those of the filmed face."""
    dots: bool
    """Whether eyes are areas of ink without white."""
    iris: tuple[int, ...]
    iris_size: float
    """Radius of the iris as a fraction of the eye's half width."""
    iris_rim: float
    """How wide the darker rim of the iris is, as a fraction of its radius."""
    pupil: float
    """Radius of the pupil as a fraction of the iris's."""
    gleam: bool
    """Whether light is mirrored on the iris."""
    lashes: float
    """Width of the upper lid's line."""
    lower_lid: bool
    lips: tuple[int, ...] | None
    """None draws the mouth as a line."""
    mouth_line: tuple[int, ...]
    """Colour of the line where lips meet, or that stands for a mouth without."""
    teeth: float
    """Height of the upper teeth; 0 shows none, 1 nothing else."""
    nose: str
    chin: bool
    """Whether a line tells where the chin begins."""
    outlined: bool
    on_paper: bool
    """Whether hair and surroundings are ink on white as well."""

    @classmethod
    def draw(cls, generator: np.random.Generator) -> Style:
        """A style of its own for each state of `generator`."""
        # Filmed eyes are a third as high as wide: at 3 times that most irises lie in white all around, and at 5 times
        # eyes are as large as in cartoons for children. Twice as wide ones nearly meet.
        height = generator.triangular(1.0, 1.0, 5.0)
        on_paper = generator.random() < 0.15
        skin = _one_of(generator, _SKINS) if generator.random() < 0.5 else None
        ink = _one_of(generator, _INKS)
        return cls(
            skin=PAPER if on_paper else skin,
            ink=ink,
            line=generator.uniform(0.006, 0.018),
            brow=_one_of(generator, _HAIRS),
            brow_width=generator.uniform(0.012, 0.07),
            brow_taper=generator.uniform(0.0, 0.9),
            expression=generator.uniform(1.0, 1.8),
            mouth_scale=(generator.uniform(0.7, 1.25), generator.uniform(0.7, 1.3)),
            mouth_bow=generator.uniform(-0.12, 0.2),
            lip_scale=tuple(generator.uniform(0.2, 1.2, size=2)),
            eye_scale=(generator.uniform(0.9, min(1.0 + 0.4 * (height - 1.0), 2.1)), height),
            round_eyes=generator.random() < 0.5,
            dots=generator.random() < 0.1,
            iris=_one_of(generator, _IRISES),
            iris_size=generator.uniform(0.25, 0.7),
            iris_rim=generator.choice((0.0, generator.uniform(0.1, 0.3))),
            pupil=generator.uniform(0.3, 1.0),
            gleam=generator.random() < 0.5,
            lashes=generator.uniform(0.004, 0.028),
            lower_lid=generator.random() < 0.5,
            lips=_one_of(generator, _LIPS) if generator.random() < 0.6 else None,
            mouth_line=_one_of(generator, _MOUTH_LINES) if generator.random() < 0.4 and not on_paper else ink,
            teeth=generator.choice((0.0, generator.uniform(0.014, 0.03), 1.0), p=(0.25, 0.6, 0.15)),
            nose=_one_of(generator, ("line", "nostrils", "shade")),
            chin=generator.random() < 0.3,
            outlined=on_paper or generator.random() < 0.5,
            on_paper=on_paper,
        )


def _one_of(generator: np.random.Generator, choices: tuple) -> tuple[int, ...] | str:
    return choices[generator.integers(len(choices))]
