"""A command of the user's on several machines: Ray reserves them together, and each starts it once, with its rank.

Whoever looks after the run takes nothing of a machine itself:

    worker, or trial → placement group of ``nodes`` machines → an actor on each → supervisor → command

The actors are owned by the worker and end with it, and a supervisor ends its command when its actor goes. So whatever
is killed, nothing of the run is left but the reservation, which the next group to be made removes. One machine lost
ends the others too: the run then goes on from its folder, on other machines.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from codescale.cluster.autoscaling import cluster_state
from codescale.cluster.demand import LOOK_SECONDS, DemandWatch
from codescale.cluster.placement import Node
from codescale.cluster.placement_groups import remove_abandoned_groups
from codescale.runs.records import RunSpec
from codescale.study.trainer import TrainerSection
from codescale.sweeps.losses import LOST, MachinesLost, cause_of
from codescale.trainers.command import CommandTemplate, Place, free_port
from codescale.trainers.process import CommandProcess, Ending

_ASK_SECONDS = 1.0
"""How often the machines are asked whether their command has ended."""


@dataclass(frozen=True)
class OnMachines:
    """Starts a run's command on several machines.

    Parameters
    ----------
    nodes
        How many.
    demand
        What the run takes of each.
    working_folder
        Where relative paths begin.
    """

    nodes: int
    demand: Node
    working_folder: str

    @classmethod
    def of(cls, trainer: TrainerSection) -> OnMachines:
        """As the study's ``trainer`` says."""
        taken = {"CPU": float(trainer.resources.cpu), "GPU": float(trainer.resources.gpu)}
        return cls(trainer.resources.nodes, {name: amount for name, amount in taken.items() if amount}, str(Path.cwd()))

    def __call__(self, template: CommandTemplate, spec: RunSpec, folder: Path) -> MachineGroup:
        """Waits for the machines and starts the command of ``spec`` on each.

        Raises
        ------
        UserError
            Where the cluster has not so many and never will, or the command's directory is not on all of them.
        MachinesLost
            Where one of them goes before all have started.
        """
        group = MachineGroup(self)
        try:
            group.start(template, spec, folder)
        except BaseException:
            group.stop()
            raise
        return group


class MachineGroup:
    """The machines of one run; ``stop`` ends what they do and gives them back."""

    def __init__(self, wanted: OnMachines) -> None:
        self._ending: Ending | None = None
        self._machines: list[Any] = []
        self._places: list[tuple[str, str]] = []
        self._group = placement_group([dict(wanted.demand)] * wanted.nodes, strategy="STRICT_SPREAD")
        try:
            self._wait(DemandWatch(wanted.demand, wanted.nodes))
        except BaseException:
            self.stop()
            raise
        for index in range(wanted.nodes):
            strategy = PlacementGroupSchedulingStrategy(self._group, placement_group_bundle_index=index)
            options = {"num_cpus": wanted.demand.get("CPU", 0.0), "num_gpus": wanted.demand.get("GPU", 0.0)}
            made: Any = ray.remote(scheduling_strategy=strategy, **options)(_Machine)  # type: ignore[call-overload]
            self._machines.append(made.remote(wanted.working_folder))

    def start(self, template: CommandTemplate, spec: RunSpec, folder: Path) -> None:
        """Starts the command of ``spec`` on all machines, each told where the one with rank 0 is met."""
        self._places = self._of_all([machine.place.remote() for machine in self._machines])
        (meeting,) = self._of_all([self._machines[0].meeting.remote()])
        places = [Place(rank, len(self._machines), *meeting) for rank in range(len(self._machines))]
        self._of_all(
            [
                machine.start.remote(template, spec, folder, place)
                for machine, place in zip(self._machines, places, strict=True)
            ]
        )

    def poll(self, seconds: float) -> Ending | None:
        """How the command ended: well once it has on all machines, else as on the first on which it did not.

        Raises :class:`MachinesLost` where one of them is gone.
        """
        if self._ending is None:
            wait = max(seconds, _ASK_SECONDS)
            endings: list[Ending | None] = self._of_all([machine.poll.remote(wait) for machine in self._machines])
            for rank, ending in enumerate(endings):
                if ending is not None and not ending.well:
                    why = ending.why if rank == 0 else f"{ending.why} on machine {rank} ({self._places[rank][1]})"
                    self._ending = replace(ending, why=why)
                    return self._ending
            if all(endings):
                self._ending = endings[0]
        return self._ending

    def stop(self) -> None:
        """Ends the command on all machines that are there, and gives them back."""
        stopping = [machine.stop.remote() for machine in self._machines]
        for answer in stopping:
            with suppress(RayError):  # its supervisor ends what a lost one did
                ray.get(answer)
        for machine in self._machines:
            ray.kill(machine)
        self._machines = []
        remove_placement_group(self._group)

    def _wait(self, watch: DemandWatch) -> None:
        while not self._group.wait(LOOK_SECONDS):
            remove_abandoned_groups()
            watch.check(cluster_state())

    def _of_all(self, answers: list[Any]) -> list[Any]:
        found = []
        for rank, answer in enumerate(answers):
            try:
                found.append(ray.get(answer))
            except LOST as error:
                node = self._places[rank][0] if self._places else ""
                raise MachinesLost(cause_of(error, node), f"machine {rank} of the run: {error}") from None
        return found


class _Machine:
    """An actor on one machine of a run, which has the command's process there."""

    def __init__(self, working_folder: str) -> None:
        with suppress(OSError):
            os.chdir(working_folder)
        self._process: CommandProcess | None = None

    def place(self) -> tuple[str, str]:
        """Ray's id of the machine, and what it calls itself."""
        return str(ray.get_runtime_context().get_node_id()), platform.node()

    def meeting(self) -> tuple[str, int]:
        """Where others of the run meet this machine: its address, and a port that nobody listens on."""
        address = str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]
        return address, free_port(address)

    def start(self, template: CommandTemplate, spec: RunSpec, folder: Path, place: Place) -> None:
        """Starts the command of ``spec`` in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self._process = CommandProcess.of(template, spec, folder, place)

    def poll(self, seconds: float) -> Ending | None:
        """How the command ended, if it does within ``seconds``."""
        assert self._process is not None
        return self._process.poll(seconds)

    def stop(self) -> None:
        """Ends the command with all its processes."""
        if self._process is not None:
            self._process.stop()
