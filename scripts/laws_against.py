"""The laws of this checkout beside those of another revision: the same work in turns, each in a process of its own.

Machines differ and so do hours, so seconds of two pages say little; a ratio of two processes that ran one after the
other says what a change cost.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLES = ("regmix_1m_train.csv", "pythia_7domains_train.csv")
WORK = ("fit_law", "compare_laws")
THREADS = (1, None)
"""Of a fit; None: its defaults, one a core."""
MEASURES = {"wall": "wall, s", "cpu": "CPU, s", "peak": "peak memory, MB", "error": "held-out error"}

_CHILD = """
import json, resource, sys, time, warnings
from pathlib import Path
root, work, table, workers = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
warnings.simplefilter("ignore")
import codescale
assert Path(codescale.__file__).is_relative_to(root), codescale.__file__
try:
    from codescale.laws.fitting.compare import compare_laws
    from codescale.laws.fitting.fit import fit_law
    from codescale.runs.table_reader import read_runs
except ModuleNotFoundError:  # before they had folders
    from codescale.laws.compare import compare_laws
    from codescale.laws.fit import fit_law
    from codescale.runs import read_runs

def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)

def peak():  # ru_maxrss begins at the peak of whoever started this process
    for line in Path("/proc/self/status").read_text().splitlines() if sys.platform == "linux" else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)

runs = read_runs(table)
begun, used = time.perf_counter(), cpu()
if work == "fit_law":
    law = fit_law(runs, workers=workers)
    name, held_out = law.name, law.held_out.get(law.name)
else:
    best = compare_laws(runs, workers=workers)[0]
    name, held_out = best.name, best.held_out
wall, used = time.perf_counter() - begun, cpu() - used
error = held_out.error if held_out else float("nan")
print(json.dumps({"wall": wall, "cpu": used, "peak": peak(), "error": error, "law": name}))
"""


@dataclass(frozen=True)
class Measured:
    """Medians over repeats: wall and CPU seconds of the work, without imports; the process's peak memory in MB; the
    held-out error of the law that came out best, and its name.
    """

    wall: float
    cpu: float
    peak: float
    error: float
    law: str


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """``revision`` in a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve() / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, revision], cwd=ROOT, check=True)
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def measured(root: Path, work: str, table: Path, threads: int | None) -> Measured:
    """``work`` on ``table`` by the package in ``root``, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(root)}
    environment.pop("OMP_NUM_THREADS", None)
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    command = [sys.executable, "-c", _CHILD, str(root), work, str(table.resolve()), json.dumps(threads)]
    result = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{work} on {table.name} by {root} failed:\n{result.stderr}")
    return Measured(**json.loads(result.stdout.splitlines()[-1]))


def in_turns(roots: Sequence[Path], repeats: int, work: Callable[[Path], Measured]) -> list[Measured]:
    """The median of each of ``roots``; every second turn begins with the last."""
    found: list[list[Measured]] = [[] for _ in roots]
    for repeat in range(repeats):
        for k in range(len(roots))[:: -1 if repeat % 2 else 1]:
            found[k].append(work(roots[k]))
    return [
        Measured(
            wall=statistics.median(one.wall for one in own),
            cpu=statistics.median(one.cpu for one in own),
            peak=statistics.median(one.peak for one in own),
            error=statistics.median(one.error for one in own),
            law=own[0].law,
        )
        for own in found
    ]


def rows_of(work: str, table: str, threads: int | None, old: Measured, new: Measured) -> list[str]:
    """A line for each measure: old, new, new / old."""
    shown = f"{threads} thread" if threads == 1 else f"defaults ({threads or os.cpu_count()} threads)"
    lines = []
    for name, title in MEASURES.items():
        before, now = getattr(old, name), getattr(new, name)
        figures = [f"{one:.3%} ({law})" if name == "error" else f"{one:.1f}"
                   for one, law in ((before, old.law), (now, new.law))]  # fmt: skip
        lines.append(
            f"| `{work}`, `{table}`, {shown} | {title} | {figures[0]} | {figures[1]} | {now / max(before, 1e-12):.2f} |"
        )
    return lines


def against(revision: str, data: Path, tables: Sequence[str] = TABLES, repeats: int = 1) -> list[str]:
    """The section: ``fit_law`` with its defaults and ``compare_laws``, on each table, at one thread and by default."""
    short = git("rev-parse", "--short", revision)
    here = git("rev-parse", "--short", "HEAD") + (" and changes" if git("status", "--porcelain", "-uno") else "")
    lines = [
        f"## Speed against {short}", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {short} (old) and {here} (new) in turns, a process for each "
        f"figure, the median of {repeats}. Seconds are without imports. `fit_law` with its defaults, a bootstrap of "
        "200. At one thread OMP has one too.", "",
        "| work | | old | new | new / old |", "| --- | --- | ---: | ---: | ---: |",
    ]  # fmt: skip
    with checkout(revision) as tree:
        for table, work, threads in itertools.product(tables, WORK, THREADS):
            old, new = in_turns(
                (tree, ROOT), repeats, partial(measured, work=work, table=data / table, threads=threads)
            )
            lines += rows_of(work, table, threads, old, new)
            print("\n".join(lines[-len(MEASURES) :]), flush=True)
    return [*lines, ""]


def git(*arguments: str) -> str:
    """What git answers of this repository."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
