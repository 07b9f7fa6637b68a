"""One model on one mixture: which run that is, and training it over all workers that the cluster has for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codescale.cluster.placement import alive_nodes, place
from codescale.cluster.ray_cluster import running_ray
from codescale.directions import without_directions
from codescale.errors import UserError
from codescale.files import writing
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Schedule, ScheduleError
from codescale.organisation import PAIRED_SHARE, SHUFFLED
from codescale.progress import Progress
from codescale.runs.records import RunPhase, RunRecord, RunSpec, read_record, write_record
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.training import TrainingSection
from codescale.sweeps.plan import run_tokens
from codescale.sweeps.retry import second_try
from codescale.training.jobs.finished_model import RECORD
from codescale.training.optim.hyperparameter_rules import training_of
from codescale.training.optim.schedule import steps_of
from codescale.training.session_factory import session_factory

HOW_NOT_WHAT = {"micro_batch", "checkpoint_activations", "compile", "checkpoint_seconds", "retry_rate"}
"""Settings of ``training`` that change what a run costs and not, beyond rounding, its losses."""


def single_run(
    config: StudyConfig, corpus_id: str, size: str, tokens: int, mixture: Mixture | Schedule, seed: int
) -> RunSpec:
    """The run of one model of ``size`` on ``tokens`` tokens of ``mixture``, which may change by phases.

    Its id holds a digest of all that its losses depend on, so that checkpoints of another run are never taken for its;
    and of nothing else, so that a run that needed too much memory goes on with smaller passes.
    Raises :class:`UserError` for a size that the study lacks, for tokens that do not fill a batch, and for a phase that
    is shorter than one, or that is to be paired.
    """
    if size not in config.sizes:
        raise UserError("--size", f"{size!r} is not among the study's sizes", f"use one of {', '.join(config.sizes)}")
    least = config.training.batch * config.training.context
    if tokens < least:
        raise UserError("--tokens", f"{tokens:,} are less than one batch of {least:,}", "train on more")
    schedule = Schedule.of(mixture)
    unknown = [language for language in schedule.support if language not in config.languages]
    if unknown:
        raise UserError(
            "--mixture", f"{unknown[0]} is not a language of the study", f"use {', '.join(config.languages)}"
        )
    draft = RunSpec(
        run_id="train",
        stage="train",
        size=size,
        n_params=config.sizes[size].n_params,
        token_points=(tokens,),
        proportions=_all_shares(schedule.mean, config),
        phases=() if schedule.static else _run_phases(schedule, config),
        seed=seed,
        organisation=config.training.organisation,
        start=config.start_id,
    )
    training = training_of(config.training, draft, config.sizes[size])
    _check_phases(schedule, draft, steps_of(tokens, training.batch, training.context))
    content = draft.model_dump(mode="json") | {
        "corpus_id": corpus_id,
        "shape": config.sizes[size].model_dump(mode="json"),
        "training": training.model_dump(mode="json", exclude=_not_of(draft, training)),
        "proportions": {name: f"{share:.9f}" for name, share in draft.proportions.items()},
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return draft.model_copy(update={"run_id": f"train-{size}-{tokens}-s{seed}-{digest}"})


def _all_shares(mixture: Mixture, config: StudyConfig) -> dict[str, float]:
    return {language: mixture.get(language, 0.0) for language in config.languages}


def _run_phases(schedule: Schedule, config: StudyConfig) -> tuple[RunPhase, ...]:
    return tuple(RunPhase(until=one.until, proportions=_all_shares(one.mixture, config)) for one in schedule)


def _check_phases(schedule: Schedule, draft: RunSpec, steps: int) -> None:
    try:
        schedule.ends(steps)
    except ScheduleError as error:
        raise UserError("--mixture, phases", str(error), "let it end later, or train on more tokens") from None
    if not schedule.static and draft.organisation != SHUFFLED:
        raise UserError(
            "--mixture, phases", "translations are paired for one mixture alone", "add --organisation shuffled"
        )


def _not_of(spec: RunSpec, training: TrainingSection) -> set[str]:
    """Settings that the losses of ``spec`` do not depend on, or that it names itself: pivot and share are of pairs.
    What is not asked for is left out too, so that a run has the id that it had before one could ask.
    """
    of_pairs = {"pivot", PAIRED_SHARE} if spec.organisation == SHUFFLED else set()
    unasked = {"translation_evaluation"} if training.translation_evaluation is None else set()
    all_of_them = {PAIRED_SHARE} if training.paired_share == 1.0 else set()
    return HOW_NOT_WHAT | {"start", "organisation"} | of_pairs | unasked | all_of_them


def runs_of_model(
    config: StudyConfig, corpus_id: str, size: str, tokens: int, mixture: Mixture | Schedule, seed: int
) -> list[RunSpec]:
    """The run of :func:`single_run` and, where ``training.retry_rate`` is set, the one that is tried if it diverges."""
    first = single_run(config, corpus_id, size, tokens, mixture, seed)
    second = second_try(first, config.training.retry_rate)
    return [first] if second is None else [first, second]


def model_in(output: Path, runs: Sequence[RunSpec]) -> RunRecord | None:
    """The record of the model in ``output`` where it is of one of ``runs``; None where nothing is there yet.

    Raises :class:`UserError` where something else stands there, and where nothing can be written there.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        record = read_record(output / RECORD) if (output / RECORD).is_file() else None
        if record is not None and record.spec in runs:
            return record
        what = "exists already" if record is None else f"holds the model of another run, {record.spec.run_id}"
        raise UserError(output, what, "name another folder with --output, or an empty one")
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        marker = output.with_name(f".{output.name}.can-write")
        marker.touch()
        marker.unlink()
    return None


