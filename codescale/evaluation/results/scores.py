"""From what one model did, program by program, to its measures with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from codescale.artifact import Interval
from codescale.evaluation.metrics.intervals import mean_interval, share_interval
from codescale.evaluation.metrics.pass_at_k import pass_at_k
from codescale.evaluation.results.result import DirectionScores, LanguageScores, Measure, TranslationMeasure
from codescale.evaluation.scoring.part import DirectionScore, LanguagePart, ProblemScore, ProgramScore

LanguageValues = dict[Measure, dict[str, float]]
DirectionValues = dict[TranslationMeasure, dict[str, float]]


def language_values(part: LanguagePart, k: int) -> LanguageValues:
    """Each measure's value of each program, by its name; pass@k at ``k``."""
    found: LanguageValues = {
        "bits_per_byte": {name: _bits(one) for name, one in part.programs.items()},
        "preferred": {name: one.preferred for name, one in part.programs.items() if one.preferred is not None},
    }
    run = {name: one for name, one in part.programs.items() if one.correct is not None and one.compiled is not None}
    if run:
        found["pass"] = {name: pass_at_k(one.samples, one.correct or 0, k) for name, one in run.items()}
        found["compiled"] = {name: (one.compiled or 0) / one.samples for name, one in run.items()}
    return {measure: values for measure, values in found.items() if values}


def _bits(one: ProgramScore) -> float:
    return one.reference_nats / math.log(2) / one.reference_bytes


def direction_values(direction: DirectionScore) -> DirectionValues:
    """Each measure's value of each program, by its name."""
    by_measure: dict[TranslationMeasure, dict[str, bool | None]] = {
        "exact": {name: one.exact for name, one in direction.programs.items()},
        "compiled": {name: one.compiled for name, one in direction.programs.items()},
        "correct": {name: one.correct for name, one in direction.programs.items()},
    }
    return {
        measure: {name: float(value) for name, value in values.items() if value is not None}
        for measure, values in by_measure.items()
        if any(value is not None for value in values.values())
    }


def language_scores(part: LanguagePart, k: Sequence[int]) -> LanguageScores:
    """The measures of one model in one language."""
    values = language_values(part, k[0])
    passed = {str(one): _share(language_values(part, one)["pass"]) for one in k} if "pass" in values else {}
    return LanguageScores(
        passed=passed,
        compiled=_share(values["compiled"]) if "compiled" in values else None,
        preferred=_share(values["preferred"]) if "preferred" in values else None,
        bits_per_byte=mean_interval(list(values["bits_per_byte"].values())),
        problems={name: _problems(found, k) for name, found in part.problems.items()},
    )


def _problems(found: Mapping[str, ProblemScore], k: Sequence[int]) -> dict[str, Interval]:
    return {
        str(one): share_interval([pass_at_k(score.samples, score.correct, one) for score in found.values()])
        for one in k
    }


def direction_scores(direction: DirectionScore, seen: bool) -> DirectionScores:
    """The measures of one model in one direction."""
    values = direction_values(direction)
    return DirectionScores(
        seen=seen,
        bleu=direction.bleu,
        exact=_share(values["exact"]),
        compiled=_share(values["compiled"]) if "compiled" in values else None,
        correct=_share(values["correct"]) if "correct" in values else None,
    )


def _share(values: Mapping[str, float]) -> Interval:
    return share_interval(list(values.values()))
