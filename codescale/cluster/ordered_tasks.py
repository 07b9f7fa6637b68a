"""Spreads work over the machines of a Ray cluster as plain tasks; results come in the order of the items.

Tasks that wait are demand that an autoscaler sees, and those of a machine that is lost are done anew on another one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import uuid4

import ray
from ray.exceptions import RayError

from codescale.cluster.autoscaling import cluster_state
from codescale.cluster.demand import DemandWatch, waited_for
from codescale.cluster.ray_cluster import running_ray
from codescale.errors import UserError

_LEAST_IN_FLIGHT = 16
"""Items that are handed out at once, so that machines come for them where there is none yet."""
_FOR_EACH_CORE = 2
_TRIES = 20
"""How often a task is done anew whose machine was lost."""


@dataclass(frozen=True)
class _Work:
    """Work by its name, and where it is kept: within this, Ray fetches it only when it is asked to."""

    name: str
    reference: ray.ObjectRef = field(compare=False)


class OrderedTasks:
    """Does work on the cluster that Ray is connected to, or connects to while there is work."""

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """The results, in the order of ``items``, of which a few for each core are in flight.

        Raises :class:`UserError` where no machine has a core, and where a task is lost time and again.
        """
        with running_ray():
            shared = _Work(uuid4().hex, ray.put(work))
            task = ray.remote(num_cpus=1, max_retries=_TRIES)(_done)
            watch = DemandWatch({"CPU": 1.0})
            flying: deque[ray.ObjectRef] = deque()
            for item in items:
                while len(flying) >= max(_LEAST_IN_FLIGHT, _FOR_EACH_CORE * _cores()):
                    yield _result(flying.popleft(), watch)
                flying.append(task.remote(shared, item))
            while flying:
                yield _result(flying.popleft(), watch)


def _cores() -> int:
    return int(sum(node.get("CPU", 0.0) for node in cluster_state().nodes))


@lru_cache(maxsize=1)
def _fetched(work: _Work) -> Callable[[Any], Any]:
    """The work itself, once in each process: what it keeps between items stays."""
    found: Callable[[Any], Any] = ray.get(work.reference)
    return found


def _done(work: _Work, item: Any) -> Any:
    """What ``work`` makes of ``item``."""
    return _fetched(work)(item)


def _result(answer: ray.ObjectRef, watch: DemandWatch) -> Any:
    try:
        return waited_for(answer, watch)
    except RayError as error:
        said = str(error).strip().splitlines()[-1][:200]
        hint = "have the same codescale and enough memory on all machines, and run the same command again"
        raise UserError("Ray", f"work on the corpus was lost: {said}", hint) from error
