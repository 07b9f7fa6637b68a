"""Runs: planned (`RunSpec`), done (`RunRecord`), and the runs table, the one format for training results.

The table is DESIGN.md's contract: one row per evaluation of a run, CSV or Parquet, ours or anybody's. This module reads
it with every mistake named, writes it, and compacts a study's run files into it. It trains nothing and fits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from codescale.errors import UserError
from codescale.files import read_json, replacing, write_json
from codescale.mixture import SUM_TOLERANCE, Mixture
from codescale.organisation import Organisation
from codescale.validation import checked

Status = Literal["ok", "diverged", "pruned", "failed"]
Stage = Literal["grid", "alone", "pair", "mixture", "trial", "check", "comparison", "train"]
SWEEP_STAGES: tuple[Stage, ...] = ("grid", "alone", "pair", "mixture")
"""The runs that laws are fitted on: not the trials, so that a search that goes on after a kill starts from one law."""

STATUSES: tuple[Status, ...] = ("ok", "diverged", "pruned", "failed")
RETRY = ".retry"
"""Ends the id of a run that is done once more at a lower learning rate, since the first diverged."""

PROPORTION, LOSS, METRIC, HYPER, UNIQUE = "proportion.", "loss.", "metric.", "hyper.", "unique_tokens."
FORGETTING = "forgetting."
"""Of a metric: how far a loss has risen since the model that the run started from."""


class RunSpec(BaseModel):
    """A planned run: everything its losses depend on, besides the corpus.

    ``token_points`` are the D at which the learning rate is cooled down on a branch of the one trunk; ``unique_tokens``
    holds every language to that many distinct tokens, or each to its own number (None: all there are); ``hyper`` names
    only what was freed or changed, such as ``learning_rate_factor``; ``start`` tells the model that the run starts from
    from any other (:attr:`~codescale.study.StudyConfig.start_id`; None: random weights).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    run_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=180)
    stage: Stage
    size: str
    n_params: int = Field(gt=0)
    token_points: tuple[int, ...] = Field(min_length=1)
    proportions: dict[str, float]
    unique_tokens: int | dict[str, int] | None = None
    seed: int = Field(ge=0)
    organisation: Organisation = "shuffled"
    hyper: dict[str, float] = {}
    start: str | None = None

    @field_validator("token_points")
    @classmethod
    def _points_rise(cls, points: tuple[int, ...]) -> tuple[int, ...]:
        if list(points) != sorted(set(points)) or points[0] <= 0:
            raise ValueError("token points are positive and rise")
        return points

    @property
    def mixture(self) -> Mixture:
        """The run's proportions."""
        return Mixture(self.proportions)

    @property
    def is_retry(self) -> bool:
        """Whether the run is a second try at a lower learning rate."""
        return self.run_id.endswith(RETRY)


