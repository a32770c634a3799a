"""Networks: one module per family, built from its config; the rest of the program speaks to `Family` only."""

from __future__ import annotations

from fexgan.config import ModelConfig
from fexgan.model.family import Capability, Family, sample_latent
from fexgan.model.paper import PaperNetworks

__all__ = ["Capability", "Family", "build", "sample_latent"]

FAMILIES = {"paper": PaperNetworks}


def build(config: ModelConfig, seed: int | None = 0) -> Family:
    """Networks of `config.family` with fresh weights, the same for the same seed; None leaves them to be loaded."""
    networks = FAMILIES[config.family](config)
    if seed is not None:
        networks.initialise(seed)
    return networks
