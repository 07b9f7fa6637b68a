"""What is said of the changes that would have the proof answer: the cheapest, or why there is none."""

from __future__ import annotations

from codescale.comparison.power.result import Change, QuestionPower

_NO_MORE = 0.99
"""A correlation beyond which pairs are not hoped for."""


def advice(
    question: QuestionPower, found: tuple[Change, ...], best: Change | None, tokens: int, text_known: bool
) -> str:
    """One line on the searched ``question``.

    Parameters
    ----------
    question, found, best
        With its changes and the cheapest of them.
    tokens
        Of the proof as it is planned, without its evaluation.
    text_known
        Whether it is known how much of the noise is the test text's.
    """
    gain = question.baselines[question.against].gain
    if gain is None:
        return "What would help is known once there is a law: run codescale sweep and codescale fit."
    if gain.value <= 0:
        return f"No gain over {question.against} is expected, so nothing would make it told: ask another question."
    if not found:
        return f"The gain that is expected over {question.against} is resolved: nothing needs to change."
    unknown = "" if text_known else " What more test text would do is known once a proof has kept its documents."
    if best is None:
        pairs = "".join(f" But {change_in_words(one)}." for one in found if _may_do(one))
        return (
            f"Neither 1,000 seeds nor runs 8 times as long{' nor all of the test split' if text_known else ''} would "
            f"resolve the gain that is expected over {question.against}: ask another question.{pairs}{unknown}"
        )
    others = [change_in_words(one) for one in found if one is not best]
    times = (best.tokens or 0) / tokens
    return (
        f"To resolve the gain that is expected over {question.against}, the cheapest change is "
        f"{change_in_words(best)}, {times:.3g} times what the proof as planned trains; otherwise: {'; '.join(others)}."
        f"{unknown}"
    )


def _may_do(one: Change) -> bool:
    return one.correlation is not None and one.correlation < _NO_MORE


def change_in_words(one: Change) -> str:
    """What is changed, to what, and the tokens of the proof then."""
    if one.kind == "pairs" and _may_do(one):
        return (
            f"common random numbers, which the proof has, would do alone if runs of one seed are correlated by "
            f"{one.correlation:.2f} or more (sweep.mixtures.seeds: 2 tells)"
        )
    subject = {
        "seeds": "seeds",
        "tokens": "longer runs",
        "test_text": "more test text",
        "pairs": "common random numbers alone",
    }[one.kind]
    if one.to is None or one.tokens is None:
        return f"{subject} would not do"
    new = {
        "seeds": f"{one.to} seeds",
        "tokens": f"runs of {one.to:,} tokens",
        "test_text": f"comparison.test_tokens: {one.to}",
    }[one.kind]
    return f"{new} ({one.tokens:,} tokens with tests)"
