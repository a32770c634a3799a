"""Mixtures as weights of the 52 face units of ARKit, for game engines and face rigs: from the studio's recipes.

Named ones are a table; from keyframe to keyframe they are a recording, as the app Live Link Face writes it.

What the recipes add from MPFB has no unit of ARKit and is left out, and weights that the studio plays beyond 1 are held
at 1, as engines do.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fexgan.affects import AFFECTS, Mixture
from fexgan.errors import InputError
from fexgan.keyframes import Keyframe, moments_by_frame
from fexgan.media import write_text_atomically
from fexgan.studio.arkit import ARKIT_UNITS, FULL_GAZE_DEG, RECORDED_EYES, RECORDED_HEAD, RECORDED_UNITS, TIMECODE_RATES
from fexgan.studio.recipes import mixed_units, variants_of
from fexgan.variants import by_affect, check_known, spell_out


def arkit_weights(mixture: Mixture) -> dict[str, float]:
    """The weight of each of the 52 units, in [0, 1] and four decimals; strengths that sum to more than 1 share it.

    Raises InputError for unknown variants.
    """
    return _pose(mixture)[0]


def write_units(out: Path, mixtures: Mapping[str, Mixture]) -> None:
    """Write the weights of named mixtures atomically: JSON, an object of 52 weights by name, or CSV, a line for each.

    Raises InputError for other suffixes.
    """
    weights = {name: arkit_weights(mixture) for name, mixture in mixtures.items()}
    suffix = out.suffix.lower()
    if suffix == ".json":
        text = json.dumps(weights, indent=1, ensure_ascii=False) + "\n"
    elif suffix == ".csv":
        text = _csv(["expression", *ARKIT_UNITS], ([name, *row.values()] for name, row in weights.items()))
    else:
        raise InputError(f"cannot write face units as {out}; end its name in .json or .csv")
    write_text_atomically(out, text)


def recording(keyframes: Sequence[Keyframe], fps: float, variants: Sequence[str] = ()) -> str:
    """The units from keyframe to keyframe, a line for each frame, as the CSV of Live Link Face: timecode, number of
    columns, 52 weights, and nine angles in radians, of the head and of both eyes.

    Between two keyframes every unit goes the straight way, as far as the easing says. `variants`: those that affects
    take which name none. `fexgan film --performance` plays what is written. Raises InputError for rates that timecodes
    do not count and for unknown variants.
    """
    if fps not in TIMECODE_RATES:
        rates = ", ".join(map(str, TIMECODE_RATES))
        raise InputError(f"a timecode does not count {fps:g} frames a second; choose from {rates}")
    usual = by_affect(variants, variants_of(*AFFECTS))
    poses = {keyframe.mixture: _recorded(spell_out(keyframe.mixture, usual)) for keyframe in keyframes}
    columns = [name[0].upper() + name[1:] for name in (*RECORDED_UNITS, *RECORDED_HEAD, *RECORDED_EYES)]
    rows = []
    for frame, moment in enumerate(moments_by_frame(keyframes, fps)):
        ends = zip(poses[moment.before], poses[moment.after], strict=True)
        numbers = [(1.0 - moment.share) * start + moment.share * end for start, end in ends]
        rows.append([_timecode(frame, int(fps)), len(columns), *(f"{number:.6f}" for number in numbers)])
    return _csv(["Timecode", "BlendShapeCount", *columns], rows)


def _pose(mixture: Mixture) -> tuple[dict[str, float], tuple[float, float, float]]:
    """Weights of the 52 units, and the head's lean: yaw, pitch and roll in degrees. Raises InputError."""
    mixture = mixture.shared()
    for affect, variant in mixture.variants:
        check_known([f"{affect}.{variant}"], variants_of(affect))
    units, lean = mixed_units(mixture, dict(mixture.variants))
    return {name: round(min(max(units.get(name, 0.0), 0.0), 1.0), 4) for name in ARKIT_UNITS}, lean


def _recorded(mixture: Mixture) -> list[float]:
    """What Live Link Face would record of the mixture, shown in full: 52 weights and nine angles in radians."""
    units, lean = _pose(mixture)
    eyes = []
    for side, outwards in (("Left", 1), ("Right", -1)):
        aside, down = units[f"eyeLookOut{side}"] - units[f"eyeLookIn{side}"], units[f"eyeLookDown{side}"]
        eyes += [FULL_GAZE_DEG * outwards * aside, FULL_GAZE_DEG * (down - units[f"eyeLookUp{side}"]), 0.0]
    return [*(units[name] for name in RECORDED_UNITS), *map(math.radians, (*lean, *eyes))]


def _timecode(frame: int, fps: int) -> str:
    """`hh:mm:ss:ff.fff`, of a recording that starts at zero."""
    seconds, rest = divmod(frame, fps)
    minutes, seconds = divmod(seconds, 60)
    return f"00:{minutes:02}:{seconds:02}:{rest:02}.000"


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return lines.getvalue()
