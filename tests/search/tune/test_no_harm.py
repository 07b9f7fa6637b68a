"""A search under a rule of no harm, with Tune's calls made by hand: its reference comes first, and what it tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.search.recommendation import recommendation
from codescale.search.warm_start import law_sampler
from tests.search.synthetic_trials import problem, study
from tests.search.tune.by_hand import WARM, Hand, swept

RULE = "objective: {weights: {python: 1, java: 0.2}}\nno_harm: {reference: today.yaml, margin: 1%}\n"
REFERENCE = {"python": 0.2, "java": 0.3, "rust": 0.5}


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "today.yaml").write_text("proportions: {python: 0.2, java: 0.3, rust: 0.5}\n")
    path = tmp_path / "ruled.yaml"
    path.write_text("languages: all\n" + RULE)
    return str(path)


@pytest.mark.parametrize("sampler", ["law", "tpe", "random"])
def test_the_reference_is_tried_first_and_the_recommendation_keeps_the_rule(
    tmp_path: Path, space: str, sampler: str
) -> None:
    hand = Hand(tmp_path / "study", study(trials=8, sampler=sampler), WARM, space)
    hand.go()
    first = hand.history.trials[0]
    assert first.source == "reference"
    assert first.state == "COMPLETE"
    assert first.proportions == pytest.approx(REFERENCE)
    adviser = law_sampler(hand.specs.problem, WARM)
    found = recommendation(adviser, hand.search.study, hand.history)
    assert found is not None
    assert found.keeps_no_harm is not None
    assert found.keeps_no_harm >= 0.95
    hand.history.recommended = found
    hand.search.write()
    written = json.loads((tmp_path / "study" / "search.json").read_text())
    assert written["no_harm"] == {
        "reference": "file:today.yaml",
        "proportions": REFERENCE,
        "margin": 0.01,
        "relative": True,
        "languages": ["python", "java", "rust"],
        "confidence": 0.95,
    }
    assert written["recommended"]["keeps_no_harm"] == found.keeps_no_harm
    assert hand.history.incumbent is not None
    assert hand.history.measured is not None
    assert hand.history.measured.keeps(hand.history.incumbent.run_id)
    told = [trial.user_attrs for trial in hand.search.study.trials if trial.user_attrs.get("losses")]
    assert all(set(one["losses"]) == {"python", "java", "rust"} for one in told), "also rust, which weighs nothing"
    assert all(set(look) == {"python", "java", "rust"} for one in told for look in one["looks"].values())


@pytest.mark.parametrize("sampler", ["law", "gp"])
def test_a_search_under_a_rule_goes_on_after_a_kill_as_it_would_have(tmp_path: Path, space: str, sampler: str) -> None:
    config, warm = study(trials=9, sampler=sampler), replace(WARM, evaluated=swept())
    undisturbed = Hand(tmp_path / "whole", config, warm, space)
    undisturbed.go()
    Hand(tmp_path / "killed", config, warm, space).go(5)
    again = Hand(tmp_path / "killed", config, warm, space)
    again.go()
    assert again.sequence() == undisturbed.sequence()


def test_without_a_rule_nothing_of_it_is_written(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=4))
    hand.go()
    assert "no_harm" not in (tmp_path / "search.json").read_text()
    assert hand.search.study.trials[0].user_attrs.keys() == {"losses", "looks"}


def test_halving_that_knows_no_rule_is_refused(space: str) -> None:
    with pytest.raises(UserError, match=r"study.yaml, search.prune: asha compares trials that keep the rule"):
        problem(study(prune="asha"), space).with_reference()
