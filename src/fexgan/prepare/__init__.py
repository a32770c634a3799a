"""Footage in, dataset out."""

from fexgan.prepare.build import PrepareReport, kept_when_killed, prepare
from fexgan.prepare.find import find_footage
from fexgan.prepare.footage import scan_footage

__all__ = ["PrepareReport", "find_footage", "kept_when_killed", "prepare", "scan_footage"]
