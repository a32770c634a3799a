"""Networks: one module per family, built from its config; the rest of the program speaks to the protocols only."""

from __future__ import annotations

from fexgan.config import AnyModelConfig
from fexgan.model.detour import Retreat, advance, in_common, is_detour, retreat
from fexgan.model.edits import Edits, Palette, apply_edits, followed_by, keep_to, palette_of
from fexgan.model.family import Capability, DrawingFamily, EditingFamily, Family, sample_latent
from fexgan.model.paper import PaperNetworks
from fexgan.model.portrait import PortraitNetworks

__all__ = [
    "Capability", "DrawingFamily", "EditingFamily", "Edits", "Family", "Palette", "Retreat", "advance", "apply_edits",
    "build", "followed_by", "in_common", "is_detour", "keep_to", "palette_of", "retreat", "sample_latent",
]  # fmt: skip

FAMILIES = {"paper": PaperNetworks, "portrait": PortraitNetworks}


def build(config: AnyModelConfig, seed: int | None = 0) -> Family:
    """Networks of `config.family` with fresh weights, the same for the same seed; None leaves them to be loaded."""
    networks = FAMILIES[config.family](config)
    if seed is not None:
        networks.initialise(seed)
    return networks
