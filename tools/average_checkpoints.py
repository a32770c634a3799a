"""Average the weights of a checkpoint with those of the one that its training started from.

python tools/average_checkpoints.py CHECKPOINT EARLIER SHARE OUT [DATA ...]

SHARE of the result are CHECKPOINT's weights. What a later stage learned stays for the most part, and what it forgot
comes back in part (Wortsman et al., arXiv 2109.01903). Layers that EARLIER has none of count as they were made: adding
nothing. DATA, the prepared datasets of the training, are for networks that draw: neither checkpoint's batch-norm
statistics hold for the average, so they are measured anew, and with them where random faces start. Nor do their
strengths: the average has none calibrated, so `fexgan calibrate` follows.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from fexgan import __version__
from fexgan.checkpoints import load_checkpoint, save_checkpoint
from fexgan.config import Config
from fexgan.model import build
from fexgan.training.averaging import AveragedNetworks
from fexgan.training.beginning import begin_with
from fexgan.training.tasks import PaperTask


def average(checkpoint: str, earlier: str, share: float, out: Path, data: list[Path]) -> None:
    """Write the average to the folder `out`, with what is known of `checkpoint`, but for its figures."""
    later = load_checkpoint(checkpoint)
    config = later.config
    if isinstance(config, Config) != bool(data):
        sys.exit("networks that draw have batch norm to measure: give DATA; others have none: leave it out")
    networks = build(config.model, config.training.seed)
    begin_with(networks, load_checkpoint(earlier), earlier)
    before, weights = networks.state_dict(), later.networks.state_dict()
    networks.load_state_dict({name: torch.lerp(before[name].float(), weights[name].float(), share) for name in weights})
    if data:
        networks.set_curves(torch.zeros_like(networks.strengths.curves))  # of other weights; zeros turn them off
        averaged = AveragedNetworks(networks, decay=1.0)
        PaperTask(data, config).finish(averaged)
        networks = averaged.networks
    save_checkpoint(out, networks, replace(later.metadata, metrics={}, package_version=__version__))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit("usage: average_checkpoints.py CHECKPOINT EARLIER SHARE OUT [DATA ...]")
    average(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]), [Path(folder) for folder in sys.argv[5:]])
