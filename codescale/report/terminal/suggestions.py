"""The next runs of a table, for the terminal: what each may gain, whether to stop, and what to take now."""

from __future__ import annotations

from rich.table import Table

from codescale.organisation import ORGANISATION, organisation_of
from codescale.report.quantities import count
from codescale.search.space.space import SearchPoint
from codescale.search.tables.suggestions import CurrentBest, Suggestions
from codescale.terminal import PlainConsole

_NAMED = 6
"""Shares that a line names; the file holds all."""


def print_suggestions(console: PlainConsole, found: Suggestions) -> None:
    """Everything of ``found`` but its file."""
    console.print(suggestions_table(found))
    for line in suggestion_lines(found):
        console.print(line)


def suggestions_table(found: Suggestions) -> Table:
    """A row for each run: its largest shares, and the objective and the gain expected of it."""
    scale = f"{count(found.proxy.n_params)} parameters, {count(found.proxy.n_tokens)} tokens"
    table = Table(title=f"The next runs: {scale}")
    for name in ("run", "from", "shares", "expected", "gain"):
        table.add_column(name)
    for one in found.runs:
        expected = "" if one.expected is None else f"{one.expected:.4f} ± {one.deviation:.4f}"
        gain = "" if one.gain is None else f"{one.gain:.2g}"
        table.add_row(one.run_id, one.source, _point(one.point), expected, gain)
    return table


def suggestion_lines(found: Suggestions) -> list[str]:
    """What was read, what to take now, and whether to go on."""
    read = ", ".join(f"{number:,} {word}" for word, number in found.counts.items() if number and word != "lack")
    earlier = " (earlier: at other scales, outside the space, or repeated)" if found.counts["earlier"] else ""
    lines = [f"Read: {read or 'no finished run'}{earlier}."]
    if found.counts["lack"]:
        lines.append(f"Left out: {found.counts['lack']:,} finished runs that lack a loss which weighs.")
    unit = f" {found.unit}".rstrip()
    if found.best is not None:
        lines.append(_best(found.best, unit))
    if found.regret is not None:
        lines.append(
            f"All further runs together may gain {found.regret.expected:.2g}{unit} over it (90 %: "
            f"{found.regret.low:.2g} to {found.regret.high:.2g})."
        )
    return [*lines, _verdict(found, unit)]


def _best(best: CurrentBest, unit: str) -> str:
    what = best.run_id or "a mixture that no run had"
    measured = "" if best.measured is None else f", measured {best.measured:.4f}{unit}"
    expected = "" if best.expected is None else f", expected {best.expected:.4f} ± {best.deviation:.4f}"
    kept = "" if best.keeps_rule is None else f", keeps no_harm with {best.keeps_rule:.0%}"
    return f"Take now: {what}{measured}{expected}{kept} ({_point(best.point)})."


def _verdict(found: Suggestions, unit: str) -> str:
    if found.stop:
        return f"Stop: {found.stop}."
    if found.noise is None:
        return "Go on? No mixture was run twice, so the noise is not known: repeat one with another seed to be told."
    return f"Go on: seeds alone change {found.noise:.2g}{unit}."


def _point(point: SearchPoint) -> str:
    shares = sorted(point.mixture.items(), key=lambda one: -one[1])
    named = [f"{name} {share:.1%}" for name, share in shares[:_NAMED] if share > 0]
    more = len([share for _, share in shares[_NAMED:] if share > 0])
    settings = [
        organisation_of(value) if name == ORGANISATION else f"{name} {value:.4g}" for name, value in point.hyper.items()
    ]
    return ", ".join([*named, *([f"{more} more"] if more else []), *settings])
