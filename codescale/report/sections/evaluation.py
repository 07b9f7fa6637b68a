"""The section on what models write and translate: measures, differences, and the matrix of directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codescale.artifact import Interval
from codescale.directions import ARROW, direction
from codescale.evaluation.results.result import Contrast, DirectionScores, EvaluationResult, Judged, ModelScores
from codescale.report.quantities import DASH, interval, number, percent, probability, signed
from codescale.report.sections.base import Cell, Grid, PageSection, Subject
from codescale.report.terminal.evaluation import (
    MEASURES,
    TRANSLATED,
    by_role,
    mean_over_models,
    means_over_models,
    share_bounds,
    translation_lines,
)

_TONES = {"improved": "seen", "harmed": "not-seen", "cannot be told": "untold"}


def evaluation_section(subject: Subject) -> PageSection | None:
    """Tables of all measures; None where nothing was evaluated."""
    found = subject.artifacts.evaluation
    if found is None:
        return None
    roles = by_role(found)
    tables = [_measures(subject, found)]
    tables += [_judged(subject, found, one) for one in found.contrasts]
    if any(one.directions for one in found.models.values()):
        tables += [_matrix(subject, role, models) for role, models in roles.items()]
        tables.append(_seen(roles))
        tables += [_judged_directions(one, TRANSLATED) for one in found.contrasts if one.directions]
    return PageSection(
        "evaluation",
        "What the models write and translate",
        f"{found.programs} programs that no model was trained on, {found.samples} samples each at temperature "
        f"{found.temperature:g}, and each translated once between languages. Improved and harmed mean a difference "
        f"beyond {percent(found.margin)} of programs, or {found.margin_bits:g} bits per byte, with a chance of at most "
        "5 % that any of them is wrong (Holm); intervals are over programs and seeds, each by itself at "
        f"{100 * found.level:.0f} %.",
        tables=tuple(tables),
        notes=_notes(found),
    )


def _measures(subject: Subject, found: EvaluationResult) -> Grid:
    k = found.k[0]
    rows = []
    for language in next(iter(found.models.values())).languages:
        for role, models in by_role(found).items():
            means = means_over_models(models, language, k)
            rows.append(
                (
                    subject.language(language),
                    Cell(role, f"{len(models)} models" if len(models) > 1 else ""),
                    *(
                        Cell(percent(means[measure]), _bounds(models, language, measure, k))
                        for measure in ("pass", "compiled", "preferred")
                    ),
                    Cell(number(means["bits_per_byte"]), _bounds(models, language, "bits_per_byte", k)),
                )
            )
    columns = ("Language", "Trained on", *(words.format(k=k).capitalize() for words in MEASURES.values()))
    return Grid(
        "Each model's intervals over programs are in evaluation.json; with one model they stand below the value",
        columns,
        tuple(rows),
        frozenset(range(2, 6)),
    )


def _bounds(models: Sequence[ModelScores], language: str, measure: str, k: int) -> str:
    """The interval of a role that has one model."""
    if len(models) > 1:
        return ""
    scores = models[0].languages[language]
    found = {
        "pass": scores.passed.get(str(k)),
        "compiled": scores.compiled,
        "preferred": scores.preferred,
        "bits_per_byte": scores.bits_per_byte,
    }[measure]
    if found is None:
        return ""
    return interval(found.low, found.high) if measure == "bits_per_byte" else share_bounds(found)


def _judged(subject: Subject, found: EvaluationResult, contrast: Contrast) -> Grid:
    rows = [
        (Cell(MEASURES[measure].format(k=found.k[0])), subject.language(language), *_said(one))
        for measure, judged in contrast.languages.items()
        for language, one in judged.items()
    ]
    return _differences(contrast, "language", rows)


def _differences(contrast: Contrast, by: str, rows: Sequence[tuple[Cell, ...]], folded: bool = False) -> Grid:
    return Grid(
        f"{contrast.role} minus {contrast.reference}, by {by}",
        ("Measure", by.capitalize(), "Difference", "p, adjusted", "Verdict"),
        tuple(rows),
        frozenset({2, 3}),
        folded=folded,
    )


def _said(one: Judged) -> tuple[Cell, ...]:
    return (
        Cell(signed(one.value, 4), interval(one.low, one.high, 4)),
        Cell(probability(min(one.improved, one.harmed))),
        Cell(one.verdict, tone=_TONES[one.verdict]),
    )


def _matrix(subject: Subject, role: str, models: Sequence[ModelScores]) -> Grid:
    """Right translations, with BLEU in small print: from the row's language to the column's."""
    languages = list(models[0].languages)

    def cell(source: str, target: str) -> Cell:
        found = [one.directions[name] for one in models if (name := direction(source, target)) in one.directions]
        if not found:
            return Cell(DASH, tone="quiet")
        bleu = sum(one.bleu for one in found) / len(found)
        return Cell(percent(mean_over_models([one.correct for one in found])), f"BLEU {number(bleu, 1)}")

    return Grid(
        f"{role}: right translations from the row's language to the column's, and BLEU",
        ("From", *(subject.labels.get(name, name) for name in languages)),
        tuple((subject.language(source), *(cell(source, target) for target in languages)) for source in languages),
        frozenset(range(1, len(languages) + 1)),
        folded=True,
    )


_DIRECTION_MEASURES: dict[str, Callable[[DirectionScores], Interval | None]] = {
    "correct": lambda one: one.correct,
    "compiled": lambda one: one.compiled,
    "exact": lambda one: one.exact,
}


def _seen(roles: dict[str, list[ModelScores]]) -> Grid:
    """Means over the directions with the pivot, which pairs may have shown, and over the others."""
    rows = []
    for role, models in roles.items():
        for seen, words in ((True, "with the pivot"), (False, "without it")):
            found = [one for model in models for one in model.directions.values() if one.seen == seen]
            if found:
                shares = [percent(mean_over_models([of(one) for one in found])) for of in _DIRECTION_MEASURES.values()]
                bleu = number(sum(one.bleu for one in found) / len(found), 1)
                rows.append((Cell(role), Cell(words, f"{len(found)} of all models"), *map(Cell, shares), Cell(bleu)))
    return Grid(
        "Translation, seen and unseen directions apart",
        ("Trained on", "Directions", "Right", "Compile", "Exact", "BLEU"),
        tuple(rows),
        frozenset(range(2, 6)),
    )


def _judged_directions(contrast: Contrast, words: dict[str, str]) -> Grid:
    rows = [
        (Cell(words[measure]), Cell(name.replace(ARROW, " → ")), *_said(one))
        for measure, judged in contrast.directions.items()
        for name, one in judged.items()
    ]
    return _differences(contrast, "direction", rows, folded=True)


def _notes(found: EvaluationResult) -> tuple[str, ...]:
    notes = [f"Not run, and no model's failure: {line}." for line in found.missing.values()]
    notes += [line for one in found.contrasts for line in translation_lines(one)]
    if found.signature:
        notes.append(
            f"BLEU is sacrebleu's ({found.signature}). Its tokenizer is made for English and sees neither indentation "
            "nor line ends: execution says more."
        )
    versions = ", ".join(f"{name} {version}" for name, version in found.toolchains.items())
    notes.append(f"Isolation: {found.sandbox}. Toolchains: {versions or 'none'}.")
    return tuple(notes)
