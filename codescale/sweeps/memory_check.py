"""Whether a sweep's largest runs, as many at once as there are workers, fit this machine; known before any starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from codescale.errors import UserError
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.training.memory.available import available_memory
from codescale.training.memory.plan import MemoryDemand, MemoryPlan, demand_of, hint_to_fit, memory_plan, size
from codescale.training.optim.hyperparameter_rules import training_of
from codescale.training.parallel import SingleProcess

DEVICE_CONTEXT = 600_000_000
"""Bytes that CUDA itself takes of a GPU for each process on it."""


@dataclass(frozen=True)
class SweepMemory:
    """The fullest run of a sweep, and ``together``: bytes of those that share this machine, or one of its GPUs."""

    largest: RunSpec
    demand: MemoryDemand
    plan: MemoryPlan
    sharers: int
    together: int
    available: int

    @property
    def fits(self) -> bool:
        """Whether they do."""
        return self.together <= self.available

    def described(self) -> str:
        """One sentence with the numbers."""
        place = "a GPU" if self.demand.device == "cuda" else "this machine"
        verdict = "they fit" if self.fits else "they do not fit"
        return (
            f"Memory: the largest run, {self.largest.run_id}, needs {self.plan.description()}; {self.sharers} at once "
            f"on {place} {size(self.together)} of the {size(self.available)} that are left: {verdict}."
        )

    def check(self) -> None:
        """Raises :class:`UserError` where they do not fit."""
        if self.fits:
            return
        others = []
        if self.plan.total <= self.available and self.sharers > 1:
            others.append(f"set ray.workers to {max(1, self.available // self.plan.total)}")
        raise UserError(
            "study.yaml",
            f"{self.sharers} runs at once like {self.largest.run_id} need {size(self.together)} of memory, "
            f"{self.plan.description()} for the largest, and {size(self.available)} are left",
            hint_to_fit(self.demand, self.available // self.sharers, others),
        )


def sweep_memory(config: StudyConfig, specs: Sequence[RunSpec], sharers: int, device: torch.device) -> SweepMemory:
    """The memory of ``specs`` where ``sharers`` of them are on ``device`` at once: the largest, at the worst."""
    plans = sorted(
        ((_demand(config, spec, device), spec) for spec in specs), key=lambda one: -memory_plan(one[0]).total
    )
    (demand, largest), plan = plans[0], memory_plan(plans[0][0])
    sharers = min(sharers, len(plans))
    context = DEVICE_CONTEXT * (sharers - 1) if device.type == "cuda" else 0
    together = context + sum(memory_plan(one).total for one, _ in plans[:sharers])
    return SweepMemory(largest, demand, plan, sharers, together, available_memory(device))


def memory_here(config: StudyConfig, specs: Sequence[RunSpec]) -> SweepMemory:
    """As :func:`sweep_memory`, for the workers that a sweep on this machine would have."""
    cores = os.cpu_count() or 1
    count = config.ray.workers or max(1, cores // min(config.ray.threads, cores))
    gpus = torch.cuda.device_count()
    sharers = max(1, -(-count // gpus)) if gpus else count
    return sweep_memory(config, specs, sharers, torch.device("cuda" if gpus else "cpu"))


def _demand(config: StudyConfig, spec: RunSpec, device: torch.device) -> MemoryDemand:
    shape = config.shape(spec.size)
    return demand_of(shape, config.corpus.vocabulary, training_of(config.training, spec, shape), SingleProcess(device))
