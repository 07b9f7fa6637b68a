"""What a better mixture is worth in tokens, in words."""

from __future__ import annotations

from codescale.artifact import Interval
from codescale.comparison.result import Worth
from codescale.comparison.worth import REACH
from codescale.report.quantities import DASH, percent


def fewer(worth: Interval) -> str:
    """``23 % fewer``, or ``5 % more`` where the mixture needs more tokens than the other."""
    return _fewer(worth.value)


def fewer_range(worth: Interval) -> str:
    """Its 90 % interval: ``9 % to 35 % fewer``, ``5 % more to 12 % fewer``; a dash where there is none."""
    if worth.low is None or worth.high is None:
        return DASH
    least, most = _fewer(worth.low), _fewer(worth.high)
    if least == most:
        return least
    if least.endswith(most.rpartition(" ")[2]):
        least = least.rpartition(" ")[0]
    return f"{least} to {most}"


def worth_sentence(baseline: str, worth: Worth) -> str:
    """What the measured best saves against ``baseline``, as measured, and as forecast at the study's target."""
    said = f"Measured best reaches {baseline}'s objective with {_with_range(worth.objective)} tokens"
    if worth.forecast is not None:
        said += f"; at the target the law expects {_with_range(worth.forecast)}"
    return said + "."


def _with_range(worth: Interval) -> str:
    bounds = fewer_range(worth)
    return fewer(worth) if bounds == DASH else f"{fewer(worth)} (90 % interval {bounds})"


def _fewer(saved: float) -> str:
    if saved < 1 - 0.99 * REACH:  # the end of what was looked at: the curve never comes down so far
        return f"over {REACH:.0f} times as many"
    return f"{percent(abs(saved), 0)} {'more' if saved < 0 else 'fewer'}"
