"""Footage in, dataset out."""

from fexgan.prepare.build import PrepareReport, prepare
from fexgan.prepare.footage import scan_footage
from fexgan.prepare.listing import find_footage

__all__ = ["PrepareReport", "find_footage", "prepare", "scan_footage"]
