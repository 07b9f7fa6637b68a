"""What is said of the rule of no harm that a search was held to."""

from __future__ import annotations

from codescale.report.no_harm import searched_rule
from codescale.search.result import NoHarmResult, Recommended, SearchResult

RULE = NoHarmResult(
    reference="natural", margin=0.02, relative=True, languages=("go", "rust"), confidence=0.95, proportions={"go": 1.0}
)
RECOMMENDED = Recommended(proportions={"go": 1.0}, expected=2.0, deviation=0.01, keeps_no_harm=0.971)


def test_the_rule_who_it_protects_and_how_surely_it_is_kept() -> None:
    (line,) = searched_rule(SearchResult(no_harm=RULE, recommended=RECOMMENDED), {"go": "Go"})
    assert line == (
        "Searched under a rule: no loss above that under natural by more than 2 %. Protected: Go, rust. What it "
        "recommends keeps that with a probability of 97.1\N{NO-BREAK SPACE}% (wanted: 95\N{NO-BREAK SPACE}%), as it "
        "believes."
    )
    (untold,) = searched_rule(SearchResult(no_harm=RULE), {})
    assert untold.endswith("Whether what it found keeps the rule is not known yet.")
    assert searched_rule(SearchResult(recommended=RECOMMENDED), {}) == ()
