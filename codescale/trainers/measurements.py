"""What a command's results say, row by row: checked, joined by tokens, and told as losses in nats per token.

A row may hold some of a moment's figures, as trainers with an evaluation set for each language write them; rows of the
same tokens are one measurement. What is wrong is a :class:`ResultError`, in words for the record of a failed run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codescale.runs.units import LossUnit, converted
from codescale.study.trainer import ResultsSection

LOSS, TEST, METRIC = "loss.", "test.", "metric."
TOKENS, ANNEALED = "tokens", "annealed"
MOST_METRICS = 1_000
AT_THE_END = 0.02
"""How far from D, as a share of it, a last result may be: trainers round D to whole batches."""
_NAMED = 3
"""Keys of a row that no language has, in the message that one is missing."""
_MOST_TOKENS = 10**18


class ResultError(Exception):
    """Results that cannot be what was asked for; says what is wrong."""


@dataclass
class Measurement:
    """The figures after ``tokens`` training tokens: losses by language on validation and test text (nats per token),
    and metrics. ``annealed``: whether the learning rate had been cooled down; None where nobody says.
    """

    tokens: int
    losses: dict[str, float] = field(default_factory=dict)
    test: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    annealed: bool | None = None

    @property
    def finite(self) -> bool:
        """Whether all losses are numbers."""
        return all(math.isfinite(loss) for loss in (*self.losses.values(), *self.test.values()))


class Measurements:
    """Rows of results as measurements, in the order in which they come.

    Parameters
    ----------
    section
        What results are called.
    languages
        Of the study; a measurement is whole with a loss for each.
    tokens
        D of the run.
    batch_tokens
        Tokens of an optimizer step.
    """

    def __init__(self, section: ResultsSection, languages: tuple[str, ...], tokens: int, batch_tokens: int) -> None:
        self._section, self._languages = section, languages
        self._end, self._batch = tokens, batch_tokens
        self._slack = max(batch_tokens - 1, round(AT_THE_END * tokens))
        self._open: Measurement | None = None
        self._strange: list[str] = []

    def add(self, row: Mapping[str, Any], where: str) -> Measurement | None:
        """Takes ``row``; the measurement that it makes whole, or belongs to; None for a row without any of our figures,
        such as a trainer's training loss, and for one before the first step. Raises :class:`ResultError`.
        """
        found = self._figures(row, where)
        if found is None or found.tokens == 0:
            return None
        if self._open is None or found.tokens != self._open.tokens:
            self.check_whole()
            known = {self._key(name) for name in self._languages}
            self._strange = [_shown(key) for key in row if key.startswith(LOSS) and key not in known][:_NAMED]
            self._open = found
        else:
            one = self._open
            one.losses |= found.losses
            one.test |= found.test
            one.metrics |= found.metrics
            one.annealed = found.annealed if found.annealed is not None else one.annealed
        return self._open

    def is_whole(self, one: Measurement) -> bool:
        """Whether every language has its loss."""
        return len(one.losses) == len(self._languages)

    def is_last(self, one: Measurement) -> bool:
        """Whether ``one`` ends the run: annealed at D, or at D where nobody says that it is not."""
        return one.annealed is not False and (bool(one.annealed) or one.tokens >= self._end - self._slack)

    def check_whole(self) -> None:
        """Raises :class:`ResultError` where the measurement under way lacks a language."""
        if self._open is not None and not self.is_whole(self._open):
            missing = next(name for name in self._languages if name not in self._open.losses)
            others = f"; there is {', '.join(self._strange)}" if self._strange else ""
            raise ResultError(f"{self._key(missing)} is missing at {self._open.tokens:,} tokens{others}")

    def check_last(self, one: Measurement) -> None:
        """Raises :class:`ResultError` where a last result is not at D, or cannot be in nats per token."""
        if abs(one.tokens - self._end) > self._slack:
            raise ResultError(
                f"the annealed result is at {one.tokens:,} {TOKENS} and the run is of {self._end:,}; count training "
                "tokens, not steps or samples"
            )
        odd = next((name for name, loss in one.losses.items() if loss > LossUnit.NATS_PER_TOKEN.guessing), None)
        if odd is not None and self._section.unit is LossUnit.NATS_PER_TOKEN:
            raise ResultError(
                f"{self._key(odd)} is {one.losses[odd]:.6g} at the end, more than guessing costs in nats per token; "
                "is it a perplexity, or a sum?"
            )

    def check_tokens(self, one: Measurement) -> None:
        """Raises :class:`ResultError` where ``one`` lies beyond the run's end."""
        if one.tokens > self._end + self._slack:
            raise ResultError(
                f"a result is at {one.tokens:,} {TOKENS}, beyond the {self._end:,} of the run; end at {{tokens}} or "
                "{steps}, and count training tokens"
            )

    def _key(self, language: str) -> str:
        return self._section.loss.get(language, LOSS + language)

    def _figures(self, row: Mapping[str, Any], where: str) -> Measurement | None:
        section = self._section
        named = {name: self._key(name) for name in self._languages}
        tested = {name: section.test.get(name, TEST + name) for name in self._languages}
        metrics = {name.removeprefix(METRIC): key for name, key in section.metric.items()}
        if section.format == "jsonl":
            metrics |= {key.removeprefix(METRIC): key for key in row if key.startswith(METRIC)}
        losses = {name: self._loss(row[key], key, where) for name, key in named.items() if _given(row, key)}
        test = {name: self._loss(row[key], key, where) for name, key in tested.items() if _given(row, key)}
        others = {name: _number(row[key], key, where) for name, key in metrics.items() if name and _given(row, key)}
        if not losses and not test and not others:
            return None
        if len(others) > MOST_METRICS:
            raise ResultError(f"{where} has {len(others):,} metrics, and {MOST_METRICS:,} are read at most")
        one = Measurement(self._tokens(row, where), losses, test, {k: v for k, v in others.items() if math.isfinite(v)})
        if _given(row, ANNEALED):
            if not isinstance(row[ANNEALED], bool):
                raise ResultError(f"{where}, {ANNEALED} is {_shown(row[ANNEALED])}, not true or false")
            one.annealed = row[ANNEALED]
        return one

    def _tokens(self, row: Mapping[str, Any], where: str) -> int:
        key, steps = self._section.clock
        if not _given(row, key):
            raise ResultError(f"{where} has losses and no {key}, which tells after how much training")
        number = _number(row[key], f"{key}", where)
        if not math.isfinite(number) or number < 0 or number != round(number):
            raise ResultError(f"{where}, {key} is {_shown(row[key])}, not a count")
        return min(round(number) * (self._batch if steps else 1), _MOST_TOKENS)

    def _loss(self, value: Any, key: str, where: str) -> float:
        loss, unit = _number(value, key, where), self._section.unit
        if not math.isfinite(loss):
            return loss
        if loss <= 0:
            raise ResultError(f"{where}, {key} is {_shown(value)}; a loss is above 0")
        told = float(converted(np.array(loss), unit, LossUnit.NATS_PER_TOKEN))
        if told <= 0:
            raise ResultError(f"{where}, {key} is {_shown(value)}; a perplexity is above 1")
        return told


def _given(row: Mapping[str, Any], key: str) -> bool:
    return row.get(key) is not None


def _number(value: Any, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ResultError(f"{where}, {key} is {_shown(value)}, not a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of many thousand digits
        text = type(value).__name__
    return text if len(text) <= 40 else text[:37] + "…"
