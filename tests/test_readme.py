from __future__ import annotations

import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest

from fexgan import bundled, cli
from fexgan.checkpoints import read_metadata

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    return [line for block in blocks("sh", text) for line in block.splitlines()]


COMMANDS = commands(README)
FEXGAN_COMMANDS = [
    line for page in PAGES for line in commands(page.read_text(encoding="utf-8")) if line.startswith("fexgan ")
]


@pytest.mark.parametrize("command", FEXGAN_COMMANDS)
def test_every_command_parses(command: str):
    cli.parse(shlex.split(command, comments=True)[1:])


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [line.split()[1] for line in COMMANDS if line.startswith("make ")]
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_every_verb_is_in_the_table():
    assert re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE) == list(cli.VERBS)


def test_everything_in_the_tree_is_there():
    (tree,) = blocks("text")
    folder = ROOT
    for line in tree.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = ROOT / name
        path = folder / name if line.startswith(" ") else folder
        assert path.exists() or name == "data/", name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path):
    links = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
    files = [link.split("#")[0] for pair in links for link in pair if link and not link.startswith("https://")]
    assert files or page.parent != ROOT
    assert all((page.parent / link).is_file() for link in files)


def test_the_libraries_for_filming_are_those_that_ci_installs():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    libraries = set(re.findall(r"lib[a-z]+[0-9a-z]+\b", ci)) - {"libraries"}
    assert len(libraries) == 8 and all(library in README for library in libraries)


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("python")
    exec(example, {})
    assert {path.name for path in tmp_path.iterdir()} == {"joy.png", "blend.png", "smile.png", "surprise.mp4"}


def test_the_figures_are_those_of_the_bundled_checkpoints_report():
    spec = importlib.util.spec_from_file_location("publish_figures", ROOT / "tools/publish_figures.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    report = json.loads((ROOT / "docs/figures/report.json").read_text(encoding="utf-8"))
    assert tool.readme_table(report) in README
    assert report["step"] == read_metadata(bundled.checkpoint_path("open-cast")).steps_in_all
