"""What the terminal shows at the end of a stage, and of a study: the page's headline for those in the shell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.allocation.forecast import ComputeOptimal, Forecast
from codescale.allocation.front import FrontPoint
from codescale.allocation.optimize import Allocation
from codescale.errors import UserError
from codescale.languages import label
from codescale.laws.compare import Comparison, Ranking
from codescale.laws.forms import BASELINES
from codescale.laws.law import Law
from codescale.laws.law_synergy import LawSynergy
from codescale.report.artifacts import (
    MIXTURES,
    Manifest,
    Measured,
    MixtureName,
    PredictedMixture,
    read_artifact,
    read_artifacts,
)
from codescale.report.headline import Headline, headline, language_labels
from codescale.report.plain import plain
from codescale.report.predictions import held_out_errors
from codescale.report.quantities import count, duration, interval, number, percent, signed, whole, with_error
from codescale.study import StudyConfig, StudyFolder

_SHORT: dict[MixtureName, str] = {
    "uniform": "uniform", "predicted_best": "predicted best", "measured_best": "measured best"
}  # fmt: skip


def _measured(value: Measured | None) -> str:
    return with_error(value.mean, value.standard_error) if value else "–"


def _shares(result: Headline, name: str) -> Table:
    table = Table(title=f"{name}: the token split", title_justify="left")
    table.add_column("language", no_wrap=True)
    table.add_column("tokens available", justify="right")
    for mixture in MIXTURES:
        table.add_column(f"{_SHORT[mixture]} share", justify="right")
    for row in result.rows:
        shares = (percent(row.shares.get(mixture)) for mixture in MIXTURES)
        table.add_row(plain(row.label), count(row.tokens_available), *shares)
    return table


def _losses(result: Headline) -> Table:
    table = Table(title="Test loss under each, nats per token", title_justify="left")
    table.add_column("language", no_wrap=True)
    for mixture in MIXTURES:
        table.add_column(f"loss, {_SHORT[mixture]}", justify="right", no_wrap=True)
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
    if result.predicted:
        foreseen = f"{number(result.predicted.value)} {interval(result.predicted.low, result.predicted.high)}".strip()
        line = f"The law predicted an objective of {foreseen} for its best mixture"
        if result.measured_as_predicted:
            line += f"; measured: {_measured(result.measured_as_predicted)} (validation split)"
        lines.append(line + ".")
    for mixture, difference in result.differences.items():
        bounds = interval(difference.low, difference.high)
        lines.append(f"{_SHORT[mixture].capitalize()} minus uniform: {signed(difference.mean)} {bounds}".rstrip() + ".")
    cost = result.spent
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
    result = headline(config, artifacts, language_labels(config, artifacts))
    return Group(_shares(result, config.name), _losses(result), *(plain(line) for line in _lines(result, folder)))


def corpus_table(config: StudyConfig, folder: StudyFolder) -> RenderableType:
    """What the corpus holds per language. Raises :class:`UserError` where there is no manifest yet."""
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
    return table


_UNKNOWN = (float("nan"), float("nan"))
_WIDEST_MATRIX = 7
"""Languages whose matrix still fits a terminal."""
_LISTED = 20


def law_table(law: Law) -> RenderableType:
    """Which law was taken, and the held-out error of every law that was tried beside the baselines'."""
    errors = held_out_errors(law)
    line = plain(f"{law.name}: {law.formula}; fitted to {law.fitted_rows} rows")
    if not errors:
        return Group(line, plain("Too few runs to hold any out: its error on unseen runs is not known."))
    kinds = list(dict.fromkeys(kind for candidate in errors for kind in candidate.splits))
    table = Table(title="Mean relative error on held-out runs", title_justify="left")
    table.add_column("law", no_wrap=True)
    for title in ("mean", *kinds):
        table.add_column(plain(title), justify="right")
    for candidate in errors:
        role = " (taken)" if candidate.is_chosen else " (baseline)" if candidate.is_baseline else ""
        figures = (percent(candidate.splits.get(kind), 2) for kind in kinds)
        table.add_row(
            plain(candidate.name + role), percent(candidate.error, 2), *figures,
            style="bold" if candidate.is_chosen else "",
        )  # fmt: skip
    return Group(table, line)


