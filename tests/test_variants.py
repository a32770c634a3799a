"""A target says which variants its affects take; the networks are told a share of each."""

from __future__ import annotations

import pytest

from fexgan.affects import Mixture, Target, affect_of
from fexgan.errors import InputError
from fexgan.variants import by_affect, shares, spell_out

KNOWN = ("anger.shout", "joy.closed", "joy.laugh")


def told(mixture: str, *usual: str) -> list[float]:
    return shares(Mixture.parse(mixture).target(), by_affect(usual, KNOWN), KNOWN)


@pytest.mark.parametrize("strength", ["", ":0.3"])
def test_a_variant_takes_all_of_its_affect_at_any_strength(strength: str):
    assert told(f"joy.laugh{strength}") == [0, 0, 1]
    assert told(f"joy{strength}") == [0, 0, 0]


def test_a_target_goes_before_what_is_usual_for_its_affect_alone():
    assert told("joy.laugh:0.6+anger:0.2", "joy.closed", "anger.shout") == [1, 0, 1]
    assert told("neutral", "joy.closed") == [0, 1, 0]


def test_between_two_variants_each_takes_its_part():
    laugh, closed = Mixture.parse("joy.laugh:0.4").target(), Mixture.parse("joy.closed:0.8").target()
    assert shares(laugh.towards(closed, 0.5), {}, KNOWN) == pytest.approx([0, 2 / 3, 1 / 3])


def test_from_a_variant_to_the_usual_one_the_rest_is_the_usual_one():
    target = Mixture.parse("joy.laugh").target().towards(Mixture.parse("joy").target(), 0.25)
    assert shares(target, {}, KNOWN) == pytest.approx([0, 0, 0.75])
    assert shares(target, {"joy": "joy.closed"}, KNOWN) == pytest.approx([0, 0.25, 0.75])


@pytest.mark.parametrize("text", ["joy", "joy.laugh:0.6+anger:0.2", "anger.shout:0.5", "neutral"])
def test_a_mixture_spelled_out_takes_the_same_variants_by_itself(text: str):
    usual = by_affect(("joy.closed", "anger.shout"), KNOWN)
    mixture = Mixture.parse(text)
    target, spelled = mixture.target(), spell_out(mixture, usual).target()
    shown = [affect_of(variant) in text for variant in KNOWN]
    assert spelled.vector == target.vector
    wanted = [share * there for share, there in zip(shares(target, usual, KNOWN), shown, strict=True)]
    assert shares(spelled, {}, KNOWN) == pytest.approx(wanted)


def test_what_is_unknown_or_doubled_is_refused_in_one_line():
    with pytest.raises(InputError, match=r"'joy\.giggle' is unknown; choose from anger\.shout"):
        told("joy.giggle")
    with pytest.raises(InputError, match="default ones alone"):
        shares(Target((0.0,) * 7, {"joy.laugh": 0.0}), {}, ())
    with pytest.raises(InputError, match="two of one affect"):
        by_affect(("joy.laugh", "joy.closed"), KNOWN)


@pytest.mark.parametrize("text", ["joy.:0.5", "joy..x", "joy.Laugh", "neutral.calm", "joy.laugh+joy"])
def test_a_mixture_names_variants_of_its_emotions_alone(text: str):
    with pytest.raises(InputError):
        Mixture.parse(text)


def test_a_mixture_with_variants_keeps_its_text_and_its_parents_their_variants():
    mixture = Mixture.parse("joy.laugh:0.8+anger")
    assert str(mixture) == "joy.laugh:0.8+anger" and mixture.name == "joy+anger"
    assert mixture == Mixture.of({"joy.laugh": 0.8, "anger": 1.0})
    assert [str(parent) for parent in mixture.parents()] == ["joy.laugh", "anger"]


def test_where_variants_mean_nothing_they_are_refused_instead_of_lost():
    with pytest.raises(InputError, match=r"'joy\.laugh' is not known here; name the affect alone, 'joy'"):
        Mixture.parse("joy.laugh").vector()
