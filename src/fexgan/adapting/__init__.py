"""A checkpoint taught what it does not know, from a few pictures: a new character, or a mixture."""

from fexgan.adapting.characters import adapt
from fexgan.adapting.mixtures import adapt_mixture, whom_it_shows

__all__ = ["adapt", "adapt_mixture", "whom_it_shows"]
