"""Average the weights of a checkpoint with those of the one that its training started from.

python tools/average_checkpoints.py CHECKPOINT EARLIER SHARE OUT

SHARE of the result are CHECKPOINT's weights. What a later stage learned stays for the most part, and what it forgot
comes back in part (Wortsman et al., arXiv 2109.01903).
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from fexgan.checkpoints import load_checkpoint, save_checkpoint


def average(checkpoint: str, earlier: str, share: float, out: Path) -> None:
    """Write the average to the folder `out`, with what is known of `checkpoint`."""
    later, before = load_checkpoint(checkpoint), load_checkpoint(earlier).networks.state_dict()
    weights = later.networks.state_dict()
    later.networks.load_state_dict({name: torch.lerp(before[name], weights[name], share) for name in weights})
    save_checkpoint(out, later.networks, later.metadata)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: average_checkpoints.py CHECKPOINT EARLIER SHARE OUT")
    average(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]))
