"""What a cluster's file offers a study: of each choice of machines the slots, the price, and every run's seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codescale.cluster.planning.cluster_file import ClusterFile, WorkerChoice
from codescale.cluster.planning.forecast import Offer
from codescale.cluster.planning.jobs import Job, JobPhase, smallest_model
from codescale.cluster.planning.prices import NodeType, PriceTable
from codescale.cluster.planning.simulation import Phase, PlannedRun, Pool, check_fits
from codescale.errors import UserError

DAY = 86_400.0
SMALL_MODEL = 5e7
"""Parameters below which the default utilisation of a GPU is out of reach: launches and memory bind, not its cores."""


@dataclass(frozen=True)
class Asked:
    """A cluster's file with what it is called, the prices for it, and the cores of one run on a machine without GPU."""

    where: str
    file: ClusterFile
    prices: PriceTable
    threads: int

    @property
    def on_cores(self) -> bool:
        """Whether runs may go to machines without GPU whose speed the file does not say."""
        return any(
            choice.flops_per_second is None and not self._node(k, choice).gpus
            for k, choice in enumerate(self.file.workers)
        )

    @property
    def assumed_speed(self) -> list[str]:
        """What is assumed of GPUs whose speed the file does not say, in words; nothing where there are none."""
        guessed = any(
            choice.flops_per_second is None and self._node(k, choice).gpus for k, choice in enumerate(self.file.workers)
        )
        low, high = self.file.utilisation
        reached = f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
        return [f"GPUs at {reached} of their peak"] if guessed else []

    def _node(self, position: int, choice: WorkerChoice) -> NodeType:
        return self.prices.node(choice.type, f"{self.where}, workers.{position}.type")


def offers(asked: Asked, phases: Sequence[JobPhase]) -> list[Offer]:
    """Every choice of machines as an offer to the runs of ``phases``.

    Raises :class:`UserError` that names file and choice for a machine that the price table does not have, for one that
    no run fits on, and for one whose speed nobody knows.
    """
    head = asked.file.head
    head_price = asked.prices.node(head, f"{asked.where}, head").price(spot=False) if head else None
    return [
        _offer(asked, f"{asked.where}, workers.{k}", choice, phases, head_price)
        for k, choice in enumerate(asked.file.workers)
    ]


def _offer(
    asked: Asked, where: str, choice: WorkerChoice, phases: Sequence[JobPhase], head_price: float | None
) -> Offer:
    file, node = asked.file, asked.prices.node(choice.type, f"{where}.type")
    low, high = file.startup_minutes
    pool = Pool(
        most=choice.most,
        slots=slots_of(node, file, asked.threads),
        startup=(60 * low, 60 * high),
        preemptions=file.preemptions_per_day / DAY if choice.spot else 0.0,
        idle=60 * file.idle_minutes,
    )
    planned = tuple(_phase(asked, where, choice, phase) for phase in phases)
    check_fits(planned, pool, where)
    measured = not node.gpus or choice.flops_per_second is not None
    return Offer(
        type=choice.type,
        spot=choice.spot,
        pool=pool,
        phases=planned,
        utilisation=(1.0, 1.0) if measured else file.utilisation,
        price=node.price(spot=choice.spot),
        head_price=head_price,
    )


def slots_of(node: NodeType, file: ClusterFile, threads: int) -> int:
    """How many runs a machine holds, or of a run on several GPUs how many GPUs."""
    if not node.gpus:
        return node.cpus // threads
    return int(node.gpus // file.gpus_per_run) if file.gpus_per_run < 1 else node.gpus


def _phase(asked: Asked, where: str, choice: WorkerChoice, phase: JobPhase) -> Phase:
    runs: list[PlannedRun] = []
    for job in phase.jobs:
        slots = _workers(asked.file, asked.prices.nodes[choice.type], job)
        runs += [PlannedRun(_seconds(asked, where, choice, job, slots), slots)] * job.count
    return Phase(phase.name, tuple(sorted(runs, key=lambda run: -run.seconds * run.slots)), phase.at_once)


def _workers(file: ClusterFile, node: NodeType, job: Job) -> int:
    if not node.gpus:
        return 1
    return job.workers or (1 if file.gpus_per_run < 1 else int(file.gpus_per_run))


def _seconds(asked: Asked, where: str, choice: WorkerChoice, job: Job, slots: int) -> float:
    """Of one run of ``job``, on GPUs at the upper end of their utilisation."""
    file, node = asked.file, asked.prices.nodes[choice.type]
    if not node.gpus:
        speed = choice.flops_per_second or job.speed
        if speed is None:
            raise UserError(
                where,
                "is a machine without GPU, and how fast its cores train is not known",
                "write flops_per_second: of the cores of one run, as you have measured it",
            )
        return job.work / speed
    speed = choice.flops_per_second or asked.prices.peak(node, where) * file.utilisation[1]
    return job.work / (speed * min(1.0, file.gpus_per_run) * slots)


def notes_of(asked: Asked, found: Sequence[Offer], phases: Sequence[JobPhase]) -> list[str]:
    """What a reader of the plan should know of its prices and speeds, a line each."""
    notes = []
    nodes = {offer.type: asked.prices.nodes[offer.type] for offer in found}
    unpriced = sorted({offer.type for offer in found if offer.spot and nodes[offer.type].spot is None})
    if unpriced:
        notes.append(f"No spot price is known of {', '.join(unpriced)}: reckoned on demand, the most that it can cost.")
    without = sorted({offer.type for offer in found if offer.price is None})
    if without:
        notes.append(f"No price is known of {', '.join(without)}: give one with --prices.")
    dates = sorted({str(node.date) for node in nodes.values() if node.date})
    if dates:
        notes.append(f"Prices of {' and '.join(dates)}, without tax, disks, storage and traffic.")
    guessed = any(nodes[choice.type].gpus and choice.flops_per_second is None for choice in asked.file.workers)
    small = smallest_model(phases)
    if guessed and small < SMALL_MODEL:
        notes.append(
            f"The smallest model has {small:,.0f} parameters and does not reach that utilisation of a GPU: measure a "
            "run, and write flops_per_second."
        )
    return notes
