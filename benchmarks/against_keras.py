"""A training step of preset `paper` beside the published networks in Keras, in turns, each in a process of its own.

    python -m venv out/keras && out/keras/bin/pip install tensorflow-cpu==2.21.*
    python benchmarks/against_keras.py --keras-python out/keras/bin/python

Prints the medians over the rounds, ratios, and our share of the machine's convolution ceiling. Leave the machine alone
meanwhile.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def measured(command: list[str]) -> dict[str, float]:
    """The figures that a benchmark prints as JSON on its last line."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{command[1]} ended with {done.returncode}; its own words stand above")
    return json.loads(done.stdout.splitlines()[-1])


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras-python", required=True, help="Python that has tensorflow-cpu")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3, help="of each side in each round, after two that warm up")
    options = parser.parse_args()
    steps = ["--steps", str(options.steps)]
    ours = [sys.executable, str(HERE / "train_step.py"), "--preset", "paper", "--json", *steps]
    sides = {
        "Keras, fp32": [options.keras_python, str(HERE / "keras_step.py"), *steps],
        "fexgan, fp32": [*ours, "--precision", "fp32"],
        "fexgan, bf16": [*ours, "--precision", "bf16"],
    }
    rounds: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for _ in range(options.rounds):
        for side, command in sides.items():
            rounds[side].append(measured(command))
    figures = {side: medians(taken) for side, taken in rounds.items()}
    keras = figures["Keras, fp32"]
    print("side           s/step  of Keras  peak memory  of Keras  of the ceiling")
    for side, one in figures.items():
        ceiling = f"{one['share']:.0%}" if "share" in one else "-"
        print(
            f"{side:14} {one['seconds']:6.2f} {one['seconds'] / keras['seconds']:9.2f} {one['memory_gib']:8.2f} GiB "
            f"{one['memory_gib'] / keras['memory_gib']:9.2f} {ceiling:>15}"
        )


if __name__ == "__main__":
    main()
