"""What pairing translations did, in the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.comparison.organisation_result import Family, OrganisationResult
from codescale.report.pairing_claims import longest_runs, pairing_claims
from codescale.report.quantities import count, interval, number, percent, signed
from codescale.report.sections.organisation import FAMILIES
from codescale.terminal import plain

_SHORT: dict[Family, str] = {"languages": "languages", "seen": "shown", "unseen": "zero-shot"}


def organisation_table(result: OrganisationResult) -> RenderableType:
    """The means by scale, how many targets improved at the longest runs, and the claims' verdicts."""
    table = Table(title="Paired minus shuffled, nats per token (validation split)", title_justify="left")
    table.add_column("N, D", no_wrap=True)
    table.add_column("mean over", no_wrap=True)
    for heading in ("shuffled", "difference", "interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in result.scales:
        scale = f"{count(one.n_params)}, {count(one.n_tokens)}"
        scale += f" ({percent(one.paired_share, 0)})" if one.paired_share < 1 else ""
        for family, mean in one.families.items():
            difference = mean.difference
            table.add_row(
                scale,
                f"{mean.targets} {_SHORT[family]}",
                number(mean.shuffled.mean),
                signed(difference.mean, 4),
                interval(difference.low, difference.high, 4),
            )
            scale = ""
    lines = []
    for one in longest_runs(result):
        for family, targets in one.targets.items():
            words = [each.verdict for each in targets.values()]
            told = ", ".join(f"{words.count(word)} {word}" for word in ("improved", "harmed", "cannot be told"))
            lines.append(f"N = {count(one.n_params)}, {FAMILIES[family]}: {told} (Holm, {len(one.seeds)} seeds).")
    lines += [f"{claim.statement}: {claim.verdict}." for claim in pairing_claims(result)]
    return Group(table, *(plain(line) for line in lines))
