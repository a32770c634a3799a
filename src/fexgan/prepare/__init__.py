"""Footage in, dataset out."""

from fexgan.prepare.build import PrepareReport, check_out, check_place, kept_beside, kept_when_killed, prepare
from fexgan.prepare.find import find_footage
from fexgan.prepare.footage import scan_footage
from fexgan.prepare.labels import load_vocabulary
from fexgan.prepare.split import choose_test_frames

__all__ = [
    "PrepareReport", "check_out", "check_place", "choose_test_frames", "find_footage", "kept_beside",
    "kept_when_killed", "load_vocabulary", "prepare", "scan_footage",
]  # fmt: skip
