"""LitData: the arguments of ``CombinedStreamingDataset``, as JSON."""

from __future__ import annotations

import json

from codescale.mixtures.trainer_formats.sources import WeightedSources
from codescale.mixtures.warning import warn


def combined_dataset_arguments(weighted: WeightedSources) -> str:
    """Folders in their order, and the weight of each, which counts rows. ``iterate_over_all`` is off: with it LitData
    refuses weights and takes those of the sizes.
    """
    warn(
        "LitData ends an epoch with the shortest source, and ranks that share a seed draw one language at a time: take "
        "a seed a rank and an epoch (docs/export.md)"
    )
    content = {
        "languages": list(weighted.languages),
        "paths": weighted.paths,
        "weights": weighted.shares_of_rows(),
        "seed": weighted.seed,
        "iterate_over_all": False,
        "batching_method": "stratified",
    }
    return json.dumps(content, indent=2) + "\n"
