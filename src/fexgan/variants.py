"""Variants of affects, such as `joy.laugh`: which of them the networks are told of, and to which share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fexgan.affects import Mixture, Target, affect_index, affect_of
from fexgan.errors import InputError


def check_known(variants: Iterable[str], known: Sequence[str]) -> None:
    """Raise InputError for a variant that is not among those that are known, as by a checkpoint."""
    for variant in variants:
        if variant not in known:
            way_out = f"choose from {', '.join(known)}" if known else "this checkpoint knows the default ones alone"
            raise InputError(f"variant {variant!r} is unknown; {way_out}")


def by_affect(chosen: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Which variant each affect takes, of those `chosen`. Raises InputError for unknown ones and two of one affect."""
    check_known(chosen, known)
    taken = {affect_of(variant): variant for variant in chosen}
    if len(taken) < len(chosen):
        raise InputError(f"variants {' '.join(chosen)} are two of one affect; give each affect one")
    return taken


def shares(target: Target, usual: Mapping[str, str], known: Sequence[str]) -> list[float]:
    """How much of its affect each of the `known` variants takes, in [0, 1].

    `usual`: affect -> the variant that takes what the target leaves of it. Raises InputError for unknown variants.
    """
    check_known(target.variants, known)
    return [_share(variant, target, usual.get(affect_of(variant)) == variant) for variant in known]


def spell_out(mixture: Mixture, usual: Mapping[str, str]) -> Mixture:
    """The same mixture with the `usual` variants, affect -> `joy.laugh`, named for those of its affects that name none.

    A face that smiles already takes a laugh only where it is asked for by name.
    """
    named = {affect: variant.partition(".")[2] for affect, variant in usual.items()} | dict(mixture.variants)
    variants = tuple((affect, named[affect]) for affect, _ in mixture.strengths if affect in named)
    return replace(mixture, variants=variants)


def _share(variant: str, target: Target, is_usual: bool) -> float:
    affect = affect_of(variant)
    strength = target.vector[affect_index(affect)]
    if strength == 0.0:
        return float(is_usual)
    left = max(0.0, strength - target.in_variants(affect)) if is_usual else 0.0
    return (target.variants.get(variant, 0.0) + left) / strength
