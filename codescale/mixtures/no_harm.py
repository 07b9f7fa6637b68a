"""The rule that no language may get worse than under a reference by more than a margin: what a person writes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from codescale.arrays import Array
from codescale.directions import without_directions
from codescale.errors import UserError
from codescale.mixtures.baselines import KNOWN, baseline_mixture, baseline_of, parse_baseline
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture

UNIFORM = "uniform"
_KEYS = ("reference", "margin", "relative", "languages")
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
    languages
        The languages that it protects; none named: all (:meth:`protected`).
    """

    reference: str
    margin: float
    relative: bool = False
    languages: tuple[str, ...] = ()

    @property
    def amount(self) -> str:
        """The margin as a person reads it, without a unit where it is in the losses' own."""
        return f"{100 * self.margin:g} %" if self.relative else f"{self.margin:g}"

    @property
    def spoken(self) -> str:
        """The margin as a person reads it."""
        return self.amount if self.relative else f"{self.amount} nats per token"

    @property
    def written(self) -> dict[str, Any]:
        """The rule as a file holds it (:func:`no_harm_rule`)."""
        named = {"languages": list(self.languages)} if self.languages else {}
        return {"reference": self.reference, "margin": self.amount if self.relative else self.margin, **named}

    @property
    def whom(self) -> str:
        """The subject of a sentence that says the rule is kept."""
        return f"None of {', '.join(self.languages)}" if self.languages else "No language"

    def __str__(self) -> str:
        return f"above its loss under {self.reference} by more than {self.amount}"

    def protected(self, languages: Sequence[str], where: str | Path) -> tuple[str, ...]:
        """Which of ``languages`` the rule protects, in their order: those that it names, else every one, also one that
        weighs nothing in an objective; that no language gets worse says nothing of weights. A direction of translation
        is no language, and protected where it is named.

        Parameters
        ----------
        languages
            All whose losses are predicted, searched or measured.
        where
            The field or option that names the rule's languages, for errors.

        Raises
        ------
        UserError
            For a named language that is none of them.
        """
        if strange := [name for name in self.languages if name not in languages]:
            problem = f"{strange[0]!r} is no language whose loss is known"
            raise UserError(where, problem, f"name some of {', '.join(languages)}, or none: then all are protected")
        if not self.languages:
            return tuple(without_directions(languages))
        return tuple(name for name in languages if name in self.languages)

    def ceilings(self, losses: Losses) -> Losses:
        """The most that losses may be where those under the reference are ``losses``, one or an array of any shape."""
        return losses * (1.0 + self.margin) if self.relative else losses + self.margin


@dataclass(frozen=True)
class ResolvedNoHarm:
    """``rule`` with the mixture that its reference names, and the languages that are ``protected``, of those whose
    losses are known.
    """

    rule: NoHarmRule
    reference: Mixture
    protected: tuple[str, ...]

    def targets(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The ``weights`` of an objective by target, and 0 for what is protected and weighs nothing: all whose losses a
        search under the rule has to know.
        """
        return {**weights, **{name: 0.0 for name in self.protected if name not in weights}}

    def excess(self, losses: Mapping[str, float], at_reference: Mapping[str, float]) -> list[float]:
        """By how much each of ``losses`` is above what the rule allows where those under the reference are
        ``at_reference``, in their unit and order; 0 or below where it is kept.
        """
        return [losses[name] - self.rule.ceilings(beside) for name, beside in at_reference.items()]


def no_harm_rule(given: Any) -> NoHarmRule:
    """The rule of ``{reference: natural, margin: 0.01}``, the margin in nats per token, or as ``2 %`` of the loss, for
    all languages or those of ``languages: [python, go]``.

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
        reference = str(baseline_of(_word(given["reference"])))
    except ValueError as error:
        raise ValueError(f"reference: {error}: write {KNOWN}") from None
    margin, relative = read_margin(given["margin"])
    return NoHarmRule(reference, margin, relative or given.get("relative") is True, _named(given.get("languages", ())))


def _named(given: Any) -> tuple[str, ...]:
    """The languages that a rule names. Raises :class:`ValueError` for what is no list of names, or names one twice."""
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) and name for name in given):
        raise ValueError("languages: write a list such as [python, go], or leave it out: then all are protected")
    if twice := [name for name in given if list(given).count(name) > 1]:
        raise ValueError(f"languages: {twice[0]!r} is named twice")
    return tuple(given)


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
    name: str,
    languages: Sequence[str],
    tokens: Mapping[str, float] | None,
    where: str,
    folder: Path = Path(),
    *,
    weights: Mapping[str, float] | None = None,
    n_tokens: float | None = None,
    max_epochs: float = 1.0,
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
    weights, n_tokens, max_epochs
        The objective's weights, the budget D and how often tokens may be read, as ``weights`` and ``unimax`` need them.

    Raises
    ------
    UserError
        For another name, a file that is wrong or names another language, and tokens that are needed and not named.
    """
    word = _word(name)
    available = None if tokens is None else AvailableTokens(tokens=dict(tokens), max_epochs=max_epochs)
    return baseline_mixture(
        parse_baseline(word, where).within(folder), languages, available, weights, n_tokens, where=where
    )


def _word(given: Any) -> Any:
    """The path of a mixture's file as the word of that baseline; anything else as it is."""
    is_path = isinstance(given, str) and Path(given).suffix in _ENDINGS and not given.startswith("file:")
    return f"file:{given}" if is_path else given
