"""What Ray has reserved for a run on several workers or machines, freed where whoever reserved it was killed."""

from __future__ import annotations

import ray
from ray._private.state import state
from ray.core.generated.gcs_pb2 import PlacementGroupTableData  # type: ignore[attr-defined]
from ray.util.placement_group import PlacementGroup, remove_placement_group


def remove_abandoned_groups() -> None:
    """Removes the placement groups of this job whose maker is a dead actor: a killed trial's, which hold its cores.

    Those that the driver made, Tune's own, are of no actor; Ray says of them too that their actor is dead.
    """
    job = ray.get_runtime_context().get_job_id()
    for packed in state._connect_and_get_accessor().get_placement_group_table():
        group = PlacementGroupTableData.FromString(packed)
        of_an_actor = group.creator_actor_id not in (b"", ray.ActorID.nil().binary())
        gone = group.state == PlacementGroupTableData.REMOVED
        if of_an_actor and group.creator_actor_dead and not gone and group.creator_job_id.hex() == job:
            remove_placement_group(PlacementGroup(ray.PlacementGroupID(group.placement_group_id)))
