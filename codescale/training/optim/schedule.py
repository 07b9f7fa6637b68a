"""How the learning rate goes over a run, and when the model is evaluated.

``stable``: one trunk at a constant learning rate, with a short cooldown branched off at each D: a whole D curve from
one run (Hu et al. 2024, MiniCPM, "warmup-stable-decay"; Hägele et al. 2024, arXiv 2405.18392, who show that cooldown
branches give the losses of separately tuned runs). ``cosine``: half a cosine from the peak to a tenth of it over the
whole run (Hoffmann et al. 2022, arXiv 2203.15556), so that every D is a branch of its own from the first step.

A run is a sequence of segments, each ending in an evaluation; the sequence is a pure function of the plan, so a
resumed run takes the same segments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from codescale.study.training import TrainingSection

ScheduleKind = Literal["stable", "cosine"]

COSINE_END = 0.1
"""Of the peak: where a cosine ends."""

CURVE_SHARE = 8
"""An evaluation of the trunk reads one token in this many of those that a final evaluation reads."""


@dataclass(frozen=True)
class Segment:
    """Training steps ``start`` to ``stop``, on the trunk (``branch`` None) or on the branch of D = ``branch`` tokens.

    A branch begins at step ``branch_start`` from the trunk's state, which the next trunk segment goes on from, and ends
    at step ``end``, after as many segments as it has evaluations. A segment may be empty.
    """

    start: int
    stop: int
    branch: int | None
    branch_start: int = 0
    end: int = 0

    @property
    def final(self) -> bool:
        """Whether the segment ends a branch: its loss is that of a finished run of D."""
        return self.branch is not None and self.stop == self.end


@dataclass(frozen=True)
class LearningRateSchedule:
    """When to evaluate, when to cool down and how fast to learn; all counts in steps."""

    segments: tuple[Segment, ...]
    warmup: int
    kind: ScheduleKind = "stable"

    @property
    def steps(self) -> int:
        """The last step of the longest branch."""
        return max(segment.stop for segment in self.segments)

    @property
    def steps_trained(self) -> int:
        """Steps of all segments together: what the run costs."""
        return sum(segment.stop - segment.start for segment in self.segments)

    def relative_rate(self, step: int, segment: Segment) -> float:
        """The learning rate of ``step`` (counted from 0) of ``segment``, relative to its peak: warm-up, then constant
        and, on a branch, linear to 0; or half a cosine.
        """
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        if segment.branch is None:
            return warm
        if self.kind == "cosine":
            done = max(0.0, (step + 1 - self.warmup) / max(1, segment.end - self.warmup))
            return warm * (COSINE_END + (1 - COSINE_END) * 0.5 * (1 + math.cos(math.pi * done)))
        return warm * (segment.end - step) / (segment.end - segment.branch_start + 1)


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
    kind: ScheduleKind = "stable",
) -> LearningRateSchedule:
    """The schedule of a run that ends at several D.

    Parameters
    ----------
    token_points
        The D that it ends at, in tokens.
    batch, context
        Sequences of a batch, and tokens of a sequence.
    warmup_share
        The warm-up's part of the longest branch's steps.
    cooldown_share
        The cooldown's part of a branch's steps (a cosine: all of them).
    evaluations
        How many evaluations there are between.
    kind
        ``stable`` or ``cosine``.
    """
    ends = {tokens: steps_of(tokens, batch, context) for tokens in token_points}
    longest = max(ends.values())
    warmup = round(longest * warmup_share)
    if kind == "cosine":
        return LearningRateSchedule(tuple(_cosine_segments(ends, evaluations)), warmup, kind)
    return LearningRateSchedule(tuple(_stable_segments(ends, cooldown_share, evaluations)), warmup, kind)


def _stable_segments(ends: dict[int, int], cooldown_share: float, evaluations: int) -> list[Segment]:
    starts = {tokens: min(end - 1, round(end * (1 - cooldown_share))) for tokens, end in ends.items()}
    stops = sorted(_evaluation_steps(max(starts.values()), evaluations) | set(starts.values()))
    segments: list[Segment] = []
    position = 0
    for stop in stops:
        segments.append(Segment(position, stop, None))
        segments += [
            Segment(stop, ends[tokens], tokens, stop, ends[tokens]) for tokens in ends if starts[tokens] == stop
        ]
        position = stop
    return segments


def _cosine_segments(ends: dict[int, int], evaluations: int) -> list[Segment]:
    """The evaluations between are those of the longest D: the shorter ones are other runs, whose end is what counts."""
    longest = max(ends, key=lambda tokens: ends[tokens])
    segments: list[Segment] = []
    for tokens, end in sorted(ends.items(), key=lambda entry: entry[1]):
        stops = sorted((_evaluation_steps(end, evaluations) if tokens == longest else set()) | {end})
        segments += [Segment(start, stop, tokens, 0, end) for start, stop in zip([0, *stops[:-1]], stops, strict=True)]
    return segments


def _evaluation_steps(last: int, evaluations: int) -> set[int]:
    return {round(last * k / (evaluations + 1)) for k in range(1, evaluations + 1)} - {0}


def schedule_of(training: TrainingSection, token_points: Sequence[int]) -> LearningRateSchedule:
    """The schedule of a run that is trained as ``training`` says."""
    return plan_schedule(
        token_points,
        batch=training.batch,
        context=training.context,
        warmup_share=training.warmup_share,
        cooldown_share=training.cooldown_share,
        evaluations=training.evaluations,
        kind=training.schedule,
    )


def evaluated_pairs(pairs: int, segment: Segment) -> int:
    """Pairs of each direction of translation that the evaluation at the end of ``segment`` reads, where a final one
    reads ``pairs``.
    """
    return pairs if segment.final else max(1, pairs // CURVE_SHARE)


def evaluated_tokens(training: TrainingSection, segment: Segment) -> int:
    """Tokens of each language that the evaluation at the end of ``segment`` reads."""
    return training.evaluation_tokens // (1 if segment.final else CURVE_SHARE)
