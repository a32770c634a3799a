"""Pages that load nothing from elsewhere, in one style; among them the demo's, with everything it made."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from fexgan.media import write_text_atomically
from fexgan.tables import percent, table_row


def write_page(path: Path, commands: Sequence[tuple[str, str]]) -> None:
    """Write the page to `path`, beside the demo's pictures, clips and `report.json`.

    `commands`: pairs (purpose, command line).
    """
    report = json.loads((path.parent / "report.json").read_text(encoding="utf-8"))
    mean = report["reconstruction"]["mean"]
    sets = report["classification"]
    page = fill(
        "page.html",
        step=f"{report['step']:,}",
        checkpoint=html.escape(report["checkpoint"]),
        test_accuracy=percent(sets["test"]["accuracy"]),
        generated_accuracy=percent(sets["generated"]["accuracy"]),
        ssim=f"{mean['ssim']:.3f}",
        psnr=f"{mean['psnr_db']:.1f} dB",
        held_out=html.escape(report["held_out"]),
        notes="".join(f"\n  <p>{html.escape(note)}</p>" for note in report["notes"]),
        coverage=_coverage(sets),
        affect_rows=_affect_rows(report),
        set_rows=_set_rows(sets),
        strength_rows=_strength_rows(sets["test"]["by_strength"]),
        character_rows=_character_rows(report["reconstruction"]),
        commands="\n".join(
            f"<span># {html.escape(purpose)}</span>\n{html.escape(command)}" for purpose, command in commands
        ),
    )
    write_text_atomically(path, page)


def figures_page(
    title: str, lead: str, numbers: Sequence[tuple[str, str]], sections: Sequence[str], footer: str
) -> str:
    """A page of figures.

    `numbers`: the main ones, (what, value); `sections`: HTML, everything else text.
    """
    main = "\n".join(
        f"    <li><b>{html.escape(value)}</b><span>{html.escape(name)}</span></li>" for name, value in numbers
    )
    return fill(
        "report.html",
        title=html.escape(title),
        lead=html.escape(lead),
        numbers=main,
        sections="\n\n".join(sections),
        footer=html.escape(footer),
    )


def fill(page: str, **values: str) -> str:
    """A page's template with `values` for its names, and the style of all pages."""
    return Template(template(page)).substitute(values, style=template("style.css"))


def template(name: str) -> str:
    """The text of a template as it is."""
    return (files("fexgan") / "templates" / name).read_text(encoding="utf-8")


def templates(folder: str) -> set[str]:
    """Names of the templates in a folder of them."""
    return {path.name for path in (files("fexgan") / "templates" / folder).iterdir()}


def _coverage(sets: dict[str, Any]) -> str:
    return "; ".join(
        f"{name}: {sets[name]['covered']:,} of {sets[name]['judged']:,} frames looked at" for name in ("train", "test")
    )


def _set_rows(sets: dict[str, Any]) -> str:
    return "\n".join(
        table_row(name, f"{table['covered']:,}", percent(table["accuracy"]), percent(table["real_or_fake_accuracy"]))
        for name, table in sets.items()
    )


def _affect_rows(report: dict[str, Any]) -> str:
    rows = []
    for affect in report["affects"]:
        scores = [report["classification"][name]["affects"][affect] for name in ("train", "test", "generated")]
        rows.append(
            table_row(affect, *(percent(score[figure]) for score in scores for figure in ("precision", "recall", "f1")))
        )
    return "\n".join(rows)


def _strength_rows(bins: Sequence[dict[str, Any]]) -> str:
    return "\n".join(
        table_row(f"{part['low']:.1f} to {part['high']:.1f}", f"{part['frames']:,}", percent(part["accuracy"]))
        for part in bins
        if part["frames"]
    )


def _character_rows(reconstruction: dict[str, Any]) -> str:
    return "\n".join(
        table_row(
            name,
            f"{part['ssim']:.3f}",
            f"{part['psnr_db']:.1f}",
            f"{part['sharpness']:.0f}",
            f"{part['sharpness_of_real']:.0f}",
        )
        for name, part in reconstruction.items()
    )
