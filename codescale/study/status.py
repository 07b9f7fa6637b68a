"""How far a study is, as ``codescale status --json`` prints it (docs/status.md).

Moments are Unix seconds. None is not known; a note says why where that matters.
"""

from __future__ import annotations

from typing import Literal

from codescale.artifact import Artifact

StageState = Literal["done", "running", "stopped", "waiting"]
"""``stopped``: some of it is done, or under way, and no driver works on the study."""


class StudyDriver(Artifact):
    """The command that works on the study, by its lease or its mark. ``alive``: None where this machine cannot tell."""

    host: str
    pid: int | None
    begun: str
    alive: bool | None


class StageProgress(Artifact):
    """One stage. ``planned``: its runs, None where that is not known yet, at the most as many where some may be left
    out; ``done`` are those that have a record, ``failed`` and ``diverged`` among them; ``pruned`` are trials that were
    stopped early. ``seconds``: of the stage by the clock.
    """

    name: str
    state: StageState
    planned: int | None = None
    done: int = 0
    running: int = 0
    waiting: int | None = None
    failed: int = 0
    diverged: int = 0
    pruned: int = 0
    tokens: int = 0
    flops: float = 0.0
    worker_hours: float = 0.0
    seconds: float | None = None
    hours_left: float | None = None


class RunningRun(Artifact):
    """A run that a worker has, or had when the driver was killed. ``where``: the host, empty where that is not known;
    ``tokens``: trained by its last checkpoint that this machine sees, of ``tokens_planned``.
    """

    run_id: str
    stage: str
    where: str
    since: float | None = None
    tokens: int | None = None
    tokens_planned: int | None = None


class FailedRun(Artifact):
    """A run whose record says ``failed`` or ``diverged``, and why. ``again``: how its second try ended, at a lower
    learning rate; None where there was none or it has not ended.
    """

    run_id: str
    stage: str
    status: str
    note: str
    again: str | None = None


class ClusterView(Artifact):
    """The Ray cluster that ``RAY_ADDRESS`` names; all but ``address`` and ``reached`` are None where it was not
    ``reached``. ``machines``: what each that takes work has of every resource, by Ray's names; ``draining``: how many
    are about to go; ``coming``: how many are asked for; ``unmet``: demands that no machine will meet.
    """

    address: str
    reached: bool
    machines: tuple[dict[str, float], ...] | None = None
    draining: int | None = None
    grows: bool | None = None
    coming: int | None = None
    unmet: tuple[dict[str, float], ...] | None = None


class StudyCost(Artifact):
    """What the workers' hours are worth on one choice of machines of a cluster's file: dollars so far and of what is
    left; ``slots``: workers on one machine.
    """

    type: str
    spot: bool
    slots: int
    dollars: float | None
    dollars_left: float | None


class StudyStatus(Artifact):
    """A study at the ``moment`` at which it was looked at. ``workers``: how many the time left is reckoned with;
    ``ends``: when the runs will have ended where a driver works on them.
    """

    study: str
    name: str
    moment: float
    driver: StudyDriver | None
    stages: tuple[StageProgress, ...]
    running: tuple[RunningRun, ...]
    failed: tuple[FailedRun, ...]
    cluster: ClusterView | None
    tokens: int
    flops: float
    worker_hours: float
    workers: int | None
    hours_left: float | None
    ends: float | None
    costs: tuple[StudyCost, ...] = ()
    notes: tuple[str, ...] = ()
