"""The section on what the proof was expected to tell, before it was paid."""

from __future__ import annotations

from codescale.comparison.power.expectation import in_words
from codescale.comparison.power.result import BaselinePower, PowerResult, QuestionPower
from codescale.report.quantities import DASH, interval, number, signed
from codescale.report.sections.base import Cell, Grid, PageSection, Subject
from codescale.report.terminal.power import by_mixture, noise_line, seeds_needed


def power_section(subject: Subject) -> PageSection | None:
    """A table for each question; None where nothing was foretold, as without a law."""
    found = subject.artifacts.power
    if found is None or all(question.mixture is None for question in found.questions):
        return None
    return PageSection(
        "power",
        "What the proof was expected to tell",
        f"Before the search, with {found.seeds} seeds of each mixture: the gain that the law expected over each "
        "baseline, nats per token; the gain that these seeds resolve; the chance that the proof tells the difference; "
        "and the fewest seeds that would resolve the expected gain.",
        tables=tuple(_question(one) for one in found.questions),
        notes=_notes(found),
    )


def _question(question: QuestionPower) -> Grid:
    asked = "the question that is searched" if question.searched else "asked of the law alone"
    return Grid(
        f"{question.name} ({asked})",
        ("Baseline", "Expected gain", "Resolvable", "Chance", "Seeds needed"),
        tuple(_row(words, one, question.resolves) for words, one in by_mixture(question).items()),
        frozenset({1, 2, 3, 4}),
    )


def _row(words: str, one: BaselinePower, resolves: float) -> tuple[Cell, ...]:
    if one.gain is None or one.chance is None:
        return (Cell(words), Cell(DASH), Cell(number(resolves, 4)), Cell(DASH), Cell(DASH))
    return (
        Cell(words),
        Cell(signed(one.gain.value, 4), interval(one.gain.low, one.gain.high, 4)),
        Cell(number(resolves, 4)),
        Cell(in_words(one.chance)),
        Cell(seeds_needed(one)),
    )


def _notes(found: PowerResult) -> tuple[str, ...]:
    said = (found.missing, found.advice, found.caution, noise_line(found.noise))
    return tuple(line for line in said if line)
