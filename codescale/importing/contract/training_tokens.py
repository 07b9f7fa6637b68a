"""N of a run and the training tokens of an evaluation: from a column, a number, or steps and the tokens of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.joined_rows import JoinedRows

_STEPS = ("train/global_step", "trainer/global_step", "global_step", "step", "Step", "_step")
"""Where a trainer's own step stands (transformers' and Lightning's on W&B first), before what counts log calls."""
_LOG_CALLS = ("_step", "Step")
"""W&B's own counts of calls of ``wandb.log``."""
_TOKENS = ("n_tokens", "num_input_tokens_seen", "train/num_input_tokens_seen")


@dataclass(frozen=True)
class Scale:
    """N and D of every run, as options give them (None: the source says)."""

    n_params: float | None = None
    n_tokens: float | None = None


def model_sizes(rows: JoinedRows, columns: Columns, scale: Scale) -> Array:
    """(rows,): N, NaN where empty. Raises :class:`UserError` where nothing says it, or two things do."""
    if scale.n_params is not None and columns.n_params is not None:
        raise _said_twice("--params", "n_params")
    if isinstance(columns.n_params, str):
        return _of_column(rows, rows.needed(columns.n_params, "n_params"), None, "--params")
    value = scale.n_params if columns.n_params is None else columns.n_params
    if "n_params" in rows.names:
        return _of_column(rows, "n_params", value, "--params")
    if value is None:
        problem = f"is missing: nothing in {rows.path} says N"
        raise UserError(
            "--params", problem, "give it, such as --params 1e6, or name its column n_params in columns.yaml"
        )
    return np.full(len(rows), value)


def training_tokens(rows: JoinedRows, columns: Columns, scale: Scale) -> tuple[Array, list[str]]:
    """(rows,): D, NaN where empty, and what to say of it.

    Steps are those of the trainer where it wrote them; W&B's ``_step``, which counts log calls, is doubted. Raises
    :class:`UserError` where nothing says D, or two things do.
    """
    said = {"n_tokens": columns.n_tokens, "tokens_per_step": columns.tokens_per_step, "--tokens": scale.n_tokens}
    given = [name for name, value in said.items() if value is not None]
    if len(given) > 1:
        raise _said_twice(given[-1], given[0])
    if columns.step is not None and columns.tokens_per_step is None:
        raise UserError("step", "is named, and tokens_per_step is not", "give both in columns.yaml, or neither")
    if isinstance(columns.n_tokens, str):
        return _of_column(rows, rows.needed(columns.n_tokens, "n_tokens"), None, "--tokens"), []
    if columns.tokens_per_step is not None:
        return _of_steps(rows, columns, columns.tokens_per_step)
    value = scale.n_tokens if columns.n_tokens is None else columns.n_tokens
    own = next((name for name in _TOKENS if name in rows.source.cells), None)
    if value is not None and rows.source.steps_are_tokens:
        problem = "is one D for all runs, where event files have steps"
        raise UserError(given[0], problem, "give tokens_per_step in columns.yaml instead")
    if own is not None:
        return _of_column(rows, own, value, "--tokens"), []
    if rows.source.steps_are_tokens:
        foreign = "annealed" not in rows.source.cells
        doubt = (
            "steps are taken for tokens; where they count those of an optimizer, give tokens_per_step in columns.yaml"
        )
        return rows.numbers("step"), [f"{rows.path}: {doubt}"] if foreign else []
    if value is None and "n_tokens" in rows.names and not any(name in rows.source.cells for name in _STEPS):
        return rows.numbers("n_tokens"), []
    if value is None:
        counted = next((name for name in _STEPS if name in rows.source.cells), None)
        problem = f"is missing: nothing in {rows.path} says D"
        hint = (
            f"tokens_per_step in columns.yaml counts {counted}"
            if counted
            else "or name its column n_tokens in columns.yaml"
        )
        raise UserError("--tokens", problem, f"give it, such as --tokens 1e9; {hint}")
    return np.full(len(rows), value), []


def _of_steps(rows: JoinedRows, columns: Columns, tokens_per_step: float) -> tuple[Array, list[str]]:
    step = columns.step or next((name for name in _STEPS if name in rows.source.cells), _STEPS[-1])
    tokens = rows.numbers(rows.needed(step, "step")) * tokens_per_step
    if step not in _LOG_CALLS:
        return tokens, []
    better = next((name for name in _STEPS if name not in _LOG_CALLS and name in rows.source.cells), None)
    mend = f"name step: {better}" if better else "where training did not log every step, name its own step (step: ...)"
    return tokens, [
        f"{rows.path}: tokens are counted by {step}, which is W&B's count of log calls; {mend} in columns.yaml"
    ]


def _of_column(rows: JoinedRows, column: str, value: float | None, option: str) -> Array:
    """``column``, filled with ``value`` where it is empty. Raises :class:`UserError` where it says something else."""
    numbers = rows.numbers(column)
    if (numbers < 0).any():
        row = int(np.flatnonzero(numbers < 0)[0])
        raise UserError(rows.where(row, column), f"{numbers[row]:g} is not a count", "give a number above 0")
    if value is None:
        return numbers
    other = np.isfinite(numbers) & (numbers != value)
    if other.any():
        row = int(np.flatnonzero(other)[0])
        raise UserError(option, f"is {value:g}, where {rows.where(row, column)} says {numbers[row]:g}", "leave it out")
    return np.full(len(rows), value)


def _said_twice(option: str, field: str) -> UserError:
    return UserError(option, f"is given beside {field} in columns.yaml", "give one of them")
