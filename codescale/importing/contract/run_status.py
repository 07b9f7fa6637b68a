"""How a run ended, in the words of W&B, MLflow, Ray Tune, Optuna and Slurm."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.joined_rows import JoinedRows
from codescale.importing.readers.source_table import listed
from codescale.runs.table import STATUSES

_USUAL = ("status", "State", "state", "Status")
_WORDS = {
    "ok": "ok finished complete completed terminated success succeeded done",
    "failed": "failed fail failure crashed crash killed error running pending scheduled preempted preempting cancelled "
    "canceled timeout stopped waiting queued out_of_memory node_fail",
    "pruned": "pruned",
    "diverged": "diverged",
}
_STATUS = {word: status for status, words in _WORDS.items() for word in words.split()}


def run_status(rows: JoinedRows, columns: Columns) -> tuple[NDArray[np.object_], list[str]]:
    """(rows,): a status of the runs table, empty where nothing says one, and what to say of it.

    A run that has not finished, for whatever reason, is ``failed``: its losses are none of a whole run. Raises
    :class:`UserError` for a word that says none of it, where others do or the column was named.
    """
    none = np.full(len(rows), "", dtype=object)
    usual = next((name for name in _USUAL if name in rows.names), None)
    column = usual if columns.status is None else rows.needed(columns.status, "status")
    if column is None:
        return none, []
    words = rows.text(column)
    known = {word: _STATUS[word.lower()] for word in set(words) if word.lower() in _STATUS}
    unknown = {str(word) for word in words if word and word not in known}
    if unknown and not known and columns.status is None:
        return none, [f"{rows.path}: {column} says of no run how it ended, and is left: {listed(sorted(unknown))}"]
    if unknown:
        row = next(row for row, word in enumerate(words) if word in unknown)
        hint = f"write one of {', '.join(STATUSES)}, or a word of W&B such as finished or crashed"
        raise UserError(rows.where(row, column), f"{words[row]!r} is not a status", hint)
    return np.array([known.get(word, "") for word in words], dtype=object), []


def status_note(rows: JoinedRows, run_ids: NDArray[np.object_], status: NDArray[np.object_]) -> list[str]:
    """A line that counts the runs that fits leave out, by how they ended."""
    by_run = dict(zip(run_ids, status, strict=True))
    counts = Counter(one for one in by_run.values() if one != "ok")
    if not counts:
        return []
    shown = ", ".join(f"{count:,} {one}" for one, count in sorted(counts.items()))
    return [f"{rows.path}: of {len(by_run):,} runs {shown}: fits leave them out"]
