"""From whatever a person has to a runs table: which kind of source it is, and the table checked and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.contract.training_tokens import Scale
from codescale.importing.evaluations import evaluations
from codescale.importing.joined_rows import RUN_COLUMNS, JoinedRows, RunsFile, run_column
from codescale.importing.loss_units import in_known_unit
from codescale.importing.readers.event_files import event_files, read_event_files
from codescale.importing.readers.lm_eval import read_lm_eval
from codescale.importing.readers.source_table import SourceTable, listed
from codescale.importing.readers.tables import read_table
from codescale.importing.readers.trainer_state import STATE, read_trainer_states
from codescale.importing.regmix_tables import Pair, read_pair
from codescale.laws.warning import warn
from codescale.runs.doubts import doubts
from codescale.runs.table import RunsTable, check_ending, write_runs
from codescale.runs.table_reader import read_runs

PAIR = ("ratios.csv", "metrics.csv")
"""In a folder: mixtures and losses."""
_LM_EVAL = "results*.json"
"""What the lm-evaluation-harness calls its files."""


def import_runs(
    sources: Sequence[str | Path],
    output: str | Path,
    columns: Columns | None = None,
    n_params: float | None = None,
    n_tokens: float | None = None,
    runs: str | Path | None = None,
) -> RunsTable:
    """Writes the runs table of other people's results and reads it back; what was decided or left out is warned of.

    Parameters
    ----------
    sources
        Two files, or a folder with ratios.csv and metrics.csv: mixtures and losses (RegMix, Olmix). One CSV, JSON
        Lines or Parquet file: an export, a row an evaluation; a trainer state of transformers, or results of the
        lm-evaluation-harness. A folder: TensorBoard event files, trainer states, or such results.
    output
        The table, CSV or Parquet by its ending.
    columns
        Which columns or tags hold what; None: the usual ones.
    n_params, n_tokens
        N and D (tokens) of every run, where the source says none.
    runs
        For all but pairs: a table of what the source lacks of each run, such as N and shares.

    Returns
    -------
    RunsTable
        The table as it was written.

    Raises
    ------
    UserError
        Names file, row and field; nothing is written then.
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise UserError(path, "no such file or folder", "check the path")
    check_ending(output)
    chosen = columns or Columns()
    table, notes = _read(paths, chosen, Scale(n_params, n_tokens), Path(runs) if runs else None)
    with TemporaryDirectory() as folder:
        trial = Path(folder) / Path(output).name
        write_runs(trial, table)
        try:
            checked = read_runs(trial)
        except UserError as error:
            raise UserError(error.where.replace(str(trial), str(output)), error.problem, error.hint) from None
    for note in notes:
        warn(note)
    write_runs(output, in_known_unit(replace(checked, path=str(output)), chosen.bytes_per_token).table)
    found = read_runs(output)
    for line in doubts(found):
        warn(line)
    return found


def _read(paths: list[Path], columns: Columns, scale: Scale, runs: Path | None) -> tuple[pa.Table, list[str]]:
    pair = _pair(paths)
    if pair is not None:
        if runs is not None:
            raise UserError("--runs", f"is given beside {pair.mixtures}, which is such a table", "leave it out")
        joined = read_pair(pair, columns)
        table, notes = evaluations(joined.rows, joined.columns, scale, joined.rows.source)
        return table, joined.notes + notes
    known = RunsFile(runs, columns) if runs is not None else None
    source, notes = _rows(paths[0], known)
    if known is not None:
        source, said = _of_one_run(source, columns, known)
        notes += said
    rows = JoinedRows(source)
    if known is not None:
        if set(known.table.names) <= set(source.names):
            raise UserError("--runs", f"has no column that {source.path} lacks", "leave it out, or add what is missing")
        rows = JoinedRows(source, known.table, known.rows_of(_names(source, columns)))
        notes += known.notes
    table, said = evaluations(rows, columns, scale)
    return table, notes + said


def _pair(paths: list[Path]) -> Pair | None:
    if len(paths) > 2:
        problem = f"{len(paths)} were given"
        raise UserError("SOURCE", problem, "give one file or folder, or mixtures and losses as two files")
    if len(paths) == 2:
        return Pair(paths[0], paths[1])
    mixtures, losses = (paths[0] / name for name in PAIR)
    return Pair(mixtures, losses) if mixtures.is_file() and losses.is_file() else None


def _rows(source: Path, known: RunsFile | None) -> tuple[SourceTable, list[str]]:
    """The rows of one file, or of all files of one kind in a folder."""
    if not source.is_dir():
        return read_table(source)
    kinds = {
        "TensorBoard event files": event_files(source),
        f"{STATE} files": sorted(source.rglob(STATE)),
        "lm-evaluation-harness results": sorted(source.rglob(_LM_EVAL)),
    }
    present = [kind for kind, files in kinds.items() if files]
    others = [f"{source}: holds {len(kinds[kind]):,} {kind} too, which were not read" for kind in present[1:]]
    if kinds["TensorBoard event files"]:
        table, notes = read_event_files(source, known.known if known else frozenset())
        return table, notes + others
    if kinds[f"{STATE} files"]:
        return read_trainer_states(source, kinds[f"{STATE} files"]), others
    if kinds["lm-evaluation-harness results"]:
        return read_lm_eval(source, kinds["lm-evaluation-harness results"]), others
    seen = listed(sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()))
    raise UserError(
        source,
        f"holds neither ratios.csv and metrics.csv nor TensorBoard event files, {STATE} or {_LM_EVAL}; it holds {seen}",
        "name the folder that holds them, or one file of them, or mixtures and losses as two files",
    )


def _of_one_run(source: SourceTable, columns: Columns, known: RunsFile) -> tuple[SourceTable, list[str]]:
    """``source`` with the name of its run where no column has it, as in ``run.history()`` of W&B or Lightning's
    ``metrics.csv``: the one run that the table of the runs has, or the one that the file is called after.
    """
    if columns.run_id is not None or any(name in source.cells for name in RUN_COLUMNS):
        return source, []
    stem = source.path.name.partition(".")[0]
    found = stem if stem in known.known else next(iter(known.known)) if len(known.known) == 1 else None
    if found is None:
        problem = f"has no column that names its runs, and {known.table.path} has several: {listed(known.known)}"
        raise UserError(source.path, problem, "name its column as run_id in columns.yaml, or call the file as its run")
    named = replace(source, cells={"run_id": [found] * len(source), **source.cells})
    return named, [f"{source.path}: has no column that names its runs, and is taken for run {found}"]


def _names(source: SourceTable, columns: Columns) -> list[str]:
    """The runs of ``source`` as the table of the runs may call them: a cooldown as its trunk."""
    names = source.text(run_column(source, columns))
    if "parent_run_id" not in source.cells:
        return names
    return [parent or name for parent, name in zip(source.text("parent_run_id"), names, strict=True)]