class Evaluation(BaseModel):
    """One row of the runs table: the losses (nats per token) of a run after ``n_tokens`` training tokens.

    ``branch`` is the D of the branch that the row belongs to, None on the trunk; ``flops`` are the counted training
    FLOPs of the run up to here, its own branch included. ``metrics`` are other figures of the model as it is here, such
    as ``bits_per_byte.python`` or ``gradient_norm``; they become the table's ``metric.*``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    n_tokens: int
    losses: dict[str, float]
    annealed: bool
    branch: int | None
    flops: float
    unique_tokens: dict[str, int] = {}
    metrics: dict[str, float] = {}


class RunRecord(BaseModel):
    """A run that ended: its spec, its curve, how it ended and what it cost.

    ``tokens_trained`` counts the trunk and every branch; ``seconds`` is training and evaluation without orchestration;
    ``finished`` is the wall-clock time (Unix seconds) at which it ended. ``metrics`` are figures of the whole run, such
    as ``tokens_per_second``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    spec: RunSpec
    status: Status
    evaluations: tuple[Evaluation, ...]
    corpus_id: str
    tokens_trained: int
    flops: float
    seconds: float
    finished: float
    worker: str = ""
    note: str = ""
    metrics: dict[str, float] = {}

    def final_losses(self, n_tokens: int | None = None) -> dict[str, float]:
        """The annealed losses at the planned D ``n_tokens`` (default: the last). Raises ``KeyError`` for none.

        A branch ends on a whole step, so the tokens it really saw may differ a little from the plan's.
        """
        wanted = n_tokens or self.spec.token_points[-1]
        for evaluation in reversed(self.evaluations):
            if evaluation.branch == wanted:
                return evaluation.losses
        raise KeyError(f"{self.spec.run_id} has no annealed losses at {wanted} tokens")

    def forgetting(self) -> dict[str, float]:
        """How far losses of what the model knew have risen since the start, nats per token, at the last evaluation that
        measured it; empty for a run from random weights.
        """
        for evaluation in reversed(self.evaluations):
            found = {
                name.removeprefix(FORGETTING): rise
                for name, rise in evaluation.metrics.items()
                if name.startswith(FORGETTING)
            }
            if found:
                return found
        return {}

    def rows(self) -> list[dict[str, Any]]:
        """The record as rows of the runs table."""
        spec = self.spec
        shared: dict[str, Any] = {"n_params": spec.n_params}
        shared |= {PROPORTION + name: share for name, share in spec.mixture.items()}
        shared |= {HYPER + name: value for name, value in spec.hyper.items()}
        shared |= {
            "status": self.status, "seed": spec.seed, "organisation": spec.organisation,
            "corpus_id": self.corpus_id + (f"-{spec.start}" if spec.start else ""),
            "stage": spec.stage, "size": spec.size,
        }  # fmt: skip
        rows = []
        for evaluation in self.evaluations:
            branch = evaluation.branch
            row = {
                "run_id": spec.run_id if branch is None else f"{spec.run_id}@{branch}",
                "n_tokens": evaluation.n_tokens,
                "annealed": evaluation.annealed,
                "parent_run_id": None if branch is None else spec.run_id,
                "flops": evaluation.flops,
            }
            row |= {LOSS + target: loss for target, loss in evaluation.losses.items()}
            row |= {UNIQUE + name: count for name, count in evaluation.unique_tokens.items()}
            row |= {METRIC + name: value for name, value in (self.metrics | evaluation.metrics).items()}
            rows.append(shared | row)
        return rows


_RECORD = TypeAdapter(RunRecord)


def write_record(folder: str | Path, record: RunRecord) -> Path:
    """Writes ``record`` to its own file in ``folder``; a run that is there already is left as it is."""
    path = Path(folder) / f"{record.spec.run_id}.json"
    if not path.exists():
        write_json(path, record.model_dump(mode="json"))
    return path


def read_record(path: str | Path) -> RunRecord:
    """The record in ``path``. Raises :class:`UserError` where the file is not one."""
    return checked(_RECORD, read_json(path), path, "delete the file to have the run done again")


def read_records(folder: str | Path) -> list[RunRecord]:
    """All records in ``folder``, by run id; none where the folder does not exist."""
    return [read_record(path) for path in sorted(Path(folder).glob("*.json"))]


def records_table(records: Iterable[RunRecord]) -> pa.Table:
    """The runs table of ``records``: contract columns first, then the others, languages in order of appearance."""
    rows = [row for record in records for row in record.rows()]
    names = dict.fromkeys(name for row in rows for name in row)
    first = ["run_id", "parent_run_id", "stage", "size", "status", "annealed", "n_params", "n_tokens"]

    def rank(name: str) -> int:
        prefixes = [PROPORTION, LOSS, METRIC, UNIQUE, HYPER]
        if name in first:
            return first.index(name)
        return next((len(first) + k for k, prefix in enumerate(prefixes) if name.startswith(prefix)), 99)

    ordered = sorted(names, key=rank)
    columns = {}
    for name in ordered:
        missing = 0.0 if name.startswith(PROPORTION) else None
        columns[name] = pa.array([row.get(name, missing) for row in rows])
    return pa.table(columns)


