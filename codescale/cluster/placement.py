"""How many workers of one run a cluster has room for, and how many cores and GPUs each of them gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codescale.errors import UserError

Node = Mapping[str, float]
"""A machine's resources by Ray's names: ``CPU``, ``GPU``."""


@dataclass(frozen=True)
class Placement:
    """Fewest and most workers, and the cores and GPUs of each."""

    workers: tuple[int, int]
    threads: int
    gpus: float


def alive_nodes() -> list[Node]:
    """The machines of the cluster that Ray is connected to."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def room(nodes: Sequence[Node], threads: float, gpus: float) -> int:
    """How many workers of ``threads`` cores and ``gpus`` GPUs fit on ``nodes``."""
    total = 0
    for node in nodes:
        by_cores = int(node.get("CPU", 0.0) // threads)
        total += min(by_cores, int(node.get("GPU", 0.0) / gpus + 1e-6)) if gpus else by_cores  # ten tenths are a GPU
    return total


def place(nodes: Sequence[Node], workers: tuple[int, int] | None, threads: int | None, batch: int) -> Placement:
    """Where a run with ``batch`` sequences a step goes on ``nodes``.

    A worker has a GPU where there are any. ``workers`` None: one for each GPU, from one up, or one on CPUs, for which
    threads are faster than processes. ``threads`` None: as many cores as let all workers fit. Raises
    :class:`UserError` where the fewest workers do not fit, or there are more of them than sequences.
    """
    gpus = 1.0 if any(node.get("GPU", 0.0) >= 1 for node in nodes) else 0.0
    if workers is None:
        workers = (1, max(1, min(batch, room(nodes, 1, gpus)))) if gpus else (1, 1)
    fewest, most = workers
    if most > batch:
        raise UserError(
            "workers",
            f"{most} workers are more than the {batch} sequences of a batch",
            f"use {batch} workers or fewer (--workers), or raise training.batch",
        )
    fit = room(nodes, threads or 1, gpus)
    if fit < fewest:
        cores = threads or 1
        each = f"{cores} core{'s' if cores > 1 else ''}" + (" and a GPU" if gpus else "")
        raise UserError(
            "workers",
            f"{fewest} workers of {each} each are wanted, the cluster has room for {fit}",
            "ask for fewer workers (--workers) or threads (train.threads), or add machines to the cluster first",
        )
    return Placement(workers, threads or _cores(nodes, most, gpus), gpus)


def _cores(nodes: Sequence[Node], most: int, gpus: float) -> int:
    """The most cores of each with which as many workers fit as with one core, ``most`` at the most."""
    wanted = min(most, room(nodes, 1, gpus))
    largest = int(max((node.get("CPU", 0.0) for node in nodes), default=1.0))
    return next((cores for cores in range(largest, 1, -1) if room(nodes, cores, gpus) >= max(1, wanted)), 1)
