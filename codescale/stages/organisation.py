"""After ``codescale sweep``: the plan ``organisation``'s runs in, ``organisation.json`` out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.comparison.organisation_result import OrganisationResult
from codescale.comparison.organisations import compare_organisations
from codescale.runs.records import RunRecord
from codescale.stages.inputs import StageContext, swept_runs


def judge_organisations(context: StageContext, records: Sequence[RunRecord]) -> OrganisationResult | None:
    """Holds the shuffled and the paired runs of the plan beside each other, and writes what came out.

    Parameters
    ----------
    context
        The study.
    records
        The sweep's.

    Returns
    -------
    OrganisationResult or None
        None where too few of them ended well to compare anything; then nothing is written.
    """
    config, folder = context.config, context.folder
    table = swept_runs(folder)
    planned = {record.spec.run_id for record in records if record.spec.stage == "organisation"}
    rows = table.select(np.array([str(trunk) in planned for trunk in table.trunk], dtype=np.bool_) & ~table.retried)
    with context.progress.bar("Compare organisations", 1) as advance:
        found = compare_organisations(records, rows, config.training, config.seed, config.fit.bootstrap)
        if found is not None:
            found.write(folder.organisation)
        advance(1)
    return found
