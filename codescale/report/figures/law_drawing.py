"""A law drawn beside the runs: loss over D with its band, and predicted against measured, a row of panels for a
target.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.files import replacing
from codescale.laws.law import Law, Prediction
from codescale.laws.observations import distinct_tokens
from codescale.laws.predict import in_unit_of, law_shares
from codescale.report.figures.base import GAIN, MUTED, figure_style
from codescale.report.quantities import count, percent
from codescale.runs.table import RunsTable

MOST_TARGETS = 8
_ENDINGS = (".svg", ".png", ".pdf")
_SIZES = ("#0B5FA5", "#D1602A", "#3A8F4D", "#9A4D8F", "#8C6D1F", "#5F6B76")


def draw_law(law: Law, table: RunsTable, path: str | Path, targets: Sequence[str] = ()) -> tuple[str, ...]:
    """Draws ``law`` beside the finished runs of ``table`` to ``path`` (.svg, .png or .pdf); the targets drawn.

    Of more than eight targets those with the largest error, unless ``targets`` names others. Raises :class:`UserError`
    for another ending, an unknown target, and a table without the law's losses or with losses in another unit.
    """
    if Path(path).suffix not in _ENDINGS:
        raise UserError(path, "has an ending that names no picture", f"use one of {', '.join(_ENDINGS)}")
    runs = in_unit_of(law, table.fittable())
    shared = [name for name in law.targets if name in runs.targets]
    for name in targets:
        if name not in shared:
            raise UserError(f"--target {name}", "is not in both the law and the runs", f"use {', '.join(shared)}")
    if not shared or len(runs) == 0:
        raise UserError(
            table.path, "has no finished run with a loss of the law's targets", "give the runs that it is of"
        )
    shares, unique = law_shares(law, runs), distinct_tokens(runs, law.domains)
    prediction = law.predict(runs.n_params, runs.n_tokens, shares, unique)
    chosen = list(targets) or _worst(law, runs, prediction, shared)
    with matplotlib.rc_context(figure_style()):
        figure = _figure(law, runs, prediction, chosen, len(shared))
        with replacing(path) as temporary:
            metadata: dict[str, Any] = {"Date": None} if Path(path).suffix == ".svg" else {}
            figure.savefig(temporary, format=Path(path).suffix[1:], dpi=140, metadata=metadata)
    return tuple(chosen)


def _worst(law: Law, runs: RunsTable, prediction: Prediction, shared: list[str]) -> list[str]:
    errors = {name: _errors(law, runs, prediction, name)[2] for name in shared}
    largest = sorted(shared, key=lambda name: -errors[name])[:MOST_TARGETS]
    return [name for name in shared if name in largest]


def _errors(law: Law, runs: RunsTable, prediction: Prediction, target: str) -> tuple[Array, Array, float, float]:
    """Measured and predicted losses of the rows that have one, the mean relative error, the share inside 90 %."""
    measured, k = runs.losses[:, runs.targets.index(target)], law.targets.index(target)
    known = np.isfinite(measured)
    measured, predicted = measured[known], prediction.losses[known, k]
    inside = (prediction.low[known, k] <= measured) & (measured <= prediction.high[known, k])
    return measured, predicted, float(np.abs(predicted / measured - 1).mean()), float(inside.mean())


def _figure(law: Law, runs: RunsTable, prediction: Prediction, targets: list[str], known: int) -> Figure:
    curves = len(np.unique(np.round(np.log(runs.n_tokens), 2))) > 1
    panels = 2 if curves else 1
    across = 2 if len(targets) > 1 else 1
    down = -(-len(targets) // across)
    figure = Figure(figsize=(3.3 * panels * across, 0.9 + 2.5 * down), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(down, panels * across, squeeze=False)
    for k, target in enumerate(targets):
        row, first = divmod(k, across)
        place = list(axes[row, first * panels : (first + 1) * panels])
        if curves:
            _paint_curves(place[0], law, runs, target)
        _paint_pairs(place[-1], law, runs, prediction, target)
    for spare in axes.ravel()[len(targets) * panels :]:
        spare.set_visible(False)
    error = law.held_out[law.name].error if law.name in law.held_out else float("nan")
    shown = f"\nthe {len(targets)} of {known} targets with the largest error" if len(targets) < known else ""
    title = f"{law.name}, fitted to {law.fitted_rows:,} rows; held-out error {percent(error, 2)}{shown}"
    figure.suptitle(title, x=0.01, ha="left")
    own = Path(runs.path).name == law.runs
    note = "these are the runs that the law was fitted to: their error is smaller than that of new ones" if own else ""
    figure.supxlabel(note, fontsize=7.5, color=MUTED, x=0.01, ha="left")
    return figure


def _paint_pairs(axes: Axes, law: Law, runs: RunsTable, prediction: Prediction, target: str) -> None:
    measured, predicted, error, inside = _errors(law, runs, prediction, target)
    ends = [min(measured.min(), predicted.min()), max(measured.max(), predicted.max())]
    axes.plot(ends, ends, color=MUTED, linewidth=0.9)
    axes.plot(measured, predicted, "o", color=GAIN, markersize=2.6, alpha=0.6, linestyle="none")
    title = f"{target}: off by {percent(error, 2)}"
    axes.text(
        0.03, 0.97, f"{percent(inside, 0)} in the 90 % interval", transform=axes.transAxes, va="top", fontsize=7.5
    )
    axes.set_title(title, loc="left", fontsize=8.2)
    axes.set_xlabel(f"measured, {law.loss_unit}")
    axes.set_ylabel("predicted")


def _paint_curves(axes: Axes, law: Law, runs: RunsTable, target: str) -> None:
    """Loss over D at every N, for the mixture of the most rows."""
    rounded = np.round(runs.proportions, 6)
    _, number, counts = np.unique(rounded, axis=0, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(number.ravel() == int(np.argmax(counts)))
    losses = runs.losses[:, runs.targets.index(target)]
    unique = distinct_tokens(runs, law.domains)
    k = law.targets.index(target)
    sizes = np.unique(runs.n_params[rows])
    drawn = np.linspace(0, len(sizes) - 1, min(len(sizes), len(_SIZES))).round().astype(int)
    for colour, size in zip(_SIZES, sizes[drawn], strict=False):
        here = rows[runs.n_params[rows] == size]
        here = here[np.argsort(runs.n_tokens[here])]
        tokens = np.geomspace(runs.n_tokens[here].min(), runs.n_tokens[here].max() * 1.0001, 40)
        shares = np.tile(law_shares(law, runs.select(here[:1])), (40, 1))
        nearest = np.minimum(np.searchsorted(runs.n_tokens[here], tokens), len(here) - 1)
        found = law.predict(np.full(40, size), tokens, shares, unique[here][nearest])
        axes.fill_between(tokens, found.low[:, k], found.high[:, k], color=colour, alpha=0.15, linewidth=0)
        axes.plot(tokens, found.losses[:, k], color=colour, linewidth=1.2, label=f"N = {count(float(size))}")
        axes.plot(runs.n_tokens[here], losses[here], "o", color=colour, markersize=3, linestyle="none")
    axes.set_xscale("log")
    ends = axes.get_xlim()
    ticks = np.geomspace(runs.n_tokens[rows].min(), runs.n_tokens[rows].max(), 3)
    axes.xaxis.set_major_locator(FixedLocator([float(f"{tick:.2g}") for tick in ticks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(*ends)
    axes.set_title(f"{target}: one mixture, {len(rows)} rows", loc="left", fontsize=8.2)
    axes.set_xlabel("D, tokens")
    axes.set_ylabel(f"loss, {law.loss_unit}")
    axes.legend(fontsize=7, loc="best")
