"""What would have the proof answer, what it costs, and what is said of it; longer runs by a real law."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codescale.comparison.power.advice import advice, change_in_words
from codescale.comparison.power.changes import EvaluatedText, changes, cheapest
from codescale.comparison.power.detection import resolvable_gain, seeds_needed
from codescale.comparison.power.expectation import Expectation, question_power
from codescale.comparison.power.noise import TextPart
from codescale.comparison.power.result import Change
from codescale.laws.law import Law
from tests.comparison.power.expectations import expectation, proof

TESTED = EvaluatedText({"python": 1_500, "java": 500}, {"python": 12_000, "java": 700})


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
    seeds, longer, pairs = changes(one, proof(), law, TESTED)
    needed = seeds_needed(0.01, 0.006, 2)
    assert needed is not None
    # Uniform, natural, the law's best and the search's; a third of a token for each of 2,000 that are evaluated.
    assert (seeds.to, seeds.tokens) == (needed, round(4 * needed * (100_000 + 2_000 / 3)))
    assert seeds.evaluated == 4 * needed * 2_000
    assert longer.to is None
    assert cheapest((seeds, longer, pairs)) == seeds


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
        return advice(question_power(one, proof()), found, cheapest(found), 2_000_000, False)

    assert "the cheapest change is 22 seeds" in said(0.006) or "seeds (" in said(0.006)
    assert "longer runs would not do" in said(0.006)
    assert said(0.1) == "The gain that is expected over uniform is resolved: nothing needs to change."
    assert said(-0.1).startswith("No gain over uniform is expected")
    assert said(1e-6).startswith("Neither 1,000 seeds nor runs 8 times as long")
    assert "once there is a law" in said(None)
    assert said(0.006).endswith("What more test text would do is known once a proof has kept its documents.")


def with_text(gain: float, share: float) -> Expectation:
    """Of whose noise Python's text makes so much."""
    one = expectation({"uniform": gain, "natural": 0.1})
    text = TextPart({"python": share * one.noise.deviation**2}, {"python": 1_500})
    return replace(one, noise=replace(one.noise, text=text, correlation=0.3))


def test_more_text_is_a_change_where_its_part_is_known(law: Law) -> None:
    resolved = resolvable_gain(0.01, 5, 2)
    seeds, _, text = changes(with_text(0.85 * resolved, 0.5), proof(), law, TESTED)
    # Half of the variance is the text's: twice as much leaves 0.87 of the deviation, four times 0.79.
    assert (text.kind, text.to) == ("test_text", 6_000)
    assert text.evaluated == 4 * 5 * (6_000 + 700)
    assert text.tokens == round(4 * 5 * (100_000 + 6_700 / 3))
    assert cheapest((seeds, text)) == text
    assert changes(with_text(0.88 * resolved, 0.5), proof(), law, TESTED)[2].to == 3_000
    assert changes(with_text(0.75 * resolved, 0.5), proof(), law, TESTED)[2].to == 12_000, "all there are"
    assert changes(with_text(0.6 * resolved, 0.5), proof(), law, TESTED)[2].to is None
    whole = EvaluatedText(TESTED.available, TESTED.available)
    assert changes(with_text(0.88 * resolved, 0.5), proof(), law, whole)[2].to is None
    assert all(
        one.kind != "test_text"
        for one in changes(expectation({"uniform": 0.006, "natural": 0.1}), proof(), law, TESTED)
    )


def test_common_random_numbers_are_a_change_where_what_they_gain_was_not_counted_on(law: Law) -> None:
    resolved = resolvable_gain(0.01, 5, 2)
    pairs = changes(expectation({"uniform": 0.8 * resolved, "natural": 0.1}), proof(), law, TESTED)[-1]
    # Independent runs have a difference of 2 between_seeds^2; correlated ones of 1 - correlation of it.
    assert (pairs.kind, pairs.tokens, pairs.correlation) == ("pairs", None, pytest.approx(1 - 0.8**2))
    assert all(one.kind != "pairs" for one in changes(with_text(0.006, 0.1), proof(), law, TESTED))
    assert "correlated by 0.36 or more" in change_in_words(pairs)
    hopeless = pairs.model_copy(update={"correlation": 0.999})
    assert change_in_words(hopeless) == "common random numbers alone would not do"
