"""The report's pictures: confusion matrices, calibration, curves of strength; each as the bytes of a PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fexgan.affects import AFFECTS
from fexgan.evaluation.calibration import Calibration
from fexgan.evaluation.classification import Classification
from fexgan.evaluation.strength import Strength

INK = "#24272d"
SOFT = "#9aa1ab"
ACCENT = "#2f5fd0"


def confusion_plot(tables: Mapping[str, Classification]) -> bytes:
    """One panel per table: rows are true affects, columns named ones, cells percent of their row."""
    figure, panels = _panels(len(tables))
    for panel, (name, table) in zip(panels, tables.items(), strict=True):
        _draw_confusion(panel, f"{name}: {100 * table.accuracy:.1f} % of {table.frames:,}", table.confusion)
    return _png(figure)


def calibration_plot(calibrations: Mapping[str, Calibration]) -> bytes:
    """One panel per set: accuracy over confidence, the area of a dot as its share of the pictures."""
    figure, panels = _panels(len(calibrations))
    for panel, (name, calibration) in zip(panels, calibrations.items(), strict=True):
        bins = [part for part in calibration.bins if part.frames]
        most = max((part.frames for part in bins), default=1)
        confidence, accuracy = [part.confidence for part in bins], [part.accuracy for part in bins]
        _unit_axes(panel, f"{name}: error {calibration.error:.3f}", "confidence", "accuracy")
        panel.plot(confidence, accuracy, color=ACCENT, linewidth=1.2)
        panel.scatter(confidence, accuracy, [10 + 140 * part.frames / most for part in bins], ACCENT, zorder=3)
    return _png(figure)


def strength_plot(strength: Strength) -> bytes:
    """One panel per emotion: mean measured strength over the one asked for."""
    figure, panels = _panels(len(strength.affects), width=2.6)
    for panel, (affect, part) in zip(panels, strength.affects.items(), strict=True):
        _unit_axes(panel, affect, "asked", "measured")
        panel.plot(strength.asked, part.measured, color=ACCENT, linewidth=1.6, marker="o", markersize=3)
    return _png(figure)


def _panels(count: int, width: float = 4.1) -> tuple[Figure, list[Axes]]:
    """`count` panels side by side, each `width` inches wide."""
    figure = Figure(figsize=(width * count, width + 0.3), dpi=150, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _unit_axes(panel: Axes, title: str, horizontal: str, vertical: str) -> None:
    """Both axes from 0 to 1, with the diagonal on which the two are equal."""
    panel.set_title(title, fontsize=11, color=INK)
    panel.set_xlabel(horizontal, fontsize=9, color=INK)
    panel.set_ylabel(vertical, fontsize=9, color=INK)
    panel.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    panel.tick_params(length=0, labelsize=9, labelcolor=INK)
    panel.spines[:].set_visible(False)
    panel.grid(color="#e4e4df", linewidth=0.8)
    panel.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")


def _draw_confusion(panel: Axes, title: str, confusion: np.ndarray) -> None:
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
