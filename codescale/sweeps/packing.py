"""Which runs of a sweep are trained as one batched model, and how many at once.

Proxies are too small to fill a GPU, so there the sweep packs what goes together. On a CPU a pack is no faster than its
runs one after another, and workers side by side are: there each run is trained alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import ray

from codescale.cluster.demand import DemandWatch, waited_for
from codescale.cluster.ray_cluster import Workers
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.train import RaySection
from codescale.training.memory.plan import MemoryDemand, models_that_fit
from codescale.training.optim.hyperparameter_rules import training_of
from codescale.training.packed.session import packs_with

MOST = 64
"""Runs in one pack where the sweep chooses: with as many a GPU has enough to do, and a kill costs each of them time."""


@dataclass(frozen=True)
class Pack:
    """Runs that are trained together, or one alone. ``name`` is that of the checkpoint, also once some are done."""

    name: str
    runs: tuple[RunSpec, ...]

    @property
    def alone(self) -> bool:
        """Whether it was one run from the beginning."""
        return self.name == self.runs[0].run_id

    def without(self, done: Container[str]) -> Pack:
        """What is left of it when the runs with the ids ``done`` are done."""
        return replace(self, runs=tuple(spec for spec in self.runs if spec.run_id not in done))


def packs_of(specs: Sequence[RunSpec], config: StudyConfig, most: Callable[[RunSpec], int]) -> list[Pack]:
    """``specs`` in packs of about equal length, ``most`` of their kind at the most; a pure function of its arguments.

    A pack's runs have all in common that a batched model has to: see
    :func:`~codescale.training.packed.session.packs_with`.
    """
    if config.trainer is not None:
        return [_named((spec,)) for spec in specs]
    kinds: list[tuple[object, list[RunSpec]]] = []
    for spec in specs:
        kind = packs_with(config, spec)
        alike = next((runs for known, runs in kinds if known == kind), None)
        if alike is None:
            kinds.append((kind, [spec]))
        else:
            alike.append(spec)
    packs = []
    for _, runs in kinds:
        count = -(-len(runs) // most(runs[0]))
        ends = [len(runs) * k // count for k in range(count + 1)]
        packs += [_named(tuple(runs[start:end])) for start, end in pairwise(ends)]
    return packs


def _named(runs: tuple[RunSpec, ...]) -> Pack:
    if len(runs) == 1:
        return Pack(runs[0].run_id, runs)
    digest = hashlib.sha256("\n".join(spec.run_id for spec in runs).encode()).hexdigest()
    return Pack(f"pack-{digest[:12]}", runs)


def workers_for_packs(section: RaySection, workers: Workers) -> Workers:
    """Where packs fill the GPUs, one worker for each; else, or where study.yaml shares them out, ``workers``."""
    given = section.workers is not None or section.gpus_per_worker is not None
    if workers.gpus == 0 or section.pack == 1 or given:
        return workers
    return replace(workers, count=max(1, round(workers.count * workers.gpus)), gpus=1.0)


def most_together(config: StudyConfig, workers: Workers, runs: int) -> Callable[[RunSpec], int]:
    """How many runs of a kind go together when there are ``runs`` of all kinds: ``ray.pack``, or 1 on a CPU and what
    the GPU holds on a GPU, but not so many that a worker would have nothing to do, where the study or the cluster says
    how many there are. A cluster that grows gives one worker for each pack: the fuller they are, the less it costs.
    """
    if config.trainer is not None or config.training.start is not None:
        # A command trains one run; and what a model forgets is measured by a session of its own.
        return lambda spec: 1
    if config.ray.pack is not None or workers.gpus == 0:
        fixed = config.ray.pack or 1
        return lambda spec: fixed
    memory = _memory(workers)
    fair = runs if workers.grows and config.ray.workers is None else max(1, -(-runs // workers.count))

    def fits(spec: RunSpec) -> int:
        shape = config.shape(spec.size)
        training = training_of(config.training, spec, shape)
        return min(MOST, fair, models_that_fit(MemoryDemand(shape, config.corpus.vocabulary, training, "cuda"), memory))

    return fits


def _memory(workers: Workers) -> int:
    """Bytes of a worker's share of its GPU, all of them, so that packs are the same after a kill; the driver need not
    have a GPU.
    """

    def ask() -> int:
        import torch

        return int(torch.cuda.mem_get_info()[1]) if torch.cuda.is_available() else 0

    answer = ray.remote(num_cpus=workers.threads, num_gpus=workers.gpus)(ask).remote()
    whole = waited_for(answer, DemandWatch(workers.demand))
    return int(whole * min(1.0, workers.gpus))
