"""What the page and the terminal say of the rule of no harm that a search was held to."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.mixtures.no_harm import NoHarmRule
from codescale.report.quantities import percent
from codescale.search.result import SearchResult


def searched_rule(search: SearchResult, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The rule that ``search`` was held to, and how surely what it recommends keeps it; nothing where there was none.

    ``labels``: what a person reads for each language.
    """
    rule = search.no_harm
    if rule is None:
        return ()
    margin = NoHarmRule(rule.reference, rule.margin, rule.relative).spoken
    names = ", ".join(labels.get(name, name) for name in rule.languages)
    protected = f" Protected: {names}." if names else ""
    said = f"Searched under a rule: no loss above that under {rule.reference} by more than {margin}.{protected}"
    keeps = search.recommended.keeps_no_harm if search.recommended else None
    if keeps is None:
        return (f"{said} Whether what it found keeps the rule is not known yet.",)
    wanted = f" (wanted: {percent(rule.confidence, 0)})" if rule.confidence is not None else ""
    return (f"{said} What it recommends keeps that with a probability of {percent(keeps)}{wanted}, as it believes.",)
