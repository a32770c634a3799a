"""What judges trained apart say of a model, as data, sections of the report and pictures."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

from fexgan.affects import AFFECTS
from fexgan.evaluation import mixtures
from fexgan.evaluation.apart import SHOWN_IN_FULL, Apart
from fexgan.evaluation.bootstrap import Estimate
from fexgan.evaluation.persons import Same
from fexgan.evaluation.plots import strength_plot
from fexgan.evaluation.truth import KINDS, Truth
from fexgan.tables import Section, percent

STRENGTH, NEIGHBOURS = "strength.png", "neighbours.png"


def apart_dict(apart: Apart) -> dict[str, Any]:
    return {
        "characters": apart.characters,
        "characters_learned": apart.characters_learned,
        "recogniser": {"learned_frames": apart.learned_frames, "steps": apart.recogniser_steps},
        "strength": asdict(apart.strength),
        "named": {name: asdict(part) for name, part in apart.named.items()},
        "persons": asdict(apart.persons),
        "truth": apart.truth and asdict(apart.truth),
        "useful": {name: part and asdict(part) for name, part in apart.useful.items()},
        "distances": {name: asdict(part) for name, part in apart.distances.items()},
        "diversity": apart.diversity,
        "strengths": {kind: asdict(part) for kind, part in apart.strengths.items()},
        "neighbours": {"random": apart.neighbours.random, "test": apart.neighbours.test},
    }


def apart_pictures(apart: Apart) -> dict[str, bytes]:
    """PNG bytes by file name."""
    buffer = io.BytesIO()
    apart.neighbours.sheet.save(buffer, format="png")
    return {STRENGTH: strength_plot(apart.strength), NEIGHBOURS: buffer.getvalue()}


def apart_numbers(apart: Apart) -> list[tuple[str, str]]:
    """The main figures, (what, value)."""
    numbers = [("of generated faces named as asked by a recogniser trained apart", apart.named["generated"].accuracy)]
    numbers.append(("similarity (SFace) to the source", apart.persons.generated.similarity))
    numbers.append(("nearest to their own character among the cast", apart.persons.generated.first))
    numbers.append(("rank correlation of strength asked and measured", apart.strength.spearman))
    return [(name, f"{figure.mean:.3f}") for name, figure in numbers if figure]


def apart_sections(apart: Apart) -> list[Section]:
    sections = [_strength(apart), _named(apart), _persons(apart), _useful(apart), _distribution(apart), _near(apart)]
    if apart.truth is not None:
        sections += _truth(apart.truth)
    if apart.strengths:
        sections.append(mixtures.section(apart.strengths))
    return sections


def _strength(apart: Apart) -> Section:
    measured = apart.strength
    rows = [
        [affect, _figure(part.spearman), _figure(part.error), percent(part.monotone)]
        + [_figure(figure) for figure in (part.real_spearman, part.real_error)]
        for affect, part in measured.affects.items()
    ]
    over = (measured.spearman, measured.error, None, measured.real_spearman, measured.real_error)
    rows.append(["all", *("" if index == 2 else _estimate(one) for index, one in enumerate(over))])
    text = (
        f"Measured by a recogniser of affects trained apart for {apart.recogniser_steps} steps on "
        f"{apart.learned_frames:,} real train frames. Held-out neutral frames drawn at strengths 0, 0.1, ... 1. Rank "
        "correlation (Spearman) and mean absolute error, means over characters; rising: share of steps of 0.1 up at "
        "which the measured strength does not fall. At the right what the recogniser makes of real held-out frames, "
        "whose strengths are known: its own error is in every figure. In brackets: 95 % interval over characters."
    )
    header = ["emotion", "correlation", "error", "rising", "real frames: correlation", "error"]
    return Section("Strength asked and measured", text, header, rows, (STRENGTH,))


def _named(apart: Apart) -> Section:
    sets = apart.named
    rows = [
        [affect, *(percent(part.affects[affect]) if affect in part.affects else "-" for part in sets.values())]
        for affect in AFFECTS
        if any(affect in part.affects for part in sets.values())
    ]
    rows.append(["all", *(_estimate(part.accuracy) for part in sets.values())])
    text = (
        "Share named right by the same recogniser, which no network was trained against: faces generated at strength 1 "
        f"({sets['generated'].pictures:,}), and real held-out frames, neutral or at strength {SHOWN_IN_FULL:g} and "
        f"over ({sets['real'].pictures:,})."
    )
    return Section("Named as asked, by a recogniser trained apart", text, ["affect", *sets], rows)


def _persons(apart: Apart) -> Section:
    measured = apart.persons

    def row(name: str, same: Same) -> list[str]:
        figures = [_estimate(same.similarity), _figure(same.worst), _estimate(same.first)]
        return [name, f"{same.pictures}", *figures, f"{same.without_face}"]

    rows = [row("generated, strength 1", measured.generated), row("filmed, other takes", measured.filmed)]
    rows.append(
        ["strangers", "", _figure(measured.strangers), f"closest {_figure(measured.closest_strangers)}", "", ""]
    )
    text = (
        "Cosine of SFace between a picture and a neutral held-out frame of its character. First: share that is nearest "
        f"to its own of the {measured.characters} characters. Filmed: held-out frames of emotions of the same "
        "characters; strangers: neutral frames of two characters."
    )
    header = ["pictures", "number", "similarity", "worst", "first", "no face found"]
    return Section("The same person", text, header, rows)


def _useful(apart: Apart) -> Section:
    text = (
        f"The same recogniser, trained for {apart.recogniser_steps} steps on {apart.learned_frames:,} real train "
        "frames, on as many that the model made of neutral train frames with the same affects and strengths, or on "
        f"both; accuracy on real held-out frames, neutral or at strength {SHOWN_IN_FULL:g} and over."
    )
    rows = [[name, _estimate(accuracy)] for name, accuracy in apart.useful.items()]
    return Section("Useful as data", text, ["learned from", "accuracy on real frames"], rows)


def _distribution(apart: Apart) -> Section:
    rows = [
        [name, f"{part.pictures:,}", f"{part.frechet:.2f}", f"{part.kernel:.3f}"]
        + [percent(share) for share in (part.precision, part.recall)]
        + [_figure(apart.diversity.get(name))]
        for name, part in apart.distances.items()
    ]
    rows.append(["test", "", "", "", "", "", _figure(apart.diversity["test"])])
    text = (
        "Features: the 64 that the last layer of the recogniser above reads; they tell affects, not persons, and no "
        "network of ImageNet is involved, so distances compare only with each other. To real held-out frames, of real"
        " train frames (what could be reached), of those remade from neutral ones with the same affects, and of "
        "random faces. Precision: share that lies among the held-out frames; recall: share of those that is reached. "
        "Diversity: mean distance of two pictures of one affect."
    )
    if apart.characters_learned > apart.characters:
        text += (
            f" The model knows {apart.characters_learned} characters and this dataset shows {apart.characters}: random "
            "faces may be others, and count as far from it."
        )
    header = ["pictures", "number", "Frechet", "kernel", "precision", "recall", "diversity"]
    return Section("Distribution", text, header, rows)


def _near(apart: Apart) -> Section:
    rows = [["random faces", f"{apart.neighbours.random:.1f}"], ["held-out frames", f"{apart.neighbours.test:.1f}"]]
    text = (
        "Root mean square difference to the nearest training frame, in levels of 255 at 32 pixels a side, median. "
        "Much less than held-out frames have would mean learned by heart. The sheet shows 16 random faces, each above "
        "its nearest."
    )
    return Section("Nearest training frames", text, ["pictures", "distance"], rows, (NEIGHBOURS,))


def _truth(truth: Truth) -> list[Section]:
    kinds = [
        [name, *(str(figure) for figure in (part.ssim, part.difference, part.outside))]
        for name, part in truth.kinds.items()
    ]
    text = (
        f"{truth.pictures} held-out frames of emotions, each drawn from the neutral held-out frame of its character "
        "whose head is turned most alike. Beside it what needs no network: that neutral frame as it is (copied), and "
        "the training frame of the same character, affect and strength (looked up). How the head is turned differs "
        "from take to take, which bounds all three. SSIM and difference in levels of 255, in the face box and outside."
    )
    by_affect = [
        [affect, *(f"{scores[kind]:.3f}" for kind in KINDS)] for affect, scores in truth.ssim_by_affect.items()
    ]
    return [
        Section("Likeness to the filmed frame", text, ["picture", "SSIM", "off by", "off outside"], kinds),
        Section("SSIM in the face box, each emotion", "As above.", ["emotion", *KINDS], by_affect),
    ]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _estimate(value: Estimate | None) -> str:
    return "-" if value is None else str(value)
