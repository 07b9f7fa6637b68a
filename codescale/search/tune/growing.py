"""A search on machines that come and go: how many trials are under way, and whose fault it is that one was lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ray.tune import Callback

from codescale.cluster.autoscaling import ClusterState, cluster_state, node_alive
from codescale.cluster.demand import LOOK_SECONDS
from codescale.cluster.placement import Node

_MACHINE = re.compile(r"node has died\. Node Id: ([0-9a-f]+)")


class GrowingConcurrency:
    """How many trials may be under way on a cluster that machines join.

    As many as there is room for. While an autoscaler adds machines for those that wait, as many again, and one: those
    without a machine are the demand that it sees, so that a cluster doubles with each look. Where it starts no more
    there is no use in waiting, since a trial is the better chosen the more have ended before it.

    Parameters
    ----------
    demand
        What one trial takes.
    most
        So many at the most.
    nodes
        Of how many machines one trial takes it.
    """

    def __init__(self, demand: Node, most: int, nodes: int = 1) -> None:
        self._nodes = nodes
        self._demand, self._most = {name: amount for name, amount in demand.items() if amount}, most
        self._looked = -LOOK_SECONDS
        self._now = 1

    def __call__(self) -> int:
        """How many, now; at least one."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            self._now = self.within(cluster_state())
        return self._now

    def within(self, state: ClusterState) -> int:
        """How many in ``state``."""
        room = state.room(self._demand) // self._nodes
        no_more = self._demand in state.unmet and not state.coming
        return max(1, min(self._most, 2 * room + 1 if state.grows and not no_more else room))


class LostMachines(Callback):
    """Tells a search of trials whose machine was lost, with the trial's id; Tune tells it only that they ended."""

    def __init__(self, excuse: Callable[[str], None]) -> None:
        self._excuse = excuse

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Called after the search was told that ``trial`` ended in an error, before it is asked for another."""
        said = ""
        with suppress(OSError, TypeError):
            said = Path(trial.error_file).read_text()
        machines = _MACHINE.findall(said)
        if machines and not node_alive(machines[-1]):
            self._excuse(trial.trial_id)
