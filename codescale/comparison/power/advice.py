"""What is said of the changes that would have the proof answer: the cheapest, or why there is none."""

from __future__ import annotations

from codescale.comparison.power.result import Change, QuestionPower


def advice(question: QuestionPower, found: tuple[Change, ...], best: Change | None, tokens: int) -> str:
    """One line on the searched ``question``; ``tokens``: of the proof as it is planned, without its evaluation."""
    gain = question.baselines[question.against].gain
    if gain is None:
        return "What would help is known once there is a law: run codescale sweep and codescale fit."
    if gain.value <= 0:
        return f"No gain over {question.against} is expected, so nothing would make it told: ask another question."
    if not found:
        return f"The gain that is expected over {question.against} is resolved: nothing needs to change."
    if best is None:
        return (
            f"Neither 1,000 seeds nor runs 8 times as long would resolve the gain that is expected over "
            f"{question.against}: ask another question."
        )
    others = [change_in_words(one) for one in found if one is not best]
    times = (best.tokens or 0) / tokens
    return (
        f"To resolve the gain that is expected over {question.against}, the cheapest change is "
        f"{change_in_words(best)}, {times:.3g} times what the proof as planned trains; otherwise: {'; '.join(others)}."
    )


def change_in_words(one: Change) -> str:
    """What is changed, to what, and the tokens of the proof then."""
    subject = {"seeds": "seeds", "tokens": "longer runs"}[one.kind]
    if one.to is None or one.tokens is None:
        return f"{subject} would not do"
    new = {"seeds": f"{one.to} seeds", "tokens": f"runs of {one.to:,} tokens"}[one.kind]
    return f"{new} ({one.tokens:,} tokens with tests)"
