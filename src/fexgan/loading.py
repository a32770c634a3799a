"""Opening a trained model: what its networks can do decides which Python face it gets."""

from __future__ import annotations

import torch

from fexgan.checkpoints import load_checkpoint
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.synthesis import Model


def load(name: str = "open-cast", device: str = "cpu") -> Model | Editor:
    """Open a trained model by the name of a bundled checkpoint or the path of a checkpoint's folder."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):  # torch built without CUDA asserts
        raise InputError(f"device {device!r} is not usable here; choose 'cpu' or one that torch sees") from None
    checkpoint = load_checkpoint(name)
    return (Editor if "edit" in checkpoint.networks.capabilities else Model)(checkpoint, device)
