"""ONNX graphs answer as the checkpoint does, and the example beside them works as it stands."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from narrow import EDITING_MODEL
from PIL import Image

import fexgan
from fexgan.affects import AFFECTS, Mixture, affect_vector
from fexgan.checkpoints import Metadata, load_checkpoint, save_checkpoint
from fexgan.config import DetailsConfig, DetailsModelConfig, FramingConfig, PortraitConfig
from fexgan.errors import InputError
from fexgan.export import Exported, Graph, _describe, _difference, export, graphs_of
from fexgan.model import CloseUp, apply_edits, build, keep_to, paint_within, palette_of, shade_tint
from fexgan.model.latents import ANCHORS

SIDE = EDITING_MODEL.image_size_px
FRAMING = FramingConfig(image_size_px=SIDE, face_fraction=0.9)


@pytest.fixture(scope="module")
def editing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that edits; its flow and shade are not zero."""
    folder = tmp_path_factory.mktemp("models") / "editing"
    networks = build(EDITING_MODEL, seed=1)
    with torch.no_grad():
        for weight in (networks.decoder.flow.weight, networks.decoder.picture.weight):
            weight.normal_(std=0.1, generator=torch.Generator().manual_seed(2))
    save_checkpoint(folder, networks, Metadata(PortraitConfig(EDITING_MODEL, framing=FRAMING), (), "", step=0))
    return folder


