"""The page: every section of the study set into one file that needs nothing else, no network and no script.

Texts from artifacts are untrusted: Jinja2 escapes all of them, matplotlib escapes those inside drawings, and no colour,
link or command on the page is taken from a file unescaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from codescale import __version__
from codescale.comparison.result import SeedMean
from codescale.files import write_text
from codescale.report.artifacts import MIXTURES, Artifacts, read_artifacts
from codescale.report.figures.base import INK
from codescale.report.figures.palette import language_styles
from codescale.report.headline import (
    SHORT,
    Headline,
    StudyCost,
    agreement,
    headline,
    language_labels,
    shown_languages,
)
from codescale.report.predictions import held_out_errors, pairings
from codescale.report.quantities import count, duration, interval, mean_in_words, number, percent, signed, with_error
from codescale.report.sections.base import Cell, Grid, Subject
from codescale.report.sections.mixtures import proved_on
from codescale.report.sections.page_order import all_sections
from codescale.report.worth import fewer, fewer_range
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.languages import weightless_line


@dataclass(frozen=True)
class Fact:
    """A figure of the headline: what it is, its value and its interval or share in small print."""

    title: str
    value: str
    small: str = ""


def outcome_facts(result: Headline) -> list[Fact]:
    """What came out, beside the table, as far as it is known."""
    facts = []
    difference = result.differences.get("measured_best")
    if difference is not None:
        bounds = interval(difference.low, difference.high)
        facts.append(Fact("Measured best minus uniform, nats per token", signed(difference.mean), bounds))
    yardstick = result.baselines.get(result.yardstick)
    if yardstick is not None and result.yardstick != "uniform":
        difference = yardstick.difference.objective
        bounds = interval(difference.low, difference.high)
        facts.append(Fact(f"Measured best minus {result.yardstick}, the yardstick", signed(difference.mean), bounds))
    if result.worth is not None:
        title = f"Measured best reaches {result.yardstick}'s objective: tokens"
        facts.append(Fact(title, fewer(result.worth.objective), fewer_range(result.worth.objective)))
        if result.worth.forecast is not None:
            forecast = result.worth.forecast
            facts.append(Fact("The same at the target, by the law: tokens", fewer(forecast), fewer_range(forecast)))
    if result.predicted is not None:
        bounds = interval(result.predicted.low, result.predicted.high)
        title = f"Predicted best: the law's objective, {result.predicted_unit} (validation)"
        facts.append(Fact(title, number(result.predicted.value), bounds))
    if result.measured_as_predicted is not None:
        measured = result.measured_as_predicted
        error = f"± {number(measured.standard_error)}" if measured.standard_error is not None else ""
        facts.append(Fact("Predicted best: measured (validation)", number(measured.mean), error))
    for name, one in result.foretold.items():
        said = f"{SHORT[name].capitalize()} minus uniform"
        bounds = interval(one.predicted.low, one.predicted.high)
        facts.append(Fact(f"{said}: the law's (validation)", signed(one.predicted.value), bounds))
        bounds = interval(one.measured.low, one.measured.high)
        facts.append(Fact(f"{said}: measured (validation)", signed(one.measured.mean), f"{bounds}, {agreement(one)}"))
    return facts


def cost_facts(cost: StudyCost) -> list[Fact]:
    """What the study took, as far as it is known."""
    facts = []
    if cost.runs is not None:
        facts.append(Fact("Runs", f"{cost.runs:,}"))
    if cost.tokens is not None:
        facts.append(Fact("Tokens trained", count(cost.tokens)))
    if cost.flops is not None:
        facts.append(Fact("Training FLOPs", count(cost.flops)))
    if cost.seconds is not None:
        share = cost.orchestration_share
        small = f"{percent(share)} of it orchestration" if share is not None else ""
        facts.append(Fact("Wall time", duration(cost.seconds), small))
    return facts


def _loss(value: SeedMean | None, lowest: bool) -> Cell:
    return Cell(with_error(value.mean, value.standard_error) if value else "–", tone="best" if lowest else "")


def key_table(result: Headline, colours: dict[str, str]) -> Grid:
    """The headline's table; the lowest mean loss of each row is set in bold, whatever its noise."""
    columns = (
        "Language",
        "Tokens available",
        "Uniform share",
        "Predicted best share",
        "Measured best share",
        "Loss, uniform",
        "Loss, predicted best",
        "Loss, measured best",
    )
    rows = []
    for row in result.rows:
        lowest = min((loss.mean for loss in row.losses.values()), default=None)
        losses = [row.losses.get(name) for name in MIXTURES]
        rows.append(
            (
                Cell(row.label, colour=colours[row.language]),
                Cell(count(row.tokens_available)),
                *(Cell(percent(row.shares.get(name))) for name in MIXTURES),
                *(_loss(loss, loss is not None and loss.mean == lowest) for loss in losses),
            )
        )
    objectives = [result.objectives.get(name) for name in MIXTURES]
    lowest = min((objective.mean for objective in result.objectives.values()), default=None)
    total = [_loss(objective, objective is not None and objective.mean == lowest) for objective in objectives]
    rows.append((Cell("Objective", tone="total"), *(Cell("") for _ in range(4)), *total))
    return Grid("", columns, tuple(rows), frozenset(range(1, 8)))


