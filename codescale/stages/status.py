"""``codescale status``: a study as it is now, whoever works on it; nothing of it is written, fetched or started."""

from __future__ import annotations

import os
import time
from pathlib import Path

from codescale.cluster.endpoint import check_listens, endpoint
from codescale.cluster.outside_view import cluster_at
from codescale.cluster.placement import room
from codescale.cluster.planning.cluster_file import WorkerChoice
from codescale.cluster.planning.offers import Asked, slots_of
from codescale.stages.cluster_plan import ClusterQuestion
from codescale.stages.status_view import StudyView
from codescale.study.config import StudyConfig
from codescale.study.folder import study_folder
from codescale.study.status import ClusterView, StudyCost, StudyStatus
from codescale.sweeps.time_left import seconds_left

CONNECT_SECONDS = 3.0
"""How long a cluster's control store has to answer at all."""


def status(place: str | Path, question: ClusterQuestion | None = None) -> StudyStatus:
    """The study at ``place``, a folder or an address, as it is now.

    Parameters
    ----------
    place
        Its folder or address.
    question
        The cluster's file and prices that the workers' hours are to be worth; None: no money is reckoned.

    Raises
    ------
    UserError
        Where there is no study, a file of it is not what codescale wrote, or its store cannot be reached.
    """
    view = StudyView.of(study_folder(place))
    asked = None if question is None else question.asked(view.config.ray.threads)
    cluster, notes = _cluster(), list(view.notes)
    left, workers = view.seconds_left(notes), view.workers(_room(view.config, cluster))
    if workers is None and left is not None:
        notes.append("How many workers there are cannot be told from here, nor how long the rest takes.")
        left = None
    by_stage = {name: _hours(view.config, name, runs, workers or 1) for name, runs in (left or {}).items()}
    total = None if left is None else sum(by_stage.values())
    busy_left = None if left is None else sum(map(sum, left.values())) / 3600
    now, busy = time.time(), sum(map(view.worker_hours, view.records))
    return StudyStatus(
        study=view.place,
        name=view.config.name,
        moment=now,
        driver=view.driver,
        stages=tuple(view.stage(name, by_stage.get(name)) for name in view.stages),
        running=view.running,
        failed=tuple(view.failed()),
        cluster=cluster,
        tokens=sum(record.tokens_trained for record in view.records),
        flops=sum(record.flops for record in view.records),
        worker_hours=busy,
        workers=workers,
        hours_left=total,
        ends=now + 3600 * total if total and view.worked_on else None,
        costs=() if asked is None else tuple(_cost(asked, one, busy, busy_left) for one in asked.file.workers),
        notes=tuple(notes),
    )


def _hours(config: StudyConfig, name: str, seconds: list[float], workers: int) -> float:
    """Of the runs of a stage, which take so many ``seconds`` each."""
    at_once = workers
    if name == "search":
        at_once = max(1, workers // config.search.workers_per_trial)
        at_once = min(at_once, config.search.concurrency or at_once)
    return seconds_left(seconds, at_once) / 3600


def _cluster() -> ClusterView | None:
    """The cluster that ``RAY_ADDRESS`` names; None where it names none."""
    address = os.environ.get("RAY_ADDRESS")
    if address is None:
        return None
    found = cluster_at(address) if _answers(address) else None
    if found is None:
        return ClusterView(address=address, reached=False)
    return ClusterView(
        address=address,
        reached=True,
        machines=tuple(found["nodes"]),
        draining=len(found["draining"]),
        grows=found["grows"],
        coming=found["coming"],
        unmet=tuple(found["unmet"]),
    )


def _answers(address: str) -> bool:
    """Whether anything listens at ``address``; one that is not host:port, such as Ray Client's, cannot be looked at."""
    try:
        place = None if "://" in address else endpoint(address)
        if place is not None:
            check_listens(place, CONNECT_SECONDS)
    except (OSError, ValueError):
        return False
    return place is not None


def _room(config: StudyConfig, cluster: ClusterView | None) -> int | None:
    """For how many workers the cluster's machines have room; None where none was seen."""
    if cluster is None or cluster.machines is None:
        return None
    return room(cluster.machines, float(config.ray.threads), config.ray.gpus_per_worker or 0.0)


def _cost(asked: Asked, choice: WorkerChoice, hours: float, hours_left: float | None) -> StudyCost:
    """What so many hours of a worker are worth on machines of ``choice``, of which each has several."""
    node = asked.prices.node(choice.type, f"{asked.where}, workers")
    slots, price = slots_of(node, asked.file, asked.threads), node.price(spot=choice.spot)
    each = None if price is None or slots == 0 else price / slots
    return StudyCost(
        type=choice.type,
        spot=choice.spot,
        slots=slots,
        dollars=None if each is None else each * hours,
        dollars_left=None if each is None or hours_left is None else each * hours_left,
    )
