"""The section on what pairing translations did."""

from __future__ import annotations

from collections.abc import Iterator

from codescale.comparison.organisation_result import ArmsAtScale, Family, OrganisationResult
from codescale.comparison.result import PairedDifference
from codescale.directions import sides
from codescale.report.pairing_claims import longest_runs
from codescale.report.quantities import count, interval, number, percent, signed
from codescale.report.sections.base import Cell, Grid, PageSection, Subject
from codescale.report.sections.scaling import parameter_cell

FAMILIES: dict[Family, str] = {
    "languages": "languages",
    "seen": "shown directions",
    "unseen": "zero-shot directions",
}
"""What a person reads for each family."""
_TONES = {"improved": "seen", "harmed": "not-seen", "cannot be told": "untold"}


def organisation_section(subject: Subject) -> PageSection | None:
    """Means by scale, every target at the longest runs, and exponents by arm; None without the plan."""
    result = subject.artifacts.organisation
    if result is None:
        return None
    each = tuple(_targets(subject, one) for one in longest_runs(result))
    scaling = (_exponents(subject, result),) if result.scaling else ()
    seeds = sorted({len(one.seeds) for one in result.scales})
    notes = tuple(f"Left out, since it did not end well: {run_id}." for run_id in result.left_out)
    return PageSection(
        "organisation",
        "What pairing translations does",
        f"The same mixture, the same tokens and the same {' or '.join(map(str, seeds))} seeds: translations as "
        f"documents of their own, or in one document with {subject.labels.get(result.pivot, result.pivot)} on one "
        "side. A loss of translation is that of the second half, given the first. Differences are paired minus "
        "shuffled, in nats per token of the validation split; below zero pairing is better.",
        tables=(_means(result), *each, *scaling),
        notes=notes,
    )


def _difference(one: PairedDifference) -> Cell:
    return Cell(signed(one.mean, 4), interval(one.low, one.high, 4))


def _means(result: OrganisationResult) -> Grid:
    rows = tuple(
        (
            Cell(f"{count(one.n_params)}, {count(one.n_tokens)}"),
            Cell(percent(one.paired_share, 0)),
            Cell(FAMILIES[family]),
            Cell(str(mean.targets)),
            Cell(number(mean.shuffled.mean, 4)),
            Cell(number(mean.paired.mean, 4)),
            _difference(mean.difference),
        )
        for one in result.scales
        for family, mean in one.families.items()
    )
    columns = ("N, D", "Programs paired", "Mean over", "Targets", "Shuffled", "Paired", "Difference")
    level = f"{100 * result.level:.0f} %"
    return Grid(f"Means over targets, with {level} intervals over seeds", columns, rows, frozenset({1, 3, 4, 5, 6}))


def _targets(subject: Subject, one: ArmsAtScale) -> Grid:
    rows = tuple(
        (
            _name(subject, name),
            Cell(FAMILIES[family]),
            Cell(number(each.shuffled.mean, 4)),
            Cell(number(each.paired.mean, 4)),
            _difference(each.difference),
            Cell(each.verdict, tone=_TONES[each.verdict]),
        )
        for family, targets in one.targets.items()
        for name, each in targets.items()
    )
    caption = (
        f"Every target at N = {count(one.n_params)}, D = {count(one.n_tokens)}; verdicts are corrected for the number "
        "of targets of their kind (Holm)"
    )
    return Grid(
        caption,
        ("Target", "Kind", "Shuffled", "Paired", "Difference", "Verdict"),
        rows,
        frozenset({2, 3, 4}),
        folded=True,
    )


def _name(subject: Subject, name: str) -> Cell:
    halves = sides(name)
    if halves is None:
        return subject.language(name)
    first, second = (subject.labels.get(half, half) for half in halves)
    return Cell(f"{first} → {second}")


def _exponents(subject: Subject, result: OrganisationResult) -> Grid:
    def rows() -> Iterator[tuple[Cell, ...]]:
        for arm, scaling in result.scaling.items():
            for name, fit in scaling.languages.items():
                yield _name(subject, name), Cell(arm), parameter_cell(fit, "alpha"), parameter_cell(fit, "beta")

    caption = "Scaling exponents of every target under this mixture, by arm; grey: the runs cannot tell this one"
    return Grid(caption, ("Target", "Arm", "alpha", "beta"), tuple(rows()), frozenset({2, 3}), folded=True)
