"""Footage in, dataset out."""

from fexgan.prepare.build import PrepareReport, prepare

__all__ = ["PrepareReport", "prepare"]
