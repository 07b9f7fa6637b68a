"""The measured best mixture against every baseline, and what it does to each language, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from codescale.comparison.result import BaselineVerdict, Harm, HarmWord
from codescale.mixtures.no_harm import NoHarmRule
from codescale.report.quantities import interval, number, probability, signed
from codescale.terminal import plain

BEATS = {True: "beats it", False: "is worse", None: "not told"}
"""What is said of the measured best against a baseline."""
HARM: dict[HarmWord, str] = {
    "harmed": "harmed",
    "not harmed within the margin": "not harmed",
    "cannot be told": "not told",
}
"""The verdict on a language in a narrow column; the title has the margin."""


def baselines_table(verdicts: Mapping[str, BaselineVerdict], yardstick: str) -> Table:
    """A row a baseline; p is adjusted for their number, of the direction that the difference has."""
    table = Table(title="Measured best minus each baseline, test split, nats per token", title_justify="left")
    table.add_column("baseline", no_wrap=True)
    for column in ("difference", "90 % interval", "p (Holm)", "it"):
        table.add_column(column, justify="right", no_wrap=True)
    for word, one in verdicts.items():
        difference = one.difference.objective
        name = f"{word} (yardstick)" if word == yardstick else word
        said = BEATS[one.beats]
        table.add_row(
            plain(name),
            signed(difference.mean, 4),
            interval(difference.low, difference.high, 4),
            probability(min(one.better, one.worse)),
            said,
        )
    return table


def harm_table(harm: Harm, labels: Mapping[str, str]) -> Table:
    """A row a language, by a rule that somebody set."""
    rule = NoHarmRule(harm.reference, harm.margin, harm.relative)
    table = Table(
        title=plain(f"Harm against {harm.reference} beyond {rule.spoken}, nats per token"), title_justify="left"
    )
    table.add_column("language", no_wrap=True)
    for column in ("difference", "90 % interval", "margin", "p (Holm)"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("it is", justify="right")
    for name, one in harm.languages.items():
        table.add_row(
            plain(labels.get(name, name)),
            signed(one.difference.mean, 4),
            interval(one.difference.low, one.difference.high, 4),
            number(one.margin, 4),
            probability(min(one.harmed, one.not_harmed)),
            HARM[one.verdict],
        )
    return table
