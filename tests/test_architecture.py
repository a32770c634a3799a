"""The import rules of the design, read off the source."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "fexgan"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
DISTRIBUTIONS = {"PIL": "pillow", "cv2": "opencv-python-headless", "yaml": "pyyaml", "mathutils": "bpy"}


def imports(module: str) -> set[str]:
    """Full names of all that a module imports, at its top or inside functions; type checking included."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def uses(module: str, part: str) -> bool:
    return any(name == part or name.startswith(f"{part}.") for name in imports(module))


def within(*parts: str) -> list[str]:
    names = [f"fexgan.{part}" for part in parts]
    return [module for module in MODULES if any(module == name or module.startswith(f"{name}.") for name in names)]


def test_the_walk_sees_the_package():
    assert {"fexgan", "fexgan.cli", "fexgan.model.paper"} <= MODULES.keys()
    assert uses("fexgan.model.paper", "torch") and uses("fexgan.cli", "fexgan.errors")


FREE_OF_TORCH = (
    "affects", "config", "manifest", "media", "video", "picture", "faces", "framing", "sheets", "stills", "studio",
    "prepare", "dataset", "keyframes", "cli",
)  # fmt: skip


@pytest.mark.parametrize("module", within(*FREE_OF_TORCH))
def test_footage_and_data_never_import_torch(module: str):
    assert not uses(module, "torch")


@pytest.mark.parametrize(
    ("part", "others"),
    [
        ("studio", ("prepare", "dataset")),
        ("prepare", ("studio", "dataset")),
        ("dataset", ("studio", "prepare")),
    ],
)
def test_studio_prepare_and_dataset_meet_in_files_only(part: str, others: tuple[str, ...]):
    for module in within(part):
        assert not any(uses(module, f"fexgan.{other}") for other in others), module


def test_losses_import_torch_alone():
    allowed = {"torch", "__future__", "dataclasses"}
    assert {name.split(".")[0] for name in imports("fexgan.losses")} <= allowed


def test_networks_import_the_foundation_only():
    names = ("affects", "config", "manifest", "media", "tensors", "errors", "model")
    foundation = {f"fexgan.{name}" for name in names}
    for module in within("model"):
        own = {".".join(name.split(".")[:2]) for name in imports(module) if name.startswith("fexgan")}
        assert own - {"fexgan"} <= foundation, module


def test_evaluation_never_imports_training():
    assert not any(uses(module, "fexgan.training") for module in within("evaluation"))


def test_what_draws_and_measures_cuts_faces_without_what_prepares_data():
    for module in within("framing", "synthesis", "evaluation"):
        assert not uses(module, "fexgan.prepare"), module


def test_only_families_know_a_family():
    parts = [f"fexgan.model.{part}." for part in ("paper", "portrait", "details", "layers", "strengths", "latents")]
    # After how many random faces the same people come round is for others to know.
    allowed = {"fexgan.model.latents", "fexgan.model.latents.ANCHORS"}
    for module in MODULES.keys() - set(within("model")):
        inside = {name for name in imports(module) for part in parts if f"{name}.".startswith(part)}
        assert inside in (set(), allowed), module


def test_nobody_imports_the_command_line_but_itself():
    for module in MODULES.keys() - set(within("cli", "__main__")):
        assert not uses(module, "fexgan.cli"), module
    for module in MODULES.keys() - set(within("cli", "verbs")):
        assert not uses(module, "fexgan.verbs"), module
    for module in MODULES.keys() - set(within("web", "verbs")):
        assert not uses(module, "fexgan.web"), module


def test_the_browser_studio_holds_no_tensor_code():
    assert not any({"torch", "fexgan.tensors"} & imports(module) for module in within("web"))


def test_blender_is_imported_in_one_file():
    assert [module for module in MODULES if uses(module, "bpy")] in ([], ["fexgan.studio.renderer"])


def test_every_library_that_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    requirements = project["dependencies"] + extras["studio"] + extras["landmarks"] + extras["web"] + extras["hub"]
    requirements += extras["export"] + extras["ray"]
    declared = {requirement.split(">=")[0] for requirement in requirements}
    imported = {name.split(".")[0] for module in MODULES for name in imports(module)}
    libraries = {DISTRIBUTIONS.get(name, name) for name in imported - sys.stdlib_module_names - {"fexgan"}}
    assert libraries <= declared


def test_every_library_is_pinned_once():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pins = dict(line.split("==") for line in lines)
    assert len(pins) == len(lines)
    assert pins["torch"] == "2.13.0"
    for name in ("opencv-python", "opencv-contrib-python", "opencv-python-headless"):
        assert pins[name] == "4.14.0.94"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_and_fits_in_mind(module: str):
    text = MODULES[module].read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), module
    assert text.count("\n") <= 330, module
