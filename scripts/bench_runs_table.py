"""What a large runs table costs: so many runs of so many evaluations, appended to, made and queried.

    .venv/bin/python scripts/bench_runs_table.py --runs 10000 --rows 50

Prints seconds of: appending a run (its record, flushed to the disk, beside all the others), reading all records, making
the table of them, and a query of the table by size and language, by what the laws read too; and the peak of memory
after each. The losses are drawn at random.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from codescale.runs.records import Evaluation, RunRecord, RunSpec, read_records, write_record
from codescale.runs.table import compact
from codescale.runs.table_reader import read_runs

LANGUAGES = ("python", "java", "javascript", "typescript", "csharp", "go", "rust", "text")
SIZES = ("tiny", "small", "large")


def record_of(number: int, rows: int) -> RunRecord:
    """A run of two languages with ``rows`` evaluations, the last one annealed."""
    first, second = LANGUAGES[number % len(LANGUAGES)], LANGUAGES[(number // 8 + number + 1) % len(LANGUAGES)]
    shares = dict.fromkeys(LANGUAGES, 0.0) | ({first: 0.7, second: 0.3} if first != second else {first: 1.0})
    drawn = np.random.default_rng(number).uniform(1.0, 3.0, (rows, len(LANGUAGES)))
    spec = RunSpec(
        run_id=f"mixture-{number:06}",
        stage="mixture",
        size=SIZES[number % len(SIZES)],
        n_params=10**6,
        token_points=(rows * 1000,),
        proportions=shares,
        seed=number,
    )
    evaluations = tuple(
        Evaluation(
            n_tokens=1000 * (k + 1),
            losses=dict(zip(LANGUAGES, drawn[k].tolist(), strict=True)),
            annealed=k == rows - 1,
            branch=rows * 1000 if k == rows - 1 else None,
            flops=6e9 * (k + 1),
        )
        for k in range(rows)
    )
    return RunRecord(
        spec=spec,
        status="ok",
        evaluations=evaluations,
        corpus_id="made-up",
        tokens_trained=rows * 1000,
        flops=6e9 * rows,
        seconds=1.0,
        finished=0.0,
    )


def appended(folder: Path, first: int, rows: int, count: int = 20) -> float:
    """The median seconds of appending a run."""
    seconds = []
    for number in range(first, first + count):
        record = record_of(number, rows)
        begun = time.perf_counter()
        write_record(folder, record)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def queried(table: Path) -> tuple[float, int]:
    """Seconds of a query, and the rows that it finds: final losses of one size on mixtures mostly of one language."""
    begun = time.perf_counter()
    filters = [("size", "==", "small"), ("proportion.go", ">", 0.5), ("annealed", "==", True)]
    found = pq.read_table(table, columns=["run_id", "n_tokens", "loss.go"], filters=filters)
    return time.perf_counter() - begun, found.num_rows


def shown(what: str, seconds: float) -> None:
    """Prints what took so long, and the peak of memory so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {seconds:.3f} s, at most {peak:.2f} GiB so far", flush=True)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Seconds that a large runs table takes.")
    parser.add_argument("--runs", type=int, default=10_000, help="runs (10,000)")
    parser.add_argument("--rows", type=int, default=50, help="evaluations of each (50)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, table = Path(place) / "runs", Path(place) / "runs.parquet"
        for number in range(given.runs):
            write_record(folder, record_of(number, given.rows))
        shown("append a run", appended(folder, given.runs, given.rows))
        begun = time.perf_counter()
        records = read_records(folder)
        shown(f"read {len(records):,} records", time.perf_counter() - begun)
        begun = time.perf_counter()
        compact(records, table)
        shown(f"make the table of them, {table.stat().st_size / 2**20:.1f} MiB", time.perf_counter() - begun)
        seconds = [queried(table) for _ in range(5)]
        shown(f"query by size and language, {seconds[0][1]:,} rows", statistics.median(one for one, _ in seconds))
        begun = time.perf_counter()
        runs = read_runs(table)
        chosen = runs.select((runs.n_params == 10**6) & (runs.proportions[:, runs.domains.index("go")] > 0.5))
        shown(
            f"the same from all {len(runs):,} rows, read as the laws do, {len(chosen):,} rows",
            time.perf_counter() - begun,
        )


if __name__ == "__main__":
    main()
