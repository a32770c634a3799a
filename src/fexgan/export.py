"""A checkpoint as ONNX graphs, for programs without PyTorch: game engines, browsers, services (extra: export).

A graph takes and gives float32 tensors whose first side is the batch. Of a model that edits: `read` for the affects
shown, `analyse` once for a picture, `edit` for each expression, `apply` at the graph's own size; a program that wants
its picture's size applies the edits itself, and has `refine` of the model for details paint the mouth anew. Paint comes
in the picture's colours, of which `analyse` tells. Of a model that draws: `encode`, `decode` and `classify`.
"""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from fexgan import bundled
from fexgan.affects import AFFECTS
from fexgan.checkpoints import Checkpoint, load_checkpoint
from fexgan.errors import InputError
from fexgan.faces import own_finder
from fexgan.framing import choose_face, face_landmarks, find_faces
from fexgan.framing.carry import FEATHER
from fexgan.media import atomic_folder
from fexgan.model import (
    CloseUp,
    DrawingFamily,
    EditingFamily,
    Edits,
    Palette,
    RefiningFamily,
    apply_edits,
    keep_to,
    paint_within,
    palette_of,
    shade_tint,
)
from fexgan.model.latents import ANCHORS
from fexgan.page import fill
from fexgan.picture import open_picture
from fexgan.reading import LEAST_READ
from fexgan.terminal import tracked

FACES_FILE, GRAPHS_FILE, README_FILE = "faces.npy", "graphs.json", "README.md"
EXAMPLE_FILE, EXAMPLE_PICTURE = "picture.jpg", "collins.jpg"
LARGEST_DIFFERENCE = 1e-3
"""Between a graph's answer and PyTorch's, in the units of the answer, from which an export is refused."""
CHECKED_BATCH = 3


@dataclass(frozen=True)
class Graph:
    """One function of a checkpoint: what it computes, and what its tensors are called."""

    name: str
    function: Callable[..., Sequence[Tensor]]
    inputs: dict[str, Tensor]
    """Examples by name, of a batch of two."""
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Exported:
    """What was written, and how far each graph's answers are at most from PyTorch's."""

    paths: tuple[Path, ...]
    differences: dict[str, float]


def export(name: str, out: Path) -> Exported:
    """Write a checkpoint's graphs into folder `out`, with what is known of it and how they are used.

    `name`: a bundled name or a folder. Every graph is run on random input of another batch and compared with PyTorch.
    Raises InputError where the extra is missing, where `out` holds something else, and where answers differ.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  what torch.onnx works with
    except ImportError as error:
        raise InputError(f"exporting needs {error.name}, which is missing; pip install 'fexgan-meta[export]'") from None
    checkpoint = load_checkpoint(name)
    if out.exists() and not (out / GRAPHS_FILE).is_file():
        raise InputError(f"{out} exists and holds no exported model; choose another folder or remove it")
    differences: dict[str, float] = {}
    with atomic_folder(out) as partial, torch.no_grad():
        graphs = graphs_of(checkpoint)
        for graph in tracked(graphs, "exporting"):
            path = partial / f"{graph.name}.onnx"
            _write(graph, path)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            differences[graph.name] = _difference(graph, session)
            if not differences[graph.name] <= LARGEST_DIFFERENCE:
                raise InputError(
                    f"graph {graph.name} of {name} differs from PyTorch by {differences[graph.name]:.2g} here; "
                    "install the versions that constraints.txt pins"
                )
        _describe(name, checkpoint, graphs, partial)
        paths = tuple(out / path.name for path in sorted(partial.iterdir()))
    return Exported(paths, differences)


def graphs_of(checkpoint: Checkpoint) -> list[Graph]:
    """All that a checkpoint can do, as graphs."""
    networks, size_px = checkpoint.networks, checkpoint.config.model.image_size_px
    generator = torch.Generator().manual_seed(0)
    if isinstance(networks, RefiningFamily):
        return _refining_graphs(networks, generator)
    images = 2.0 * torch.rand(2, 3, size_px, size_px, generator=generator) - 1.0
    source, target = (torch.rand(2, len(AFFECTS), generator=generator).softmax(dim=1) for _ in range(2))
    if isinstance(networks, EditingFamily):
        return _editing_graphs(networks, images, source, target)
    return _drawing_graphs(networks, images, source, target)


def _editing_graphs(networks: EditingFamily, images: Tensor, source: Tensor, target: Tensor) -> list[Graph]:
    leaves, form = pytree.tree_flatten(networks.analyse(images))
    features = {f"features_{index}": leaf for index, leaf in enumerate(leaves)}
    affects = {"source_affect": source, "target_affect": target}
    generator = torch.Generator().manual_seed(0)
    variants = {"variants": torch.rand(len(images), len(networks.config.variants), generator=generator)}

    def analyse(images: Tensor) -> tuple[Tensor, ...]:
        return (*pytree.tree_leaves(networks.analyse(images)), _colours(images), shade_tint(images).flatten(1))

    def edit(*tensors: Tensor) -> tuple[Tensor, ...]:
        *parts, colours, source_affect, target_affect, chosen = tensors
        edits = networks.edit(pytree.tree_unflatten(parts, form), source_affect, target_affect, chosen)
        return tuple(vars(keep_to(_palette(colours), edits)).values())

    def apply(images: Tensor, *parts: Tensor) -> tuple[Tensor]:
        return (apply_edits(images, Edits(*parts)).clamp(-1.0, 1.0),)

    edits = vars(networks.edit(networks.analyse(images), source, target))
    colours = {"colours": _colours(images)}
    return [
        Graph("read", lambda images: (networks.read(images),), {"images": images}, ("affect",)),
        Graph("analyse", analyse, {"images": images}, (*features, "colours", "tint")),
        Graph("edit", edit, features | colours | affects | variants, tuple(edits)),
        Graph("apply", apply, {"images": images} | edits, ("edited",)),
    ]


def _colours(images: Tensor) -> Tensor:
    """The palette of images as one tensor [batch, 3]: its spread, and both numbers of its coldness."""
    palette = palette_of(images)
    return torch.cat([palette.spread, palette.coldness], dim=1).flatten(1)


def _palette(colours: Tensor) -> Palette:
    """The palette that `_colours` tells of."""
    return Palette(colours[:, :1, None, None], colours[:, 1:, None, None])


def _refining_graphs(networks: RefiningFamily, generator: torch.Generator) -> list[Graph]:
    config = networks.config
    left, top, right, bottom = (config.fineness * side for side in config.window_px)
    parts = [torch.rand(2, channels, bottom - top, right - left, generator=generator) for channels in (3, 3, 1)]
    inputs = dict(zip(CloseUp._fields, parts, strict=True)) | {"colours": torch.rand(2, 3, generator=generator)}

    def refine(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        *parts, colours = tensors
        refined = networks.refine(CloseUp(*parts))
        return paint_within(_palette(colours), refined.paint), refined.mask

    return [Graph("refine", refine, inputs, ("finer_paint", "finer_mask"))]


def _drawing_graphs(networks: DrawingFamily, images: Tensor, source: Tensor, target: Tensor) -> list[Graph]:
    latent, _ = networks.encode(images, source)
    return [
        Graph("encode", networks.encode, {"images": images, "source_affect": source}, ("latent", "log_sigma")),
        Graph(
            "decode",
            lambda latent, target_affect: (networks.decode(latent, target_affect),),
            {"latent": latent, "target_affect": target},
            ("images",),
        ),
        Graph(
            "classify",
            lambda images: (networks.discriminate(images)[1].softmax(dim=1),),
            {"images": images},
            ("affect",),
        ),
    ]


class _Module(nn.Module):
    """A function as torch.onnx wants it; the weights that it uses become constants of the graph."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Tensor) -> Any:
        return self.function(*tensors)


