"""Laws in the terminal: held-out errors, rankings and synergy gains as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.laws.fitting.calibration import Calibration
from codescale.laws.fitting.compare import LawComparison, Ranking
from codescale.laws.forms.registry import BASELINES
from codescale.laws.law import Law
from codescale.laws.synergy.predicted import LawSynergy
from codescale.report.predictions import Claim, claims_on_hold_outs, held_out_errors
from codescale.report.quantities import interval, number, percent
from codescale.terminal import plain

_WIDEST_MATRIX = 7
"""Languages whose matrix still fits a terminal."""
_LISTED = 20


def law_table(law: Law) -> RenderableType:
    """Which law was taken, the held-out error of every law that was tried beside the baselines', and what the one that
    was taken foretold of it.
    """
    errors = held_out_errors(law)
    lines = [plain(f"{law.name}: {law.formula}; fitted to {law.fitted_rows} rows, losses in {law.loss_unit}")]
    lines += [plain(line) for line in _on_repetition(law)]
    if not errors:
        return Group(*lines, plain("Too few runs to hold any out: its error on unseen runs is not known."))
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
    claims = [(one.kind, one) for one in claims_on_hold_outs(law)]
    parts: list[RenderableType] = [table, plain("")]
    if claims:
        parts += [_claims(f"What {law.name} foretold of runs held out", "held out", claims), plain("")]
    return Group(*parts, *lines)


def _on_repetition(law: Law) -> list[str]:
    """What the law makes of tokens seen again, and of models too large for their distinct tokens."""
    if law.half_life is None:
        return []
    excess = law.excess_parameters
    second = "parameters all count"
    if excess:
        second = (
            f"R_N* = {excess.half_life:.3g} for parameters beyond one for {excess.tokens_per_parameter:.3g} distinct "
            "tokens"
        )
    return [f"Repeated tokens: R* = {law.half_life:.3g} repetitions; {second}."]


def laws_table(found: Sequence[LawComparison]) -> RenderableType:
    """Laws side by side: held-out error by kind, seconds, whether their intervals hold, and how they rank mixtures (see
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
    for title, judged in (
        ("What the laws foretold of runs held out inside the range of N and D", [one.inside for one in found]),
        ("What the laws foretold of longer and larger runs, held out", [one.beyond for one in found]),
    ):
        claims = [(one.name, claim) for one, claim in zip(found, judged, strict=True) if claim]
        if claims:
            parts += [plain(""), _claims(title, "law", claims)]
    for title, rankings in (
        ("The largest models' mixtures, ranked by a law fitted on the smaller ones", [o.across_scale for o in found]),
        ("Mixtures that the law was not fitted to, ranked", [o.unseen_mixtures for o in found]),
    ):
        rows = [(one.name, ranking) for one, ranking in zip(found, rankings, strict=True) if ranking]
        if rows:
            parts += [plain(""), _rankings(title, rows)]
    if any(one.across_scale or one.unseen_mixtures for one in found):
        parts += [plain(""), plain("regret: how far the mixture ranked first lies above the best one, measured.")]
    return Group(*parts)


def _claims(title: str, first: str, rows: Sequence[tuple[str, Calibration | Claim]]) -> Table:
    """Each law's, or each hold-out's, error beside the one foretold, and how many losses the intervals hold."""
    table = Table(title=plain(title), title_justify="left")
    table.add_column(first, no_wrap=True)
    for column in ("error", "foretold", "in the 90 % interval", "trunks"):
        table.add_column(column, justify="right")
    for name, claim in rows:
        held = f"{percent(claim.inside, 0)} {interval(100 * claim.low, 100 * claim.high, 0)}"
        table.add_row(plain(name), percent(claim.error, 2), percent(claim.foretold, 2), plain(held), str(claim.trunks))
    return table


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
