"""Trials held to a rule by their own measurements beside the reference's."""

from __future__ import annotations

from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm
from codescale.search.objective.no_harm import MeasuredNoHarm
from codescale.search.space.space import SearchPoint

REFERENCE = SearchPoint(Mixture({"a": 0.5, "b": 0.5}), {})
OTHER = SearchPoint(Mixture({"a": 0.8, "b": 0.2}), {})


def held(margin: float = 0.2) -> MeasuredNoHarm:
    rule = ResolvedNoHarm(NoHarmRule("uniform", margin, False), REFERENCE.mixture, ("a", "b"))
    return MeasuredNoHarm(rule, REFERENCE)


def test_nothing_is_told_before_the_reference_is_measured() -> None:
    measured = held()
    measured.finish("first", OTHER, {"a": 1.0, "b": 2.3}, 1.65)
    assert measured.excess("first") == [0.0, 0.0]
    assert not measured.keeps("first")
    assert measured.to_beat is None
    measured.finish("reference", REFERENCE, {"a": 1.5, "b": 2.0}, 1.75)
    assert measured.excess("first")[1] > 0.05
    assert not measured.keeps("first")
    assert measured.keeps("reference")
    assert measured.to_beat == 1.75
    assert measured.excess("never ended") == [0.0, 0.0]


def test_what_has_to_be_beaten_leaves_half_of_the_margin() -> None:
    measured = held()
    measured.finish("reference", REFERENCE, {"a": 1.5, "b": 2.0}, 1.75)
    measured.finish("close", OTHER, {"a": 1.1, "b": 2.15}, 1.625)
    assert measured.keeps("close")
    assert measured.to_beat == 1.75
    measured.finish("clear", OTHER, {"a": 1.2, "b": 2.09}, 1.645)
    assert measured.to_beat == 1.645


def test_a_rule_without_a_margin_is_kept_by_its_reference() -> None:
    measured = held(0.0)
    measured.finish("reference", REFERENCE, {"a": 1.5, "b": 2.0}, 1.75)
    assert measured.keeps("reference")
    assert measured.to_beat == 1.75
