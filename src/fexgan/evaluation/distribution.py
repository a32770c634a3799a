"""Do generated pictures lie where real ones lie, as sets of features [n, width]; all figures from numpy alone.

Frechet distance: Heusel et al. 2017. Kernel distance: Binkowski et al. 2018, polynomial kernel of degree 3, unbiased.
Precision and recall: Kynkaanniemi et al. 2019, third neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float64]
NEIGHBOUR = 3
COMPARED_AT_ONCE = 4096


@dataclass(frozen=True)
class Distance:
    """One set of pictures beside real ones."""

    pictures: int
    frechet: float
    """0 for sets of equal mean and covariance."""
    kernel: float
    """About 0 for two samples of one distribution; can be a little below."""
    precision: float
    """Share of the pictures that lie among the real ones."""
    recall: float
    """Share of the real ones that lie among the pictures."""


def distance(real: Features, others: Features) -> Distance:
    """How far `others` lie from `real`; at least four of each."""
    return Distance(
        pictures=len(others),
        frechet=frechet_distance(real, others),
        kernel=kernel_distance(real, others),
        precision=covered_share(others, real),
        recall=covered_share(real, others),
    )


def frechet_distance(real: Features, others: Features) -> float:
    """Of the two Gaussians of the sets' means and covariances."""
    apart = np.square(real.mean(axis=0) - others.mean(axis=0)).sum()
    covariance, other = np.cov(real, rowvar=False), np.cov(others, rowvar=False)
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(min=0)).sum()
    return float(max(0.0, apart + np.trace(covariance) + np.trace(other) - 2 * shared))


def kernel_distance(real: Features, others: Features) -> float:
    """The squared maximum mean discrepancy under the kernel (x . y / width + 1) ** 3."""

    def kernel(left: Features, right: Features) -> NDArray[np.float64]:
        return (left @ right.T / left.shape[1] + 1.0) ** 3

    def within(features: Features) -> float:
        values, count = kernel(features, features), len(features)
        return float((values.sum() - np.trace(values)) / (count * (count - 1)))

    return within(real) + within(others) - 2.0 * float(kernel(real, others).mean())


def covered_share(features: Features, by: Features) -> float:
    """Share of `features` that lie no further from some of `by` than that one's third neighbour among its own."""
    radius = np.sort(_squared_distances(by, by), axis=1)[:, min(NEIGHBOUR, len(by) - 1)]
    return float((_squared_distances(features, by) <= radius).any(axis=1).mean())


def diversity(features: Features, label: NDArray[np.int64]) -> float:
    """Mean distance of two pictures of one label, then over labels."""
    means = []
    for index in np.unique(label):
        own = features[label == index]
        if len(own) > 1:
            means.append(np.sqrt(_squared_distances(own, own)).sum() / (len(own) * (len(own) - 1)))
    return float(np.mean(means)) if means else 0.0


def nearest(features: Features, among: Features) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each of `features` [n, width]: which of `among` is nearest, and how far, both [n].

    Those are compared some thousands at a time, for there may be more than memory holds as floats.
    """
    found, least = np.zeros(len(features), np.int64), np.full(len(features), np.inf)
    for start in range(0, len(among), COMPARED_AT_ONCE):
        squared = _squared_distances(features, among[start : start + COMPARED_AT_ONCE])
        nearer = squared.min(axis=1) < least
        found[nearer] = start + squared.argmin(axis=1)[nearer]
        least = np.minimum(least, squared.min(axis=1))
    return found, np.sqrt(least)


def _squared_distances(left: Features, right: Features) -> NDArray[np.float64]:
    """[left, right]"""
    left, right = left.astype(np.float64), right.astype(np.float64)
    squared = np.square(left).sum(axis=1)[:, None] - 2 * left @ right.T + np.square(right).sum(axis=1)
    return squared.clip(min=0.0)
