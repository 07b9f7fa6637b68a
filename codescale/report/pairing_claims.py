"""The paper's claims on parallel pairing, by ``organisation.json`` (Yang et al. 2025, arXiv 2512.13472).

The figure of a claim is the mean loss of its directions in the paired arm minus that in the shuffled one, over the same
seeds, at each N and the longest D with the most programs paired; the verdict is that of the largest N. Supported:
Student's interval lies wholly below zero. Contradicted: above. Else it cannot be told at this scale.
"""

from __future__ import annotations

from codescale.comparison.organisation_result import ArmsAtScale, Family, OrganisationResult
from codescale.report.claims import UNTOLD, Claim, verdict_of
from codescale.report.quantities import count, interval, signed

_STATEMENTS: dict[Family, str] = {
    "seen": "Parallel pairing helps translation in the directions that it shows",
    "unseen": "Parallel pairing helps zero-shot translation",
}


def longest_runs(result: OrganisationResult) -> list[ArmsAtScale]:
    """By N: the longest D, with the most programs paired."""
    best: dict[int, ArmsAtScale] = {}
    for one in result.scales:
        known = best.get(one.n_params)
        if known is None or (one.n_tokens, one.paired_share) > (known.n_tokens, known.paired_share):
            best[one.n_params] = one
    return [best[n_params] for n_params in sorted(best)]


def pairing_claims(result: OrganisationResult | None) -> list[Claim]:
    """Both claims, as far as translations were measured; none without the plan ``organisation``."""
    scales = longest_runs(result) if result is not None else []
    return [_claim(statement, family, scales) for family, statement in _STATEMENTS.items() if scales]


def _claim(statement: str, family: Family, scales: list[ArmsAtScale]) -> Claim:
    measure = "loss of the second half given the first: paired minus shuffled, over seeds; verdict at the largest N"
    judged = [one for one in scales if family in one.families]
    if not judged:
        return Claim(statement, "no such direction was measured", "", UNTOLD, measure)
    figures, intervals = [], []
    for one in judged:
        difference = one.families[family].difference
        figures.append(f"N = {count(one.n_params)}: {signed(difference.mean, 4)} nats per token")
        intervals.append(interval(difference.low, difference.high, 4))
    last = judged[-1].families[family].difference
    bounds = None if last.low is None or last.high is None else (-last.high, -last.low)
    return Claim(statement, "\n".join(figures), "\n".join(intervals), verdict_of(bounds), measure)
