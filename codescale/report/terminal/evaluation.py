"""What models write and translate, for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.artifact import Interval
from codescale.evaluation.results.result import Contrast, EvaluationResult, Judged, LanguageScores, ModelScores
from codescale.report.quantities import DASH, interval, number, percent, probability, signed
from codescale.terminal import plain

MEASURES = {
    "pass": "pass@{k}",
    "compiled": "samples that compile",
    "preferred": "references preferred to mutants",
    "bits_per_byte": "bits per byte of references",
}
"""What a person reads for a measure of a language."""
TRANSLATED = {"correct": "right translations", "compiled": "translations that compile", "exact": "exact translations"}
"""What a person reads for a measure of a direction."""


def share(value: Interval | None) -> str:
    """A share with its interval, in per cent."""
    if value is None:
        return DASH
    return f"{percent(value.value)} {share_bounds(value)}".rstrip()


def share_bounds(value: Interval) -> str:
    """A share's interval alone, in per cent; empty where it has none."""
    return "" if value.low is None or value.high is None else f"[{percent(value.low)}, {percent(value.high)}]"


def by_role(result: EvaluationResult) -> dict[str, list[ModelScores]]:
    """The models by what they were trained on."""
    roles: dict[str, list[ModelScores]] = {}
    for one in result.models.values():
        roles.setdefault(one.role, []).append(one)
    return roles


def mean_over_models(found: Sequence[Interval | None]) -> float | None:
    """The mean of a measure over a role's models; None where nothing told it."""
    values = [one.value for one in found if one is not None]
    return sum(values) / len(values) if values else None


def means_over_models(models: Sequence[ModelScores], language: str, k: int) -> dict[str, float | None]:
    """Each measure's mean over a role's models in one language."""
    found: list[LanguageScores] = [one.languages[language] for one in models]
    return {
        "pass": mean_over_models([one.passed.get(str(k)) for one in found]),
        "compiled": mean_over_models([one.compiled for one in found]),
        "preferred": mean_over_models([one.preferred for one in found]),
        "bits_per_byte": mean_over_models([one.bits_per_byte for one in found]),
    }


def count_words(judged: Mapping[str, Judged]) -> str:
    """How many are improved, how many harmed, and of how many nothing can be told."""
    counts = Counter(one.verdict for one in judged.values())
    return f"{counts['improved']} improved, {counts['harmed']} harmed, {counts['cannot be told']} cannot be told"


def evaluation_tables(result: EvaluationResult, labels: Mapping[str, str]) -> RenderableType:
    """The measures of each role, what differs, and what was left out."""
    tables: list[RenderableType] = [_measures(result, labels)]
    tables += [_contrast(result, one, labels) for one in result.contrasts]
    lines = [f"Not run: {line}" for line in result.missing.values()]
    lines += [line for one in result.contrasts for line in translation_lines(one)]
    return Group(*tables, *(plain(line) for line in lines))


def translation_lines(contrast: Contrast) -> list[str]:
    """Of each measure of translations how many directions differ."""
    return [
        f"{contrast.role} against {contrast.reference}, {TRANSLATED[measure]}: {count_words(found)} "
        f"of {len(found)} directions."
        for measure, found in contrast.directions.items()
    ]


def _measures(result: EvaluationResult, labels: Mapping[str, str]) -> Table:
    k = result.k[0]
    title = f"{result.programs} held-out programs, {result.samples} samples each (means over a role's models)"
    table = Table(title=title, title_justify="left")
    table.add_column("language", no_wrap=True)
    table.add_column("trained on", no_wrap=True)
    for column in (f"pass@{k}", "compile", "preferred", "bits/byte"):
        table.add_column(column, justify="right", no_wrap=True)
    roles = by_role(result)
    for language in next(iter(result.models.values())).languages:
        for number_of_role, (role, models) in enumerate(roles.items()):
            means = means_over_models(models, language, k)
            name = plain(labels.get(language, language)) if number_of_role == 0 else ""
            shares = (percent(means[measure]) for measure in ("pass", "compiled", "preferred"))
            table.add_row(name, plain(role), *shares, number(means["bits_per_byte"]))
    return table


def _contrast(result: EvaluationResult, contrast: Contrast, labels: Mapping[str, str]) -> RenderableType:
    pair = f"{contrast.role} against {contrast.reference}"
    tables = []
    for measure, found in contrast.languages.items():
        bits = measure == "bits_per_byte"
        margin = f"{result.margin_bits:g} bits" if bits else percent(result.margin)
        title = f"{MEASURES[measure].format(k=result.k[0])}, beyond {margin}"
        table = Table(title=plain(title), title_justify="left")
        table.add_column("language", no_wrap=True)
        for column in ("difference", f"{100 * result.level:.0f} % interval", "p (Holm)"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for language, one in found.items():
            table.add_row(
                plain(labels.get(language, language)),
                signed(one.value),
                interval(one.low, one.high),
                probability(min(one.improved, one.harmed)),
                one.verdict,
            )
        tables.append(table)
    return Group(plain(pair), *tables)
