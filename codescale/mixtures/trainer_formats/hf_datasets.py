"""🤗 ``datasets``: the arguments of ``interleave_datasets``, as JSON."""

from __future__ import annotations

import json

from codescale.mixtures.trainer_formats.sources import WeightedSources
from codescale.mixtures.warning import warn


def interleaving_arguments(weighted: WeightedSources) -> str:
    """Paths of the data sets in their order, and the probability of drawing a row of each.

    It stops where the first source ends: waiting until all have ended takes a rare one's rows over its share in draws,
    all of which a map-style data set holds in memory.
    """
    warn(
        "datasets ends with the shortest source, and ranks that share a seed draw one language at a time: repeat each "
        "source, split it by rank, then interleave with a seed a rank (docs/export.md)"
    )
    content = {
        "languages": list(weighted.languages),
        "paths": weighted.paths,
        "probabilities": weighted.shares_of_rows(),
        "seed": weighted.seed,
        "stopping_strategy": "first_exhausted",
    }
    return json.dumps(content, indent=2) + "\n"
