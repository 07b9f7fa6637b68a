"""The evaluation's own noise in words: what of the difference between two runs the test text makes."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.comparison.result import ScaleComparison
from codescale.report.quantities import number, percent


def evaluation_noise(comparison: ScaleComparison | None, labels: Mapping[str, str]) -> str | None:
    """One sentence on the objective and each language; None where a comparison did not keep what documents cost."""
    if comparison is None or comparison.test_text is None:
        return None
    text = comparison.test_text
    one = text.objective
    languages = ", ".join(f"{labels.get(name, name)} {percent(each.share, 0)}" for name, each in text.losses.items())
    return (
        f"The evaluation's own noise: between seeds the difference of two mixtures varies by "
        f"{number(one.deviation, 4)} nats per token, with test text without end it would by {number(one.without, 4)}. "
        f"Of the variance the text makes {percent(one.share, 0)}; of each language's: {languages} "
        f"({text.degrees_of_freedom} degrees of freedom)."
    )
