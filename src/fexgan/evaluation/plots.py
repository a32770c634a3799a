"""Confusion matrices as one picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fexgan.affects import AFFECTS
from fexgan.evaluation.classification import Classification
from fexgan.media import atomic_path

INK = "#24272d"


def write_confusion_plot(path: Path, tables: Mapping[str, Classification]) -> None:
    """Write one panel per table to a PNG: rows are true affects, columns named ones, cells percent of their row."""
    figure = Figure(figsize=(4.1 * len(tables), 4.4), dpi=150, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    for panel, (name, table) in zip(figure.subplots(1, len(tables), squeeze=False)[0], tables.items(), strict=True):
        _draw_panel(panel, f"{name}: {100 * table.accuracy:.1f} % of {table.frames:,}", table.confusion)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _draw_panel(panel: Axes, title: str, confusion: np.ndarray) -> None:
    percent = 100 * confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    panel.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    panel.set_title(title, fontsize=11, color=INK)
    panel.set_xticks(range(len(AFFECTS)), AFFECTS, rotation=45, ha="right", fontsize=9, color=INK)
    panel.set_yticks(range(len(AFFECTS)), AFFECTS, fontsize=9, color=INK)
    panel.set_xlabel("named", fontsize=9, color=INK)
    panel.set_ylabel("true", fontsize=9, color=INK)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(percent):
        if value >= 0.5:
            ink = "white" if value > 55 else INK
            panel.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=9, color=ink)
