"""Laws in the terminal: held-out errors, rankings and synergy gains as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.laws.fitting.compare import LawComparison, Ranking
from codescale.laws.forms.registry import BASELINES
from codescale.laws.law import Law
from codescale.laws.synergy.predicted import LawSynergy
from codescale.report.predictions import held_out_errors
from codescale.report.quantities import interval, number, percent
from codescale.terminal import plain

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
            plain(candidate.name + role),
            percent(candidate.error, 2),
            *figures,
            style="bold" if candidate.is_chosen else "",
        )
    return Group(table, line)


def laws_table(found: Sequence[LawComparison]) -> RenderableType:
    """Laws side by side: held-out error by kind, seconds, and how they rank mixtures (see
    codescale/laws/fitting/compare.py).
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
            plain(name),
            f"{ranking.correlation:.3f}",
            percent(ranking.regret, 2),
            str(ranking.groups),
            str(ranking.mixtures),
        )
    return table


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
