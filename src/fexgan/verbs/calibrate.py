"""The verb that makes asked strengths true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from fexgan.errors import InputError


@dataclass(frozen=True)
class Calibrate:
    """Find with which strengths a checkpoint that draws has to draw, so that it shows affects as strongly as asked.

    Two recognisers of affects learn from half of the train takes each; on the other half they say how true strengths
    read.

    $ fexgan calibrate out/run --data out/dataset --out out/calibrated
    """

    checkpoint: Annotated[Positional[str], arg(metavar="CHECKPOINT")]
    """Bundled name or folder of a checkpoint that draws, or of a training run."""
    data: Annotated[Path, arg(metavar="DATASET")]
    """Prepared dataset that it learned from, with the true strength of every frame."""
    out: Annotated[Path, arg(metavar="CHECKPOINT")]
    """Folder of the calibrated checkpoint to write."""

    def run(self) -> None:
        from fexgan.checkpoints import check_replaceable, load_checkpoint, save_checkpoint
        from fexgan.dataset import FaceDataset, check_framing
        from fexgan.evaluation.curves import calibrate
        from fexgan.terminal import console, say_wrote

        checkpoint = load_checkpoint(self.checkpoint)
        if "draw" not in checkpoint.networks.capabilities:
            raise InputError(f"checkpoint {self.checkpoint} does not draw; give one that does, such as open-cast")
        check_replaceable(self.out)  # which saving would tell only after minutes
        train = FaceDataset.load(self.data)
        check_framing(train.framing, checkpoint.config.framing, self.data, self.checkpoint)
        calibration = calibrate(checkpoint.networks, train)
        console.print(calibration.section().terminal())
        save_checkpoint(self.out, checkpoint.networks, checkpoint.metadata)
        say_wrote(self.out)
