"""What a search found, for the terminal."""

from __future__ import annotations

from rich.table import Table

from codescale.organisation import SHUFFLED
from codescale.report.quantities import count
from codescale.search.result import SearchResult


def search_table(found: SearchResult) -> Table:
    """The best of a search, what it cost and saved, and what finishing stopped trials told."""
    table = Table(title=f"The search of {found.space}", show_header=False)
    table.add_column("what")
    table.add_column("found")
    states = [trial.state for trial in found.trials if trial.number is not None]
    done = f"{states.count('COMPLETE')} to their end, {states.count('PRUNED')} stopped, {states.count('FAIL')} failed"
    table.add_row("trials", f"{len(states)}: {done}")
    best = found.incumbent
    if best is not None:
        table.add_row("best", f"{best.objective:.4f} ({best.run_id})")
        shares = ", ".join(f"{name} {share:.1%}" for name, share in best.proportions.items() if share > 0)
        table.add_row("its shares", shares)
        if best.hyper:
            table.add_row("its settings", ", ".join(f"{name} {value:.4g}" for name, value in best.hyper.items()))
        if {trial.organisation for trial in found.trials} != {SHUFFLED}:
            table.add_row("its organisation", best.organisation)
    table.add_row(
        "tokens", f"{count(found.tokens_trained or 0)} trained, {count(found.tokens_saved_by_pruning or 0)} saved"
    )
    checked = found.checked or ()
    if checked:
        won = sum(one.won for one in checked)
        cost = sum(one.tokens_trained for one in checked)
        table.add_row(
            "stopped wrongly",
            f"{won} of {len(checked)} stopped trials that were finished would have won ({count(cost)} tokens)",
        )
    for point in found.front or ():
        values = ", ".join(f"{name} {value:.4f}" for name, value in point.objectives.items())
        table.add_row("on the front", f"{values} ({point.run_id})")
    if found.ended:
        table.add_row("ended", found.ended)
    return table
