"""The search's progress: what was tried, what was stopped early, and how the best so far improved."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from codescale.report.figures.base import HARM, INK, MUTED, PAPER, Panel, Picture, draw
from codescale.report.quantities import count
from codescale.search.objective.objective import objective_unit
from codescale.search.result import SearchResult

SOURCES = {
    "sweep": ("s", "#8A929B", "taken over from the sweep"),
    "law": ("*", "#D1602A", "the law's optimum"),
    "thompson": ("D", "#009E73", "drawn from the law's uncertainty"),
    "sampler": ("o", "#2B7BBA", "chosen by the sampler"),
}
"""How a trial is drawn by where it came from: marker, colour and words."""


def _spent(search: SearchResult) -> list[float]:
    """Tokens spent by the search when each trial ended, in the order in which trials began."""
    return list(accumulate(trial.tokens_trained for trial in search.ended_trials))


def _upper_limit(values: Sequence[float]) -> float:
    """Where an axis of losses ends, so that trials stopped in their first steps do not flatten the rest."""
    low, middle = min(values), float(np.median(values))
    return min(max(values), middle + 6.0 * (middle - low)) if middle > low else max(values)


def _paint_progress(axes: Axes, search: SearchResult) -> None:
    finished, stopped = [], []
    for spent, trial in zip(_spent(search), search.ended_trials, strict=True):
        if trial.objective is None:
            stopped.append(spent)
            continue
        finished.append(trial.objective)
        marker, colour, _words = SOURCES.get(trial.source, ("o", MUTED, trial.source))
        axes.plot(
            spent,
            trial.objective,
            marker,
            color=colour,
            markersize=10 if marker == "*" else 6,
            markeredgecolor=PAPER,
            markeredgewidth=0.6,
            zorder=3,
        )
    end = max(_spent(search), default=0.0)
    if search.incumbent_history:
        tokens, objective = zip(*search.incumbent_history, strict=True)
        axes.step([*tokens, max(end, tokens[-1])], [*objective, objective[-1]], where="post", color=INK, linewidth=1.3)
        finished += objective
    low, high = (min(finished), _upper_limit(finished)) if finished else (0.0, 1.0)
    margin = 0.07 * (high - low or 1.0)
    axes.set_ylim(low - margin, high + 2.4 * margin)
    axes.plot(stopped, [high + 1.5 * margin] * len(stopped), "x", color=HARM, markersize=6, markeredgewidth=1.6)
    _label_axes(axes, "tokens trained by the search", objective_unit(search.metrics))


def _label_axes(axes: Axes, x_label: str, unit: str) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: count(value) if value else "0"))
    axes.set_xlabel(x_label)
    axes.set_ylabel(f"{', '.join(filter(None, ['objective', unit]))} (validation)")


def _paint_curves(axes: Axes, search: SearchResult) -> None:
    best = min(
        (trial for trial in search.trials if trial.state == "COMPLETE" and trial.objective is not None),
        key=lambda trial: trial.objective or 0.0,
        default=None,
    )
    values: list[float] = []
    for trial in search.ended_trials:
        if not trial.curve:
            continue
        tokens, objective, _annealed = zip(*trial.curve, strict=True)
        values += objective
        if trial.state == "PRUNED":
            axes.plot(tokens, objective, color=HARM, linewidth=0.9, alpha=0.75, linestyle=(0, (4, 2)))
            axes.plot(tokens[-1], objective[-1], "x", color=HARM, markersize=6, markeredgewidth=1.6)
        else:
            chosen = trial is best
            axes.plot(
                tokens,
                objective,
                color=INK if chosen else "#2B7BBA",
                linewidth=1.8 if chosen else 0.9,
                alpha=1.0 if chosen else 0.55,
                zorder=3 if chosen else 2,
            )
            final = [(t, o) for t, o, annealed in trial.curve if annealed]
            if final:
                axes.plot(*final[-1], "o", color=INK if chosen else "#2B7BBA", markersize=4, zorder=4)
    if values:
        low, high = min(values), _upper_limit(values)
        margin = 0.05 * (high - low or 1.0)
        axes.set_ylim(low - margin, high + margin)
    _label_axes(axes, "training tokens of the trial", objective_unit(search.metrics))


def search_pictures(search: SearchResult) -> list[Picture]:
    """The objective against tokens spent with the incumbent's line, and the loss curves of all trials."""
    if not search.ended_trials:
        return []
    used = dict.fromkeys(trial.source for trial in search.trials if trial.state == "COMPLETE")
    key = tuple((SOURCES[source][1], SOURCES[source][2]) for source in used if source in SOURCES)
    stopped = any(trial.state == "PRUNED" for trial in search.trials)
    cross = (("cross", "pruned: stopped early"),) if stopped else ()
    pictures = [
        Picture(
            "The search's progress",
            "Each mark is a trial, placed where the search's spent tokens stood when it ended and how low its "
            "objective came; the line is the best so far and only ever falls. Crosses stand at the upper edge, since a "
            "pruned trial has no final objective.",
            (
                Panel(
                    draw("search", "Objective against tokens spent", (500, 340), lambda a: _paint_progress(a, search))
                ),
            ),
            (*key, *cross, (INK, "best so far")),
        )
    ]
    if any(trial.curve for trial in search.trials):
        pictures.append(
            Picture(
                "The trials' loss curves",
                "Each line is one trial, its dot the final loss after the learning rate was cooled down; "
                "dashed lines with a cross were stopped early because their start promised nothing.",
                (Panel(draw("curves", "Loss curves of trials", (500, 340), lambda a: _paint_curves(a, search))),),
                (("#2B7BBA", "ran to its end"), *cross, (INK, "the best")),
            )
        )
    return pictures
