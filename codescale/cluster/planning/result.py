"""What a plan of a cluster says: the work, and of every number of machines the time and the money, as one artifact."""

from __future__ import annotations

from codescale.artifact import Artifact, Interval


class PlannedWork(Artifact):
    """Runs of one phase: how many, their training tokens and FLOPs."""

    name: str
    runs: int
    tokens: float
    flops: float


class ClusterSize(Artifact):
    """What a number of machines of one type is expected to take; intervals hold 90 % of the simulations.

    ``busy_hours``: of GPUs, or of workers on CPUs, that train; ``machine_hours``: paid. ``dollars`` is None where the
    price is not known.
    """

    type: str
    spot: bool
    machines: int
    slots: int
    hours: Interval
    dollars: Interval | None
    busy_hours: float
    machine_hours: float
    preemptions: float
    meets_deadline: float | None = None


class ClusterPlan(Artifact):
    """``codescale plan --cluster``: the work, how fast it is taken to be, and every cluster that was simulated.

    ``cheapest`` is the position in ``sizes`` of the cheapest cluster that meets the deadline in 95 % of simulations.
    """

    name: str
    work: tuple[PlannedWork, ...]
    speed: str
    simulations: int
    seed: int
    sizes: tuple[ClusterSize, ...]
    deadline_hours: float | None = None
    cheapest: int | None = None
    notes: tuple[str, ...] = ()
