"""Networks: one module per family, built from its config; the rest of the program speaks to the protocols only."""

from __future__ import annotations

from fexgan.config import AnyModelConfig
from fexgan.model.details import DetailNetworks, close_up, reach
from fexgan.model.detour import Retreat, advance, edit_by_way, in_common, is_detour, retreat
from fexgan.model.edits import (
    CloseUp,
    Edits,
    Palette,
    apply_edits,
    followed_by,
    keep_to,
    paint_within,
    palette_of,
    shade_tint,
)
from fexgan.model.family import Capability, DrawingFamily, EditingFamily, Family, RefiningFamily, sample_latent
from fexgan.model.paper import PaperNetworks
from fexgan.model.portrait import PortraitNetworks

__all__ = [
    "Capability", "CloseUp", "DrawingFamily", "EditingFamily", "Edits", "Family", "Palette", "RefiningFamily",
    "Retreat", "advance", "apply_edits", "build", "close_up", "edit_by_way", "followed_by", "in_common", "is_detour",
    "keep_to", "paint_within", "palette_of", "reach", "retreat", "sample_latent", "shade_tint",
]  # fmt: skip

FAMILIES = {"paper": PaperNetworks, "portrait": PortraitNetworks, "details": DetailNetworks}


def build(config: AnyModelConfig, seed: int | None = 0) -> Family:
    """Networks of `config.family` with fresh weights, the same for the same seed; None leaves them to be loaded."""
    networks = FAMILIES[config.family](config)
    if seed is not None:
        networks.initialise(seed)
    return networks
