"""The rule that no language may get worse: how it is written, and what is no rule."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from codescale.mixtures.no_harm import NoHarmRule, no_harm_rule


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"reference": "natural", "margin": 0.01}, NoHarmRule("natural", 0.01)),
        ({"reference": "uniform", "margin": 0}, NoHarmRule("uniform", 0.0)),
        ({"reference": {"temperature": 0.3}, "margin": "2 %"}, NoHarmRule("temperature:0.3", 0.02, relative=True)),
        ({"reference": "file:ours.yaml", "margin": "0.5%"}, NoHarmRule("file:ours.yaml", 0.005, relative=True)),
    ],
)
def test_a_margin_is_in_nats_or_per_cent(given: object, rule: NoHarmRule) -> None:
    assert no_harm_rule(given) == rule
    assert no_harm_rule(asdict(rule)) == rule
    assert no_harm_rule(rule) is rule


def test_the_ceiling_is_the_reference_and_its_margin() -> None:
    assert NoHarmRule("natural", 0.25).ceiling(2.0) == 2.25
    assert NoHarmRule("natural", 0.25, relative=True).ceiling(2.0) == 2.5
    assert NoHarmRule("natural", 0.25, relative=True).spoken == "25 %"
    assert NoHarmRule("natural", 0.25).spoken == "0.25 nats per token"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"margin": 0.01}, "a margin without a reference"),
        ({"reference": "natural"}, "a reference without a margin"),
        ({"reference": "natural", "margin": -0.01}, "margin is '-0.01', where nats per token"),
        ({"reference": "natural", "margin": "nan"}, "margin is 'nan'"),
        ({"reference": "natural", "margin": True}, "margin is 'True'"),
        ({"reference": "natural", "margin": "two %"}, "margin is 'two %'"),
        ({"reference": "naturel", "margin": 0.01}, "reference: 'naturel' is no baseline"),
        ({"reference": "natural", "margin": 0.01, "level": 0.9}, "'level' is no part of the rule"),
        ("natural", "write {reference: natural, margin: 0.01}"),
    ],
)
def test_what_is_no_rule_is_refused(given: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        no_harm_rule(given)
