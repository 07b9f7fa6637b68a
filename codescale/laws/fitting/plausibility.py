"""Warnings of what no sound table leads to: losses in several units, a law that foretells nothing, odd exponents."""

from __future__ import annotations

import numpy as np

from codescale.laws.fitting.candidates import Candidate
from codescale.laws.observations import Observations, appearance_index
from codescale.laws.warning import warn
from codescale.runs.doubts import doubts
from codescale.runs.table import RunsTable

_LARGE_ERROR = 0.1
"""A held-out error that no law of losses in one unit has had: published tables' are 0.2 to 2 %, noisy ones' 6 %."""
_LARGE_RATIO = 1.8
"""Of two losses of equal runs: seeds differ by per cents, nats per token and bits per byte by a factor of 2 or 3."""


def warn_of_doubts(table: RunsTable) -> None:
    """One line for each thing about the rows to fit that is unlikely to be meant (:mod:`codescale.runs.doubts`)."""
    for line in doubts(table):
        warn(line)


def warn_of_nonsense(best: Candidate, data: Observations) -> None:
    """One line for each thing about the table, or the law that was taken, that cannot be right."""
    _warn_of_units(data)
    # The one loss of a mixture is asked of mixtures that it was not made for, and is judged by its own page.
    if best.held_out and best.held_out.error > _LARGE_ERROR and not best.form.one_loss:
        worst = max(best.held_out.targets, key=lambda name: best.held_out.targets[name] if best.held_out else 0.0)
        warn(
            f"{data.path}: held-out error {best.held_out.error:.0%} (loss.{worst}: {best.held_out.targets[worst]:.0%}):"
            " the law foretells nothing; look for losses in several units, wrong N or D, or runs of another recipe"
        )
    ends = best.form.exponents_at_ends(data, best.values)
    if ends:
        shown = ", ".join(ends[:6]) + (f" and {len(ends) - 6} more" if len(ends) > 6 else "")
        warn(
            f"{best.name}: {shown}: at the end of the exponent's range, so the runs do not fit the law's curve there;"
            " look for rows in another unit, or runs that did not finish"
        )


def warn_of_one_trunk(data: Observations) -> None:
    """Says that a law has no intervals where one trunk is all that it was fitted to."""
    if len(np.unique(data.trunk[data.usable])) == 1:
        warn(
            f"{data.path}: all runs are branches of one trunk, so how far another run lies from the law cannot be told:"
            " predictions have no intervals; add runs with other seeds or recipes"
        )


def _warn_of_units(data: Observations) -> None:
    """Rows of one N, D and mixture whose losses are too far apart for seeds."""
    logs = np.column_stack([data.log_params, data.log_tokens, data.shares])
    recipe = appearance_index(np.round(logs, 4))
    for k, target in enumerate(data.targets):
        for number in np.flatnonzero(np.bincount(recipe[np.isfinite(data.log_losses[:, k])], minlength=1) > 1):
            losses = data.log_losses[recipe == number, k]
            losses = np.exp(losses[np.isfinite(losses)])
            if losses.max() > _LARGE_RATIO * losses.min():
                warn(
                    f"{data.path}, loss.{target}: equal runs have losses of {losses.min():.4g} and {losses.max():.4g}:"
                    " give all in one unit, or tell the runs apart"
                )
                return
