"""What would have the proof answer, what it costs, and what is said of it; longer runs by a real law."""

from __future__ import annotations

import pytest

from codescale.comparison.power.advice import advice
from codescale.comparison.power.changes import changes, cheapest
from codescale.comparison.power.detection import resolvable_gain, seeds_needed
from codescale.comparison.power.expectation import Expectation, question_power
from codescale.comparison.power.result import Change
from codescale.laws.law import Law
from tests.comparison.power.expectations import expectation, proof

TESTED = 2_000


@pytest.fixture
def law() -> Law:
    """One that is never asked: longer runs are taken to gain nothing more."""
    return Law.__new__(Law)


@pytest.fixture(autouse=True)
def longer_runs_gain(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The gain over uniform that a law would tell of a run of so many tokens, by their times the proof's."""
    gains: dict[str, float] = {}

    def asked(question: object, law: object, noise: object, planned: object) -> Expectation:
        times = planned.scale.n_tokens / proof().scale.n_tokens  # type: ignore[attr-defined]
        return expectation({"uniform": gains.get(f"{times:g}", 0.0), "natural": 1.0})

    monkeypatch.setattr(Expectation, "of", asked)
    return gains


def test_more_seeds_cost_what_their_runs_cost(law: Law) -> None:
    one = expectation({"uniform": 0.006, "natural": 0.1})
    seeds, longer = changes(one, proof(), law, TESTED)
    needed = seeds_needed(0.01, 0.006, 2)
    assert needed is not None
    # Uniform, natural, the law's best and the search's; a third of a token for each of 2,000 that are evaluated.
    assert (seeds.to, seeds.tokens) == (needed, round(4 * needed * (100_000 + 2_000 / 3)))
    assert longer.to is None
    assert cheapest((seeds, longer)) == seeds


def test_the_first_length_whose_gain_is_resolved_is_taken(law: Law, longer_runs_gain: dict[str, float]) -> None:
    resolved = resolvable_gain(0.01, 5, 2)
    longer_runs_gain |= {"2": 0.9 * resolved, "4": 1.1 * resolved, "8": 2 * resolved}
    one = expectation({"uniform": 0.8 * resolved, "natural": 0.1})
    longer = changes(one, proof(), law, TESTED)[1]
    assert longer.to == 400_000
    assert longer.gain == pytest.approx(1.1 * resolved)
    assert longer.tokens == round(4 * 5 * (400_000 + 2_000 / 3))


def test_nothing_is_changed_where_nothing_helps_or_is_needed(law: Law) -> None:
    assert changes(expectation({"uniform": -0.1, "natural": 0.1}), proof(), law, TESTED) == ()
    assert changes(expectation({"uniform": 0.1, "natural": 0.1}), proof(), law, TESTED) == ()
    assert changes(expectation(None), proof(), None, TESTED) == ()
    assert cheapest((Change(kind="seeds"),)) is None


def test_it_is_said_in_words(law: Law) -> None:
    def said(gain: float | None) -> str:
        one = expectation(None if gain is None else {"uniform": gain, "natural": 0.5})
        found = changes(one, proof(), law, TESTED)
        return advice(question_power(one, proof()), found, cheapest(found), 2_000_000)

    assert "the cheapest change is 22 seeds" in said(0.006) or "seeds (" in said(0.006)
    assert "longer runs would not do" in said(0.006)
    assert said(0.1) == "The gain that is expected over uniform is resolved: nothing needs to change."
    assert said(-0.1).startswith("No gain over uniform is expected")
    assert said(1e-6).startswith("Neither 1,000 seeds nor runs 8 times as long")
    assert "once there is a law" in said(None)
