"""Two processes of batch 16 beside one of batch 32: the losses of the same training, in one picture.

    fexgan prepare open-cast --size-px 64 --out out/dataset-64
    python benchmarks/processes.py out/dataset-64 --out docs/figures/processes.png

Preset `tiny` in fp32, each process on one core. Dropout and augmentation draw their noise for each share of a batch, so
two processes follow one within noise; how much that is, two trainings by one process that differ in their seed tell.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import yaml
from numpy.typing import NDArray

from fexgan.config import config_to_dict, load_preset

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SHOWN = {
    "reconstruction": "reconstruction (L1)",
    "kl": "KL divergence (nats)",
    "discriminator_real": "real told from generated",
}
SMOOTH_STEPS = 20


def train(data: Path, out: Path, steps: int, processes: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Train in `processes` processes: every step's losses."""
    config = config_to_dict(load_preset("tiny"))
    config["training"] |= {"steps": steps, "seed": seed, "precision": "fp32", "log_every_steps": 1, "decay_share": 0.0}
    config["training"] |= {"preview_every_steps": 0, "save_every_steps": steps}
    preset = out.with_suffix(".yaml")
    preset.write_text(yaml.safe_dump(config))
    run = [sys.executable, "-m", "fexgan.cli"]
    if processes > 1:
        run = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        run += ["-m", "fexgan.cli"]
    command = [*run, "train", str(data), "--preset", str(preset), "--out", str(out)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        sys.exit(f"training in {processes} processes ended with {done.returncode}; its own words stand above")
    with (out / "log.csv").open(newline="") as log:
        rows = list(csv.DictReader(log))
    return {name: np.array([float(row[name]) for row in rows]) for name in SHOWN}


def smoothed(losses: NDArray[np.float64], steps: int = SMOOTH_STEPS) -> NDArray[np.float64]:
    """Means over `steps` steps in a row."""
    return np.convolve(losses, np.full(steps, 1 / steps), mode="valid")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="dataset of 64 px")
    parser.add_argument("--out", type=Path, required=True, help="picture to write")
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        runs = {
            label: train(options.data, Path(place) / f"run-{processes}-{seed}", options.steps, processes, seed)
            for label, processes, seed in (
                ("one process", 1, 0), ("two processes", 2, 0), ("one process, another seed", 1, 1),
            )
        }  # fmt: skip
    figure, axes = plt.subplots(1, len(SHOWN), figsize=(11, 3.2), layout="constrained")
    for axis, (name, title) in zip(axes, SHOWN.items(), strict=True):
        one, two, other = (smoothed(run[name]) for run in runs.values())
        between = np.abs(two - one).mean() / one.mean(), np.abs(other - one).mean() / one.mean()
        print(f"{title}: two processes {between[0]:.1%} from one in the mean, another seed {between[1]:.1%}")
        for losses, label, style in zip((one, two, other), runs, ("-", "--", ":"), strict=True):
            axis.plot(np.arange(len(losses)) + SMOOTH_STEPS, losses, style, label=label)
        axis.set(title=title, xlabel="step")
        axis.grid(alpha=0.3)
    axes[0].legend(frameon=False)
    figure.savefig(options.out, dpi=90)


if __name__ == "__main__":
    main()
