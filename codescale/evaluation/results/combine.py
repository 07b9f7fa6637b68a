"""All models' parts in, ``evaluation.json`` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from codescale.comparison.statistics import LEVEL
from codescale.directions import direction, seen_in_training
from codescale.evaluation.results.contrasts import ByProgram, Difference, difference, judged
from codescale.evaluation.results.result import (
    Contrast,
    EvaluationResult,
    Judged,
    Measure,
    ModelScores,
    TranslationMeasure,
)
from codescale.evaluation.results.scores import (
    direction_scores,
    direction_values,
    language_scores,
    language_values,
)
from codescale.evaluation.scoring.part import LanguagePart
from codescale.evaluation.scoring.task import EvaluationTask


@dataclass(frozen=True)
class EvaluatedModel:
    """A model to evaluate: its ``name`` in files, the ``role`` and ``seed`` that it is compared by, and its folder or
    checkpoint.
    """

    name: str
    role: str
    seed: int | None
    path: Path


Parts = Mapping[str, LanguagePart]
"""One model's, by language."""


def combined(
    task: EvaluationTask,
    models: Sequence[EvaluatedModel],
    parts: Mapping[str, Parts],
    contrasts: Sequence[tuple[str, str]],
) -> EvaluationResult:
    """The result of ``models``, whose ``parts`` are by name; ``contrasts`` are pairs of a role and its reference."""
    section = task.section
    signatures = [
        one.signature for found in parts.values() for part in found.values() for one in part.translations.values()
    ]
    return EvaluationResult(
        level=LEVEL,
        margin=section.margin,
        margin_bits=section.margin_bits,
        samples=section.samples,
        k=tuple(sorted(section.k)),
        temperature=section.temperature,
        top_p=section.top_p,
        new_tokens=section.new_tokens,
        seed=task.seed,
        programs=len(task.programs),
        pivot=task.pivot,
        sandbox=task.sandbox.description,
        toolchains=task.toolchains.versions(),
        missing=dict(task.toolchains.missing),
        signature=signatures[0] if signatures else "",
        models={one.name: _model(task, one, parts[one.name]) for one in models},
        contrasts=tuple(_contrast(task, models, parts, *pair) for pair in contrasts),
    )


def _model(task: EvaluationTask, model: EvaluatedModel, parts: Parts) -> ModelScores:
    k = sorted(task.section.k)
    return ModelScores(
        role=model.role,
        seed=model.seed,
        model=str(model.path),
        languages={name: language_scores(part, k) for name, part in parts.items()},
        directions={
            (name := direction(source, target)): direction_scores(found, seen_in_training(name, task.pivot))
            for target, part in parts.items()
            for source, found in part.translations.items()
        },
    )


def _contrast(
    task: EvaluationTask, models: Sequence[EvaluatedModel], parts: Mapping[str, Parts], role: str, reference: str
) -> Contrast:
    ours = {one.seed: parts[one.name] for one in models if one.role == role}
    theirs = {one.seed: parts[one.name] for one in models if one.role == reference}
    # Of models that were named, each alone, there are no seeds to pair by.
    pairs = (
        list(zip(ours.values(), theirs.values(), strict=False))
        if len(ours) == len(theirs) == 1
        else [(ours[seed], theirs[seed]) for seed in ours if seed in theirs]
    )
    k, section = min(task.section.k), task.section
    languages: dict[Measure, dict[str, Judged]] = {}
    for measure in get_args(Measure):
        by_language = {
            name: [[language_values(side[name], k).get(measure) for side in pair] for pair in pairs]
            for name in task.languages
        }
        bits = measure == "bits_per_byte"
        margin = section.margin_bits if bits else section.margin
        languages[measure] = judged(_differences(by_language), margin, lower_is_better=bits)
    directions: dict[TranslationMeasure, dict[str, Judged]] = {}
    for kind in get_args(TranslationMeasure):
        by_direction = {
            direction(source, target): [
                [direction_values(side[target].translations[source]).get(kind) for side in pair] for pair in pairs
            ]
            for target in task.languages
            for source in task.sources(target)
        }
        if found := _differences(by_direction):
            directions[kind] = judged(found, section.margin)
    return Contrast(role=role, reference=reference, languages=languages, directions=directions)


def _differences(sides: Mapping[str, Sequence[Sequence[ByProgram | None]]]) -> dict[str, Difference]:
    """By language or direction, what ours differs by from theirs, both by program, a pair a seed; those that both have
    under every seed.
    """
    found = {}
    for name, pairs in sides.items():
        ours, theirs = ([pair[side] for pair in pairs if pair[side]] for side in (0, 1))
        if len(ours) == len(theirs) == len(pairs):
            found[name] = difference([one or {} for one in ours], [one or {} for one in theirs])
    return found
