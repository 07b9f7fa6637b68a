"""The rule that no language may get worse: how it is written, and what is no rule."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm, no_harm_rule, reference_mixture

LANGUAGES = ("python", "java", "rust")


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"reference": "natural", "margin": 0.01}, NoHarmRule("natural", 0.01)),
        ({"reference": "uniform", "margin": 0}, NoHarmRule("uniform", 0.0)),
        ({"reference": "ours.yaml", "margin": 0.01}, NoHarmRule("file:ours.yaml", 0.01)),
        ({"reference": {"temperature": 0.3}, "margin": "2 %"}, NoHarmRule("temperature:0.3", 0.02, relative=True)),
        ({"reference": "file:ours.yaml", "margin": "0.5%"}, NoHarmRule("file:ours.yaml", 0.005, relative=True)),
    ],
)
def test_a_margin_is_in_nats_or_per_cent(given: object, rule: NoHarmRule) -> None:
    assert no_harm_rule(given) == rule
    assert no_harm_rule(asdict(rule)) == rule
    assert no_harm_rule(rule) is rule


def test_the_ceiling_is_the_reference_and_its_margin() -> None:
    assert NoHarmRule("natural", 0.25).ceilings(2.0) == 2.25
    assert NoHarmRule("natural", 0.25, relative=True).ceilings(2.0) == 2.5
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


def test_a_rule_protects_every_language_whose_loss_is_known_unless_it_names_some() -> None:
    assert NoHarmRule("uniform", 0.0).protected(LANGUAGES, "here") == LANGUAGES
    named = no_harm_rule({"reference": "uniform", "margin": 0, "languages": ["rust", "python"]})
    assert named.protected(LANGUAGES, "here") == ("python", "rust"), "in the order of the losses"
    assert no_harm_rule(named.written) == named
    resolved = ResolvedNoHarm(named, Mixture.uniform(LANGUAGES), ("python", "rust"))
    assert resolved.targets({"java": 1.0, "python": 2.0}) == {"java": 1.0, "python": 2.0, "rust": 0.0}
    with pytest.raises(UserError, match=r"^here: 'rust' is no language whose loss is known; name some of python"):
        named.protected(("python", "java"), "here")


@drawn(st.floats(0.1, 10), st.floats(0, 0.9), st.booleans())
def test_a_loss_at_its_ceiling_has_no_excess(loss: float, margin: float, relative: bool) -> None:
    rule = NoHarmRule("uniform", margin, relative)
    ceiling = float(rule.ceilings(np.array([loss]))[0])
    assert ceiling - loss == pytest.approx(margin * loss if relative else margin)
    kept = ResolvedNoHarm(rule, Mixture.uniform(LANGUAGES), LANGUAGES)
    assert kept.excess({"python": ceiling, "go": 9.0}, {"python": loss}) == pytest.approx([0.0], abs=1e-12)


def test_references_have_names_or_files(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("proportions: {python: 0.75, rust: 0.25}\n")
    tokens = {"python": 6e9, "java": 3e9, "rust": 1e9, "cobol": 5e9}
    assert reference_mixture("uniform", LANGUAGES, None, "here") == Mixture.uniform(LANGUAGES)
    natural = reference_mixture("natural", LANGUAGES, tokens, "here")
    assert dict(natural) == pytest.approx({"python": 0.6, "java": 0.3, "rust": 0.1})
    capped = reference_mixture("unimax", LANGUAGES, tokens, "here", n_tokens=12e9, max_epochs=2)
    assert dict(capped) == pytest.approx({"python": 5 / 12, "java": 5 / 12, "rust": 2 / 12})
    weighed = reference_mixture("weights", LANGUAGES, None, "here", weights={"python": 3.0, "rust": 1.0})
    assert dict(weighed) == pytest.approx({"python": 0.75, "java": 0.0, "rust": 0.25})
    own = reference_mixture("own.yaml", LANGUAGES, None, "here", tmp_path)
    assert dict(own) == {"python": 0.75, "java": 0.0, "rust": 0.25}


def test_a_reference_that_cannot_be_names_why(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("proportions: {python: 0.75, cobol: 0.25}\n")
    with pytest.raises(UserError, match=r"^here, natural: needs the tokens that there are of java, rust"):
        reference_mixture("natural", LANGUAGES, {"python": 1.0}, "here")
    with pytest.raises(UserError, match=r"^here, natural: "):
        reference_mixture("natural", LANGUAGES, dict.fromkeys(LANGUAGES, 0.0), "here")
    with pytest.raises(UserError, match="here: 'naturel' is no baseline; write uniform, natural"):
        reference_mixture("naturel", LANGUAGES, None, "here")
    with pytest.raises(UserError, match="cobol"):
        reference_mixture("other.yaml", LANGUAGES, None, "here", tmp_path)


def test_directions_of_translation_are_protected_where_they_are_named() -> None:
    names = ("python", "java", "python->java", "java->python")
    assert NoHarmRule("uniform", 0.0).protected(names, "here") == ("python", "java")
    named = NoHarmRule("uniform", 0.0, languages=("java->python", "java"))
    assert named.protected(names, "here") == ("java", "java->python")
