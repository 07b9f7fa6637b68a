"""The sections on the fitted law and on what it predicted of held-out runs."""

from __future__ import annotations

from codescale.laws.law import Law
from codescale.report.figures.base import Picture
from codescale.report.figures.law import HeldOutError, errors_picture, misses, proof_picture, runs_picture
from codescale.report.predictions import claims_on_hold_outs
from codescale.report.quantities import interval, number, percent
from codescale.report.sections.base import Cell, Grid, PageSection, Subject


def law_section(subject: Subject) -> PageSection:
    """Predicted against measured."""
    title = "Predicted against measured"
    law = subject.artifacts.law
    if law is None:
        return PageSection("law", title, missing="fit")
    pictures: list[Picture] = []
    notes: list[str] = []
    if subject.pairings:
        pictures.append(runs_picture(subject.pairings, law.loss_unit))
        for stage, words in (("mixture", "the sweep's mixtures"), ("trial", "the search's trials")):
            errors = [p.predicted - p.measured for p in subject.pairings if p.stage == stage]
            if errors:
                size = (sum(error * error for error in errors) / len(errors)) ** 0.5
                notes.append(
                    f"Over {words} ({len(errors)} points) the law's error is {number(size, 4)} {law.loss_unit} "
                    f"(root mean square), {number(sum(errors) / len(errors), 4)} on average."
                )
    elif subject.pairings is None:
        notes.append("The stored law could not be asked for predictions of the runs.")
    else:
        notes.append("There are no finished mixture runs yet to hold against the law.")
    comparison = subject.artifacts.comparison
    best = comparison.mixtures.get("predicted_best") if comparison else None
    found = misses(best, subject.languages, subject.labels, subject.styles) if best is not None else []
    if found:
        pictures.append(proof_picture(found))
    lead = "The law says what a mixture's loss will be before it is trained; here is how that turned out."
    return PageSection("law", title, lead, tuple(pictures), (), tuple(notes), "" if best is not None else "compare")


def held_out_section(subject: Subject) -> PageSection:
    """The candidates' errors beside the baselines', and what the law in use foretold of them."""
    title, law = "Which law predicts best", subject.artifacts.law
    if law is None:
        return PageSection("held-out", title, missing="fit")
    if not subject.errors:
        return PageSection("held-out", title, notes=("The law file holds no held-out errors.",))
    kinds = list(dict.fromkeys(kind for candidate in subject.errors for kind in candidate.splits))
    rows = tuple(
        (
            Cell(candidate.name, _role(candidate)),
            Cell(percent(candidate.error, 2)),
            *(Cell(percent(candidate.splits.get(kind), 2)) for kind in kinds),
        )
        for candidate in subject.errors
    )
    columns = ("Law", "Mean", *(_HOLD_OUTS.get(kind, kind) for kind in kinds))
    unidentified = list(dict.fromkeys(law.unidentified.values()))
    return PageSection(
        "held-out",
        title,
        f"Every law was fitted without some of the runs and then asked for them. In use is {law.name}.",
        (errors_picture(subject.errors),),
        (Grid("", columns, rows, frozenset(range(1, len(columns)))), *_claims(law)),
        tuple(f"Some parameters cannot be told from these runs: {reason}." for reason in unidentified),
        formula=law.formula,
    )


def _claims(law: Law) -> tuple[Grid, ...]:
    """What the law in use foretold of each hold-out from the others; nothing for law files of before."""
    rows = tuple(
        (
            Cell(_HOLD_OUTS.get(one.kind, one.kind), f"{one.trunks} trunks"),
            Cell(percent(one.error, 2)),
            Cell(percent(one.foretold, 2)),
            Cell(percent(one.inside, 0), interval(100 * one.low, 100 * one.high, 0)),
        )
        for one in claims_on_hold_outs(law)
    )
    caption = f"What {law.name} foretold of runs held out, had they never been measured"
    columns = ("Held out", "Error", "Foretold", "In the 90 % interval")
    return (Grid(caption, columns, rows, frozenset(range(1, len(columns)))),) if rows else ()


_HOLD_OUTS = {
    "mixtures": "unseen mixtures",
    "runs": "unseen runs",
    "longest": "the longest runs (D)",
    "largest": "the largest models (N)",
    "both": "the largest models' longest runs",
    "compute": "the runs of the most compute (N D)",
}


def _role(candidate: HeldOutError) -> str:
    return "in use" if candidate.is_chosen else "baseline" if candidate.is_baseline else ""