def _write(graph: Graph, path: Path) -> None:
    batch = torch.export.Dim("batch", min=1)
    with _quiet():
        program = torch.onnx.export(
            _Module(graph.function).eval(),
            tuple(graph.inputs.values()),
            dynamo=True,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=(tuple({0: batch} for _ in graph.inputs),),
            verbose=False,
        )
        program.save(path, external_data=False)


def _difference(graph: Graph, session: Any) -> float:
    """Between the graph's answers and PyTorch's, at most, on input that it was not traced with."""
    generator = torch.Generator().manual_seed(1)
    inputs = {
        name: example.std() * torch.randn(CHECKED_BATCH, *example.shape[1:], generator=generator) + example.mean()
        for name, example in graph.inputs.items()
    }
    answers = session.run(list(graph.outputs), {name: tensor.numpy() for name, tensor in inputs.items()})
    wanted = graph.function(*inputs.values())
    apart = [np.abs(one - other.numpy()).max() for one, other in zip(answers, wanted, strict=True)]
    return float(np.max(apart))  # Python's own max would pass over NaN


def _describe(name: str, checkpoint: Checkpoint, graphs: Sequence[Graph], folder: Path) -> None:
    """Write what a program needs to know of the graphs, as JSON and in words, and where random faces lie."""
    networks, config = checkpoint.networks, checkpoint.config
    editing, refining = isinstance(networks, EditingFamily), isinstance(networks, RefiningFamily)
    described = {
        "checkpoint": name,
        "steps": checkpoint.metadata.steps_in_all,
        "affects": list(AFFECTS),
        "variants": list(config.model.variants) if editing else [],
        "image_size_px": config.model.image_size_px,
        "face": face_landmarks(config.framing),
        "graphs": {graph.name: _signature(graph) for graph in graphs},
    }
    if refining:
        described |= {"fineness": config.model.fineness, "window_px": list(config.model.window_px)}
    if editing:
        described |= {"least_read": LEAST_READ, "feather": FEATHER, "example": _example_points()}
        shutil.copyfile(bundled.pictures_path() / EXAMPLE_PICTURE, folder / EXAMPLE_FILE)
    elif not refining:
        np.save(folder / FACES_FILE, networks.draw_latents(range(ANCHORS)).numpy())
    (folder / GRAPHS_FILE).write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    template = "export-editing.md" if editing else "export-refining.md" if refining else "export-drawing.md"
    text = fill(template, name=name, size=config.model.image_size_px)
    (folder / README_FILE).write_text(text, encoding="utf-8")


def _example_points() -> dict[str, tuple[float, float]]:
    """Where the finder sees the eyes and the middle of the mouth in the bundled picture, in its pixels."""
    picture = open_picture(bundled.pictures_path() / EXAMPLE_PICTURE)
    left_eye, right_eye, _, *mouth = choose_face(find_faces(picture, own_finder())).landmarks
    points = {"left_eye": left_eye, "right_eye": right_eye, "mouth": np.mean(mouth, axis=0)}
    return {name: tuple(np.round(point, 1).tolist()) for name, point in points.items()}


def _signature(graph: Graph) -> dict[str, dict[str, list[int | str]]]:
    """The shape of each tensor that goes in and comes out, by its name."""
    answers = dict(zip(graph.outputs, graph.function(*graph.inputs.values()), strict=True))
    return {
        side: {tensor_name: ["batch", *tensor.shape[1:]] for tensor_name, tensor in tensors.items()}
        for side, tensors in (("inputs", graph.inputs), ("outputs", answers))
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """torch.onnx tells what it lacks for graphs that are none of ours."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
