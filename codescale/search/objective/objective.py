"""The one number that a search minimises: the weighted mean of the validation losses, in nats per token.

A company's own objective may add columns ``metric.*`` (bits per byte, a benchmark's score); a score of which more is
better has a negative weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from codescale.errors import UserError
from codescale.organisation import ORGANISATION, number_of
from codescale.runs.records import Evaluation, RunRecord
from codescale.runs.units import LossUnit
from codescale.search.pruning.curve import LearningCurve
from codescale.search.space.schema import HyperparameterRange, ObjectiveSpec


def objective_unit(metrics: Mapping[str, float]) -> str:
    """The unit of an objective that weighs ``metrics``: none, for each metric has its own; of losses alone that of a
    loss.
    """
    return "" if any(metrics.values()) else str(LossUnit.NATS_PER_TOKEN)


@dataclass(frozen=True)
class Objective:
    """The weighted mean over languages at ``n_tokens`` training tokens, and the weighted ``metrics`` on top.

    ``weights`` sum to 1, or are empty where only metrics count. ``beside``: languages that weigh nothing and whose
    losses are read too, since a rule of no harm protects them.
    """

    weights: dict[str, float]
    n_tokens: int
    metrics: dict[str, float] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    """Names of the hyperparameters that vary, which curves carry: logarithms of those in ``logarithmic``."""
    logarithmic: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()

    @classmethod
    def of(cls, weights: Mapping[str, float], n_tokens: int) -> Objective:
        """The objective with ``weights`` normalised. Raises :class:`UserError` where none is above 0."""
        total = sum(weights.values())
        if min(weights.values(), default=0.0) < 0 or total <= 0:
            raise UserError("target.weights", "no language has a weight above 0", "give one of them a weight")
        return cls({name: weight / total for name, weight in weights.items() if weight > 0}, n_tokens)

    @classmethod
    def aimed(cls, aim: ObjectiveSpec, n_tokens: int) -> Objective:
        """The objective of a search space: all of it divided by the sum of its losses' weights, where there are any."""
        total = sum(aim.weights.values()) or 1.0
        weights = {name: weight / total for name, weight in aim.weights.items() if weight > 0}
        return cls(weights, n_tokens, {name: weight / total for name, weight in aim.metrics.items() if weight})

    def varying(self, hyperparameters: Mapping[str, HyperparameterRange]) -> Objective:
        """The same where ``hyperparameters`` vary: then curves carry them, on the scale on which they are searched."""
        logarithmic = frozenset(name for name, limits in hyperparameters.items() if limits.scale == "log")
        return replace(self, settings=tuple(hyperparameters), logarithmic=logarithmic)

    def protecting(self, languages: Iterable[str]) -> Objective:
        """The same where the losses of ``languages`` are read too."""
        return replace(self, beside=tuple(name for name in languages if name not in self.weights))

    @property
    def unit(self) -> str:
        """As a person reads it; empty where it has none."""
        return objective_unit(self.metrics)

    @property
    def losses_alone(self) -> bool:
        """Whether it is a mean of losses in nats per token, which laws can foretell."""
        return not self.metrics

    def value(self, losses: Mapping[str, float], metrics: Mapping[str, float] | None = None) -> float:
        """The objective of ``losses`` (nats per token) and ``metrics``. Raises ``KeyError`` where one is missing."""
        mean = sum(weight * losses[name] for name, weight in self.weights.items())
        return mean + sum(weight * (metrics or {})[name] for name, weight in self.metrics.items())

    def of_evaluation(self, record: RunRecord, evaluation: Evaluation) -> float | None:
        """The objective at one evaluation of ``record``; None where it does not measure all that is weighed."""
        try:
            return self.value(evaluation.losses, record.metrics | evaluation.metrics)
        except KeyError:
            return None

    def missing(self, record: RunRecord, evaluation: Evaluation) -> UserError | None:
        """What ``evaluation`` does not measure though it is weighed; None where nothing is missing."""
        known = record.metrics | evaluation.metrics
        lost = next((name for name in self.metrics if name not in known), None)
        if lost is None:
            return None
        has = f"measured are {', '.join(sorted(known))}" if known else "no metric is measured"
        return UserError(f"objective.metrics.{lost}", "no trial measures it", has)

    def curve(self, record: RunRecord) -> LearningCurve:
        """The loss curve of ``record`` towards ``n_tokens``: its trunk, and its annealed end where it has one.

        Rows of cooldown branches towards another D are left out. A D that is no multiple of the batch ends a few
        tokens away from the plan, so the end is known by its branch.
        """
        points, parts, final = [], [], None
        for evaluation in record.evaluations:
            value = self.of_evaluation(record, evaluation)
            if value is None:
                continue
            if self._on_trunk(evaluation):
                points.append((evaluation.n_tokens, value))
                parts.append(self._parts(record, evaluation))
            elif evaluation.annealed and (
                evaluation.branch == self.n_tokens
                or (evaluation.branch is None and evaluation.n_tokens == self.n_tokens)
            ):
                final = value
        settings = {**record.spec.hyper, ORGANISATION: number_of(record.spec.organisation)}
        return LearningCurve(tuple(points), final, self.settings_of(settings), tuple(parts))

    def final_losses(self, record: RunRecord, curve: LearningCurve) -> dict[str, float] | None:
        """The losses (nats per token) of the languages that weigh or are read ``beside``, at the annealed end of
        ``record``, whose ``curve`` this is.

        None where it has none, or where the objective is more than a mean of losses.
        """
        if not self.losses_alone or curve.final is None:
            return None
        for evaluation in reversed(record.evaluations):
            losses = self._losses(evaluation)
            if losses is not None and evaluation.annealed and self.value(losses) == curve.final:
                return losses
        return None

    def trunk_losses(self, record: RunRecord) -> dict[str, dict[str, float]]:
        """By tokens: the same languages' losses (nats per token) on the trunk of ``record``; empty where the objective
        is more than a mean of losses.
        """
        if not self.losses_alone:
            return {}
        trunk = {one.n_tokens: self._losses(one) for one in record.evaluations if self._on_trunk(one)}
        return {str(tokens): losses for tokens, losses in trunk.items() if losses is not None}

    def _on_trunk(self, evaluation: Evaluation) -> bool:
        own = evaluation.branch is None or evaluation.branch == self.n_tokens
        return own and not evaluation.annealed and evaluation.n_tokens <= self.n_tokens

    def _losses(self, evaluation: Evaluation) -> dict[str, float] | None:
        """Of the languages that weigh or are read beside; None where ``evaluation`` lacks one."""
        names = (*self.weights, *self.beside)
        if any(name not in evaluation.losses for name in names):
            return None
        return {name: evaluation.losses[name] for name in names}

    def _parts(self, record: RunRecord, evaluation: Evaluation) -> tuple[float, ...]:
        """What every language, then every metric, adds to the objective."""
        metrics = record.metrics | evaluation.metrics
        losses = [weight * evaluation.losses[name] for name, weight in self.weights.items()]
        return (*losses, *(weight * metrics[name] for name, weight in self.metrics.items()))

    def settings_of(self, hyper: Mapping[str, float]) -> tuple[float, ...]:
        """The hyperparameters that vary, as curves carry them; none where ``hyper`` does not name them all."""
        if any(name not in hyper for name in self.settings):
            return ()
        return tuple(math.log(hyper[name]) if name in self.logarithmic else hyper[name] for name in self.settings)
