"""What kept a dataset's test split apart from what a checkpoint learned from, in words for its report."""

from __future__ import annotations

from fexgan.checkpoints import Metadata
from fexgan.dataset import FaceDataset

HELD_OUT = {
    "take": "held-out takes",
    "frame": "test frames, split by frame",
    "character": "held-out characters",
    "time-block": "held-out time blocks",
}
"""What the test split shows, by what the dataset was split by."""
BY_FRAME = (
    "By frame, as in the paper. Neighbouring frames of one recording are on both sides, so test figures measured on "
    "this split are too good; use the split by take to compare models."
)
"""What the card of such a dataset says, too."""


def notes_on(test: FaceDataset, metadata: Metadata) -> tuple[str, ...]:
    """What has to be known of figures measured on `test`: that they are too good, where it was split by frame, and that
    a checkpoint of just these characters may have learned from it. Empty where nothing has to be told."""
    notes = [BY_FRAME] if test.split_by == "frame" else []
    # An adapted checkpoint's fingerprint is those of its faces and its examples. That of joined datasets is one hash,
    # from which nothing can be told, so checkpoints that know others besides are left in peace.
    same_people = set(test.characters) == set(metadata.characters)
    if same_people and test.fingerprint not in metadata.dataset_fingerprint.split("-"):
        notes.append(
            "By its fingerprint the checkpoint learned from another dataset, or from several: that these "
            f"{HELD_OUT[test.split_by]} were kept from it is certain only where this dataset is among those."
        )
    return tuple(notes)
