from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import film

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.inspection import Inspection, inspect_dataset, write_inspection_page
from fexgan.media import read_image
from fexgan.prepare import PrepareReport, prepare

FRAMING = FramingConfig(image_size_px=32, sampled_frames=1)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> PrepareReport:
    """ada shows joy in two takes that are copies, bo joy of five frames, cy fear of unknown strength."""
    folder = tmp_path_factory.mktemp("inspected")
    film(folder / "cast", "ada", "joy", "1")
    shutil.copy(folder / "cast/ada/joy/1.mp4", folder / "cast/ada/joy/2.mp4")
    shutil.copy(folder / "cast/ada/joy/1.json", folder / "cast/ada/joy/2.json")
    film(folder / "cast", "cy", "fear", "1", frames=12, sidecar=False)
    film(folder / "cast", "bo", "joy", "<b>", frames=5)
    return prepare(folder / "cast", folder / "set", FRAMING)


@pytest.fixture(scope="module")
def inspection(report: PrepareReport) -> Inspection:
    return inspect_dataset(report.folder)


def test_it_counts_what_was_prepared(report: PrepareReport, inspection: Inspection) -> None:
    assert inspection.frame_counts == {key: count for key, count in report.frame_counts.items() if count}
    assert (inspection.frames, inspection.take_count) == (25, 4)
    assert inspection.record == report.record and inspection.leak == report.leak
    assert inspection.copies == 4
    assert inspection.size_bytes == sum(path.stat().st_size for path in (report.folder / "data").iterdir())


def test_strengths_fall_into_tenths_and_unknown_ones_are_told_apart(inspection: Inspection) -> None:
    # joy rises over four frames twice, 0, 1/3, 2/3, 1, and over five once, 0, 1/4, 1/2, 3/4, 1
    assert inspection.strengths.tolist() == [3, 0, 1, 2, 0, 1, 2, 1, 0, 3]
    assert inspection.unknown_strengths == 12


def test_samples_are_of_their_affect_and_spread_evenly(inspection: Inspection) -> None:
    assert [len(row) for row in inspection.samples] == [0, 0, 8, 8, 0, 0, 0]
    assert all(picture.shape == (32, 32, 3) for row in inspection.samples for picture in row)
    steps = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(inspection.samples[2])]
    assert min(steps) > 0.5, "the face of fear moves from frame to frame"


def test_the_command_shows_tables_and_writes_a_page_or_a_sheet(
    report: PrepareReport, run_command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("inspect", report.folder, "--out", tmp_path / "page.html") == 0
    output = capsys.readouterr().out
    assert "25 of 32 x 32 px" in output and "4 (16.0 %)" in output and "unknown" in output
    assert run_command("inspect", report.folder, "--out", tmp_path / "sheet.png") == 0
    assert read_image(tmp_path / "sheet.png").shape[2] == 3
    assert run_command("inspect", report.folder, "--out", tmp_path / "page.txt") == 2
    assert run_command("inspect", tmp_path) == 2
    assert run_command("inspect", report.folder, "--out", tmp_path / "page.html/sheet.png") == 2
    assert "page.html is no folder that can be written to" in capsys.readouterr().err


def test_a_dataset_is_called_by_its_folder_and_a_third_split_is_counted(
    report: PrepareReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(report.folder, tmp_path / "mine")
    shutil.copy(next((folder / "data").glob("test-*")), folder / "data/dev-00000-of-00001.parquet")
    monkeypatch.chdir(folder)
    overview = inspect_dataset(Path()).sections()[0]
    counts = [
        f"{name} {report.frames_in(split)}" for name, split in (("train", "train"), ("dev", "test"), ("test", "test"))
    ]
    assert overview.header[1] == "mine" and overview.rows[2][1] == f"by take: {', '.join(counts)}"


def test_the_page_holds_every_figure_and_loads_nothing(inspection: Inspection, tmp_path: Path) -> None:
    write_inspection_page(tmp_path / "page.html", inspection)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    cells = set(re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", page))
    assert all(cell in cells for section in inspection.sections() for row in section.rows for cell in row)
    assert not re.search(r"(src|href)=\"(?!data:)", page) and "http" not in page


def test_a_folder_that_is_no_dataset_and_a_broken_shard_are_named(report: PrepareReport, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no dataset"):
        inspect_dataset(tmp_path)
    broken = shutil.copytree(report.folder, tmp_path / "set")
    shard = next((broken / "data").glob("train-*"))
    content = bytearray(shard.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    shard.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        inspect_dataset(broken)
    for path in (broken / "data").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="cannot be read"):
        inspect_dataset(broken)


@pytest.mark.parametrize(("column", "label"), [("character", 5), ("character", -1), ("affect", 7), ("affect", -1)])
def test_labels_that_the_metadata_does_not_name_are_refused_as_they_are_for_training(
    report: PrepareReport, tmp_path: Path, column: str, label: int
) -> None:
    changed = shutil.copytree(report.folder, tmp_path / "set")
    shard = next((changed / "data").glob("train-*"))
    table = pq.read_table(shard)
    field = table.schema.field(column)
    labels = pa.array([*table[column].to_pylist()[:-1], label], field.type)
    pq.write_table(table.set_column(table.column_names.index(column), field, labels), shard)
    with pytest.raises(InputError, match="labels that its metadata does not name"):
        inspect_dataset(changed)
