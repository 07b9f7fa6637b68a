"""The evaluation's own noise in words."""

from __future__ import annotations

from codescale.comparison.result import ScaleComparison, TextShare, TextShares
from codescale.report.evaluation_noise import evaluation_noise


def share(part: float) -> TextShare:
    return TextShare(deviation=0.02, share=part, without=0.02 * (1 - part) ** 0.5, documents=300, tokens=60_000)


def test_the_texts_part_is_said_of_the_objective_and_each_language() -> None:
    text = TextShares(degrees_of_freedom=8, objective=share(0.19), losses={"csharp": share(0.25), "go": share(1.0)})
    assert evaluation_noise(ScaleComparison(mixtures={}, test_text=text), {"csharp": "C#"}) == (
        "The evaluation's own noise: between seeds the difference of two mixtures varies by 0.0200 nats per token, "
        "with test text without end it would by 0.0180. Of the variance the text makes 19\N{NO-BREAK SPACE}%; "
        "of each language's: C# 25\N{NO-BREAK SPACE}%, go 100\N{NO-BREAK SPACE}% (8 degrees of freedom)."
    )


def test_nothing_is_said_where_it_is_not_known() -> None:
    assert evaluation_noise(None, {}) is None
    assert evaluation_noise(ScaleComparison(mixtures={}), {}) is None
