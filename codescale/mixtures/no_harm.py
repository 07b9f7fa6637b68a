"""The rule that no language may get worse than under a reference by more than a margin: what a person writes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from codescale.arrays import Array
from codescale.mixtures.baselines import baseline_mixture, baseline_of, parse_baseline
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture

UNIFORM = "uniform"
_KEYS = ("reference", "margin", "relative")
_ENDINGS = (".yaml", ".yml")
Losses = TypeVar("Losses", float, Array)


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
    def amount(self) -> str:
        """The margin as a person reads it, without a unit where it is in the losses' own."""
        return f"{100 * self.margin:g} %" if self.relative else f"{self.margin:g}"

    @property
    def spoken(self) -> str:
        """The margin as a person reads it."""
        return self.amount if self.relative else f"{self.amount} nats per token"

    def __str__(self) -> str:
        return f"above its loss under {self.reference} by more than {self.amount}"

    def ceilings(self, losses: Losses) -> Losses:
        """The most that losses may be where those under the reference are ``losses``, one or an array of any shape."""
        return losses * (1.0 + self.margin) if self.relative else losses + self.margin


@dataclass(frozen=True)
class ResolvedNoHarm:
    """``rule`` with the mixture that its reference names."""

    rule: NoHarmRule
    reference: Mixture

    def excess(self, losses: Mapping[str, float], at_reference: Mapping[str, float]) -> list[float]:
        """By how much each of ``losses`` is above what the rule allows where those under the reference are
        ``at_reference``, in their unit and order; 0 or below where it is kept.
        """
        return [losses[name] - self.rule.ceilings(beside) for name, beside in at_reference.items()]


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
    margin, relative = read_margin(given["margin"])
    return NoHarmRule(reference, margin, relative or given.get("relative") is True)


def read_margin(given: Any) -> tuple[float, bool]:
    """A margin as written: ``0.01`` is in the losses' unit, ``2 %`` a part of each loss.

    Returns
    -------
    tuple
        The margin, and whether it is a part of each loss: then 2 % is 0.02.

    Raises
    ------
    ValueError
        For what is neither, and a margin below 0.
    """
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


def reference_mixture(
    name: str, languages: Sequence[str], tokens: Mapping[str, float] | None, where: str, folder: Path = Path()
) -> Mixture:
    """The mixture of ``languages`` that the word of a baseline, or the path of a mixture's file, names.

    Parameters
    ----------
    tokens
        Language to the tokens available; None where nobody named any.
    where
        Field or option, for errors.
    folder
        Where a relative path begins.

    Raises
    ------
    UserError
        For another name, a file that is wrong or names another language, and tokens that are needed and not named.
    """
    word = f"file:{name}" if Path(name).suffix in _ENDINGS and not name.startswith("file:") else name
    available = None if tokens is None else AvailableTokens(tokens=dict(tokens))
    return baseline_mixture(parse_baseline(word, where).within(folder), languages, available, where=where)
