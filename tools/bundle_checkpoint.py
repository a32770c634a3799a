"""Put a finished training's model into the package: averaged weights in half precision, and its log under docs/.

python tools/bundle_checkpoint.py RUN NAME [CHECKPOINT]

The newest checkpoint of RUN, or the one given, such as a calibrated one. What goes on from it trains as the preset
says, which fits two cores, however large the batches were on the machine that trained it.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path

from fexgan import __version__
from fexgan.checkpoints import load_checkpoint, save_checkpoint
from fexgan.config import load_preset

ROOT = Path(__file__).resolve().parent.parent
EVERY_STEPS = 50
PRESETS = {"open-cast": "refined"}
"""Of bundled checkpoints that are not called like theirs."""
KEPT = ("steps", "decay_share", "adversarial_from_step")
"""Of a training's settings, those that say how far it had come."""


def bundle(run: Path, name: str, source: Path) -> None:
    """Write src/fexgan/data/checkpoints/NAME and docs/training/NAME.csv, the log thinned to every 50th step."""
    checkpoint = load_checkpoint(source)
    config, metadata = checkpoint.config, checkpoint.metadata
    kept = {setting: value for setting, value in vars(config.training).items() if setting in KEPT}
    training = replace(load_preset(PRESETS.get(name, name)).training, **kept)
    folder = ROOT / "src/fexgan/data/checkpoints" / name
    written = replace(metadata, config=replace(config, training=training), package_version=__version__)
    save_checkpoint(folder, checkpoint.networks, written, half=True)
    log = ROOT / "docs/training" / f"{name}.csv"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (run / "log.csv").open(newline="") as source, log.open("w", newline="") as target:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(target, rows.fieldnames, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in rows if int(row["step"]) % EVERY_STEPS == 0)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(f"{folder.relative_to(ROOT)}: step {metadata.step}, {size:.1f} MB; {log.relative_to(ROOT)}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: bundle_checkpoint.py RUN NAME [CHECKPOINT]")
    bundle(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[-1] if len(sys.argv) == 4 else sys.argv[1]))
