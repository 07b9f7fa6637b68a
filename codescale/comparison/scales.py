"""Two scales of one comparison side by side: does the optimum of small models hold for larger ones?"""

from __future__ import annotations

from typing import Any

from scipy.stats import spearmanr

from codescale.comparison.result import (
    ComparisonResult,
    ComparisonVerdict,
    LargerComparison,
    LargerVerdict,
    ScaleComparison,
)
from codescale.comparison.verdict import at_scale


def rank_correlation(one: ScaleComparison, other: ScaleComparison) -> float | None:
    """Spearman's correlation over the mixtures' mean objectives at two scales; None with fewer than two mixtures.

    With three mixtures there are only six orders, so that 1 happens by chance in one of six.
    """
    shares = {role: tuple(sorted(entry.proportions.items())) for role, entry in one.mixtures.items()}
    distinct = list({mixture: role for role, mixture in shares.items()}.values())
    if len(distinct) < 2:
        return None
    means = [[scale.mixtures[role].measured.objective.mean for role in distinct] for scale in (one, other)]
    return float(spearmanr(*means).statistic)


def both_scales(comparison: ScaleComparison, larger: ScaleComparison | None, proxy: int) -> ComparisonResult:
    """The comparison, and under ``larger`` the same of the larger scale.

    Parameters
    ----------
    comparison
        The proof.
    larger
        The same mixtures at a larger scale; None where the study has none.
    proxy
        N of the search's trials.
    """
    return ComparisonResult(
        **_fields(comparison), larger=None if larger is None else _at_scale(comparison, larger, proxy)
    )


def _at_scale(comparison: ScaleComparison, larger: ScaleComparison, proxy: int) -> LargerComparison:
    verdict = larger.verdict
    assert verdict is not None
    assert larger.n_params is not None
    correlation, times = rank_correlation(comparison, larger), larger.n_params / proxy
    against = larger.baselines[larger.yardstick]
    own = {name: getattr(verdict, name) for name in ComparisonVerdict.model_fields}
    judged = LargerVerdict(
        **own | {"statement": at_scale(against, larger.yardstick, len(larger.seeds), times, correlation)},
        holds=against.beats,
        times_the_search=times,
        rank_correlation=correlation,
    )
    return LargerComparison(**_fields(larger) | {"verdict": judged})


def _fields(comparison: ScaleComparison) -> dict[str, Any]:
    return {name: getattr(comparison, name) for name in ScaleComparison.model_fields}
