"""What the executor of sweeps costs a run: so many runs that do nothing, queued at once on this machine's cores.

    .venv/bin/python scripts/bench_executor.py --runs 2000

Prints milliseconds of overhead a run (the time that it took, times the workers, less what the runs themselves took),
how many of them the driver computed, and the driver's peak memory. A run of ``--seconds`` only sleeps.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from codescale.cluster.ray_cluster import started_ray
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec, write_record
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.execute import StageRuns, do_runs
from codescale.sweeps.packing import Pack
from codescale.training.loop.claim import Claim


@dataclass(frozen=True)
class Asleep:
    """Work that writes a record after ``seconds``."""

    records: Path
    seconds: float

    def __call__(self, pack: Pack, claim: Claim) -> list[RunRecord]:
        """The record of the one run of ``pack``."""
        time.sleep(self.seconds)
        claim.check()
        record = RunRecord(
            spec=pack.runs[0],
            status="ok",
            evaluations=(),
            corpus_id="none",
            tokens_trained=0,
            flops=0.0,
            seconds=self.seconds,
            finished=time.time(),
        )
        write_record(self.records, record)
        return [record]


def specs_of(config: StudyConfig, runs: int) -> list[RunSpec]:
    """``runs`` runs of the study's smallest size."""
    size, shape = min(config.sizes.items(), key=lambda entry: entry[1].n_params)
    return [
        RunSpec(
            run_id=f"run-{number:06}",
            stage="mixture",
            size=size,
            n_params=shape.n_params,
            token_points=(config.training.batch * config.training.context,),
            proportions=dict.fromkeys(config.languages, 1 / len(config.languages)),
            seed=number,
        )
        for number in range(runs)
    ]


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="runs (2000)")
    parser.add_argument("--seconds", type=float, default=0.0, help="of each run (0)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        config = Study.create(Path(place) / "study", "quick", Silent()).config
        folder = StudyFolder(Path(place) / "runs")
        with started_ray(config.ray) as workers:
            work = Asleep(folder.runs, given.seconds)
            warm = StageRuns("Warm", work, workers, lambda spec: 1, None)
            do_runs(warm, specs_of(config, workers.count), config, folder, Silent(), lambda record: "")
            begun, computed = time.monotonic(), time.process_time()
            specs = specs_of(config, workers.count + given.runs)
            execution = do_runs(warm, specs, config, folder, Silent(), lambda record: "")
            seconds, computed = time.monotonic() - begun, time.process_time() - computed
    done = len(execution.records) - workers.count
    overhead = (seconds * workers.count - given.seconds * done) / done
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{done} runs on {workers.count} workers in {seconds:.1f} s: {1000 * overhead:.1f} ms of overhead a run")
    print(f"the driver: {1000 * computed / done:.1f} ms of computing a run, {peak:.2f} GiB of memory at its peak")


if __name__ == "__main__":
    main()