def laws_table(found: Sequence[Comparison]) -> RenderableType:
    """Laws side by side: held-out error by kind, seconds, and how they rank mixtures (see
    codescale/laws/compare.py).
    """
    kinds = list(dict.fromkeys(kind for one in found if one.held_out for kind in one.held_out.splits))
    table = Table(title="Mean relative error on held-out runs", title_justify="left")
    table.add_column("law", no_wrap=True)
    for title in ("mean", *kinds, "seconds"):
        table.add_column(plain(title), justify="right")
    for one in found:
        if one.held_out:
            figures = (percent(one.held_out.splits.get(kind), 2) for kind in kinds)
            role = " (baseline)" if one.name in BASELINES else ""
            table.add_row(plain(one.name + role), percent(one.held_out.error, 2), *figures, f"{one.seconds:.1f}")
    parts: list[RenderableType] = [table] if kinds else [plain("Too few runs to hold any out.")]
    for title, rankings in (
        ("The largest models' mixtures, ranked by a law fitted on the smaller ones", [o.across_scale for o in found]),
        ("Mixtures that the law was not fitted to, ranked", [o.unseen_mixtures for o in found]),
    ):
        rows = [(one.name, ranking) for one, ranking in zip(found, rankings, strict=True) if ranking]
        if rows:
            parts += [plain(""), _rankings(title, rows)]
    if len(parts) > 1:
        parts += [plain(""), plain("regret: how far the mixture ranked first lies above the best one, measured.")]
    return Group(*parts)


def _rankings(title: str, rows: Sequence[tuple[str, Ranking]]) -> Table:
    table = Table(title=plain(title), title_justify="left")
    table.add_column("law", no_wrap=True)
    for column in ("rank correlation", "regret", "groups", "mixtures"):
        table.add_column(column, justify="right")
    for name, ranking in rows:
        table.add_row(
            plain(name), f"{ranking.correlation:.3f}", percent(ranking.regret, 2), str(ranking.groups),
            str(ranking.mixtures),
        )  # fmt: skip
    return table


