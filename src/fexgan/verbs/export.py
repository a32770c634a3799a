"""The verb that takes a checkpoint to programs without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


@dataclass(frozen=True)
class Export:
    """Write a checkpoint as ONNX graphs for engines, browsers and services, each compared with PyTorch (extra: export).

    $ fexgan export portrait --out out/portrait-onnx
    """

    checkpoint: Annotated[Positional[str], arg(metavar="CHECKPOINT")]
    """Bundled name or folder of a checkpoint, or of a training run."""
    out: Annotated[Path, arg(metavar="DIR")]
    """Folder to write: the graphs, what their tensors are, and a README with an example."""

    def run(self) -> None:
        from fexgan.export import export
        from fexgan.terminal import say, say_wrote

        exported = export(self.checkpoint, self.out)
        for path in exported.paths:
            say_wrote(path)
        for name, difference in exported.differences.items():
            say(f"{name}: at most {difference:.1e} from PyTorch")
