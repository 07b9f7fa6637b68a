"""Mixtures: which there are, and how they are written.

For: shares, bounds, ties, the feasible set and the cube that stands for it, their files, and the formats of trainers.
May not: know laws, runs or training, torch or Ray.

    Mixture, FeasibleSet                        shares that sum to 1; all of them within bounds and ties
    read_mixture, read_weights, read_bounds, …  their YAML files
    export_mixture                              a mixture as another trainer's file
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.mixtures.bounds import AvailableTokens, Bounds, Ties
    from codescale.mixtures.feasible import FeasibleSet
    from codescale.mixtures.files import read_available, read_bounds, read_mixture, read_weights
    from codescale.mixtures.mixture import Mixture, MixtureError
    from codescale.mixtures.no_harm import NoHarmRule
    from codescale.mixtures.trainer_formats.export import export_mixture
    from codescale.mixtures.trainer_formats.sources import DataSource, read_sources
    from codescale.mixtures.warning import MixtureWarning

__all__ = [
    "AvailableTokens",
    "Bounds",
    "DataSource",
    "FeasibleSet",
    "Mixture",
    "MixtureError",
    "MixtureWarning",
    "NoHarmRule",
    "Ties",
    "export_mixture",
    "read_available",
    "read_bounds",
    "read_mixture",
    "read_sources",
    "read_weights",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.mixtures.bounds": ["AvailableTokens", "Bounds", "Ties"],
        "codescale.mixtures.feasible": ["FeasibleSet"],
        "codescale.mixtures.files": ["read_available", "read_bounds", "read_mixture", "read_weights"],
        "codescale.mixtures.mixture": ["Mixture", "MixtureError"],
        "codescale.mixtures.no_harm": ["NoHarmRule"],
        "codescale.mixtures.trainer_formats.export": ["export_mixture"],
        "codescale.mixtures.trainer_formats.sources": ["DataSource", "read_sources"],
        "codescale.mixtures.warning": ["MixtureWarning"],
    },
)
