"""``codescale plan --cluster``: runs and a cluster's file in, time and money by the number of machines out.

Nothing is written and nothing started. The runs are what is left of a study's sweep, search and comparison, or a table
of N and D.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codescale.cluster.planning.cluster_file import read_cluster
from codescale.cluster.planning.forecast import (
    Chance,
    Offer,
    cheapest_in_time,
    cluster_size,
    fewest_in_time,
    machine_counts,
)
from codescale.cluster.planning.jobs import Job, JobPhase, read_jobs
from codescale.cluster.planning.offers import Asked, notes_of, offers
from codescale.cluster.planning.prices import read_prices
from codescale.cluster.planning.result import ClusterPlan, ClusterSize, PlannedWork
from codescale.cluster.planning.simulation import RunHabits
from codescale.comparison.documents.amount import tokens_tested, tokens_to_test
from codescale.errors import UserError
from codescale.progress import Progress
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.search.objective.problem import study_problem
from codescale.search.space.space import SearchPoint
from codescale.search.trials.spec import TrialSpecs, UsedBudget, trials_left
from codescale.stages.inputs import StageContext, refuse_trainer
from codescale.stages.sweep import planned_runs
from codescale.study.config import StudyConfig
from codescale.sweeps.plan import run_flops, run_tokens
from codescale.sweeps.speed import WorkerSpeed, recorded_speeds
from codescale.sweeps.work import run_work

TABLE_CHECKPOINT = 900.0
"""Seconds between checkpoints of runs from a table, which has no study to say it."""


@dataclass(frozen=True)
class ClusterQuestion:
    """A cluster's file and the user's prices (None: ours alone), a deadline in hours or none, and the simulations."""

    cluster: Path
    prices: Path | None = None
    deadline: float | None = None
    simulations: int = 100
    seed: int = 0

    def asked(self, threads: int) -> Asked:
        """The files read, for runs with ``threads`` cores each on machines without GPU."""
        file = read_cluster(self.cluster)
        prices = read_prices(self.prices).with_more(file.gpus, file.types)
        return Asked(str(self.cluster), file, prices, threads)


@dataclass(frozen=True)
class _Basis:
    """What a plan is called, how fast runs are taken to be, what they lose, and what a reader should know of it."""

    name: str
    speed: str
    habits: RunHabits
    notes: tuple[str, ...] = ()


def plan_of_table(path: Path, question: ClusterQuestion, progress: Progress) -> ClusterPlan:
    """What the runs in the CSV ``path`` would take.

    Raises :class:`UserError` for bad input, and where no cluster meets the deadline.
    """
    phases, asked = read_jobs(path), question.asked(threads=1)
    known = _Basis(path.stem, "6 N D FLOPs a run", _habits(asked, TABLE_CHECKPOINT, None))
    return _plan(phases, asked, question, known, progress)


def plan_of_study(context: StageContext, question: ClusterQuestion) -> ClusterPlan:
    """What is left of a study would take; trains for seconds at most, where machines without GPU are offered and the
    study has no runs yet that tell how fast this machine's cores are. Raises as :func:`plan_of_table`.
    """
    refuse_trainer(
        context,
        "trains by a command, of which nobody knows how fast it is elsewhere",
        "plan a table of its runs instead: codescale plan RUNS.csv --cluster FILE",
    )
    config, asked = context.config, question.asked(context.config.ray.threads)
    records = read_records(context.folder.runs)
    left = runs_left(context, records)
    if not left:
        raise UserError(context.folder.root, "has no run left to do", "plan a new study, or a table of runs")
    corpus = context.corpus() if context.folder.manifest.exists() else None
    tested = tokens_tested(config, corpus, context.folder.test_losses, proved_runs(records))
    sizes = [run.size for _, runs, _ in left for run in runs]
    speeds = worker_speeds(config, records, sizes, tested) if asked.on_cores else {}
    phases = [
        JobPhase(name, tuple(job_of(config, run, speeds, tokens_to_test(config, run, corpus)) for run in runs), most)
        for name, runs, most in left
    ]
    notes = ["Corpus, fits and report are not counted; the search as if no trial were stopped early."]
    if records:
        notes.append(f"{len(records):,} runs of this study are done and left out.")
    measured = [
        f"{size} {speed.flops_per_second:.2e} a second of one worker ({speed.source})" for size, speed in speeds.items()
    ]
    spread = max((speed.spread for speed in speeds.values() if speed.spread is not None), default=None)
    known = _Basis(
        config.name,
        "; ".join(["Counted FLOPs, evaluations included", *measured]),
        _habits(asked, config.training.checkpoint_seconds, spread),
        tuple(notes),
    )
    return _plan(phases, asked, question, known, context.progress)


def _habits(asked: Asked, checkpoint: float, spread: float | None) -> RunHabits:
    file = asked.file
    every = checkpoint if file.checkpoint_minutes is None else 60 * file.checkpoint_minutes
    return RunHabits(file.run_start_seconds, every, file.speed_spread if spread is None else spread)


def runs_left(context: StageContext, records: Sequence[RunRecord]) -> list[tuple[str, list[RunSpec], int | None]]:
    """What of the sweep, the search and the comparison has no record yet: a name, runs, and how many go at once at the
    most (None: as many as there is room for). Mixtures of the search and the comparison are not known: they stand as
    uniform ones, which cost the same.
    """
    problem = study_problem(context.config, context.folder)
    config, done = problem.config, {record.spec.run_id for record in records}
    trials = TrialSpecs(problem)
    begun = [record for record in records if record.spec.stage == "trial"]
    tokens = sum(record.tokens_trained for record in begun)
    used = UsedBudget(len(begun), tokens, sum(record.flops for record in begun))
    uniform = SearchPoint(config.uniform(), {})
    proof = _proof(config, trials.spec(0, uniform))
    compared = sum(record.spec.stage == "comparison" for record in records)
    phases = [
        ("sweep", [run for run in planned_runs(context) if run.run_id not in done], None),
        ("search", [trials.spec(k, uniform) for k in range(trials_left(config, used))], config.search.concurrency),
        ("comparison", proof[compared:], None),
    ]
    return [phase for phase in phases if phase[1]]


def _proof(config: StudyConfig, like: RunSpec) -> list[RunSpec]:
    """The runs of the comparison, at each of its scales."""
    section = config.comparison
    return [
        like.model_copy(
            update={
                "stage": "comparison",
                "size": scale.size,
                "n_params": config.sizes[scale.size].n_params,
                "token_points": (scale.tokens,),
            }
        )
        for scale in section.scales
        for _ in range(section.mixtures * scale.seed_count)
    ]


def proved_runs(records: Iterable[RunRecord]) -> list[str]:
    """The ids of those of ``records`` that are of the proof."""
    return [record.spec.run_id for record in records if record.spec.stage == "comparison"]


def worker_speeds(
    config: StudyConfig,
    records: Sequence[RunRecord],
    sizes: Sequence[str],
    tested: Mapping[str, float] | None = None,
) -> dict[str, WorkerSpeed]:
    """How fast one worker here trains each of ``sizes``: by this study's runs, of which those of the proof have read
    what ``tested`` says, else by a few seconds of training.
    """
    recorded, speeds = recorded_speeds(config, records, tested), {}
    for size in dict.fromkeys(sizes):
        speeds[size] = recorded[size] if size in recorded else _calibrated(config, size)
    return speeds


def _calibrated(config: StudyConfig, size: str) -> WorkerSpeed:
    from codescale.training.loop.calibration import calibrate

    found = calibrate(config, size, config.ray.threads)
    return WorkerSpeed(found.flops_per_second, found.source)


def job_of(config: StudyConfig, run: RunSpec, speeds: Mapping[str, WorkerSpeed], tested: float) -> Job:
    """``run`` as a plan sees it, ``tested`` tokens of the test split read; a trial of several workers takes as many
    GPUs.
    """
    each = config.search.workers_per_trial if run.stage == "trial" else 1
    return Job(
        n_params=run.n_params,
        tokens=run_tokens(config, run),
        flops=run_flops(config, run),
        work=run_work(config, run, tested),
        workers=each if each > 1 else None,
        speed=speeds[run.size].flops_per_second if run.size in speeds else None,
    )


def _plan(
    phases: Sequence[JobPhase], asked: Asked, question: ClusterQuestion, known: _Basis, progress: Progress
) -> ClusterPlan:
    found, chance = offers(asked, phases), Chance(question.simulations, question.seed, known.habits)
    sizes: list[ClusterSize] = []
    with progress.bar("simulated schedules", len(found)) as advance:
        for offer in found:
            sizes += _sizes(offer, chance, question.deadline)
            advance(1)
    return ClusterPlan(
        name=known.name,
        work=tuple(_work(phase) for phase in phases),
        speed="; ".join([known.speed, *asked.assumed_speed]),
        simulations=question.simulations,
        seed=question.seed,
        sizes=tuple(sizes),
        deadline_hours=question.deadline,
        cheapest=None if question.deadline is None else cheapest_in_time(sizes, question.deadline),
        notes=(*known.notes, *notes_of(asked, found, phases)),
    )


def _sizes(offer: Offer, chance: Chance, deadline: float | None) -> list[ClusterSize]:
    """Of one choice of machines: doubling numbers of them, and where there is a deadline the fewest that meets it."""
    sizes = [cluster_size(offer, count, chance, deadline) for count in machine_counts(offer)]
    if deadline is not None:
        sizes += fewest_in_time(sizes, lambda count: cluster_size(offer, count, chance, deadline))
    return sorted(sizes, key=lambda size: size.machines)


def _work(phase: JobPhase) -> PlannedWork:
    return PlannedWork(
        name=phase.name,
        runs=phase.runs,
        tokens=sum(job.tokens * job.count for job in phase.jobs),
        flops=sum(job.flops * job.count for job in phase.jobs),
    )
