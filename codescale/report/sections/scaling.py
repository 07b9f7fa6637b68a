"""The sections on each language's scaling law and difficulty."""

from __future__ import annotations

from codescale.laws.results import LanguageScaling
from codescale.report.figures.scaling import difficulties, difficulty_picture, scaling_pictures
from codescale.report.quantities import DASH, count, number, whole
from codescale.report.sections.base import Cell, Grid, PageSection, Subject


def scaling_section(subject: Subject) -> PageSection:
    """Curves with fits, and the fitted parameters in a folded table."""
    title, scaling = "How each language scales", subject.artifacts.scaling
    if scaling is None:
        return PageSection("scaling", title, missing="fit")
    names = ("E", "A", "alpha", "B", "beta")
    rows = []
    for language, fit in scaling.languages.items():
        cells = [parameter_cell(fit, name) for name in names]
        rmse = Cell(number(fit.rmse, 4), tone="")
        rows.append((subject.language(language), *cells, rmse, Cell(whole(fit.n_runs))))
    level = f"{100 * scaling.level:.0f} %"
    table = Grid(
        f"Fitted parameters with {level} bootstrap intervals; grey: the runs cannot tell this parameter",
        ("Language", "E", "A", "alpha", "B", "beta", f"fit error, {scaling.loss_unit}", "runs"),
        tuple(rows),
        frozenset(range(1, 8)),
        folded=True,
    )
    notes = tuple(
        f"{subject.labels.get(language, language)} was left out: {reason}."
        for language, reason in scaling.skipped.items()
    )
    return PageSection(
        "scaling",
        title,
        "Every language was trained alone at several model sizes and token counts. All panels share one loss axis; "
        "the lines are the fitted law.",
        tuple(scaling_pictures(scaling, subject.labels, subject.styles)),
        (table,) if rows else (),
        notes,
        formula="L = E + A N^-alpha + B D^-beta",
    )


def parameter_cell(fit: LanguageScaling, name: str) -> Cell:
    """A parameter of ``fit`` with its interval, grey where the runs cannot tell it."""
    estimate = fit.parameters.get(name)
    if estimate is None:
        return Cell(DASH)

    def plain(value: float) -> str:
        return number(value, 3) if abs(value) < 100 else count(value)

    low, high = estimate.low, estimate.high
    bounds = f"[{plain(low)}, {plain(high)}]" if low is not None and high is not None else ""
    return Cell(plain(estimate.value), bounds, tone="quiet" if name in fit.unidentified else "")


def difficulty_section(subject: Subject) -> PageSection:
    """Bits per byte of every language."""
    artifacts = subject.artifacts
    found = difficulties(artifacts.scaling, artifacts.manifest, artifacts.comparison)
    if not found and subject.config.trainer is not None:
        lead = "Only the trainer knows its bytes per token, without which losses cannot be compared across languages."
        return PageSection("difficulty", "How hard each language is", lead)
    if not found:
        missing = "fit" if artifacts.manifest else "corpus"
        return PageSection("difficulty", "How hard each language is", missing=missing)
    return PageSection(
        "difficulty",
        "How hard each language is",
        "Losses in nats per token cannot be compared across languages; per byte of source text they can.",
        (difficulty_picture(found, subject.labels),),
    )