@pytest.fixture(scope="module")
def exported(editing: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(str(editing), tmp_path_factory.mktemp("exported") / "editing")


@pytest.fixture(scope="module")
def drawn(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(str(tiny_checkpoint), tmp_path_factory.mktemp("exported") / "drawing")


def run_example(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (example,) = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(example, {})


def graph(folder: Path, name: str, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a graph makes of those of the tensors that it takes."""
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx")
    names = [one.name for one in session.get_outputs()]
    return dict(
        zip(names, session.run(names, {one.name: given[one.name] for one in session.get_inputs()}), strict=True)
    )


def test_the_graphs_of_an_editor_edit_as_the_checkpoint_does(editing, exported):
    folder, networks = exported.paths[0].parent, load_checkpoint(editing).networks
    images = 2 * torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) - 1
    neutral, joy = (torch.tensor([affect_vector(*shown)]) for shown in (("neutral", 1.0), ("joy", 0.8)))
    with torch.no_grad():
        edits = keep_to(palette_of(images), networks.edit(networks.analyse(images), neutral, joy))
        wanted = apply_edits(images, edits).clamp(-1, 1).numpy()
    variants = np.zeros((1, len(EDITING_MODEL.variants)), np.float32)
    given = {"images": images.numpy(), "source_affect": neutral.numpy(), "target_affect": joy.numpy()}
    given |= {"variants": variants}
    for name in ("analyse", "edit", "apply"):
        given |= graph(folder, name, given)
    assert np.abs(given["edited"] - wanted).max() < 1e-3 < np.abs(wanted - images.numpy()).max()
    np.testing.assert_allclose(given["tint"], shade_tint(images).flatten(1), atol=1e-5)


class TorchSession:
    """Answers as the graph of a checkpoint's would, without the minutes that it takes to write it; that both are the
    same is what every export compares."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in self.graph.inputs]

    def get_outputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in self.graph.outputs]

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert inputs.keys() == self.graph.inputs.keys() and names == list(self.graph.outputs)
        with torch.no_grad():
            answers = self.graph.function(*(torch.from_numpy(inputs[name]) for name in self.graph.inputs))
        return [answer.numpy() for answer in answers]


@pytest.mark.parametrize("straight", [False, True])
def test_the_example_beside_an_editor_edits_a_whole_picture_as_the_package_does(monkeypatch, tmp_path, straight):
    folder, checkpoint = tmp_path, load_checkpoint("portrait")  # an untrained one's edits are noise at any size
    checkpoint.networks.eval().requires_grad_(False)
    graphs = {f"{one.name}.onnx": one for one in graphs_of(checkpoint)}
    _describe("portrait", checkpoint, list(graphs.values()), folder)
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda name: TorchSession(graphs[name]))
    monkeypatch.setattr("fexgan.framing.carry._SHARPENING", 0.0)  # which graphs leave out, as their README says
    known = json.loads((folder / "graphs.json").read_text(encoding="utf-8"))
    least = dict.fromkeys(known["least_read"], 2.0 if straight else 0.0)
    (folder / "graphs.json").write_text(json.dumps(known | {"least_read": least}))
    monkeypatch.setattr("fexgan.reading.LEAST_READ", least)
    with Image.open(folder / "picture.jpg") as photograph:
        photograph.rotate(20, Image.Resampling.BICUBIC, center=known["example"]["mouth"]).save(folder / "picture.png")
    turn = np.exp(-1j * np.deg2rad(20))
    points = np.array(list(known["example"].values())) @ (1, 1j)
    points = points[2] + turn * (points - points[2])
    example = dict(zip(known["example"], np.column_stack([points.real, points.imag]).tolist(), strict=True))
    (folder / "graphs.json").write_text(json.dumps(known | {"least_read": least, "example": example}))
    readme = (folder / "README.md").read_text(encoding="utf-8").replace("picture.jpg", "picture.png")
    (folder / "README.md").write_text(readme, encoding="utf-8")
    run_example(folder, monkeypatch)
    source = np.asarray(Image.open(folder / "picture.png").convert("RGB")).astype(int)
    portrait = fexgan.load("portrait", details=None).open(folder / "picture.png", points=list(example.values()))
    assert (portrait.source == Mixture.parse("neutral")) is straight
    wanted = np.asarray(portrait.edit("surprise:0.8").to_image()).astype(int)
    answer = np.asarray(Image.open(folder / "surprise.png")).astype(int)
    changed = (wanted != source).any(axis=2)
    off, change = (np.abs(one - other)[changed].mean() for one, other in ((answer, wanted), (wanted, source)))
    assert changed.mean() < 0.2 and change > 10 and off < 0.15 * change
    places = portrait.faces[0].square.to_square(np.argwhere((answer != source).any(axis=2))[:, ::-1])
    assert ((places > 0) & (places < 1)).all()


def test_red_paint_on_a_grey_picture_becomes_grey(editing, exported):
    folder = exported.paths[0].parent
    images = np.random.default_rng(0).uniform(-1, 1, (1, 1, SIDE, SIDE)).astype(np.float32).repeat(3, axis=1)
    affects = {name: np.float32([affect_vector(name)]) for name in ("neutral", "joy")}
    given = {"source_affect": affects["neutral"], "target_affect": affects["joy"]}
    given |= {"variants": np.zeros((1, len(EDITING_MODEL.variants)), np.float32)}
    given |= graph(folder, "analyse", {"images": images})
    grey = graph(folder, "edit", given)["paint"]
    coloured = graph(folder, "edit", given | {"colours": np.float32([[2, 2, 2]])})["paint"]
    assert np.ptp(grey, axis=1).max() < 1e-5 < np.ptp(coloured, axis=1).max()


def test_details_are_refined_as_the_checkpoint_does(tmp_path, monkeypatch):
    model = DetailsModelConfig(image_size_px=SIDE, window_px=(8, 16, 24, 28), widths=(8, 16), blocks=1)
    networks = build(model, seed=1)
    with torch.no_grad():
        networks.painter.leave.weight.normal_(generator=torch.Generator().manual_seed(2))
    metadata = Metadata(DetailsConfig(model, framing=FRAMING), (), "", step=0)
    save_checkpoint(tmp_path / "details", networks, metadata)
    exported = export(str(tmp_path / "details"), tmp_path / "out")
    assert [path.name for path in exported.paths] == ["README.md", "graphs.json", "refine.onnx"]
    run_example(tmp_path / "out", monkeypatch)
    told = json.loads((tmp_path / "out" / "graphs.json").read_text())
    assert told["fineness"] == 4 and told["window_px"] == [8, 16, 24, 28]
    seen = CloseUp(*torch.rand(1, 7, 48, 64, generator=torch.Generator().manual_seed(3)).split([3, 3, 1], dim=1))
    palette = palette_of(seen.under)
    colours = torch.cat([palette.spread, palette.coldness], dim=1).flatten(1)
    given = seen._asdict() | {"colours": colours}
    answer = graph(tmp_path / "out", "refine", {name: part.numpy() for name, part in given.items()})
    with torch.no_grad():
        refined = networks.refine(seen)
    assert np.abs(answer["finer_paint"] - paint_within(palette, refined.paint).numpy()).max() < 1e-4
    assert np.abs(answer["finer_mask"] - refined.mask.numpy()).max() < 1e-4


def test_the_example_beside_a_model_that_draws_draws_a_face(drawn, tiny_checkpoint, monkeypatch):
    folder = drawn.paths[0].parent
    run_example(folder, monkeypatch)
    networks = load_checkpoint(tiny_checkpoint).networks
    with torch.no_grad():
        wanted = networks.decode(networks.draw_latents([7]), torch.tensor([affect_vector("fear", 1.0)]))
    answer = np.asarray(Image.open(folder / "fear.png")).transpose(2, 0, 1)
    assert np.abs(answer - (wanted[0].numpy() + 1) * 127.5).max() <= 0.51
    assert np.load(folder / "faces.npy").shape == (ANCHORS, 128)


@pytest.mark.parametrize("batch", [1, 5])
def test_a_graph_takes_any_number_of_pictures_and_each_is_read_alone(exported, batch):
    session = onnxruntime.InferenceSession(exported.paths[0].parent / "read.onnx")
    images = np.random.default_rng(0).uniform(-1, 1, (batch, 3, SIDE, SIDE)).astype(np.float32)
    (together,) = session.run(None, {"images": images})
    alone = [session.run(None, {"images": images[index : index + 1]})[0] for index in range(batch)]
    assert together.shape == (batch, 7)
    np.testing.assert_allclose(np.concatenate(alone), together, atol=1e-5)


def test_every_graph_is_compared_and_described(exported, drawn):
    for result, names in ((exported, {"read", "analyse", "edit", "apply"}), (drawn, {"encode", "decode", "classify"})):
        folder = result.paths[0].parent
        known = json.loads((folder / "graphs.json").read_text(encoding="utf-8"))
        assert known["graphs"].keys() == result.differences.keys() == names
        assert 0 < max(result.differences.values()) < 1e-4
        assert known["affects"] == list(AFFECTS)
        for name, sides in known["graphs"].items():
            session = onnxruntime.InferenceSession(folder / f"{name}.onnx")
            for side, tensors in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
                assert {tensor.name: tensor.shape[1:] for tensor in tensors} == {
                    tensor: shape[1:] for tensor, shape in sides[side].items()
                }
        assert all(path.is_file() for path in result.paths)


def test_an_answer_that_is_no_number_differs_be_it_not_the_first():
    class Session:
        def run(self, names, inputs):
            return [inputs["images"] + 0.1, np.full((3, 2), np.nan, np.float32)]

    graph = Graph("two", lambda images: (images, torch.zeros(3, 2)), {"images": torch.rand(2, 4)}, ("one", "other"))
    assert np.isnan(_difference(graph, Session()))


def test_where_a_face_lies_in_its_square_is_told(exported):
    known = json.loads((exported.paths[0].parent / "graphs.json").read_text(encoding="utf-8"))
    (left_x, left_y), (right_x, right_y), (mouth_x, mouth_y) = known["face"].values()
    assert left_y == right_y < mouth_y and left_x < mouth_x == 0.5 < right_x
    assert right_x - left_x == pytest.approx(0.21 / 0.60 * 0.9, abs=1e-3)


def test_what_cannot_be_exported_is_refused_and_nothing_is_written(editing, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds no exported model; choose another folder"):
        export(str(editing), tmp_path / "other")
    monkeypatch.setattr("fexgan.export.LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(InputError, match=r"graph read of .* differs from PyTorch by"):
        export(str(editing), tmp_path / "new")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(InputError, match=r"exporting needs onnxscript.*pip install 'fexgan-meta\[export\]'"):
        export(str(editing), tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["other"] and len(list((tmp_path / "other").iterdir())) == 1


def test_exporting_again_replaces_what_was_exported(editing, exported, tmp_path):
    shutil.copytree(exported.paths[0].parent, tmp_path / "again")
    (tmp_path / "again" / "read.onnx").write_bytes(b"")
    export(str(editing), tmp_path / "again")
    assert (tmp_path / "again" / "read.onnx").stat().st_size > 0
