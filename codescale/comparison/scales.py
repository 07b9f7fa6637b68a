"""Two scales of one comparison side by side: does the optimum of small models hold for larger ones?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scipy.stats import spearmanr

from codescale.comparison.verdict import at_scale


def rank_correlation(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """Spearman's correlation over the mixtures' mean objectives at two scales; None with fewer than two mixtures.

    With three mixtures there are only six orders, so that 1 happens by chance in one of six.
    """
    shares = {role: tuple(sorted(entry["proportions"].items())) for role, entry in one["mixtures"].items()}
    distinct = list({mixture: role for role, mixture in shares.items()}.values())
    if len(distinct) < 2:
        return None
    means = [[scale["mixtures"][role]["measured"]["objective"]["mean"] for role in distinct] for scale in (one, other)]
    return float(spearmanr(*means).statistic)


def both_scales(comparison: dict[str, Any], larger: dict[str, Any] | None, proxy: int) -> dict[str, Any]:
    """The content of comparison.json: ``comparison``, and under ``larger`` the same of the larger scale.

    ``proxy`` is the N of the search's trials.
    """
    if larger is None:
        return comparison | {"larger": None}
    correlation = rank_correlation(comparison, larger)
    times = larger["n_params"] / proxy
    verdict = larger["verdict"] | {
        "statement": at_scale(larger, times, correlation),
        "holds": larger["verdict"]["beats_uniform"],
        "times_the_search": times,
        "rank_correlation": correlation,
    }
    return comparison | {"larger": larger | {"verdict": verdict}}