def _shares_table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=plain(title), title_justify="left")
    table.add_column("language", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    for name, *cells in rows:
        table.add_row(plain(name), *cells)
    return table


def mixture_table(path: Path) -> RenderableType:
    """The mixture in ``mixture.yaml`` and its predicted objective. Raises :class:`UserError` where there is none."""
    mixture = read_artifact(path, PredictedMixture, "optimize")
    if mixture is None:
        raise UserError(path, "no such file", "make it with: codescale optimize")
    rows = [(name, percent(share)) for name, share in mixture.proportions.items()]
    title = f"The predicted best mixture at N = {count(mixture.n_params)}, D = {count(mixture.n_tokens)}"
    low, high = mixture.interval or (None, None)
    foreseen = f"Predicted objective: {number(mixture.objective)} nats per token {interval(low, high)}".rstrip()
    return Group(_shares_table(title, ("share",), rows), plain(foreseen))


def allocation_table(allocation: Allocation) -> RenderableType:
    """The best mixture under a law: shares and losses with their intervals, and what it gains over equal shares."""
    rows, values = [], []
    for name, share in allocation.mixture.items():
        low, high = allocation.share_intervals.get(name, _UNKNOWN)
        loss = allocation.losses.get(name)
        rows.append(
            (
                name, percent(share), interval(100 * low, 100 * high, 1),
                f"{number(loss[0])} {interval(loss[1], loss[2])}".rstrip() if loss else "–",
            )
        )  # fmt: skip
        flat = allocation.flat.get(name, _UNKNOWN)
        gain, *ends = allocation.marginal.get(name, (float("nan"), *_UNKNOWN))
        values.append((name, interval(100 * flat[0], 100 * flat[1], 1), number(gain, 5), interval(ends[0], ends[1], 5)))
    title = f"The predicted best mixture at N = {count(allocation.n_params)}, D = {count(allocation.n_tokens)}"
    lines = [
        f"Predicted objective: {number(allocation.objective)} nats per token {interval(*allocation.interval)}".rstrip(),
        f"Equal shares: {number(allocation.objective_uniform)}; the best is below by "
        f"{interval(*allocation.improvement)}.",
    ]
    if allocation.goal == "worst":
        lines.append(
            f"The worst language is at {number(allocation.value)} of its loss under the reference, "
            f"at {number(allocation.value_uniform)} under equal shares."
        )
    if allocation.harmed:
        lines.append(f"Predicted above their loss under equal shares: {', '.join(allocation.harmed)} (see --no-harm).")
    if allocation.extrapolated:
        lines.append("This lies outside the range that the law was fitted on.")
    columns = ("share", "interval, %", "predicted loss, nats per token")
    parts: list[RenderableType] = [_shares_table(title, columns, rows)]
    if len(allocation.flat) and allocation.standard_error == allocation.standard_error:
        known = ("as good, %", "1 % more tokens change the goal by", "interval")
        parts += [plain(""), _shares_table("How sure that is", known, values)]
        lines.append(
            f"As good: shares of mixtures within {number(allocation.standard_error, 5)} of the best, "
            "what not knowing the law better may cost."
        )
    return Group(*parts, *(plain(line) for line in lines))


def forecast_table(found: Forecast) -> RenderableType:
    """Losses at N and D, and per target what the next unit of compute should buy."""
    title = f"Losses at N = {count(found.n_params)}, D = {count(found.n_tokens)}, nats per token"
    table = Table(title=plain(title), title_justify="left")
    table.add_column("target", no_wrap=True)
    for column in ("loss", "1 % more parameters", "1 % more data", "next unit buys"):
        table.add_column(column, justify="right")
    for name, (value, low, high) in found.losses.items():
        unit = found.next_unit.get(name)
        bought = (number(unit.parameters[0], 5), number(unit.data[0], 5), unit.verdict) if unit else ("–", "–", "–")
        table.add_row(plain(name), f"{number(value)} {interval(low, high)}".rstrip(), *bought)
    lines = [f"Objective: {number(found.objective[0])} nats per token {interval(*found.objective[1:])}".rstrip()]
    if not found.next_unit:
        lines.append("What N and D do is not known: the law's runs had one of them fixed.")
    if found.extrapolated:
        lines.append("This lies outside the range that the law was fitted on.")
    return Group(table, *(plain(line) for line in lines))


def compute_optimal_table(found: ComputeOptimal) -> RenderableType:
    """The N and D that a budget is best spent on."""
    lines = [
        f"{found.flops:.3g} FLOPs (6ND) are best spent on N = {count(found.n_params[0])} "
        f"[{count(found.n_params[1])}, {count(found.n_params[2])}] and D = {count(found.n_tokens[0])} "
        f"[{count(found.n_tokens[1])}, {count(found.n_tokens[2])}],"
        if found.n_params[1] == found.n_params[1]
        else f"{found.flops:.3g} FLOPs (6ND) are best spent on N = {count(found.n_params[0])} and "
        f"D = {count(found.n_tokens[0])},",
        f"for an objective of {number(found.objective[0])} nats per token {interval(*found.objective[1:])}".rstrip(),
    ]
    if found.at_the_edge:
        lines.append("The best N lies at the end of what was looked through: the law has no optimum there.")
    return Group(*(plain(line) for line in lines))


def synergy_table(found: LawSynergy) -> RenderableType:
    """The gain of every column's language on every row's, per cent, with its interval; of many languages, a list of the
    greatest.
    """
    note = plain(
        "*: differs from zero at a false discovery rate of 10 % over the whole matrix, as far as the law is right."
    )
    if len(found.languages) > _WIDEST_MATRIX:
        return Group(_greatest_gains(found), note)
    table = Table(title="Gain of the column's language on the row's loss, %", title_justify="left")
    table.add_column("language", no_wrap=True)
    for name in found.languages:
        table.add_column(plain(name), justify="right")
    for i, name in enumerate(found.languages):
        cells = ("" if i == j else _gain(found, i, j) for j in range(len(found.languages)))
        table.add_row(plain(name), *cells)
    return Group(table, note)


def _gain(found: LawSynergy, i: int, j: int) -> str:
    star = " *" if found.differs_from_zero[i, j] else ""
    ends = interval(100 * found.low[i, j], 100 * found.high[i, j], 2)
    return f"{number(100 * found.gain[i, j], 2)}{star} {ends}".rstrip()


def _greatest_gains(found: LawSynergy) -> Table:
    size = len(found.languages)
    pairs = [(i, j) for i in range(size) for j in range(size) if i != j]
    pairs.sort(key=lambda pair: -found.gain[pair])
    table = Table(title=f"The {_LISTED} greatest of {len(pairs)} gains on a loss, %", title_justify="left")
    table.add_column("loss of")
    table.add_column("from")
    table.add_column("gain", justify="right")
    for i, j in pairs[:_LISTED]:
        table.add_row(plain(found.languages[i]), plain(found.languages[j]), _gain(found, i, j))
    return table


def front_table(front: Sequence[FrontPoint]) -> RenderableType:
    """The trade-off between two groups of languages."""
    table = Table(title="No mixture here is better for both groups than another", title_justify="left")
    for column in ("first group", "interval", "second group", "interval", "shares above 1 %"):
        table.add_column(column, justify="right")
    for one in front:
        shares = ", ".join(f"{name} {percent(share, 0)}" for name, share in one.mixture.items() if share >= 0.01)
        table.add_row(
            number(one.first[0]), interval(*one.first[1:]), number(one.second[0]), interval(*one.second[1:]),
            plain(shares),
        )  # fmt: skip
    return Group(table, plain("Mean losses of the groups, nats per token; the law's own intervals of 90 %."))