@dataclass
class _Watcher:
    """Turns a job's events into a bar and lines."""

    progress: Progress
    advance: Callable[[float], None]
    trained: int = 0
    workers: int = 0
    looked: int = 0

    def __call__(self, event: dict[str, Any]) -> None:
        if "failed" in event:
            self.progress.say(f"a worker failed ({event['failed']}); going on from the last checkpoint")
            return
        if "waiting" in event:
            self.progress.say(f"no workers for {event['waiting']:.0f} s: the cluster is busy, or machines are starting")
            return
        if event["workers"] != self.workers:
            self.workers = event["workers"]
            self.progress.say(f"{self.workers} worker{'s' if self.workers > 1 else ''}")
        if event["tokens_trained"] > self.trained:
            self.advance(event["tokens_trained"] - self.trained)
            self.trained = event["tokens_trained"]
        losses = event.get("losses")
        if losses and event["n_tokens"] > self.looked:
            self.looked = event["n_tokens"]
            own = without_directions(losses)
            mean = sum(losses[name] for name in own) / len(own)
            self.progress.say(f"{self.looked:,} tokens: mean loss {mean:.3f} nats per token")


def train_model(
    runs: Sequence[RunSpec], config: StudyConfig, folder: StudyFolder, output: Path, progress: Progress
) -> RunRecord:
    """Trains the first of ``runs`` and, each where the one before it diverged, the others; writes the last one's model
    to ``output``, and every record to the study's runs.

    Raises :class:`UserError` as :func:`train_single` does.
    """
    for run in runs:
        path = folder.runs / f"{run.run_id}.json"
        known = read_record(path) if path.exists() else None
        diverged = known is not None and known.status == "diverged"
        record = known if known is not None and diverged else train_single(run, config, folder, output, progress)
        if record.status != "diverged":
            return record
        progress.say(f"{run.run_id}: diverged, {record.note}")
    return record


def train_single(
    spec: RunSpec, config: StudyConfig, folder: StudyFolder, output: Path, progress: Progress
) -> RunRecord:
    """Trains ``spec`` as ``config.train`` says, writes its model to ``output`` and its record to the study's runs.

    Raises :class:`UserError` where the cluster is too small, the storage cannot be written or the job was given up.
    """
    from codescale.training.jobs.one_run import RunJob, train_on_ray
    from codescale.training.jobs.storage import open_storage, remove_run

    section = config.train
    storage = section.storage or folder.checkpoint_storage
    with running_ray():
        batch = training_of(config.training, spec, config.sizes[spec.size]).batch
        placed = place(alive_nodes(), section.workers, section.threads, batch)
        threaded = config.model_copy(update={"ray": config.ray.model_copy(update={"threads": placed.threads})})
        job = RunJob(
            spec=spec,
            factory=session_factory(threaded, folder.corpus, None, study=folder),
            storage=storage,
            tokenizer="tokenizer.json",
            workers=placed.workers,
            threads=placed.threads,
            gpus=placed.gpus,
            kind="sharded" if section.sharded else "replicated",
            keep=section.keep,
            failures=section.failures,
            resize_seconds=section.resize_seconds,
        )
        with progress.bar(f"Train {spec.size}", run_tokens(config, spec)) as advance:
            record = train_on_ray(job, output, _Watcher(progress, advance))
    write_record(folder.runs, record)
    if section.storage is None:
        remove_run(open_storage(storage), spec.run_id)
    return record
