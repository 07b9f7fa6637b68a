"""The rule that no language may get worse than under a reference by more than a margin: what a person writes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codescale.mixtures.baselines import baseline_of

_KEYS = ("reference", "margin", "relative")


@dataclass(frozen=True)
class NoHarmRule:
    """No language's loss may lie above that under ``reference`` by more than ``margin``.

    Attributes
    ----------
    reference
        The word of a baseline, such as ``natural`` or ``file:ours.yaml``.
    margin
        0 or more: nats per token, or where ``relative`` a fraction of the loss under the reference (0.01 is 1 %).
    relative
        What the margin is in.
    """

    reference: str
    margin: float
    relative: bool = False

    @property
    def spoken(self) -> str:
        """The margin as a person reads it."""
        return f"{100 * self.margin:g} %" if self.relative else f"{self.margin:g} nats per token"

    def ceiling(self, reference: float) -> float:
        """The highest loss that does no harm, by the loss under the ``reference``."""
        return reference * (1.0 + self.margin) if self.relative else reference + self.margin


def no_harm_rule(given: Any) -> NoHarmRule:
    """The rule of ``{reference: natural, margin: 0.01}``, the margin in nats per token, or as ``2 %`` of the loss.

    Raises :class:`ValueError` for another shape, a margin without a reference, and one that is negative or no number.
    """
    if isinstance(given, NoHarmRule):
        return given
    if not isinstance(given, Mapping):
        raise ValueError("write {reference: natural, margin: 0.01}")
    if unknown := [str(key) for key in given if key not in _KEYS]:
        raise ValueError(f"{unknown[0][:60]!r} is no part of the rule: write reference and margin")
    if given.get("reference") is None:
        raise ValueError("has a margin without a reference: name one, such as reference: natural")
    if given.get("margin") is None:
        raise ValueError("has a reference without a margin: set one beforehand, such as margin: 0.01 or margin: 2 %")
    try:
        reference = str(baseline_of(given["reference"]))
    except ValueError as error:
        raise ValueError(f"reference: {error}") from None
    margin, relative = _margin(given["margin"])
    return NoHarmRule(reference, margin, relative or given.get("relative") is True)


def _margin(given: Any) -> tuple[float, bool]:
    text = str(given).strip()
    share = re.fullmatch(r"(.*?)\s*(%|per cent)", text)
    try:
        value = math.nan if isinstance(given, bool) else float(share[1]) / 100 if share else float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(
            f"margin is {text[:60]!r}, where nats per token (0.01) or per cent (2 %) of 0 or more is wanted"
        )
    return value, share is not None
