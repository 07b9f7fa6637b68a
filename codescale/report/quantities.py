"""Numbers as a person reads them: counts with a unit prefix, seconds as time, values with their noise.

``None`` and values that are not finite read as a dash; nothing here computes anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

DASH = "–"
MINUS = "−"
_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, so that no line ends between them."""


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def count(value: float | None, unit: str = "") -> str:
    """``1234567`` as ``1.23 M``; a thousand million is B for tokens and parameters, G before a unit such as FLOP."""
    if value is None or not math.isfinite(value):
        return DASH
    prefixes = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G" if unit else "B"), (1e6, "M"), (1e3, "k")]
    for size, prefix in prefixes:
        if abs(value) >= size * 0.9995:
            text = f"{value / size:.3g}" if abs(value) < 999.5 * size else f"{value / size:.0f}"
            return f"{text}{_SPACE}{prefix}{unit}"
    text = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{text}{_SPACE}{unit}" if unit else text


def whole(value: float | None) -> str:
    """``1234567`` as ``1,234,567``."""
    return DASH if value is None or not math.isfinite(value) else f"{value:,.0f}"


def number(value: float | None, digits: int = 3) -> str:
    """A number with a fixed number of decimals and a real minus sign."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:.{digits}f}".replace("-", MINUS)


def probability(value: float | None) -> str:
    """Of a test: ``0.0123``; ``< 0.0001`` where it would read as 0."""
    return f"<{_SPACE}0.0001" if value is not None and value < 1e-4 else number(value, 4)


def signed(value: float | None, digits: int = 3) -> str:
    """A difference: always with its sign."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:+.{digits}f}".replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 as a percentage."""
    return DASH if share is None or not math.isfinite(share) else f"{number(100 * share, digits)}{_SPACE}%"


def signed_percent(share: float | None, digits: int = 1) -> str:
    """A relative difference as a percentage with its sign."""
    return DASH if share is None or not math.isfinite(share) else f"{signed(100 * share, digits)}{_SPACE}%"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """An interval in brackets; empty where either end is unknown."""
    return f"[{number(low, digits)}, {number(high, digits)}]" if _known(low) and _known(high) else ""


def with_error(mean: float | None, standard_error: float | None, digits: int = 3) -> str:
    """A mean ± its standard error."""
    text = number(mean, digits)
    return f"{text} ± {number(standard_error, digits)}" if _known(mean) and _known(standard_error) else text


def duration(seconds: float | None) -> str:
    """Seconds as ``43 s``, ``12 min 05 s`` or ``2 h 07 min``."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 9.95:
        return f"{seconds:.1f}{_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest}{_SPACE}s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}{_SPACE}h {minutes_left:02d}{_SPACE}min" if hours else f"{minutes}{_SPACE}min {rest:02d}{_SPACE}s"


def mean_in_words(weights: Mapping[str, float], labels: Mapping[str, str]) -> str:
    """The objective that ``weights`` make: "the mean of the losses of Python, Go", each weight told if they differ."""
    told = {name: f"{weight:.3g}" for name, weight in weights.items() if weight > 0}
    same = len(set(told.values())) == 1
    names = ", ".join(labels.get(name, name) + ("" if same else f" ({weight})") for name, weight in told.items())
    return f"the {'mean' if same else 'weighted mean'} of the losses of {names}"
