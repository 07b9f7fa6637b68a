"""Which trials keep a rule of no harm, as far as their own measurement says beside that of the reference.

One run of each is all noise: what is recommended goes by the posterior instead
(:mod:`~codescale.search.bayesopt.no_harm`). Measurements say what a trial has to beat, and what Optuna's samplers are
told.
"""

from __future__ import annotations

from collections.abc import Mapping

from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.search.space.space import SearchPoint


class MeasuredNoHarm:
    """What finished trials measured, held to a rule as soon as its reference is among them.

    Parameters
    ----------
    no_harm
        The rule.
    reference
        The point at which its reference is measured.
    """

    def __init__(self, no_harm: ResolvedNoHarm, reference: SearchPoint) -> None:
        self.no_harm, self.reference = no_harm, reference
        self.targets = no_harm.protected
        self._at_reference: dict[str, float] | None = None
        self._finished: dict[str, tuple[Mapping[str, float], float]] = {}

    def finish(self, run_id: str, point: SearchPoint, losses: Mapping[str, float], objective: float) -> None:
        """The run at ``point`` has ended with ``losses`` by target, and so with ``objective``."""
        self._finished[run_id] = losses, objective
        if self._at_reference is None and point.same(self.reference):
            self._at_reference = {name: losses[name] for name in self.targets}

    def excess(self, run_id: str) -> list[float]:
        """By how much each target's loss is above what the rule allows; 0 where that cannot be told: before the
        reference is measured, and of a run that has not finished.
        """
        if self._at_reference is None or run_id not in self._finished:
            return [0.0] * len(self.targets)
        return self.no_harm.excess(self._finished[run_id][0], self._at_reference)

    def keeps(self, run_id: str) -> bool:
        """Whether that run is known to keep the rule, as measured."""
        return self._at_reference is not None and run_id in self._finished and max(self.excess(run_id)) <= 0

    @property
    def to_beat(self) -> float | None:
        """The least objective of a run that leaves half of the margin unused (the reference itself always does): one
        that a lucky measurement let through would stop all that keep the rule. None before the reference is measured.
        """
        if self._at_reference is None:
            return None
        room = [-one for one in self.no_harm.excess(self._at_reference, self._at_reference)]
        clear = [
            objective
            for losses, objective in self._finished.values()
            if all(
                excess <= -0.5 * own
                for excess, own in zip(self.no_harm.excess(losses, self._at_reference), room, strict=True)
            )
        ]
        return min(clear, default=None)
