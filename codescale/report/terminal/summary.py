"""What the terminal shows at the end of a stage, and of a study: the page's headline for those in the shell."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.comparison.result import SeedMean
from codescale.corpus.left_out import left_out_phrases, listed
from codescale.corpus.manifest import Manifest
from codescale.errors import UserError
from codescale.report.artifacts import MIXTURES, read_artifact, read_artifacts
from codescale.report.evaluation_noise import evaluation_noise
from codescale.report.headline import SHORT, Headline, agreement, headline, language_labels
from codescale.report.no_harm import searched_rule
from codescale.report.quantities import count, duration, interval, number, percent, signed, whole, with_error
from codescale.report.terminal.baselines import baselines_table, harm_table
from codescale.report.worth import worth_sentence
from codescale.runs.units import LossUnit
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.languages import label, weightless_line
from codescale.terminal import plain


def _measured(value: SeedMean | None) -> str:
    return with_error(value.mean, value.standard_error) if value else "–"


def _shares(result: Headline, name: str) -> Table:
    table = Table(title=f"{name}: the token split", title_justify="left")
    table.add_column("language", no_wrap=True)
    table.add_column("tokens available", justify="right")
    for mixture in MIXTURES:
        table.add_column(f"{SHORT[mixture]} share", justify="right")
    for row in result.rows:
        shares = (percent(row.shares.get(mixture)) for mixture in MIXTURES)
        table.add_row(plain(row.label), count(row.tokens_available), *shares)
    return table


def _losses(result: Headline) -> Table:
    table = Table(title="Test loss under each, nats per token", title_justify="left")
    table.add_column("language", no_wrap=True)
    for mixture in MIXTURES:
        table.add_column(f"loss, {SHORT[mixture]}", justify="right", no_wrap=True)
    for row in result.rows:
        table.add_row(plain(row.label), *(_measured(row.losses.get(mixture)) for mixture in MIXTURES))
    table.add_section()
    objectives = [_measured(result.objectives.get(mixture)) for mixture in MIXTURES]
    table.add_row("objective", *objectives, style="bold")
    return table


def _lines(result: Headline, folder: StudyFolder) -> list[str]:
    lines = []
    if result.statement:
        lines.append(result.statement)
    if result.statement_at_scale:
        lines.append(result.statement_at_scale)
    lines += [worth_sentence(word, one.worth) for word, one in result.baselines.items() if one.worth]
    if result.predicted:
        bounds = interval(result.predicted.low, result.predicted.high)
        unit = result.predicted_unit
        said = "" if unit is LossUnit.NATS_PER_TOKEN else f" {unit}"  # the table above is in the usual one
        foreseen = f"{number(result.predicted.value)}{said} {bounds}".strip()
        line = f"The law predicted an objective of {foreseen} for its best mixture"
        if result.measured_as_predicted:
            line += f"; measured: {_measured(result.measured_as_predicted)} (validation split)"
        lines.append(line + ".")
    for mixture, one in result.foretold.items():
        predicted = f"{signed(one.predicted.value)} {interval(one.predicted.low, one.predicted.high)}".strip()
        measured = f"{signed(one.measured.mean)} {interval(one.measured.low, one.measured.high)}".strip()
        lines.append(
            f"{SHORT[mixture].capitalize()} minus uniform, validation split: the law said {predicted}; measured: "
            f"{measured}, {agreement(one)}."
        )
    for mixture, difference in result.differences.items():
        bounds = interval(difference.low, difference.high)
        lines.append(f"{SHORT[mixture].capitalize()} minus uniform: {signed(difference.mean)} {bounds}".rstrip() + ".")
    cost = result.cost
    lines.append(
        f"Spent: {cost.runs if cost.runs is not None else '–'} runs, {count(cost.tokens)} tokens, "
        f"{count(cost.flops, 'FLOP')}, {duration(cost.seconds)}, of which orchestration "
        f"{percent(cost.orchestration_share)}."
    )
    if folder.report.exists():
        lines.append(f"Report: {folder.report}")
    return lines


def summary_table(config: StudyConfig, folder: StudyFolder) -> RenderableType:
    """What the terminal shows at the end of a study: the table, prediction beside measurement, cost, the report's path.

    Reads the folder's artifacts; cells that no stage has filled yet hold a dash. Raises
    :class:`codescale.errors.UserError` where an artifact is broken.
    """
    artifacts = read_artifacts(folder)
    labels = language_labels(config, artifacts)
    result = headline(config, artifacts, labels)
    lines = _lines(result, folder)
    if (noise := evaluation_noise(artifacts.comparison, labels)) is not None:
        lines.insert(1 if result.statement else 0, noise)
    if artifacts.search is not None:
        lines[:0] = searched_rule(artifacts.search, labels)
    if (names := config.weightless()) and artifacts.comparison and artifacts.comparison.weights == config.weights():
        lines.insert(0, weightless_line(names, "target.weights in study.yaml"))
    judged: list[RenderableType] = []
    if len(result.baselines) > 1:
        judged.append(baselines_table(result.baselines, result.yardstick))
    if result.harm is not None and result.harm.by_rule:
        judged.append(harm_table(result.harm, labels))
    return Group(_shares(result, config.name), _losses(result), *judged, *(plain(line) for line in lines))


def corpus_table(config: StudyConfig, folder: StudyFolder) -> RenderableType:
    """What the corpus holds per language, and what was left out and why. Raises :class:`UserError` where there is no
    manifest yet.
    """
    manifest = read_artifact(folder.manifest, Manifest, "corpus")
    if manifest is None:
        raise UserError(folder.manifest, "no such file", f"make it with: codescale corpus {folder.root}")
    registry = config.registry()
    table = Table(title="The corpus", title_justify="left")
    table.add_column("language", no_wrap=True)
    for title in ("documents", "training tokens", "validation", "test", "bytes per token", "dropped"):
        table.add_column(title, justify="right")
    for name, entry in manifest.languages.items():
        table.add_row(
            plain(label(name, registry)),
            whole(sum(entry.documents.values())),
            *(count(entry.tokens.get(split)) for split in ("training", "validation", "test")),
            number(entry.bytes_per_token.get("training"), 2),
            whole(sum(entry.dropped.values())),
        )
    return Group(table, *(plain(line) for line in _left_out_lines(config, manifest)))


def _left_out_lines(config: StudyConfig, manifest: Manifest) -> list[str]:
    registry, lines = config.registry(), []
    for name, entry in manifest.languages.items():
        counts = sorted(entry.dropped.items(), key=lambda item: -item[1])
        dropped = {reason.replace("_", " "): number for reason, number in counts if number}
        if dropped:
            lines.append(f"{label(name, registry)}: dropped {listed(dropped, len(dropped))}.")
    for source in manifest.sources:
        lines += [f"{source.name}: left out {phrase}." for phrase in left_out_phrases(source.left_out)]
    return lines
