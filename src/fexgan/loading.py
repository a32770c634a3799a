"""Opening a trained model: what its networks can do decides which Python face it gets."""

from __future__ import annotations

import torch

from fexgan import bundled
from fexgan.checkpoints import Checkpoint, load_checkpoint
from fexgan.config import same_square
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.model import RefiningFamily
from fexgan.synthesis import Model

DETAILS = "details"
"""The bundled network for details; a copy of the package without it edits all the same."""


def load(name: str = "open-cast", device: str = "cpu", details: str | None = DETAILS) -> Model | Editor:
    """See `fexgan.load`."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):  # torch built without CUDA asserts
        raise InputError(f"device {device!r} is not usable here; choose 'cpu' or one that torch sees") from None
    checkpoint = load_checkpoint(name)
    if "edit" in checkpoint.networks.capabilities:
        lacking = details is None or (details == DETAILS and DETAILS not in bundled.checkpoint_names())
        return Editor(checkpoint, device, details=None if lacking else _details(details, checkpoint))
    if "draw" in checkpoint.networks.capabilities:
        return Model(checkpoint, device)
    raise InputError(f"checkpoint {name} paints details of what another edits; give that one, such as portrait")


def _details(name: str, editor: Checkpoint) -> RefiningFamily | None:
    """The networks called `name`; None where they are the bundled ones and an editor frames faces otherwise."""
    checkpoint = load_checkpoint(name)
    if "refine" not in checkpoint.networks.capabilities:
        raise InputError(f"checkpoint {name} paints no details; give one of family details, or None")
    if same_square(checkpoint.config.framing, editor.config.framing):
        return checkpoint.networks
    if name == DETAILS:
        return None
    raise InputError(f"checkpoint {name} paints details of faces framed otherwise; give one of the editor's framing")
