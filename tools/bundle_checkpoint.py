"""Put a finished training's model into the package: averaged weights in half precision, and its log under docs/.

python tools/bundle_checkpoint.py RUN NAME [CHECKPOINT]

The newest checkpoint of RUN, or the one given, such as a calibrated one.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from fexgan.checkpoints import load_checkpoint, save_checkpoint

ROOT = Path(__file__).resolve().parent.parent
EVERY_STEPS = 50


def bundle(run: Path, name: str, source: Path) -> None:
    """Write src/fexgan/data/checkpoints/NAME and docs/training/NAME.csv, the log thinned to every 50th step."""
    checkpoint = load_checkpoint(source)
    folder = ROOT / "src/fexgan/data/checkpoints" / name
    save_checkpoint(folder, checkpoint.networks, checkpoint.metadata, half=True)
    log = ROOT / "docs/training" / f"{name}.csv"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (run / "log.csv").open(newline="") as source, log.open("w", newline="") as target:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(target, rows.fieldnames, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row in rows if int(row["step"]) % EVERY_STEPS == 0)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(f"{folder.relative_to(ROOT)}: step {checkpoint.metadata.step}, {size:.1f} MB; {log.relative_to(ROOT)}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: bundle_checkpoint.py RUN NAME [CHECKPOINT]")
    bundle(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[-1] if len(sys.argv) == 4 else sys.argv[1]))
