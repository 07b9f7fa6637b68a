"""From whatever a person has to a runs table: which kind of source it is, and the table checked and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.event_files import has_events, read_event_files
from codescale.importing.loss_units import in_known_unit
from codescale.importing.regmix_tables import Pair, read_pair
from codescale.importing.wandb_export import read_export
from codescale.laws.warning import warn
from codescale.runs.doubts import doubts
from codescale.runs.table import RunsTable, check_ending, write_runs
from codescale.runs.table_reader import read_runs

PAIR = ("ratios.csv", "metrics.csv")
"""In a folder: mixtures and losses."""


def import_runs(
    sources: Sequence[str | Path],
    output: str | Path,
    columns: Columns | None = None,
    n_params: float | None = None,
    n_tokens: float | None = None,
    runs: str | Path | None = None,
) -> RunsTable:
    """Writes the runs table of other people's results and reads it back.

    Parameters
    ----------
    sources
        Two CSV files, or a folder with ratios.csv and metrics.csv: mixtures and losses (RegMix, Olmix). One CSV or
        JSON Lines file: an export of W&B. A folder: TensorBoard event files.
    output
        The table, CSV or Parquet by its ending.
    columns
        Which columns or tags hold what; None: the usual ones.
    n_params, n_tokens
        N and D (tokens) of every run, where the source says none.
    runs
        For event files: a table of each run's N and shares.

    Returns
    -------
    RunsTable
        The table as it was written.

    Raises
    ------
    UserError
        Names file and field; nothing is written then.
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise UserError(path, "no such file or folder", "check the path")
    check_ending(output)
    chosen = columns or Columns()
    table = _read(paths, chosen, n_params, n_tokens, runs)
    with TemporaryDirectory() as folder:
        trial = Path(folder) / Path(output).name
        write_runs(trial, table)
        try:
            checked = read_runs(trial)
        except UserError as error:
            raise UserError(error.where.replace(str(trial), str(output)), error.problem, error.hint) from None
    write_runs(output, in_known_unit(replace(checked, path=str(output)), chosen.bytes_per_token).table)
    found = read_runs(output)
    for line in doubts(found):
        warn(line)
    return found


def _read(
    paths: list[Path], columns: Columns, n_params: float | None, n_tokens: float | None, runs: str | Path | None
) -> pa.Table:
    if len(paths) == 2:
        return read_pair(Pair(paths[0], paths[1]), n_params, n_tokens, columns.loss_unit)
    if len(paths) > 2:
        raise UserError(
            "SOURCE", f"{len(paths)} were given", "give one file or folder, or mixtures and losses as two files"
        )
    only = paths[0]
    if not only.is_dir():
        return read_export(only, columns, n_params, n_tokens)
    mixtures, losses = (only / name for name in PAIR)
    if mixtures.exists() and losses.exists():
        return read_pair(Pair(mixtures, losses), n_params, n_tokens, columns.loss_unit)
    if has_events(only):
        return read_event_files(only, columns, n_params, runs)
    raise UserError(
        only,
        "holds neither ratios.csv and metrics.csv nor TensorBoard event files",
        "name the folder that holds them, or a CSV file",
    )
