"""Mixtures in the terminal: shares, allocations, fronts and forecasts as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table

from codescale.allocation.compute_optimal import ComputeOptimal, LossForecast
from codescale.allocation.optimize import Allocation
from codescale.allocation.pareto import FrontPoint
from codescale.report.quantities import count, interval, number, percent
from codescale.runs.units import LossUnit
from codescale.terminal import plain

_WEIGHTS = "--weights"
_NAMED = 8
_UNKNOWN = (float("nan"), float("nan"))
"""An interval that is not known."""


def _shares_table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=plain(title), title_justify="left")
    table.add_column("language", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    for name, *cells in rows:
        table.add_row(plain(name), *cells)
    return table


def _over(word: str, value: float, gain: float, bounds: tuple[float | None, float | None]) -> str:
    return f"{word}: {number(value)}; the best gains {number(gain)} over it {interval(*bounds)}".rstrip() + "."


def allocation_table(allocation: Allocation) -> RenderableType:
    """The best mixture under a law: shares and losses with their intervals, and what it gains over equal shares."""
    rows, values = [], []
    for name, share in allocation.mixture.items():
        low, high = allocation.share_intervals.get(name, _UNKNOWN)
        loss = allocation.losses.get(name)
        rows.append(
            (
                name,
                percent(share),
                interval(100 * low, 100 * high, 1),
                f"{number(loss[0])} {interval(loss[1], loss[2])}".rstrip() if loss else "–",
            )
        )
        flat = allocation.flat.get(name, _UNKNOWN)
        gain, *ends = allocation.marginal.get(name, (float("nan"), *_UNKNOWN))
        values.append((name, interval(100 * flat[0], 100 * flat[1], 1), number(gain, 5), interval(ends[0], ends[1], 5)))
    for name, loss in allocation.losses.items():
        if name not in allocation.mixture:
            rows.append((name, "–", "", f"{number(loss[0])} {interval(loss[1], loss[2])}".rstrip()))
    title = f"The predicted best mixture at N = {count(allocation.n_params)}, D = {count(allocation.n_tokens)}"
    below = interval(*allocation.improvement) or number(allocation.objective_uniform - allocation.objective)
    lines = [
        f"Predicted objective: {number(allocation.objective)} {allocation.loss_unit} "
        f"{interval(*allocation.interval)}".rstrip(),
        f"Equal shares: {number(allocation.objective_uniform)}; the best is below by {below}.",
    ]
    lines += _told(allocation)
    for word, one in allocation.gains.items():
        worst = "" if allocation.goal == "mean" else " (the worst ratio)"
        lines.append(_over(f"{word}{worst}", one.value, one.gain, one.interval))
    if allocation.goal == "worst":
        lines.append(
            f"The worst language is at {number(allocation.value)} of its loss under the reference, "
            f"at {number(allocation.value_uniform)} under equal shares."
        )
    if allocation.no_harm is not None:
        kept = allocation.no_harm_kept
        sure = f", and under {percent(kept, 0)} of the law's bootstrap samples" if np.isfinite(kept) else ""
        lines.append(f"{allocation.no_harm.whom} is predicted {allocation.no_harm} under the law{sure}.")
    if allocation.harmed:
        lines.append(f"Predicted above their loss under equal shares: {', '.join(allocation.harmed)} (see --no-harm).")
    if allocation.extrapolated:
        lines.append("This lies outside the range that the law was fitted on.")
    lines += allocation.weightless.lines(_WEIGHTS)
    columns = ("share", "interval, %", f"predicted loss, {allocation.loss_unit}")
    parts: list[RenderableType] = [_shares_table(title, columns, rows)]
    if len(allocation.flat) and allocation.standard_error == allocation.standard_error:
        known = ("as good, %", "1 % more tokens change the goal by", "interval")
        parts += [plain(""), _shares_table("How sure that is", known, values)]
        lines.append(
            f"As good: shares of mixtures within {number(allocation.standard_error, 5)} of the best, "
            "what not knowing the law better may cost."
        )
    return Group(*parts, *(plain(line) for line in lines))


def _told(allocation: Allocation) -> list[str]:
    """Whether the best is told from equal shares, where it is not."""
    low, high = allocation.improvement
    if not (np.isfinite(low) and np.isfinite(high)):
        return ["How sure that is is not known: the law has no samples that would tell."]
    if low > 0:
        return []
    return ["So the law does not tell it from equal shares; runs of more mixtures may, and a search around it."]


def forecast_table(found: LossForecast) -> RenderableType:
    """Losses at N and D, and per target what the next unit of compute should buy."""
    title = f"Losses at N = {count(found.n_params)}, D = {count(found.n_tokens)}, {found.loss_unit}"
    table = Table(title=plain(title), title_justify="left")
    table.add_column("target", no_wrap=True)
    for column in ("loss", "1 % more parameters", "1 % more data", "next unit buys"):
        table.add_column(column, justify="right")
    for name, (value, low, high) in found.losses.items():
        unit = found.next_unit.get(name)
        bought = (number(unit.parameters[0], 5), number(unit.data[0], 5), unit.verdict) if unit else ("–", "–", "–")
        table.add_row(plain(name), f"{number(value)} {interval(low, high)}".rstrip(), *bought)
    objective = f"{number(found.objective[0])} {found.loss_unit}"
    lines = [f"Objective: {objective} {interval(*found.objective[1:])}".rstrip(), *found.weightless.lines(_WEIGHTS)]
    if not found.next_unit:
        lines.append("What N and D do is not known: the law's runs had one of them fixed.")
    repeated = [f"{name} {number(seen, 1)}" for name, seen in found.epochs.items() if seen > 1]
    if repeated:
        lines.append(f"Epochs over the tokens available: {', '.join(repeated)}.")
    if found.counted_as_fresh:
        lines.append("All tokens count as fresh: the law knows repetition; tell it what there is with --available.")
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
        f"for an objective of {number(found.objective[0])} {found.loss_unit} {interval(*found.objective[1:])}".rstrip(),
    ]
    if found.at_the_edge:
        lines.append("The best N lies at the end of what was looked through: the law has no optimum there.")
    return Group(*(plain(line) for line in lines))


def front_table(front: Sequence[FrontPoint], weightless: Sequence[str] = ()) -> RenderableType:
    """The trade-off between two groups of languages; ``weightless``: those in neither."""
    table = Table(title="No mixture here is better for both groups than another", title_justify="left")
    for column in ("first group", "interval", "second group", "interval", "shares above 1 %"):
        table.add_column(column, justify="right")
    for one in front:
        shares = ", ".join(f"{name} {percent(share, 0)}" for name, share in one.mixture.items() if share >= 0.01)
        table.add_row(
            number(one.first[0]),
            interval(*one.first[1:]),
            number(one.second[0]),
            interval(*one.second[1:]),
            plain(shares),
        )
    unit = front[0].loss_unit if front else LossUnit.NATS_PER_TOKEN
    lines = [f"Mean losses of the groups, {unit}; the law's own intervals of 90 %."]
    if weightless:
        more = f" and {len(weightless) - _NAMED} more" if len(weightless) > _NAMED else ""
        named = ", ".join(weightless[:_NAMED])
        lines.append(f"In neither group, and so of no weight: {named}{more} (see --first and --second).")
    gains = [_gains_table(front, word) for word in (front[0].gains if front else ())]
    return Group(table, *gains, *(plain(line) for line in lines))


def _gains_table(front: Sequence[FrontPoint], word: str) -> Table:
    """A row a mixture of the front, in its order: what either group gains over a baseline."""
    table = Table(title=plain(f"What each gains over {word}"), title_justify="left")
    for column in ("first group", "interval", "second group", "interval"):
        table.add_column(column, justify="right")
    for one in front:
        first, second = one.gains[word]
        table.add_row(number(first[0]), interval(*first[1:]), number(second[0]), interval(*second[1:]))
    return table