def check_ending(path: str | Path) -> None:
    """Raises :class:`UserError` where the name of a runs table says neither CSV nor Parquet."""
    if Path(path).suffix.lower() not in (".csv", ".parquet"):
        raise UserError(path, "has no ending that says its format", "end it in .csv or .parquet")


def write_runs(path: str | Path, table: pa.Table) -> None:
    """Writes a runs table atomically, as CSV or Parquet by the ending of ``path``. Raises as :func:`check_ending`."""
    check_ending(path)
    with replacing(path) as temporary:
        if Path(path).suffix.lower() == ".csv":
            pa.csv.write_csv(table, temporary)
        else:
            pa.parquet.write_table(table, temporary)


@dataclass(frozen=True)
class RunsTable:
    """A runs table in memory: ``rows`` evaluations of runs over ``domains``, measured on ``targets``.

    Arrays have one entry a row; ``proportions`` is (rows, domains) with rows that sum to 1, ``losses`` (rows, targets)
    in nats per token with NaN where not measured. ``trunk`` is what a bootstrap resamples: the parent run's id where
    there is one, else the run's own. ``hyper``, ``metrics`` and ``unique_tokens`` hold one array a column (NaN where
    empty).
    ``table`` is what was read, unknown columns included, row for row.
    """

    path: str
    domains: tuple[str, ...]
    targets: tuple[str, ...]
    run_id: NDArray[np.object_]
    trunk: NDArray[np.object_]
    n_params: NDArray[np.float64]
    n_tokens: NDArray[np.float64]
    proportions: NDArray[np.float64]
    losses: NDArray[np.float64]
    status: NDArray[np.object_]
    annealed: NDArray[np.bool_]
    seed: NDArray[np.float64]
    organisation: NDArray[np.object_]
    corpus_id: NDArray[np.object_]
    flops: NDArray[np.float64]
    metrics: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    hyper: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    unique_tokens: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    table: pa.Table = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.run_id)

    def organised(self, organisation: Organisation) -> RunsTable:
        """The rows of runs that were organised so, where some were not: a law is of one organisation."""
        return self if len(set(self.organisation)) < 2 else self.select(self.organisation == organisation)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> RunsTable:
        """The rows that ``keep`` (a mask, or indices) names, in that order."""
        index = np.flatnonzero(keep) if np.asarray(keep).dtype == bool else np.asarray(keep)
        arrays: dict[str, Any] = {
            name: getattr(self, name)[index]
            for name in (
                "run_id", "trunk", "n_params", "n_tokens", "proportions", "losses", "status", "annealed", "seed",
                "organisation", "corpus_id", "flops",
            )
        }  # fmt: skip
        groups: dict[str, Any] = {
            name: {key: column[index] for key, column in getattr(self, name).items()}
            for name in ("metrics", "hyper", "unique_tokens")
        }
        return replace(self, **arrays, **groups, table=self.table.take(pa.array(index)))

    def fittable(self) -> RunsTable:
        """The rows that a law may be fitted to: status ``ok`` and annealed (DESIGN.md).

        Raises :class:`UserError` where the table measures no loss at all.
        """
        if not self.targets:
            raise UserError(self.path, f"has no column {LOSS}<name>", "add one; docs/runs-table.md lists the columns")
        return self.select((self.status == "ok") & self.annealed)

    @cached_property
    def retried(self) -> NDArray[np.bool_]:
        """Which rows are of a second try at a lower learning rate: not the losses that were planned."""
        return np.array([str(trunk).endswith(RETRY) for trunk in self.trunk], dtype=bool)

    @cached_property
    def mixtures(self) -> list[Mixture]:
        """The mixture of every row."""
        return [Mixture.from_array(self.domains, row) for row in self.proportions]


