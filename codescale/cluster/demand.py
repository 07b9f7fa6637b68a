"""Demand that waits for a cluster: whether it will ever be met, said before hours are lost over it."""

from __future__ import annotations

import os
import time
from typing import Any

import ray

from codescale.cluster.autoscaling import ClusterState, cluster_state
from codescale.cluster.placement import Node
from codescale.errors import UserError

ANSWER_SECONDS = 15.0
"""What an autoscaler says of a demand for so long, three of its rounds, is its answer."""
MOST_ASKED_FOR = 100
"""Workers that are asked for at once and have no machine yet, where a cluster grows and the study names no number."""
LOOK_SECONDS = 5.0
"""How often whoever waits for a cluster looks what has become of it."""
JOIN_SECONDS = 60.0
"""How long a cluster without an autoscaler is waited for: machines that were started with it join one by one."""


def joined() -> bool:
    """Whether Ray runs elsewhere (``RAY_ADDRESS``), and not on this machine for this command alone."""
    return "RAY_ADDRESS" in os.environ


class DemandWatch:
    """Finds out that a cluster cannot give ``demand``, however long one waits.

    Parameters
    ----------
    demand
        What one worker asks for.
    nodes
        Of how many machines at once.
    """

    def __init__(self, demand: Node, nodes: int = 1) -> None:
        self.demand, self.nodes = {name: amount for name, amount in demand.items() if amount}, nodes
        self._since = time.monotonic()

    def hopeless(self, state: ClusterState) -> bool:
        """Whether there is no hope in ``state``, the newest, nor was for long enough."""
        if state.fits(self.demand, self.nodes) or state.coming or (state.grows and self.demand not in state.unmet):
            self._since = time.monotonic()
            return False
        patience = ANSWER_SECONDS if state.grows else JOIN_SECONDS if joined() else 0.0
        return time.monotonic() - self._since >= patience

    def check(self, state: ClusterState) -> None:
        """Raises :class:`UserError` where it is :meth:`hopeless`."""
        if not self.hopeless(state):
            return
        if self.nodes > 1:
            large = state.large_enough(self.demand)
            raise UserError(
                "study.yaml, trainer.resources.nodes",
                f"{self.nodes} machines with {described(self.demand)} are wanted for a run, and {large} are there",
                "lower nodes, or what a run takes of each, or give the cluster more machines",
            )
        largest = max(state.nodes, key=lambda node: (node.get("GPU", 0.0), node.get("CPU", 0.0)), default={})
        why = "the autoscaler starts no machine for it" if state.grows else "no machine of the cluster is large enough"
        there = f"the largest that is there has {described(largest)}" if largest else "none is there"
        raise UserError(
            "study.yaml, ray",
            f"a worker of {described(self.demand)} cannot be placed: {why}, and {there}",
            "lower ray.threads or ray.gpus_per_worker, or give the cluster larger machines",
        )


def ready_state(demand: Node) -> ClusterState:
    """The cluster, once it has room for ``demand`` or says that it grows: one that has just been started has neither.
    Raises :class:`UserError` where it has no room when its machines should have joined.
    """
    watch = DemandWatch(demand)
    while not ((state := cluster_state()).grows or state.fits(watch.demand)):
        watch.check(state)
        time.sleep(1.0)
    return state


def waited_for(answer: Any, watch: DemandWatch) -> Any:
    """What the task behind the reference ``answer`` returns, once the demand of ``watch`` is met; raises where it never
    will.
    """
    while not ray.wait([answer], timeout=LOOK_SECONDS)[0]:
        watch.check(cluster_state())
    return ray.get(answer)


def gpus_come(threads: int) -> bool:
    """Whether a cluster that grows has, or starts, machines with a GPU beside ``threads`` cores.

    An autoscaler tells what it cannot give, not what it can: so one worker with a GPU is asked for until it has told.
    """
    watch = DemandWatch({"CPU": float(threads), "GPU": 1.0})
    if cluster_state().fits(watch.demand):
        return True
    asked: Any = ray.remote(num_cpus=threads, num_gpus=1)(_Asked).remote()
    refused = time.monotonic()
    try:
        while time.monotonic() - refused < ANSWER_SECONDS:
            time.sleep(1.0)
            state = cluster_state()
            if state.fits(watch.demand):
                return True
            if watch.hopeless(state):
                return False
            if watch.demand in state.unmet:
                refused = time.monotonic()
        return True
    finally:
        ray.kill(asked)


def wait_for_room(demand: Node) -> None:
    """Returns once a machine has room for ``demand``; raises :class:`UserError` where none ever will."""
    asked: Any = ray.remote(num_cpus=demand.get("CPU", 0.0), num_gpus=demand.get("GPU", 0.0))(_Asked).remote()
    try:
        waited_for(asked.here.remote(), DemandWatch(demand))
    finally:
        ray.kill(asked)


class _Asked:
    """An actor that is there to be asked for."""

    def here(self) -> bool:
        """Answers once it has a place."""
        return True


def described(resources: Node) -> str:
    """Cores and GPUs in words."""
    cores, gpus = resources.get("CPU", 0.0), resources.get("GPU", 0.0)
    words = f"{cores:g} core{'' if cores == 1 else 's'}"
    return words + (f" and {gpus:g} GPU{'' if gpus <= 1 else 's'}" if gpus else "")