def _weights(config: StudyConfig, artifacts: Artifacts) -> dict[str, float]:
    """Those of the objective in the headline: the comparison's, which may come from the search space, before there is
    one the study's, which ``mixture.yaml`` was computed for.
    """
    comparison = artifacts.comparison
    return comparison.weights if comparison is not None and comparison.weights else config.weights()


def _by_default(config: StudyConfig, weights: Mapping[str, float], labels: Mapping[str, str]) -> str:
    """What weighs nothing though nobody said so; empty where ``weights`` are others than the study's."""
    names = [labels.get(name, name) for name in config.weightless()] if weights == config.weights() else []
    return f"{weightless_line(names, 'target.weights in study.yaml')} " if names else ""


def render(config: StudyConfig, folder: StudyFolder) -> str:
    """The page as HTML, from what ``folder`` holds; a section whose artifact is absent names the command that makes it.

    Raises :class:`codescale.errors.UserError` naming file and field where an artifact is broken.
    """
    artifacts = read_artifacts(folder)
    labels = language_labels(config, artifacts)
    languages = shown_languages(config, artifacts)
    styles = language_styles([*languages, *labels])
    result = headline(config, artifacts, labels)
    law, runs, weights = artifacts.law, artifacts.runs, _weights(config, artifacts)
    predicted = pairings(law, runs.organised(config.training.organisation), weights) if law and runs else []
    errors = held_out_errors(law) if law else []
    subject = Subject(config, artifacts, labels, styles, languages, predicted, errors)
    environment = Environment(
        loader=PackageLoader("codescale.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    html = environment.get_template("page.html.j2").render(
        name=config.name,
        folder=str(folder.root),
        version=__version__,
        style=Markup((files("codescale.report") / "page.css").read_text(encoding="utf-8")),
        result=result,
        outcome=outcome_facts(result),
        cost=cost_facts(result.cost),
        key_table=key_table(result, {name: style.colour for name, style in styles.items()}),
        objective=f"The objective is {mean_in_words(weights, labels)}. {_by_default(config, weights, labels)}"
        "Bold marks the lowest mean of a row, whatever its noise.",
        proved_on=proved_on(subject),
        sections=all_sections(subject),
    )
    return html.replace(f"background:{INK}", "background:var(--ink)")


def write_report(config: StudyConfig, folder: StudyFolder) -> Path:
    """Writes the study's page to ``folder.report`` atomically and returns its path.

    Raises :class:`codescale.errors.UserError` where an artifact is broken or the page cannot be written.
    """
    write_text(folder.report, render(config, folder))
    return folder.report
