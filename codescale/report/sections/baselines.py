"""The section on the baselines: the verdict against each, their shares, and whether any language is harmed."""

from __future__ import annotations

from codescale.artifact import Interval
from codescale.comparison.result import BaselineVerdict, Harm
from codescale.mixtures.no_harm import NoHarmRule
from codescale.report.quantities import DASH, interval, number, percent, probability, signed
from codescale.report.sections.base import Cell, Grid, PageSection, Subject
from codescale.report.terminal.baselines import BEATS
from codescale.report.worth import fewer, fewer_range

_TONES = {True: "seen", False: "not-seen", None: "untold"}
_HARM_TONES = {"harmed": "not-seen", "not harmed within the margin": "seen", "cannot be told": "untold"}


def baselines_section(subject: Subject) -> PageSection | None:
    """What a team would have taken without the study, against what was found; None where uniform alone was."""
    comparison = subject.artifacts.comparison
    if comparison is None or (len(comparison.baselines) < 2 and not (comparison.harm and comparison.harm.by_rule)):
        return None
    verdicts = comparison.baselines
    grids = [
        Grid(
            "Measured best minus each baseline",
            ("Baseline", "Difference", "p, adjusted", "Measured best", "Tokens for the same", "Forecast at the target"),
            tuple(_against(word, one, word == comparison.yardstick) for word, one in verdicts.items()),
            frozenset({1, 2, 4, 5}),
        ),
        Grid(
            "What each baseline is",
            ("Language", *verdicts),
            tuple(
                (
                    subject.language(name),
                    *(Cell(percent(comparison.mixtures[word].proportions.get(name, 0.0))) for word in verdicts),
                )
                for name in subject.languages
            ),
            frozenset(range(1, len(verdicts) + 1)),
            folded=True,
        ),
    ]
    if comparison.harm is not None and comparison.harm.by_rule:
        grids.insert(1, _harm(subject, comparison.harm))
    return PageSection(
        "baselines",
        "Against what a team would take without a study",
        "Differences of the objective on the test split, nats per token, paired by seed, with "
        f"{100 * comparison.level:.0f} % intervals each by itself. The verdict is corrected for the number of "
        "baselines (Holm), so it may leave open what an interval alone would tell.",
        tables=tuple(grids),
    )


def _against(word: str, one: BaselineVerdict, yardstick: bool) -> tuple[Cell, ...]:
    difference = one.difference.objective
    return (
        Cell(word, "the yardstick" if yardstick else ""),
        Cell(signed(difference.mean, 4), interval(difference.low, difference.high, 4)),
        Cell(probability(min(one.better, one.worse))),
        Cell(BEATS[one.beats], tone=_TONES[one.beats]),
        _tokens(one.worth.objective if one.worth else None),
        _tokens(one.worth.forecast if one.worth else None),
    )


def _tokens(worth: Interval | None) -> Cell:
    return Cell(fewer(worth), fewer_range(worth)) if worth else Cell(DASH)


def _harm(subject: Subject, harm: Harm) -> Grid:
    spoken = NoHarmRule(harm.reference, harm.margin, harm.relative).spoken
    return Grid(
        f"Loss of each language against {harm.reference}, by a margin of {spoken}, corrected for their number (Holm)",
        ("Language", "Difference", "Margin, nats", "p, adjusted", "Verdict"),
        tuple(
            (
                subject.language(name),
                Cell(signed(one.difference.mean, 4), interval(one.difference.low, one.difference.high, 4)),
                Cell(number(one.margin, 4)),
                Cell(probability(min(one.harmed, one.not_harmed))),
                Cell(one.verdict, tone=_HARM_TONES[one.verdict]),
            )
            for name, one in harm.languages.items()
        ),
        frozenset({1, 2, 3}),
    )
