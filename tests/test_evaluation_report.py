from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from fexgan.affects import AFFECTS
from fexgan.evaluation.calibration import calibration
from fexgan.evaluation.classification import StrengthBin, classification
from fexgan.evaluation.reconstruction import Likeness
from fexgan.evaluation.report import Report, Table, write_report
from fexgan.tables import markdown_table, terminal_table


@pytest.fixture(scope="module")
def report() -> Report:
    true = np.arange(70) % 7
    named = true.copy()
    named[:7] = 4
    bins = (StrengthBin(0.0, 0.2, 0, 0.0), StrengthBin(0.2, 0.4, 8, 0.25))
    sure = np.eye(7, dtype=np.float32)
    table = Table(400, 100, classification(true, named), 0.875, bins, calibration(true, sure[named]))
    perfect = Table(70, 70, classification(true, true), 0.5, (), calibration(true, sure[true]))
    rebuilt = {"ada": Likeness(5, 0.9, 30.0, 80.0, 200.0), "bo": Likeness(5, 0.8, 26.0, 60.0, 100.0)}
    return Report("open-cast", 8000, "abc", "take", table, table, perfect, rebuilt)


def test_markdown_tells_coverage_accuracy_and_every_affect(report: Report):
    text = report.to_markdown()
    assert "100 of 400 frames judged, evenly spaced; the table covers 70% of those" in text
    assert "| test | 70 | 91.4 % | 87.5 % | 0.086 |" in text
    for affect in AFFECTS:
        assert f"| {affect} | " in text
    assert "| 0.0 to 0.2 | 0 | - |" in text
    assert "| mean | 10 | 0.850 | 28.0 | 70 | 150 |" in text


def test_of_takes_it_reads_as_published_and_of_other_splits_by_their_own_words(report: Report):
    text = report.to_markdown()
    assert "## Held-out takes, encoded and drawn again" in text and report.to_dict()["notes"] == []
    assert next(name for name, _ in report.numbers()) == "affects named right on held-out takes"
    for split, words in {"frame": "test frames, split by frame", "character": "held-out characters"}.items():
        other = replace(report, split_by=split, notes=("<A> note.",))
        everything = other.to_markdown() + other.to_html(other.pictures()) + str(other.to_dict())
        assert words in other.to_dict()["held_out"] and "takes, encoded" not in everything
        assert f"affects named right on {words}" in everything and "on held-out takes" not in everything
        assert other.to_markdown(other.classification_sections()).split("\n\n")[1] == "<A> note."
        assert "&lt;A&gt; note." in other.to_html(other.pictures()) and "<A>" not in other.to_html(other.pictures())


def test_every_markdown_row_has_the_columns_of_its_header(report: Report):
    for block in report.to_markdown().split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_json_holds_the_numbers_unrounded(report: Report):
    data = json.loads(json.dumps(report.to_dict()))
    assert data["classification"]["test"]["accuracy"] == pytest.approx(64 / 70)
    assert data["classification"]["test"]["covered"] == 70
    assert np.array(data["classification"]["train"]["confusion"]).sum() == 70
    assert data["reconstruction"]["mean"]["psnr_db"] == pytest.approx(28.0)


def test_a_character_called_mean_stands_beside_the_mean_of_all(report: Report):
    ada, bo = report.reconstruction.values()
    named = replace(report, reconstruction={"mean": ada, "bo": bo})
    told = named.to_dict()["reconstruction"]
    assert list(told) == ["mean-2", "bo", "mean"]
    assert [told[name]["ssim"] for name in told] == pytest.approx([0.9, 0.8, 0.85])
    text = named.to_markdown()
    assert "| mean-2 | 5 | 0.900 |" in text and "| mean | 10 | 0.850 |" in text
    assert list(report.to_dict()["reconstruction"]) == ["ada", "bo", "mean"]


def test_a_bar_in_a_name_does_not_end_its_cell(report: Report):
    odd = replace(report, reconstruction={"a|b": report.reconstruction["ada"]}).to_markdown()
    assert "| a\\|b | 5 | 0.900 |" in odd
    assert markdown_table(["a|b", "c"], [["d", "|"]]) == "| a\\|b | c |\n| --- | ---: |\n| d | \\| |"


def test_the_report_is_written_whole_and_twice_the_same(report: Report, tmp_path: Path):
    first = [path.read_bytes() for path in write_report(report, tmp_path / "a")]
    second = [path.read_bytes() for path in write_report(report, tmp_path / "b")]
    assert first == second
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "calibration.png",
        "classification.json",
        "classification.md",
        "confusion.png",
        "report.html",
        "report.json",
        "report.md",
    ]
    with Image.open(tmp_path / "a" / "confusion.png") as plot:
        assert plot.width > 2 * plot.height


def test_the_classification_is_written_alone_as_well(report: Report, tmp_path: Path):
    write_report(report, tmp_path)
    text, whole = ((tmp_path / name).read_text(encoding="utf-8") for name in ("classification.md", "report.md"))
    assert "Classification" in text and "drawn again" not in text and whole.startswith(text.rstrip("\n"))
    told = json.loads((tmp_path / "classification.json").read_text(encoding="utf-8"))
    assert told == json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["classification"]


def test_the_page_holds_its_pictures_and_every_table(report: Report, tmp_path: Path):
    page = write_report(report, tmp_path)[0].read_text(encoding="utf-8")
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == 2 and all(source.startswith("data:image/png;base64,") for source in sources)
    assert page.count("<table>") == len(report.sections()) and "91.4 %" in page and not re.search(r"\$\w", page)
    for source, name in zip(sources, ("confusion.png", "calibration.png"), strict=True):
        assert base64.b64decode(source.split(",")[1]) == (tmp_path / name).read_bytes()


def test_names_are_escaped_on_the_page(report: Report):
    assert "&lt;i&gt; after" in replace(report, checkpoint="<i>").to_html(report.pictures())


def test_what_reads_as_markup_is_shown_in_the_terminal_as_it_is():
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(terminal_table("[red]a", ["[b]"], [["[/joy]"]]))
    assert all(text in console.export_text(clear=False) for text in ("[red]a", "[b]", "[/joy]"))


def test_terminal_tables_show_the_same_accuracy(report: Report):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(*report.terminal_tables())
    assert "91.4 %" in console.export_text()
