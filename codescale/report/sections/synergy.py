"""The sections on synergy gains and on the paper's claims."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.laws.results import Synergy
from codescale.report.claims import CONTRADICTED, SUPPORTED, paper_claims
from codescale.report.figures.synergy import synergy_picture
from codescale.report.pairing_claims import pairing_claims
from codescale.report.quantities import DASH, count, number, signed_percent
from codescale.report.sections.base import Cell, Grid, PageSection, Subject


def synergy_section(subject: Subject) -> PageSection:
    """The matrix, and the losses of every language alone that it must be read beside."""
    title, synergy = "Which languages help each other", subject.artifacts.synergy
    if synergy is None:
        return PageSection("synergy", title, missing="fit")
    scale = f"N = {count(synergy.n_params)} parameters, D = {count(synergy.n_tokens)} tokens"
    rows = tuple(
        (subject.language(language), Cell(number(alone.half)), Cell(number(alone.twice)), Cell(number(alone.fresh)))
        for language, alone in synergy.alone.items()
    )
    table = Grid(
        f"Each language alone (validation loss, {synergy.loss_unit}): half the tokens, those twice, and as many fresh "
        "ones",
        ("Language", "D/2 once", "D/2 twice", "D fresh"),
        rows,
        frozenset({1, 2, 3}),
        folded=True,
    )
    return PageSection(
        "synergy",
        title,
        "The gain of one language on another compares two runs of the same length: one sees its own tokens twice, the "
        f"other sees them once and the helper's for the rest ({scale}). It therefore also holds what repetition is "
        "worth, which the folded table shows.",
        (synergy_picture(synergy, subject.labels),) if synergy.gain else (),
        (table,) if rows else (),
        _synergy_notes(synergy, subject.labels),
    )


def _synergy_notes(synergy: Synergy, labels: Mapping[str, str]) -> tuple[str, ...]:
    gains = [
        (gain.value, source, target)
        for target, row in synergy.gain.items()
        for source, gain in row.items()
        if gain is not None and source != target
    ]
    if not gains:
        return (f"Nothing to show: {synergy.reason}.",) if synergy.reason else ()
    value, source, target = max(gains)
    name = labels.get(source, source)
    largest = f"Largest gain: {name} on {labels.get(target, target)}, {signed_percent(value)}."
    if synergy.degrees_of_freedom == 0:
        return largest, "No run was repeated with another seed: the noise is unknown, and no gain has an interval."
    return (largest,)


def claims_section(subject: Subject) -> PageSection:
    """The paper's claims and this study's verdicts."""
    title = "The paper's claims, at this scale"
    claims = paper_claims(subject.artifacts.scaling, subject.artifacts.synergy, subject.labels)
    claims += pairing_claims(subject.artifacts.organisation)
    if not claims:
        return PageSection("claims", title, missing="fit")
    tones = {SUPPORTED: "seen", CONTRADICTED: "not-seen"}
    rows = tuple(
        (
            Cell(claim.statement, claim.measure),
            Cell(claim.figure),
            Cell(claim.interval or DASH),
            Cell(claim.verdict, tone=tones.get(claim.verdict, "untold")),
        )
        for claim in claims
    )
    missing = "" if subject.artifacts.scaling and subject.artifacts.synergy else "fit"
    return PageSection(
        "claims",
        title,
        "What Yang et al. (2025, arXiv 2512.13472) report for models of 0.1 to 3.1 billion parameters, held against "
        "this study's own runs. A verdict is only given where the interval allows one.",
        tables=(Grid("", ("Claim", "Our figure", "Interval", "Verdict"), rows),),
        missing=missing,
    )
