"""Joining a Ray cluster where there is one, starting Ray here where there is none, and how work fits on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import ray
from ray._private import ray_constants

from codescale.cluster.autoscaling import ClusterState, cluster_state
from codescale.cluster.connection import begin_local, join_cluster
from codescale.cluster.demand import MOST_ASKED_FOR, gpus_come, joined, ready_state
from codescale.cluster.placement import Node
from codescale.errors import UserError
from codescale.study.train import RaySection

_WORKER_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**31)}
"""glibc gives every array above 128 kB back to the system and faults it in anew, a good part of a proxy's step."""


@dataclass(frozen=True)
class Workers:
    """How many runs go at once, and what each may use.

    ``grows``: an autoscaler adds machines for workers that are asked for; ``count`` is then the most that may be asked
    for at once. ``nodes``: the machines of a run, which has as much of each.
    """

    count: int
    threads: int
    gpus: float
    grows: bool = False
    nodes: int = 1

    @property
    def demand(self) -> Node:
        """What one run takes of a machine, by Ray's names."""
        return {"CPU": float(self.threads)} | ({"GPU": self.gpus} if self.gpus else {})

    @property
    def own(self) -> Node:
        """What the worker itself takes: nothing where its run reserves several machines."""
        return self.demand if self.nodes == 1 else {}

    def on_machines(self, nodes: int) -> Workers:
        """Workers whose runs have ``nodes`` machines each.

        Raises :class:`~codescale.errors.UserError` for several where Ray runs on this machine alone.
        """
        if nodes == 1:
            return self
        if not joined():
            raise UserError(
                "study.yaml, trainer.resources.nodes",
                f"a run is to have {nodes} machines, and Ray runs on this one alone",
                "set RAY_ADDRESS to a cluster's address, or nodes to 1",
            )
        return replace(self, count=max(1, self.count // nodes), nodes=nodes)


@contextmanager
def started_ray(section: RaySection) -> Iterator[Workers]:
    """Ray, running (:func:`running_ray`), and the workers that ``section`` asks for."""
    with running_ray():
        yield workers_of(section)


@contextmanager
def running_ray() -> Iterator[None]:
    """Ray, running: the cluster that ``RAY_ADDRESS`` names, or one on this machine that ends with the block.

    Ray's own services listen on the loopback address only, and its dashboard and usage statistics stay off. Raises
    :class:`~codescale.errors.UserError` where Ray does not come up.
    """
    begun_here = not ray.is_initialized()
    if begun_here:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
        for name, value in _WORKER_MEMORY.items():
            os.environ.setdefault(name, value)
        if joined():
            join_cluster()
        else:
            stay_on_loopback()
            begin_local()
    try:
        yield
    finally:
        if begun_here:
            ray.shutdown()


def stay_on_loopback() -> None:
    """Has a Ray that is started here listen on 127.0.0.1; otherwise it turns that into the machine's own address.

    Ray reads the variable once, as it is imported, so what it read is corrected beside it; its processes inherit it.
    """
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    ray_constants.ENABLE_RAY_CLUSTER = False


def workers_of(section: RaySection) -> Workers:
    """The workers that ``section`` asks for, on the cluster that Ray is connected to.

    Where Ray was started here: one for every ``ray.threads`` cores, unless the study says how many; GPUs shared evenly.
    A cluster has to give the cores that the study says. One that grows is asked for as many as there is work for, with
    a GPU each unless the study says otherwise or the autoscaler has no machine with one. Raises
    :class:`~codescale.errors.UserError` where no machine has so many cores.
    """
    if not joined():
        state = cluster_state()
        return _shared_out(section, int(_total(state, "CPU")) or 1, _total(state, "GPU"))
    state = ready_state({"CPU": float(section.threads)})
    if not state.grows:
        count = section.workers or max(1, state.room({"CPU": float(section.threads)}))
        return Workers(count, section.threads, _share(section, count, _total(state, "GPU")))
    gpus = section.gpus_per_worker
    if gpus is None:
        gpus = 1.0 if gpus_come(section.threads) else 0.0
    return Workers(section.workers or MOST_ASKED_FOR, section.threads, gpus, grows=True)


def workers_here(section: RaySection) -> Workers:
    """The workers of a Ray that would be started on this machine, told without starting it; its GPUs apart."""
    return _shared_out(section, os.cpu_count() or 1, 0.0)


def _shared_out(section: RaySection, cores: int, gpus: float) -> Workers:
    threads = min(section.threads, cores)
    count = section.workers or max(1, cores // threads)
    return Workers(count=count, threads=threads, gpus=_share(section, count, gpus))


def _share(section: RaySection, count: int, gpus: float) -> float:
    return min(1.0, gpus / count) if section.gpus_per_worker is None else section.gpus_per_worker


def _total(state: ClusterState, resource: str) -> float:
    return sum(node.get(resource, 0.0) for node in state.nodes)