def _load(path: Path) -> pa.Table:
    if not path.exists():
        raise UserError(path, "no such file", "check the path")
    if path.is_dir():
        raise UserError(path, "is a folder", "name a runs table (CSV or Parquet)")
    try:
        if path.suffix.lower() == ".parquet":
            return pa.parquet.read_table(path)
        text = {name: pa.string() for name in ("run_id", "parent_run_id", "status", "organisation", "corpus_id")}
        table = pa.csv.read_csv(
            path, convert_options=pa.csv.ConvertOptions(column_types=text, strings_can_be_null=True)
        )
        names = table.column_names  # raises where one is no UTF-8
        if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
            raise UserError(path, "is separated by semicolons or tabs", "separate its columns by commas")
        return table
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError) as error:
        detail = re.sub(r"\s+", " ", str(error))[:160]
        raise UserError(path, f"cannot be read as a runs table ({detail})", "give a CSV or Parquet file") from None
    except OSError as error:
        raise UserError(path, f"cannot be read ({error})", "check the file and its permissions") from None


class _Columns:
    """Typed columns of a table, with the file and the row named where one is wrong. Rows count from 1, header aside."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self.path, self.table = path, table
        duplicates = {name for name in table.column_names if table.column_names.count(name) > 1}
        if duplicates:
            raise UserError(path, f"column {min(duplicates)} occurs twice", "rename or remove one of them")

    def named(self, prefix: str) -> list[str]:
        return [name for name in self.table.column_names if name.startswith(prefix) and len(name) > len(prefix)]

    def number(self, name: str) -> NDArray[np.float64]:
        try:
            column = pc.cast(self.table[name], pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            row = self._first_not_a_number(name)
            value = str(self.table[name][row].as_py())[:40]
            raise UserError(
                f"{self.path}, row {row + 1}, {name}", f"{value!r} is not a number", "give a number or leave it empty"
            ) from None
        return pc.fill_null(column, np.nan).to_numpy().astype(np.float64)

    def _first_not_a_number(self, name: str) -> int:
        for row, value in enumerate(self.table[name].to_pylist()):
            try:
                float(value if value is not None else 0)
            except (TypeError, ValueError):
                return row
        return 0

    def text(self, name: str, default: str) -> NDArray[np.object_]:
        if name not in self.table.column_names:
            return np.full(self.table.num_rows, default, dtype=object)
        column = pc.fill_null(pc.cast(self.table[name], pa.large_string()), default)
        encoded = column.combine_chunks().dictionary_encode()  # a string is made once, however many rows have it
        words = np.array([value or default for value in encoded.dictionary.to_pylist()] or [""], dtype=object)
        return words[encoded.indices.to_numpy(zero_copy_only=False)]

    def truth(self, name: str, default: bool) -> NDArray[np.bool_]:
        words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False, "": default}
        values, inverse = np.unique(self.text(name, "").astype(str), return_inverse=True)
        cleaned = [value.strip().lower() for value in values]
        wrong = np.isin(inverse, [k for k, value in enumerate(cleaned) if value not in words])
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            shown = str(values[inverse[row]]).strip().lower()
            raise UserError(f"{self.path}, row {row + 1}, {name}", f"{shown!r} is not true or false", "write one")
        return np.array([words.get(value, default) for value in cleaned] or [default], dtype=bool)[inverse]

    def check(self, name: str, wrong: NDArray[np.bool_], problem: str, mend: str) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            more = f" (and in {int(wrong.sum()) - 1:,} more rows)" if wrong.sum() > 1 else ""
            raise UserError(f"{self.path}, row {row + 1}, {name}", problem + more, mend)


def _check_duplicates(columns: _Columns, run_id: NDArray[np.object_], n_tokens: NDArray[np.float64]) -> None:
    codes = pa.array(run_id, type=pa.large_string()).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.lexsort((n_tokens, codes))
    same = (np.diff(codes[order]) == 0) & (np.diff(n_tokens[order]) == 0)
    if not same.any():
        return
    seen: dict[tuple[str, float], int] = {}
    for row, key in enumerate(zip(run_id, n_tokens, strict=True)):
        if key in seen:
            raise UserError(
                f"{columns.path}, row {row + 1}",
                f"repeats row {seen[key] + 1} (run {key[0]} at {key[1]:.6g} tokens)",
                "remove one of them, or give the runs different ids",
            )
        seen[key] = row


def read_runs(path: str | Path) -> RunsTable:
    """Reads a runs table (CSV or Parquet); one without losses holds planned runs, for a law to predict.

    Raises :class:`UserError` that names file, row and column for: a missing column, a value that is not a number,
    sizes or tokens that are not positive, proportions that are negative or do not sum to 1 within 1e-3, a loss that is
    negative or infinite, an unknown status, a row that repeats another.
    """
    path = Path(path)
    table = _load(path)
    columns = _Columns(path, table)
    for name in ("run_id", "n_params", "n_tokens"):
        if name not in table.column_names:
            raise UserError(path, f"has no column {name}", "add it; docs/runs-table.md lists the columns")
    if table.num_rows == 0:
        raise UserError(path, "has no rows", "give at least one evaluation of a run")
    proportion_names, loss_names = columns.named(PROPORTION), columns.named(LOSS)
    if not proportion_names:
        raise UserError(path, f"has no column {PROPORTION}<name>", "add one; docs/runs-table.md lists the columns")

    run_id = columns.text("run_id", "")
    columns.check("run_id", run_id == "", "is empty", "give every row the id of its run")
    counts = {}
    for name in ("n_params", "n_tokens"):
        counts[name] = columns.number(name)
        wrong = ~(np.isfinite(counts[name]) & (counts[name] > 0))
        columns.check(name, wrong, "is not a positive number", "give a count above 0")
    proportions = np.column_stack([columns.number(name) for name in proportion_names])
    for k, name in enumerate(proportion_names):
        wrong = ~(np.isfinite(proportions[:, k]) & (proportions[:, k] >= 0))
        columns.check(name, wrong, "is not a share (empty, negative or infinite)", "write 0 where a language has none")
    totals = proportions.sum(axis=1)
    off = np.abs(totals - 1.0) > SUM_TOLERANCE
    if off.any():
        row = int(np.flatnonzero(off)[0])
        problem = f"the proportions sum to {totals[row]:.6g}, not 1"
        raise UserError(f"{path}, row {row + 1}", problem, "correct the shares of this row")
    losses = np.column_stack([columns.number(name) for name in loss_names] or [np.empty((len(run_id), 0))])
    for k, name in enumerate(loss_names):
        wrong = ~np.isnan(losses[:, k]) & ~((losses[:, k] > 0) & np.isfinite(losses[:, k]))
        columns.check(name, wrong, "is not a loss (negative, zero or infinite)", "leave it empty where not measured")
    _check_duplicates(columns, run_id, counts["n_tokens"])
    status = columns.text("status", "ok")
    columns.check("status", ~np.isin(status, STATUSES), "is not a status", f"write one of {', '.join(STATUSES)}")
    parent = columns.text("parent_run_id", "")

    def optional(name: str) -> NDArray[np.float64]:
        return columns.number(name) if name in table.column_names else np.full(len(run_id), np.nan)

    def group(prefix: str) -> dict[str, NDArray[np.float64]]:
        return {name.removeprefix(prefix): columns.number(name) for name in columns.named(prefix)}

    return RunsTable(
        path=str(path),
        domains=tuple(name.removeprefix(PROPORTION) for name in proportion_names),
        targets=tuple(name.removeprefix(LOSS) for name in loss_names),
        run_id=run_id,
        trunk=np.where(parent == "", run_id, parent),
        n_params=counts["n_params"],
        n_tokens=counts["n_tokens"],
        proportions=proportions / totals[:, None],
        losses=losses,
        status=status,
        annealed=columns.truth("annealed", True),
        seed=optional("seed"),
        organisation=columns.text("organisation", "shuffled"),
        corpus_id=columns.text("corpus_id", ""),
        flops=optional("flops"),
        metrics=group(METRIC),
        hyper=group(HYPER),
        unique_tokens=group(UNIQUE),
        table=table,
    )


def compact(records: Sequence[RunRecord], path: str | Path) -> None:
    """Writes the runs table of ``records`` to ``path``; nothing where there are no records."""
    if records:
        write_runs(path, records_table(records))
