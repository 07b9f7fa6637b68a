"""One trunk at a constant learning rate, with a short cooldown branched off at each D: a whole D curve from one run.

(Hu et al. 2024, MiniCPM, "warmup-stable-decay"; Hägele et al. 2024, arXiv 2405.18392, who show that cooldown branches
give the losses of separately tuned runs.) A run is a sequence of legs, each ending in an evaluation; the sequence is a
pure function of the plan, so a resumed run takes the same legs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Leg:
    """Training steps ``start`` to ``stop``, on the trunk (``branch`` None) or on the cooldown branch of D = ``branch``.

    A branch leg begins from the trunk's state at ``start``, which the next trunk leg goes on from. A leg may be empty.
    """

    start: int
    stop: int
    branch: int | None


@dataclass(frozen=True)
class Schedule:
    """When to evaluate, when to cool down and how fast to learn; all counts in steps."""

    legs: tuple[Leg, ...]
    warmup: int

    @property
    def steps(self) -> int:
        """The last step of the longest branch."""
        return max(leg.stop for leg in self.legs)

    @property
    def steps_trained(self) -> int:
        """Steps of all legs together: what the run costs."""
        return sum(leg.stop - leg.start for leg in self.legs)

    def relative_rate(self, step: int, leg: Leg) -> float:
        """The learning rate of ``step``, relative to its peak: warm-up, constant, and on a branch linear to 0."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        if leg.branch is None:
            return warm
        return warm * (leg.stop - step) / (leg.stop - leg.start + 1)


def steps_of(tokens: int, batch: int, context: int) -> int:
    """D as steps of ``batch`` × ``context`` tokens, one at least."""
    return max(1, round(tokens / (batch * context)))


def plan_schedule(
    token_points: Sequence[int],
    *,
    batch: int,
    context: int,
    warmup_share: float,
    cooldown_share: float,
    evaluations: int,
) -> Schedule:
    """The legs of a run with a branch at each of ``token_points`` and ``evaluations`` looks at the trunk between.

    The cooldown takes ``cooldown_share`` of a branch's steps, the warm-up ``warmup_share`` of the longest branch's.
    """
    ends = {tokens: steps_of(tokens, batch, context) for tokens in token_points}
    starts = {tokens: min(end - 1, round(end * (1 - cooldown_share))) for tokens, end in ends.items()}
    last = max(starts.values())
    looks = {round(last * k / (evaluations + 1)) for k in range(1, evaluations + 1)} - {0}
    stops = sorted(looks | set(starts.values()))
    legs: list[Leg] = []
    position = 0
    for stop in stops:
        legs.append(Leg(position, stop, None))
        legs += [Leg(stop, ends[tokens], tokens) for tokens in token_points if starts[tokens] == stop]
        position = stop
    warmup = round(max(ends.values()) * warmup_share)
    return Schedule(tuple(legs), warmup)
