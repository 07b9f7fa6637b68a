"""The section on the search: its trials, its front, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.organisation import PAIRED
from codescale.report.figures.search import search_pictures
from codescale.report.no_harm import searched_rule
from codescale.report.quantities import DASH, count, mean_in_words, number, percent
from codescale.report.sections.base import Cell, Grid, PageSection, Subject
from codescale.search.objective.objective import objective_unit
from codescale.search.result import SearchResult


def search_section(subject: Subject) -> PageSection:
    """Progress, curves and what pruning saved."""
    title, search = "The search", subject.artifacts.search
    if search is None:
        return PageSection("search", title, missing="search")
    return PageSection(
        "search",
        title,
        "Around the law's optimum real runs were trained, each judged on the validation split.",
        tuple(search_pictures(search)),
        tables=_front(search, subject.labels),
        notes=(
            _search_account(search),
            *_minimised(search, subject.labels),
            *searched_rule(search, subject.labels),
            *_organised(search),
        ),
    )


def _front(search: SearchResult, labels: Mapping[str, str]) -> tuple[Grid, ...]:
    """The runs on the Pareto front, in order of the first objective; none where there is one objective."""
    if not search.front:
        return ()
    objectives = tuple(search.front[0].objectives)
    languages = tuple(name for name in labels if any(one.proportions.get(name, 0.0) > 0 for one in search.front))
    rows = tuple(
        (
            Cell(one.run_id),
            *(Cell(f"{one.objectives[name]:.4f}" if name in one.objectives else DASH) for name in objectives),
            *(Cell(percent(one.proportions.get(name, 0.0))) for name in languages),
        )
        for one in search.front
    )
    columns = ("run", *objectives, *(labels[name] for name in languages))
    caption = "The Pareto front: no run beats one of these in every objective (validation split, one seed each)"
    return (Grid(caption, columns, rows, frozenset(range(1, len(columns)))),)


def _minimised(search: SearchResult, labels: Mapping[str, str]) -> tuple[str, ...]:
    """What the search minimised, which a search space may say otherwise than the study."""
    terms = [f"{weight:+g} × {name}" for name, weight in search.metrics.items()]
    if search.weights:
        terms = [mean_in_words(search.weights, labels), *terms]
    if not terms:
        return ()
    others = f" This is one of {len(search.directions)} searches of a Pareto front." if search.directions else ""
    return (f"It minimised {', '.join(terms)}.{others}",)


def _organised(search: SearchResult) -> tuple[str, ...]:
    """What the search says of the data's organisation; nothing where no trial had its translations paired."""
    paired = [trial for trial in search.trials if trial.organisation == PAIRED]
    if not paired or search.best is None:
        return ()
    best = "in one document" if search.best.organisation == PAIRED else "apart"
    return (
        f"In {len(paired)} of {len(search.trials)} runs a snippet and its translation stood in one document; in the "
        f"one that the search recommends they stand {best}.",
    )


def _search_account(search: SearchResult) -> str:
    states: list[str] = [trial.state for trial in search.trials if trial.number is not None]
    parts = [f"{len(states)} trials: {states.count('COMPLETE')} completed, {states.count('PRUNED')} pruned"]
    for state, words in (("FAIL", "failed"), ("RUNNING", "under way")):
        if states.count(state):
            parts.append(f"{states.count(state)} {words}")
    text = ", ".join(parts)
    if search.tokens_trained is not None:
        text += f"; {count(search.tokens_trained)} tokens trained"
    if search.tokens_saved_by_pruning:
        text += f", {count(search.tokens_saved_by_pruning)} saved by pruning"
    if search.checked:
        won, cost = sum(one.won for one in search.checked), sum(one.tokens_trained for one in search.checked)
        text += (
            f". Of {len(search.checked)} stopped trials, drawn at random and trained to their end for {count(cost)} "
            f"tokens, {won or 'none'} would have won"
        )
    if search.ended:
        text += f". It ended before its budget: {search.ended}"
    left = search.recommended.remaining if search.recommended else None
    if left is not None:
        text += (
            f". Further trials may gain {f'{number(left.expected, 4)} {objective_unit(search.metrics)}'.rstrip()} over "
            f"what it recommends (90 % of draws: {number(left.low, 4)} to {number(left.high, 4)})"
        )
    return f"{text}."
