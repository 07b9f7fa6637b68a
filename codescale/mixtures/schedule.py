"""A schedule: a mixture that changes while a model trains, phase by phase.

A mixture is a schedule of one phase, so whatever takes a schedule takes a mixture. Its mean over the run's tokens is
what the run has of each language in all, and stands for it wherever only that counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codescale.mixtures.mixture import SUM_TOLERANCE, Mixture

_SAME = 1e-9
"""A last ``until`` so near to 1 is 1."""


class ScheduleError(ValueError):
    """Phases that do not rise, whose last does not end with the run, or that are shorter than a step."""


@dataclass(frozen=True)
class Phase:
    """A part of a run: ``until`` that share of its tokens, ``mixture``."""

    until: float
    mixture: Mixture


class Schedule(Sequence[Phase]):
    """Phases in order, of which the last ends at 1. Immutable; phases beside each other that are alike are one.

    Raises :class:`ScheduleError` where ``until`` does not rise from above 0 to 1, or there is no phase.

    >>> early, late = Mixture({"python": 0.9, "rust": 0.1}), Mixture({"python": 0.4, "rust": 0.6})
    >>> Schedule([Phase(0.8, early), Phase(1.0, late)]).mean["python"]
    0.8
    """

    __slots__ = ("_phases",)

    def __init__(self, phases: Iterable[Phase]) -> None:
        given = list(phases)
        if not given:
            raise ScheduleError("there is no phase")
        before = 0.0
        for number, phase in enumerate(given, start=1):
            if not math.isfinite(phase.until) or phase.until <= before:
                raise ScheduleError(f"phase {number} ends at {phase.until:g}, the one before it at {before:g}")
            before = phase.until
        if abs(before - 1.0) > _SAME:
            raise ScheduleError(f"the last phase ends at {before:g}, and the run's tokens at 1")
        merged: list[Phase] = []
        for phase in given:
            if merged and merged[-1].mixture == phase.mixture:
                merged.pop()
            merged.append(phase)
        self._phases = (*merged[:-1], Phase(1.0, merged[-1].mixture))

    @classmethod
    def of(cls, one: Mixture | Schedule) -> Schedule:
        """``one``, a mixture as a schedule of one phase."""
        return one if isinstance(one, Schedule) else cls([Phase(1.0, one)])

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._phases[index]

    def __len__(self) -> int:
        return len(self._phases)

    def __iter__(self) -> Iterator[Phase]:
        return iter(self._phases)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self._phases == other._phases

    def __hash__(self) -> int:
        return hash(self._phases)

    def __repr__(self) -> str:
        return f"Schedule({', '.join(f'until {phase.until:.4g}: {phase.mixture!r}' for phase in self)})"

    @property
    def static(self) -> bool:
        """Whether the mixture never changes."""
        return len(self) == 1

    @property
    def languages(self) -> tuple[str, ...]:
        """All that a phase names, in order."""
        return tuple(dict.fromkeys(language for phase in self for language in phase.mixture))

    @property
    def support(self) -> tuple[str, ...]:
        """The languages that a phase has a share of, in order."""
        return tuple(dict.fromkeys(language for phase in self for language in phase.mixture.support))

    @property
    def mean(self) -> Mixture:
        """The share of each language over the whole run."""
        if self.static:
            return self[0].mixture
        parts = self.parts
        return Mixture(
            {
                language: math.fsum(
                    part * phase.mixture.get(language, 0.0) for part, phase in zip(parts, self, strict=True)
                )
                for language in self.languages
            }
        )

    def has_mean(self, mixture: Mixture) -> bool:
        """Whether ``mixture`` is the mean, as near as shares that somebody wrote are to 1 in sum."""
        mean = self.mean
        return all(
            abs(mean.get(name, 0.0) - mixture.get(name, 0.0)) <= SUM_TOLERANCE for name in {*self.languages, *mixture}
        )

    @property
    def parts(self) -> tuple[float, ...]:
        """The share of the run's tokens that each phase has; they sum to 1."""
        begins = (0.0, *(phase.until for phase in self))
        return tuple(phase.until - begin for begin, phase in zip(begins, self, strict=False))

    def ends(self, steps: int) -> tuple[int, ...]:
        """The step at which each phase of a run of ``steps`` ends, the nearest whole one.

        Raises :class:`ScheduleError` for a phase that is shorter than a step.
        """
        ends = tuple(round(phase.until * steps) for phase in self)
        for number, (begin, end) in enumerate(zip((0, *ends), ends, strict=False), start=1):
            if end <= begin:
                raise ScheduleError(f"phase {number} is shorter than one of the run's {steps:,} steps")
        return ends
