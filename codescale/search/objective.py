"""The one number that a search minimises: the weighted mean of the validation losses, in nats per token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codescale.errors import UserError
from codescale.runs import RunRecord
from codescale.search.stopping import Curve


@dataclass(frozen=True)
class Objective:
    """The weighted mean over languages at ``n_tokens`` training tokens; ``weights`` sum to 1."""

    weights: dict[str, float]
    n_tokens: int

    @classmethod
    def of(cls, weights: Mapping[str, float], n_tokens: int) -> Objective:
        """The objective with ``weights`` normalised. Raises :class:`UserError` where none is above 0."""
        total = sum(weights.values())
        if min(weights.values(), default=0.0) < 0 or total <= 0:
            raise UserError("target.weights", "no language has a weight above 0", "give one of them a weight")
        return cls({name: weight / total for name, weight in weights.items() if weight > 0}, n_tokens)

    def value(self, losses: Mapping[str, float]) -> float:
        """The objective (nats per token) of ``losses``. Raises ``KeyError`` where a weighted language is missing."""
        return sum(weight * losses[name] for name, weight in self.weights.items())

    def curve(self, record: RunRecord) -> Curve:
        """The loss curve of ``record`` towards ``n_tokens``: its trunk, and its annealed end where it has one.

        Rows of cooldown branches towards another D are left out. A D that is no multiple of the batch ends a few
        tokens away from the plan, so the end is known by its branch.
        """
        points, final = [], None
        for evaluation in record.evaluations:
            if any(name not in evaluation.losses for name in self.weights):
                continue
            value = self.value(evaluation.losses)
            ours = evaluation.branch == self.n_tokens
            if evaluation.annealed:
                if ours or (evaluation.branch is None and evaluation.n_tokens == self.n_tokens):
                    final = value
            elif (ours or evaluation.branch is None) and evaluation.n_tokens <= self.n_tokens:
                points.append((evaluation.n_tokens, value))
        return Curve(tuple(points), final)

    def losses(self, record: RunRecord) -> dict[str, float] | None:
        """The weighted languages' losses at the annealed end of ``record``, or of a run without one at its last look.

        None where there is neither.
        """
        curve = self.curve(record)
        end = curve.final if curve.final is not None else (curve.points[-1][1] if curve.points else None)
        for evaluation in reversed(record.evaluations):
            known = all(name in evaluation.losses for name in self.weights)
            if known and evaluation.annealed == (curve.final is not None) and self.value(evaluation.losses) == end:
                return {name: evaluation.losses[name] for name in self.weights}
        return None
