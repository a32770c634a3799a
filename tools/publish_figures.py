"""Carry the bundled model's figures into docs/figures/ and the README.

    fexgan demo --out out/demo
    fexgan evaluate open-cast --data out/demo/dataset --out out/figures --all-frames --judges --stills open-cast
    python tools/publish_figures.py out/demo out/figures

The README's table stands between two markers and is written from the report alone; a test compares the two.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs/figures"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
SHEETS = ("transform", "blend", "random", "random-edited")
REPORT_FILES = ("report.md", "report.json")
JPEG_QUALITY = 88


def readme_table(report: dict[str, Any]) -> str:
    """The README's table of figures, in Markdown, from an evaluation's JSON."""
    sets, mean = report["classification"], report["reconstruction"]["mean"]
    affects = ", ".join(f"{affect} {100 * score['f1']:.1f} %" for affect, score in sets["test"]["affects"].items())
    rows = [
        ("steps of training, all runs", f"{report['step']:,}"),
        (
            "affects named right, test takes",
            f"{_percent(sets['test']['accuracy'])} of {sets['test']['covered']:,} frames",
        ),
        ("... on train takes", f"{_percent(sets['train']['accuracy'])} of {sets['train']['covered']:,} frames"),
        ("... of faces generated from neutral ones", _percent(sets["generated"]["accuracy"])),
        ("F1 on test takes", affects),
        ("real frames taken for real, test", _percent(sets["test"]["real_or_fake_accuracy"])),
        ("generated faces taken for fake", _percent(sets["generated"]["real_or_fake_accuracy"])),
        ("test takes rebuilt: SSIM, PSNR", f"{mean['ssim']:.3f}, {mean['psnr_db']:.1f} dB"),
        ("sharpness of the rebuilt beside the real", f"{mean['sharpness']:.0f} to {mean['sharpness_of_real']:.0f}"),
    ]
    rows += _judged_apart(report["apart"]) if "apart" in report else []
    return "\n".join(["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _judged_apart(apart: dict[str, Any]) -> list[tuple[str, str]]:
    named, strength, persons = apart["named"], apart["strength"], apart["persons"]
    pairs = [
        ("named as shown, by a recogniser trained apart", named["generated"]["accuracy"], named["real"]["accuracy"]),
        ("... its rank correlation of strengths", strength["spearman"], strength["real_spearman"]),
        ("... its error of strengths", strength["error"], strength["real_error"]),
        ("SFace to the neutral frame", persons["generated"]["similarity"], persons["filmed"]["similarity"]),
    ]
    return [(what, f"generated {made['mean']:.3f}, real {real['mean']:.3f}") for what, made, real in pairs]


def publish(demo: Path, evaluation: Path) -> None:
    """Write docs/figures/ and the README's section."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    for path in (*(evaluation / name for name in REPORT_FILES), *evaluation.glob("*.png")):
        shutil.copyfile(path, FIGURES / path.name)
    for name in SHEETS:
        Image.open(demo / f"{name}.png").convert("RGB").save(FIGURES / f"{name}.jpg", quality=JPEG_QUALITY)
    report = json.loads((FIGURES / "report.json").read_text(encoding="utf-8"))
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{readme_table(report)}\n{END}{after}", encoding="utf-8")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: publish_figures.py DEMO_FOLDER EVALUATION_FOLDER")
    publish(Path(sys.argv[1]), Path(sys.argv[2]))
